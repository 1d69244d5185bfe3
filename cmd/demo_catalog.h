/*
 * demo_catalog.h - the demo's catalogue records: what the source says of a product, what its title and its sales say, and
 * ratings that are made up (config/demo/README.md).
 */
#ifndef AISLE_CMD_DEMO_CATALOG_H
#define AISLE_CMD_DEMO_CATALOG_H

#include "cmd/demo_data.h"
#include "schemas/catalog_item.h"
#include "schemas/json_out.h"

/* Of one product in the shop's year. */
struct demo_sales {
	uint32_t orders;
	int64_t first_ms; /* when it was first sold */
};

void demo_catalog_put(struct json_out *j, const struct demo_product *product, struct demo_sales sales);

#endif
