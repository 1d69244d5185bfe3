/*
 * bench_recommend: compute time of one answer for each strategy and scenario; beside its limit in the same run, the
 * reading of the rows alone (neighbours of the asked item, history of the person, ten catalogue records).
 *
 *     bench_recommend [EVENTS] [ITEMS] [REQUESTS]
 *
 * The shop of shop.h with ITEMS items (10,000) and EVENTS events (1,000,000). Asked items, categories and people are drawn
 * from the same traffic, so popular items with long lists are asked for most. Prints microseconds.
 */
#include "bench/shop.h"
#include "config/settings.h"
#include "query/ranker_internal.h"
#include "query/recommend.h"
#include "views/catalog.h"
#include "views/history.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/pairs.h"
#include "views/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- measuring ---- */

static int ascending(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

static void print_times(const char *name, uint64_t *ns, unsigned n, double mean_items)
{
	qsort(ns, n, sizeof(*ns), ascending);
	printf("%-44s p50 %8.1f   p99 %8.1f   max %8.1f us", name, (double)ns[n / 2] / 1e3,
	       (double)ns[n - 1 - n / 100] / 1e3, (double)ns[n - 1] / 1e3);
	if (mean_items >= 0)
		printf("   %.1f items", mean_items);
	putchar('\n');
}

struct bench {
	struct store *store;
	struct answerer *answerer;
	struct recommend_request *rq;
	struct answer *answer;
	uint64_t *ns;
	unsigned requests;
};

static void bench_answers(struct bench *b, const char *name, const char *scenario, unsigned inputs, unsigned item_count)
{
	static char ids[RECOMMEND_ITEMS_MAX][32], person[32], category[32];
	struct recommend_request *rq = b->rq;
	struct error e = { 0 };
	double shown = 0;

	memset(rq, 0, sizeof(*rq));
	rq->scenario = str_of(scenario);
	rq->max_staleness_ms = -1;
	for (unsigned i = 0; i < b->requests; i++) {
		rq->item_count = inputs & INPUT_ITEM_IDS ? item_count : 0;
		for (unsigned k = 0; k < rq->item_count; k++)
			rq->item_ids[k] = shop_text(ids[k], "item", shop_zipf(shop_items));
		if (inputs & INPUT_USER_ID)
			rq->user_id = shop_text(person, "user", (unsigned)(shop_draw() % SHOP_PEOPLE));
		rq->country = inputs & INPUT_PLACE ? STR("DE") : (struct str){ NULL, 0 };
		if (inputs & INPUT_CATEGORY)
			rq->category =
				(struct str){ category, (uint32_t)snprintf(category, sizeof(category), "Group %u",
									   (unsigned)(shop_draw() % 10)) };
		shop_check(recommend(b->answerer, rq, b->answer, &e), &e);
		b->ns[i] = b->answer->took_ns;
		shown += b->answer->item_count;
	}
	print_times(name, b->ns, b->requests, shown / b->requests);
}

static void bench_rows(struct bench *b)
{
	static const char *const names[] = { "limit: bought-together rows of the item",
					     "limit: also-bought rows of the item",
					     "limit: also-viewed rows of the item",
					     "limit: viewed-then-bought rows of the item" };
	static struct history_row rows[HISTORY_MAX];
	struct snap_counts list = { 0 };
	struct catalog_item record;
	struct snap *sn;
	char id[32];

	shop_check(snap_open(b->store, &sn), NULL);
	for (unsigned v = 0; v < PAIR_VIEW_COUNT; v++) {
		double neighbours = 0;

		for (unsigned i = 0; i < b->requests; i++) {
			uint64_t start = shop_now_ns();

			shop_check(snap_renew(sn), NULL);
			shop_check(pairs_get(sn, v, snap_item(sn, shop_text(id, "item", shop_zipf(shop_items))), 2,
					     &list),
				   NULL);
			b->ns[i] = shop_now_ns() - start;
			neighbours += (double)list.n;
		}
		print_times(names[v], b->ns, b->requests, neighbours / b->requests);
	}
	for (unsigned i = 0; i < b->requests; i++) {
		uint32_t actors[PERSON_ACTORS_MAX];
		uint64_t start = shop_now_ns();

		shop_check(snap_renew(sn), NULL);
		if (person_actors(sn, shop_text(id, "user", (unsigned)(shop_draw() % SHOP_PEOPLE)),
				  (struct str){ NULL, 0 }, actors) > 0)
			shop_check(history_get(sn, actors[0], rows), NULL);
		b->ns[i] = shop_now_ns() - start;
	}
	print_times("limit: history of the person", b->ns, b->requests, -1);
	for (unsigned i = 0; i < b->requests; i++) {
		uint64_t start = shop_now_ns();

		shop_check(snap_renew(sn), NULL);
		for (unsigned k = 0; k < 10; k++)
			shop_check(catalog_get(sn, shop_zipf(shop_items), &record), NULL);
		b->ns[i] = shop_now_ns() - start;
	}
	print_times("limit: ten catalogue records", b->ns, b->requests, -1);
	snap_counts_fini(&list);
	snap_close(sn);
}

/* A catalogue record of item i: what is made of the catalogue is made anew. */
static void change_record(struct store *store, unsigned i)
{
	struct catalog_item item;
	struct error e = { 0 };
	struct fold *f;
	char id[32];

	catalog_item_init(&item);
	item.item_id = shop_text(id, "item", i);
	item.price_micros = MICROS;
	shop_check(fold_new(store, &f, &e), &e);
	shop_check(fold_catalog(f, &item, false), NULL);
	shop_check(fold_commit(f, NULL), NULL);
	fold_free(f);
}

static void bench_ranker(struct bench *b, struct ranker *r)
{
	static const char *const names[] = { [REFRESH_QUICK] = "quick refresh of the ranked lists",
					     [REFRESH_FULL] = "full refresh of the ranked lists" };
	unsigned n = 20;

	for (int how = REFRESH_QUICK; how <= REFRESH_FULL; how++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t start = shop_now_ns();

			shop_check(ranker__refresh(r, (enum refresh)how), NULL);
			b->ns[i] = shop_now_ns() - start;
		}
		print_times(names[how], b->ns, n, -1);
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t start;

		change_record(b->store, i);
		start = shop_now_ns();
		shop_check(ranker__refresh(r, REFRESH_FULL), NULL);
		b->ns[i] = shop_now_ns() - start;
	}
	print_times("full refresh after a changed record", b->ns, n, -1);
}

