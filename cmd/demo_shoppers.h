/*
 * demo_shoppers.h - a few simulated shoppers who look, fill baskets and buy, while somebody watches the page.
 *
 * Each follows a real order of the last 60 days: looks at its products one after another, puts some into the basket,
 * and buys at the end or leaves. The first product's page shows recommendations, of which some are clicked (demo_shown.h)
 * and looked at too. The same seed gives the same shoppers; only the times are those of the clock.
 * Thread: main for new and free; set and are_in from any.
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
/* They leave: nothing of the server is used any more, which stops then. NULL is fine. */
void demo_shoppers_stop(struct demo_shoppers *shoppers);
/* Once they are stopped and the server is, which asks set and are_in until then. NULL is fine. */
void demo_shoppers_free(struct demo_shoppers *shoppers);

/* Who answers them and where the feed goes. Whoever is let in before waits for it. */
int demo_shoppers_serve(struct demo_shoppers *shoppers, struct server *server, struct error *e) MUST_CHECK;
/* Let them in, or out. `arg` is the shoppers. */
void demo_shoppers_set(void *arg, bool on);
bool demo_shoppers_are_in(void *arg);

#endif
