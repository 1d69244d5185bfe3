/*
 * fuzz_store - a damaged store: a small shop's rows, some of them overwritten, cut, dropped or added as the input says.
 * Every way to read them gives rows or STORE_CORRUPT; rows are JSON; folding on fails with STORE_CORRUPT or commits
 * what can be read again.
 *
 * What an input is: fuzz_shop.h.
 */
#include "query/ranker.h"
#include "query/recommend.h"
#include "schemas/scan.h"
#include "tests/lib/fuzz_shop.h"
#include "views/catalog.h"
#include "views/config.h"
#include "views/engagement.h"
#include "views/experiments.h"
#include "views/fold.h"
#include "views/history.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/offsets.h"
#include "views/pairs.h"
#include "views/popularity.h"
#include "views/profile.h"
#include "views/searches.h"
#include "views/sessions.h"
#include "views/stock.h"
#include "views/view.h"

static struct {
	struct fuzz_shop shop;
	struct ranker *ranker;
	struct answerer *answerer;
} f;

/* ---- reading ---- */

static void expect_read(int rc)
{
	assert(rc >= 0 || rc == ERR_STORE_CORRUPT);
}

static int expect_json(void *arg, struct str json)
{
	static struct scan s;
	struct error e = { 0 };
	char *room = xmalloc(json.n + 16);
	int token;

	++*(unsigned *)arg;
	scan_init(&s, json.p, json.n, room, &e);
	token = scan_value(&s);
	assert(token >= 0 && !scan_skip(&s, token) && !scan_end(&s));
	free(room);
	return 0;
}

static void read_views(void)
{
	const struct view_filter filters[] = { { .item = { NULL, 0 } }, { .item = STR("p1") }, { .user = STR("u1") } };
	char hex[VIEW_DIGEST_HEX];
	uint64_t rows;
	unsigned n = 0;

	for (size_t i = 0; view_registry[i]; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(filters); k++)
			expect_read(view_registry[i]->rows(f.shop.snap, &filters[k], expect_json, &n));
		expect_read(view_digest(view_registry[i], f.shop.snap, hex, &rows));
	}
}

static int see_catalog(void *arg, uint32_t item, const struct catalog_item *record)
{
	(void)arg, (void)item;
	assert(record->categories.n <= CATALOG_LIST_MAX);
	return 0;
}

static int see_popularity(void *arg, int64_t bucket, uint32_t item, const struct popularity *p)
{
	(void)arg, (void)bucket, (void)item, (void)p;
	return 0;
}

static void read_person(void)
{
	struct history_row rows[HISTORY_MAX];
	uint32_t actors[PERSON_ACTORS_MAX];
	int n = person_actors(f.shop.snap, STR("u1"), STR("v1"), actors);

	expect_read(n);
	assert(n <= PERSON_ACTORS_MAX);
	if (n > 0) {
		struct profile profile;
		int rc = profile_of(f.shop.snap, actors, (unsigned)n, &profile);

		assert(!rc || rc == ERR_NOT_FOUND || rc == ERR_STORE_CORRUPT);
	}
	for (int i = 0; i < n; i++) {
		int k = history_get(f.shop.snap, actors[i], rows);

		expect_read(k);
		assert(k <= HISTORY_MAX);
		for (int r = 0; r < k; r++)
			assert((unsigned)rows[r].type < EVENT_TYPE_COUNT);
	}
}

static void read_items(void)
{
	struct snap_counts list = { 0 };
	struct catalog_item item;
	struct stock_level level;
	struct item_totals totals;
	struct position pos;
	int rc;

	for (uint32_t id = 0; id < 4; id++) {
		expect_read(catalog_get(f.shop.snap, id, &item));
		expect_read(stock_get(f.shop.snap, id, &level));
		expect_read(item_totals_get(f.shop.snap, id, &totals));
		for (int which = 0; which < PAIR_VIEW_COUNT; which++)
			expect_read(pairs_get(f.shop.snap, (enum pair_view)which, id, 1, &list));
	}
	snap_counts_fini(&list);
	expect_read(catalog_each(f.shop.snap, see_catalog, NULL));
	for (int kind = BUCKET_HOUR; kind <= BUCKET_DAY; kind++)
		expect_read(popularity_scan(f.shop.snap, (enum bucket)kind, 0, INT64_C(1) << 40, see_popularity, NULL));
	rc = offsets_get(f.shop.snap, "shop.events", 0, &pos);
	assert(rc == ERR_NOT_FOUND || rc == 0 || rc == ERR_STORE_CORRUPT);
}

static void read_sessions(void)
{
	struct session_index *x = session_index_new();
	struct session_list list = { .n = 0 };
	struct session s;
	uint32_t running;

	expect_read(session_index_begin(x, f.shop.snap));
	for (uint32_t item = 0; item < 4; item++) {
		expect_read(session_newest(x, item, 100, &list));
		for (uint32_t i = 0; i < list.n; i++) {
			int rc = session_get(x, list.numbers[i], &s);

			assert(!rc || rc == ERR_NOT_FOUND || rc == ERR_STORE_CORRUPT);
			assert(rc || (s.n >= 1 && s.n <= SESSION_VIEWS_MAX && session_item(&s, s.n - 1) + 1));
		}
	}
	for (uint32_t actor = 0; actor < 3; actor++) {
		expect_read(session_running(x, actor, STR("s1"), &running));
		expect_read(session_running(x, actor, (struct str){ 0 }, &running));
	}
	session_index_free(x);
}

