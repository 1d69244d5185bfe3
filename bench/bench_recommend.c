/*
 * bench_recommend: compute time of one answer for each strategy and scenario; beside its limit in the same run, the
 * reading of the rows alone (neighbours of the asked item, history of the person, ten catalogue records).
 *
 *     bench_recommend [EVENTS] [ITEMS] [REQUESTS]
 *
 * A shop of ITEMS items (10,000) in 100 categories, EVENTS events (1,000,000) in sessions of about seven views over 180
 * days; half of a session's views stay in one category, the rest is Zipf 1.0 over the shop. Asked items, categories
 * and people are drawn from the same traffic, so popular items with long lists are asked for most. Prints microseconds.
 */
#include "config/settings.h"
#include "query/ranker_internal.h"
#include "query/recommend.h"
#include "views/catalog.h"
#include "views/fold.h"
#include "views/history.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/pairs.h"
#include "views/status.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CATEGORIES 100
#define PEOPLE 20000
#define START_MS (INT64_C(1000) * MS_PER_EPOCH)
#define DAYS 180
#define BATCH 100000

static uint64_t state = 42;
static unsigned items = 10000;

static uint64_t draw(void)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned zipf(unsigned n)
{
	return (unsigned)exp((double)(draw() >> 11) * 0x1p-53 * log(n)) - 1;
}

static uint64_t now_ns(void)
{
	return clock_system.monotonic_ns(&clock_system);
}

static void check(int rc, const struct error *e)
{
	if (rc < 0) {
		fprintf(stderr, "bench_recommend: %s: %s\n", error_text(rc), e ? e->text : "");
		exit(1);
	}
}

static struct str text_of(char buf[32], const char *kind, unsigned n)
{
	return (struct str){ buf, (uint32_t)snprintf(buf, 32, "%s-%05u", kind, n) };
}

/* ---- the shop ---- */

static struct str text_put(char *buf, size_t room, const char *fmt, ...) PRINTF_LIKE(3, 4);
static struct str text_put(char *buf, size_t room, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, room, fmt, ap);
	va_end(ap);
	return (struct str){ buf, (uint32_t)n };
}

/* Some 15 terms an item, of which a handful say much. */
static void fill_catalogue(struct fold *f)
{
	const struct str germany = STR("DE");
	char id[32], category[32], brand[32], title[64], attributes[64];

	for (unsigned i = 0; i < items; i++) {
		struct stock_record stock = { .quantity = i % 33 ? 100 : 0,
					      .lead_time_hours = i % 5 * 24,
					      .ships_to = &germany,
					      .ships_to_count = 1 };
		struct catalog_item item;

		catalog_item_init(&item);
		stock.item_id = item.item_id = text_of(id, "item", i);
		item.title = text_put(title, sizeof(title), "Thing of kind w%u, style w%u, line w%u", i / 7 % 900,
				      1000 + i / 11 % 700, 2000 + i / 13 % 2500);
		item.brand = text_put(brand, sizeof(brand), "Brand %u", i / 3 % 500);
		item.attributes =
			text_put(attributes, sizeof(attributes), "{\"color\":\"c%u\",\"size\":%u}", i % 12, i % 7);
		item.price_micros = (int64_t)(100 + i * 37 % 20000) * 10000;
		item.rating_micros = (int64_t)(30 + i % 20) * 100000;
		item.rating_count = i % 300;
		item.categories.n = 1;
		item.categories.v[0] =
			(struct str){ category, (uint32_t)snprintf(category, sizeof(category), "Group %u > Shelf %u",
								   i % CATEGORIES / 10, i % CATEGORIES) };
		check(fold_catalog(f, &item, false), NULL);
		check(fold_stock(f, &stock, false, START_MS), NULL);
	}
}

struct session {
	char person[32], name[32], ids[16][32];
	struct event_item lines[16];
	unsigned n, shelf;
	int64_t t_ms;
	struct event ev;
};

static void session_event(struct fold *f, struct session *s, enum event_type type, const struct event_item *lines,
			  unsigned n)
{
	s->t_ms += 20000;
	s->ev = (struct event){ .type = type,
				.has_time = true,
				.t_ms = s->t_ms,
				.items = lines,
				.item_count = n,
				.user_id = str_of(s->person),
				.session_id = str_of(s->name),
				.position = -1 };
	check(fold_event(f, &s->ev, -1, NULL), NULL);
}

/* Returns how many events it was. */
static unsigned play_session(struct fold *f, unsigned number, int64_t t_ms)
{
	struct session s = { .n = 1 + (unsigned)(draw() % 13), .t_ms = t_ms, .shelf = (unsigned)(draw() % CATEGORIES) };
	unsigned events = s.n, bought = 0;

	text_of(s.person, "user", (unsigned)(draw() % PEOPLE));
	text_of(s.name, "s", number);
	for (unsigned i = 0; i < s.n; i++) {
		unsigned item = i % 2 ? zipf(items) : zipf(items / CATEGORIES) * CATEGORIES + s.shelf;

		s.lines[i] = (struct event_item){ .id = text_of(s.ids[i], "item", item), .quantity = 1 };
		session_event(f, &s, EVENT_VIEW, &s.lines[i], 1);
	}
	if (draw() % 4 == 0) {
		bought = 1 + (unsigned)(draw() % (s.n > 4 ? 4 : s.n));
		session_event(f, &s, EVENT_CART_ADD, s.lines, 1);
		session_event(f, &s, EVENT_PURCHASE, s.lines, bought);
		events += 2;
	}
	return events;
}

