#include "cmd/demo_shown.h"

#include "cmd/demo_events.h"

#include <stdlib.h>

struct named {
	struct str id;
	uint32_t product;
};

struct demo_asker {
	struct answerer *answerer;
	const struct demo_shop *shop;
	struct named *products; /* by id */
	size_t product_count;
	struct recommend_request request;
	struct answer answer;
};

static int by_id(const void *a, const void *b)
{
	return str_cmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

struct demo_asker *demo_asker_new(struct answerer *answerer, const struct demo_shop *shop)
{
	struct demo_asker *asker = xcalloc(1, sizeof(*asker));

	asker->answerer = answerer;
	asker->shop = shop;
	asker->product_count = shop->product_count;
	asker->products = xcalloc(shop->product_count, sizeof(*asker->products));
	for (size_t i = 0; i < shop->product_count; i++)
		asker->products[i] = (struct named){ shop->products[i].id, (uint32_t)i };
	qsort(asker->products, shop->product_count, sizeof(*asker->products), by_id);
	return asker;
}

void demo_asker_free(struct demo_asker *asker)
{
	if (!asker)
		return;
	free(asker->products);
	free(asker);
}

bool demo_order_has(const struct demo_order *order, uint32_t product)
{
	for (uint32_t i = 0; i < order->line_count; i++)
		if (order->lines[i].product == product)
			return true;
	return false;
}

static struct demo_shown *show(struct demo_asker *asker, const struct demo_question *q, uint64_t *dice)
{
	const struct answer *answer = &asker->answer;
	size_t id_size = strlen(answer->recommendation_id) + 1;
	struct demo_shown *shown = xcalloc(1, sizeof(*shown) + id_size);

	memcpy(shown->id, answer->recommendation_id, id_size);
	for (unsigned i = 0; i < answer->item_count; i++) {
		const struct named key = { .id = answer->items[i].item_id };
		const struct named *found =
			bsearch(&key, asker->products, asker->product_count, sizeof(*asker->products), by_id);
		unsigned chance;

		if (!found)
			continue; /* somebody put it into the shop meanwhile */
		chance = q->order && demo_order_has(q->order, found->product) ? DEMO_CLICK_WANTED : DEMO_CLICK_OTHER;
		if (demo_random(dice) % 100 < chance)
			shown->clicked |= 1u << shown->n;
		shown->products[shown->n++] = found->product;
	}
	return shown;
}

int demo_asker_ask(struct demo_asker *asker, const struct demo_question *q, uint64_t *dice, struct demo_shown **ret,
		   struct error *e)
{
	struct recommend_request *rq = &asker->request;
	int r;

	rq->scenario = str_of(q->scenario);
	rq->given = q->is_user ? INPUT_USER_ID : INPUT_VISITOR_ID;
	rq->user_id = q->is_user ? q->person : (struct str){ NULL, 0 };
	rq->visitor_id = q->is_user ? (struct str){ NULL, 0 } : q->person;
	rq->count = DEMO_SHOWN_ITEMS;
	rq->max_staleness_ms = -1;
	rq->item_count = 0;
	if (q->product != DEMO_NO_PRODUCT) {
		rq->given |= INPUT_ITEM_IDS;
		rq->item_ids[rq->item_count++] = asker->shop->products[q->product].id;
	}
	r = recommend(asker->answerer, rq, &asker->answer, e);
	if (!r)
		*ret = asker->answer.item_count ? show(asker, q, dice) : NULL;
	return r;
}

const struct demo_shown *demo_shown_clicked(const struct demo_shown *lists, uint32_t product)
{
	for (; lists; lists = lists->before)
		for (unsigned i = 0; i < lists->n; i++)
			if (lists->clicked & 1u << i && lists->products[i] == product)
				return lists;
	return NULL;
}
