/*
 * demo_shoppers.h - a few simulated shoppers who look, fill baskets and buy, while somebody watches the page.
 *
 * Each follows a real order of the last 60 days: looks at its products one after another, puts some into the basket,
 * and buys at the end or leaves. The same seed gives the same shoppers; only the times are those of the clock.
 * Thread: main for new and free; set from any.
 */
#ifndef AISLE_CMD_DEMO_SHOPPERS_H
#define AISLE_CMD_DEMO_SHOPPERS_H

#include "cmd/demo_data.h"
#include "config/settings.h"
#include "query/server.h"
#include "schemas/record.h"

struct demo_shoppers;

struct demo_shoppers *demo_shoppers_new(const struct demo_shop *shop, const struct settings *settings,
					struct publisher *publisher);
/* NULL is fine. */
void demo_shoppers_free(struct demo_shoppers *shoppers);

/* Where the feed goes; before the first set. */
void demo_shoppers_feed(struct demo_shoppers *shoppers, struct server *server);
/* Let them in, or out. `arg` is the shoppers. */
void demo_shoppers_set(void *arg, bool on);

#endif