static void fill_store(struct store *store, unsigned events)
{
	struct error e = { 0 };
	struct fold *f;
	unsigned number = 0, committed = 0;

	check(fold_new(store, &f, &e), &e);
	fill_catalogue(f);
	for (unsigned done = 0; done < events; number++) {
		done += play_session(f, number,
				     START_MS + (int64_t)((double)done / events * DAYS * (double)MS_PER_DAY));
		if (done - committed >= BATCH) {
			check(fold_commit(f, NULL), NULL);
			committed = done;
		}
	}
	check(fold_commit(f, NULL), NULL);
	fold_free(f);
}

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
			rq->item_ids[k] = text_of(ids[k], "item", zipf(items));
		if (inputs & INPUT_USER_ID)
			rq->user_id = text_of(person, "user", (unsigned)(draw() % PEOPLE));
		rq->country = inputs & INPUT_PLACE ? STR("DE") : (struct str){ NULL, 0 };
		if (inputs & INPUT_CATEGORY)
			rq->category =
				(struct str){ category, (uint32_t)snprintf(category, sizeof(category), "Group %u",
									   (unsigned)(draw() % 10)) };
		check(recommend(b->answerer, rq, b->answer, &e), &e);
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

	check(snap_open(b->store, &sn), NULL);
	for (unsigned v = 0; v < PAIR_VIEW_COUNT; v++) {
		double neighbours = 0;

		for (unsigned i = 0; i < b->requests; i++) {
			uint64_t start = now_ns();

			check(snap_renew(sn), NULL);
			check(pairs_get(sn, v, snap_item(sn, text_of(id, "item", zipf(items))), 2, &list), NULL);
			b->ns[i] = now_ns() - start;
			neighbours += (double)list.n;
		}
		print_times(names[v], b->ns, b->requests, neighbours / b->requests);
	}
	for (unsigned i = 0; i < b->requests; i++) {
		uint32_t actors[PERSON_ACTORS_MAX];
		uint64_t start = now_ns();

		check(snap_renew(sn), NULL);
		if (person_actors(sn, text_of(id, "user", (unsigned)(draw() % PEOPLE)), (struct str){ NULL, 0 },
				  actors) > 0)
			check(history_get(sn, actors[0], rows), NULL);
		b->ns[i] = now_ns() - start;
	}
	print_times("limit: history of the person", b->ns, b->requests, -1);
	for (unsigned i = 0; i < b->requests; i++) {
		uint64_t start = now_ns();

		check(snap_renew(sn), NULL);
		for (unsigned k = 0; k < 10; k++)
			check(catalog_get(sn, zipf(items), &record), NULL);
		b->ns[i] = now_ns() - start;
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
	item.item_id = text_of(id, "item", i);
	item.price_micros = MICROS;
	check(fold_new(store, &f, &e), &e);
	check(fold_catalog(f, &item, false), NULL);
	check(fold_commit(f, NULL), NULL);
	fold_free(f);
}

static void bench_ranker(struct bench *b, struct ranker *r)
{
	static const char *const names[] = { [REFRESH_QUICK] = "quick refresh of the ranked lists",
					     [REFRESH_FULL] = "full refresh of the ranked lists" };
	unsigned n = 20;

	for (int how = REFRESH_QUICK; how <= REFRESH_FULL; how++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t start = now_ns();

			check(ranker__refresh(r, (enum refresh)how), NULL);
			b->ns[i] = now_ns() - start;
		}
		print_times(names[how], b->ns, n, -1);
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t start;

		change_record(b->store, i);
		start = now_ns();
		check(ranker__refresh(r, REFRESH_FULL), NULL);
		b->ns[i] = now_ns() - start;
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
		items = (unsigned)strtoul(argv[2], NULL, 10);
	if (!mkdtemp(dir))
		return 1;
	check(store_open(&opt, &b.store, &e), &e);
	fill_store(b.store, events);
	check(settings_load(&from, &set, &e), &e);
	check(status_open(dir, true, &status, &e), &e);
	check(ranker_start(b.store, set, &ranker, &e), &e);
	answers = (struct answerer_options){ .store = b.store, .status = status, .ranker = ranker, .settings = set };
	check(answerer_new(&answers, &b.answerer, &e), &e);
	b.rq = xcalloc(1, sizeof(*b.rq));
	b.answer = xcalloc(1, sizeof(*b.answer));
	b.ns = xcalloc(b.requests + 20, sizeof(*b.ns));
	printf("%u events, %u items, %u requests each, ten items asked for\n", events, items, b.requests);
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
