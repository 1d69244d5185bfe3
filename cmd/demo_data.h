/*
 * demo_data.h - the demo's shop, unpacked: products and a year of orders (config/demo/README.md has the layout).
 *
 * Ownership: everything points into the shop and lives until demo_shop_free. Thread: any, once it is open.
 */
#ifndef AISLE_CMD_DEMO_DATA_H
#define AISLE_CMD_DEMO_DATA_H

#include "schemas/base.h"
#include "schemas/error.h"

struct demo_product {
	struct str id, title, category;
	uint32_t price_pence;
	uint32_t stock;
};

struct demo_line {
	uint32_t product, quantity, price_pence;
};

struct demo_order {
	int64_t t_ms;
	uint32_t number;   /* 1.. in order of time */
	uint32_t customer; /* 0: a guest */
	struct str country;
	bool returned; /* a cancellation: its lines came back */
	uint32_t line_count;
	const struct demo_line *lines;
};

struct demo_shop {
	struct demo_product *products; /* the most often ordered first */
	size_t product_count;
	struct demo_order *orders; /* by time */
	size_t order_count;
	struct demo_line *lines;
	size_t line_count;
	int64_t last_ms;  /* of the last order */
	int64_t shift_ms; /* what demo_shop_shift added in all */
	char *product_text, *order_bytes;
};

/* ERR_STORE_CORRUPT when the embedded data is not what make_data.py wrote. */
int demo_shop_open(struct demo_shop **ret, struct error *e) MUST_CHECK;
void demo_shop_free(struct demo_shop *shop);

/* Move all times by whole hours, so that the last order is less than an hour before now_ms. */
void demo_shop_shift(struct demo_shop *shop, int64_t now_ms);

#endif
