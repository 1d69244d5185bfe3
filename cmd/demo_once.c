#include "cmd/demo_once.h"

#include "query/ranker.h"
#include "query/recommend.h"

#include <inttypes.h>
#include <stdio.h>

#define TITLE_WIDTH 38

/* What is asked: the Regency cakestand, the shop's best known product; a basket; a customer of many orders. */
struct question {
	const char *heading;
	const char *scenario;
	unsigned given; /* INPUT_ bits: the shop's example of each */
	const char *items[2];
	enum window window;
};

#define CAKESTAND "22423"
#define CUSTOMER "14911"
#define QUERY "baking"
#define COUNTRY "Germany"

static const struct question questions[] = {
	{ "product page: Regency Cakestand 3 Tier (" CAKESTAND ")", "product-page", INPUT_ITEM_IDS, { CAKESTAND }, 0 },
	{ "basket: Lunch Bag Red Retrospot, Alarm Clock Bakelike Red",
	  "cart",
	  INPUT_ITEM_IDS,
	  { "20725", "22727" },
	  0 },
	{ "home of customer " CUSTOMER, "home", INPUT_USER_ID, { NULL }, 0 },
	{ "trending, 7 days", "trending", INPUT_WINDOW, { NULL }, WINDOW_7D },
};

static void fill(struct recommend_request *rq, const struct question *q)
{
	*rq = (struct recommend_request){ .scenario = str_of(q->scenario),
					  .given = q->given,
					  .count = 5,
					  .explain = true,
					  .max_staleness_ms = -1,
					  .window = q->window };
	if (q->given & INPUT_ITEM_IDS)
		while (rq->item_count < ARRAY_SIZE(q->items) && q->items[rq->item_count]) {
			rq->item_ids[rq->item_count] = str_of(q->items[rq->item_count]);
			rq->item_count++;
		}
	if (q->given & INPUT_SESSION_ITEMS)
		rq->session_items[rq->session_item_count++] = STR(CAKESTAND);
	if (q->given & INPUT_USER_ID)
		rq->user_id = STR(CUSTOMER);
	if (q->given & INPUT_QUERY)
		rq->query = STR(QUERY);
	if (q->given & INPUT_PLACE)
		rq->country = STR(COUNTRY);
	rq->properties[rq->property_count++] = STR("title");
	rq->properties[rq->property_count++] = STR("price");
}

static void print_item(const struct recommended *item)
{
	struct catalog_item record = { 0 };

	if (!item->has_record || catalog_item_unpack(item->packed.p, item->packed.n, &record) ||
	    record.price_micros == PRICE_ABSENT) {
		printf("  %2u  %-7.*s %s\n", item->rank, STR_FMT(item->item_id), item->reason);
		return;
	}
	printf("  %2u  %-7.*s %-*.*s %6.2f  %s\n", item->rank, STR_FMT(item->item_id), TITLE_WIDTH,
	       (int)(record.title.n < TITLE_WIDTH ? record.title.n : TITLE_WIDTH), record.title.p,
	       (double)record.price_micros / (double)MICROS, item->reason);
}

static int ask(struct answerer *a, const struct question *q, struct error *e)
{
	static struct recommend_request rq; /* large: not on the stack */
	static struct answer answer;
	int r;

	fill(&rq, q);
	r = recommend(a, &rq, &answer, e);
	if (r)
		return r;
	printf("\n%s - %s, %.2f ms\n", q->heading, q->scenario, (double)answer.took_ns / 1e6);
	for (unsigned i = 0; i < answer.item_count; i++)
		print_item(&answer.items[i]);
	if (!answer.item_count)
		return error_set(e, ERR_NOT_FOUND, "", "the list '%s' is empty", q->scenario);
	for (unsigned i = 0; i < answer.item_count; i++)
		if (!answer.items[i].reason[0] || !answer.items[i].has_record)
			return error_set(e, ERR_NOT_FOUND, "", "item %.*s of '%s' has no reason or no catalogue record",
					 STR_FMT(answer.items[i].item_id), q->scenario);
	return 0;
}

/* Each strategy by itself, with the example of what it needs. */
static int ask_each_strategy(struct answerer *a, struct error *e)
{
	struct scenario_info info;
	int r = 0;

	for (size_t i = 0; scenario_info(i, &info) && !r; i++) {
		struct question q = { .heading = info.meaning, .scenario = info.slug, .items = { CAKESTAND } };

		q.given = info.required & INPUT_SESSION_ITEMS ? INPUT_SESSION_ITEMS : info.required & ~INPUT_VISITOR_ID;
		if (info.is_strategy)
			r = ask(a, &q, e);
	}
	return r;
}

int demo_print_answers(struct store *store, struct status *status, const struct settings *settings, struct error *e)
{
	struct answerer_options opt = { .store = store, .status = status, .settings = settings };
	struct answerer *a = NULL;
	int r;

	r = ranker_start(store, settings, &opt.ranker, e);
	if (!r)
		r = ranker_refresh(opt.ranker);
	if (!r)
		r = answerer_new(&opt, &a, e);
	for (size_t i = 0; i < ARRAY_SIZE(questions) && !r; i++)
		r = ask(a, &questions[i], e);
	if (!r)
		r = ask_each_strategy(a, e);
	if (r)
		error_set(e, r, "", "cannot answer: %s", error_text(r));
	answerer_free(a);
	ranker_stop(opt.ranker);
	return r;
}