static void bench_all(struct bench *b)
{
	bench_answers(b, "frequently-bought-together", "frequently-bought-together", INPUT_ITEM_IDS, 1);
	bench_answers(b, "also-bought", "also-bought", INPUT_ITEM_IDS, 1);
	bench_answers(b, "also-viewed", "also-viewed", INPUT_ITEM_IDS, 1);
	bench_answers(b, "viewed-then-bought", "viewed-then-bought", INPUT_ITEM_IDS, 1);
	bench_answers(b, "also-viewed, 5 items", "also-viewed", INPUT_ITEM_IDS, 5);
	bench_answers(b, "also-viewed in a category", "also-viewed", INPUT_ITEM_IDS | INPUT_CATEGORY, 1);
	bench_answers(b, "trending", "trending", 0, 0);
	bench_answers(b, "trending in a category", "trending", INPUT_CATEGORY, 0);
	bench_answers(b, "best-sellers", "best-sellers", 0, 0);
	bench_answers(b, "recently-viewed", "recently-viewed", INPUT_USER_ID, 0);
	bench_answers(b, "buy-it-again", "buy-it-again", INPUT_USER_ID, 0);
	bench_answers(b, "similar-items", "similar-items", INPUT_ITEM_IDS, 1);
	bench_answers(b, "similar-items, 5 items", "similar-items", INPUT_ITEM_IDS, 5);
	bench_answers(b, "alternatives", "alternatives", INPUT_ITEM_IDS, 1);
	bench_answers(b, "up-sell", "up-sell", INPUT_ITEM_IDS, 1);
	bench_answers(b, "top-rated in a category", "top-rated", INPUT_CATEGORY, 0);
	bench_answers(b, "fast-shipping", "fast-shipping", INPUT_PLACE, 0);
	bench_answers(b, "recommended-for-you", "recommended-for-you", INPUT_USER_ID, 0);
	bench_answers(b, "people-like-you", "people-like-you", INPUT_USER_ID, 0);
	bench_answers(b, "because-you-viewed", "because-you-viewed", INPUT_USER_ID, 0);
	bench_answers(b, "segment-picks", "segment-picks", INPUT_USER_ID, 0);
	bench_answers(b, "cart-cross-sell, 5 items", "cart-cross-sell", INPUT_ITEM_IDS, 5);
	bench_answers(b, "bundle", "bundle", INPUT_ITEM_IDS, 1);
	bench_answers(b, "home", "home", INPUT_USER_ID, 0);
	bench_answers(b, "product-page", "product-page", INPUT_ITEM_IDS, 1);
	bench_answers(b, "cart, 5 items", "cart", INPUT_ITEM_IDS, 5);
}

int main(int argc, char **argv)
{
	unsigned events = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
	struct bench b = { .requests = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 5000 };
	char dir[] = "/tmp/aisle-bench-XXXXXX", command[64];
	struct store_options opt = { .path = dir, .durability = STORE_NOSYNC, .writer = true };
	struct settings_sources from = { 0 };
	struct answerer_options answers = { 0 };
	struct settings *set;
	struct status *status;
	struct ranker *ranker;
	struct error e = { 0 };

	if (argc > 2)
		shop_items = (unsigned)strtoul(argv[2], NULL, 10);
	if (!mkdtemp(dir))
		return 1;
	shop_check(store_open(&opt, &b.store, &e), &e);
	shop_fill(b.store, events);
	shop_check(settings_load(&from, &set, &e), &e);
	shop_check(status_open(dir, true, &status, &e), &e);
	shop_check(ranker_start(b.store, set, &ranker, &e), &e);
	answers = (struct answerer_options){ .store = b.store, .status = status, .ranker = ranker, .settings = set };
	shop_check(answerer_new(&answers, &b.answerer, &e), &e);
	b.rq = xcalloc(1, sizeof(*b.rq));
	b.answer = xcalloc(1, sizeof(*b.answer));
	b.ns = xcalloc(b.requests + 20, sizeof(*b.ns));
	printf("%u events, %u items, %u requests each, ten items asked for\n", events, shop_items, b.requests);
	bench_all(&b);
	bench_rows(&b);
	bench_ranker(&b, ranker);
	answerer_free(b.answerer);
	ranker_stop(ranker);
	status_close(status);
	settings_free(set);
	store_close(b.store);
	free(b.rq);
	free(b.answer);
	free(b.ns);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) != 0;
}