static int see_change(void *arg, const struct config_row *row)
{
	(void)arg;
	assert(row->revision && control_id_valid(row->id) && row->changed_by.n <= CONTROL_BY_MAX);
	return 0;
}

static void read_config(void)
{
	struct config_row row;
	struct config_counts counts;
	uint64_t version;
	int rc = config_find(f.shop.snap, CONTROL_RULE, STR("r"), &row);

	assert(!rc || rc == ERR_NOT_FOUND || rc == ERR_STORE_CORRUPT);
	expect_read(config_each(f.shop.snap, CONTROL_RULE, see_change, NULL));
	expect_read(config_history(f.shop.snap, CONTROL_RULE, STR("r"), see_change, NULL));
	expect_read(config_version(f.shop.snap, &version));
	expect_read(config_counts(f.shop.snap, &counts));
}

static void read_searches(void)
{
	struct search_items list = { 0 };

	expect_read(search_items_get(f.shop.snap, STR(" Cup"), &list));
	search_items_fini(&list);
}

static int see_engagement(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	(void)arg, (void)hour, (void)e;
	assert(strlen(of->strategy) > 0 && of->variant.n <= STORE_VALUE_MAX);
	return 0;
}

static int see_item(void *arg, int64_t day, uint32_t label, uint32_t item, const struct engagement *e)
{
	(void)arg, (void)day, (void)label, (void)item, (void)e;
	return 0;
}

static int see_person(void *arg, struct str variant, uint32_t actor, const struct exposed *p)
{
	(void)arg, (void)variant, (void)actor;
	assert(p->first_ms >= 0 && p->revenue_micros >= 0);
	return 0;
}

static void read_engagement(void)
{
	expect_read(engagement_scan(f.shop.snap, 0, INT64_MAX, see_engagement, NULL));
	expect_read(engagement_items_scan(f.shop.snap, 0, INT64_MAX, see_item, NULL));
	expect_read(experiment_people(f.shop.snap, STR("x"), see_person, NULL));
}

static void ask(struct str scenario, unsigned given, enum sort_order shape)
{
	static struct recommend_request rq;
	static struct answer answer;
	struct error e = { 0 };
	int rc;

	memset(&rq, 0, sizeof(rq));
	rq.scenario = scenario;
	rq.given = given;
	rq.max_staleness_ms = -1;
	if (given & INPUT_USER_ID)
		rq.user_id = STR("u1");
	if (given & INPUT_ITEM_IDS) {
		rq.item_ids[rq.item_count++] = STR("p1");
		rq.item_ids[rq.item_count++] = STR("p2");
	}
	if (given & INPUT_CATEGORY)
		rq.category = STR("Home");
	if (given & INPUT_PLACE)
		rq.country = STR("DE");
	if (given & INPUT_QUERY)
		rq.query = STR("cup");
	if (given & INPUT_SESSION_ID)
		rq.session_id = STR("s1");
	if (given & INPUT_SESSION_ITEMS) {
		rq.session_items[rq.session_item_count++] = STR("p2");
		rq.session_items[rq.session_item_count++] = STR("p1");
	}
	if (shape) {
		rq.filter = STR("attributes.a != 1 or price < 5 or category = 'Home'");
		rq.boost = STR("rating > 1 -> 2");
		rq.sort = shape;
		rq.diversity = 0.5, rq.has_diversity = true;
		rq.fill = FILL_ANY;
	}
	rc = recommend(f.answerer, &rq, &answer, &e);
	assert(!rc || rc == ERR_STORE_CORRUPT);
	for (unsigned i = 0; !rc && i < answer.item_count; i++)
		assert(answer.items[i].item_id.n);
}

static void read_answers(void)
{
	struct scenario_info info;

	expect_read(ranker_refresh(f.ranker));
	for (size_t i = 0; scenario_info(i, &info); i++)
		ask(str_of(info.slug), info.inputs & ~(unsigned)INPUT_COMMON, i % 2 ? SORT_RELEVANCE : i % 12 / 2);
}

/* ---- folding ---- */

static void fold_on(void)
{
	struct fold *fold = NULL;
	struct error e = { 0 };
	int rc = fold_new(f.shop.store, &fold, &e);

	if (rc) {
		expect_error(rc, &e);
		assert(rc == ERR_STORE_CORRUPT || rc == ERR_VIEW_CHANGED);
		return;
	}
	fuzz_shop_fold(fold);
	rc = fold_commit(fold, NULL);
	expect_read(rc);
	if (rc) { /* the fold is as after fold_new */
		fuzz_shop_fold(fold);
		assert(fold_commit(fold, NULL) == rc);
	}
	fold_free(fold);
	must(snap_renew(f.shop.snap));
}

static void open_all(void)
{
	struct answerer_options opt;

	be_quiet();
	fuzz_shop_open(&f.shop);
	must(ranker_start(f.shop.store, f.shop.settings, &f.ranker, NULL));
	opt = (struct answerer_options){
		.store = f.shop.store, .status = f.shop.status, .ranker = f.ranker, .settings = f.shop.settings
	};
	must(answerer_new(&opt, &f.answerer, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct bytes in = { bytes, n };

	if (!f.shop.store)
		open_all();
	fuzz_shop_damage(&f.shop, &in);
	read_views();
	read_person();
	read_items();
	read_sessions();
	read_searches();
	read_config();
	read_engagement();
	read_answers();
	fold_on();
	read_views();
	return 0;
}
