/*
 * demo_shown.h - lists of recommendations as the demo's shoppers are shown them, and what of them they click.
 *
 * The answers are real ones of the store, signed like any other. A shopper who is about to buy a product clicks it in a list with
 * DEMO_CLICK_WANTED percent, any other product with DEMO_CLICK_OTHER; what was clicked and is bought is bought from that list.
 * So a strategy earns here what it foresees of real orders. Thread: one at a time.
 */
#ifndef AISLE_CMD_DEMO_SHOWN_H
#define AISLE_CMD_DEMO_SHOWN_H

#include "cmd/demo_data.h"
#include "query/recommend.h"

#define DEMO_SHOWN_ITEMS 8 /* of a list */
#define DEMO_CLICK_WANTED 60
#define DEMO_CLICK_OTHER 2

struct demo_shown {
	const struct demo_shown *before; /* another list that the same order came from */
	unsigned n;
	unsigned clicked; /* bits of `products` */
	uint32_t products[DEMO_SHOWN_ITEMS];
	char id[]; /* recommendationId */
};

struct demo_question {
	const char *scenario;
	bool is_user;
	struct str person;
	uint32_t product;               /* of the page, or in the basket; DEMO_NO_PRODUCT: none */
	const struct demo_order *order; /* what the person is about to buy; NULL: nothing */
};
#define DEMO_NO_PRODUCT UINT32_MAX

bool demo_order_has(const struct demo_order *order, uint32_t product);

struct demo_asker;

/* Both outlive it. */
struct demo_asker *demo_asker_new(struct answerer *answerer, const struct demo_shop *shop);
/* NULL is fine. */
void demo_asker_free(struct demo_asker *asker);

/* *ret is the caller's to free; NULL: there was nothing to show. */
int demo_asker_ask(struct demo_asker *asker, const struct demo_question *q, uint64_t *dice, struct demo_shown **ret,
		   struct error *e) MUST_CHECK;

/* Which of these lists the person clicked the product in; NULL: in none. */
const struct demo_shown *demo_shown_clicked(const struct demo_shown *lists, uint32_t product);

#endif
