/*
 * fuzz_store - a damaged store: a small shop's rows, some of them overwritten, cut, dropped or added as the input says.
 * Every way to read them gives rows or STORE_CORRUPT; rows are JSON; folding on fails with STORE_CORRUPT or commits
 * what can be read again.
 *
 * An input is a list of edits: a byte for what is done, a byte for the table, a byte for the row's place in it, then
 *     0  offset u8, n u8, n bytes    overwrite
 *     1  n u16                       cut to n bytes
 *     2                              drop
 *     3  key n u8, key, value n u16, value   another row as LMDB has it
 */
#include "config/settings.h"
#include "query/ranker.h"
#include "query/recommend.h"
#include "schemas/decode.h"
#include "schemas/scan.h"
#include "tests/fuzz/fuzz.h"
#include "views/catalog.h"
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
#include "views/status.h"
#include "views/stock.h"
#include "views/store_internal.h"
#include "views/view.h"

#include <ftw.h>
#include <stdio.h>

#define DATABASES (TABLE_COUNT + 1) /* and the parts of long values */
#define ROWS_MAX 512
#define EDITS_MAX 64

static const char *const events[] = {
	"{'eventId':'e1','type':'view','eventTime':1323435000000,'visitorId':'v1','sessionId':'s1','itemId':'p1'}",
	"{'eventId':'e2','type':'view','eventTime':1323435001000,'visitorId':'v1','sessionId':'s1','itemId':'p2'}",
	"{'eventId':'e3','type':'view','eventTime':1323435002000,'userId':'u1','visitorId':'v1','itemId':'p3'}",
	"{'eventId':'e4','type':'cart-add','eventTime':1323435003000,'userId':'u1','sessionId':'s1','itemId':'p1'}",
	"{'eventId':'e5','type':'view','eventTime':1323435004000,'userId':'u1','sessionId':'s1','itemId':'p1'}",
	"{'eventId':'e6','type':'purchase','eventTime':1323435005000,'userId':'u1','sessionId':'s1','orderId':'o1',"
	"'items':[{'itemId':'p1','quantity':2,'price':3.5},{'itemId':'p2'},{'itemId':'p3'}]}",
	"{'eventId':'e7','type':'purchase','eventTime':1323535005000,'userId':'u2','orderId':'o1',"
	"'items':[{'itemId':'p1','price':3.5},{'itemId':'p2'}]}",
	"{'eventId':'s1','type':'search','eventTime':1323535005000,'userId':'u1','sessionId':'s1','query':'cup'}",
	"{'eventId':'s2','type':'search','eventTime':1323535005000,'userId':'u2','sessionId':'s1','query':'cup'}",
	"{'eventId':'s3','type':'search','eventTime':1323535005000,'userId':'u3','sessionId':'s1','query':'cup'}",
	"{'eventId':'s4','type':'search','eventTime':1323535005000,'userId':'u4','sessionId':'s1','query':'cup'}",
	"{'eventId':'s5','type':'search','eventTime':1323535005000,'userId':'u5','sessionId':'s1','query':'cup'}",
	"{'eventId':'s6','type':'view','eventTime':1323535006000,'userId':'u5','sessionId':'s1','itemId':'p1'}",
	"{'eventId':'e8','type':'return','eventTime':1323635005000,'userId':'u2','orderId':'o1','itemId':'p1'}",
};

static const char *const catalog[] = {
	"{'itemId':'p1','title':'Cup','price':3.5,'categories':['Home > Kitchen'],'tags':['new'],'attributes':{'a':1}}",
	"{'itemId':'p2','title':'Mug','brand':'b','categories':['Home'],'url':'https://x/p2','rating':4.5,'ratingCount':9}",
};

static const char *const stock[] = {
	"{'itemId':'p1','quantity':5,'asOf':1323435000000}",
	"{'itemId':'p1','location':'l1','quantity':7,'leadTimeHours':3,'shipsTo':['DE','FR'],'asOf':1323435000000}",
};

struct row {
	size_t key_n, n;
	unsigned char key[STORE_KEY_MAX], *value;
};

struct table_rows {
	size_t n;
	struct row v[ROWS_MAX];
};

static struct {
	char dir[64];
	struct store *store;
	struct settings *settings;
	struct status *status;
	struct decoder *decoder;
	struct ranker *ranker;
	struct answerer *answerer;
	struct snap *snap;
	struct table_rows whole[DATABASES]; /* the shop, undamaged */
} f;

/* ---- rows as LMDB has them ---- */

static MDB_dbi dbi_of(unsigned i)
{
	return i < TABLE_COUNT ? f.store->levels->base.dbi[i] : f.store->levels->base.dbi_long;
}

static void must(int rc)
{
	if (rc)
		abort();
}

static void remember_rows(void)
{
	MDB_txn *txn;
	MDB_val k, v;

	must(mdb_txn_begin(f.store->levels->base.env, NULL, MDB_RDONLY, &txn));
	for (unsigned i = 0; i < DATABASES; i++) {
		MDB_cursor *cur;

		must(mdb_cursor_open(txn, dbi_of(i), &cur));
		while (!mdb_cursor_get(cur, &k, &v, MDB_NEXT)) {
			struct row *r = &f.whole[i].v[f.whole[i].n++];

			assert(f.whole[i].n < ROWS_MAX && k.mv_size <= sizeof(r->key));
			r->key_n = k.mv_size;
			memcpy(r->key, k.mv_data, k.mv_size);
			r->n = v.mv_size;
			r->value = (unsigned char *)exact_copy(v.mv_data, v.mv_size);
		}
		mdb_cursor_close(cur);
	}
	mdb_txn_abort(txn);
}

static void put(MDB_txn *txn, unsigned table, const void *key, size_t key_n, const void *value, size_t n)
{
	MDB_val k = { key_n, (void *)key }, v = { n, (void *)value };

	if (key_n)
		must(mdb_put(txn, dbi_of(table), &k, &v, 0));
}

static void edit(MDB_txn *txn, struct bytes *in)
{
	unsigned what = take_byte(in) % 4, table = take_byte(in) % DATABASES, place = take_byte(in);
	const struct table_rows *rows = &f.whole[table];
	const struct row *r = rows->n ? &rows->v[place % rows->n] : NULL;
	unsigned char copy[4096];
	struct str key, bytes;
	size_t at;

	if (what == 3) {
		key = take_bytes(in, take_byte(in));
		at = take_byte(in);
		bytes = take_bytes(in, at | (size_t)take_byte(in) << 8);
		put(txn, table, key.p, key.n, bytes.p, bytes.n);
		return;
	}
	at = take_byte(in);
	bytes = take_bytes(in, what == 0 ? take_byte(in) : 0);
	if (what == 1)
		at |= (size_t)take_byte(in) << 8;
	if (!r || r->n > sizeof(copy))
		return;
	memcpy(copy, r->value, r->n);
	if (what == 0 && at < r->n) {
		memcpy(copy + at, bytes.p, bytes.n < r->n - at ? bytes.n : r->n - at);
		put(txn, table, r->key, r->key_n, copy, r->n);
	} else if (what == 1 && at < r->n) {
		put(txn, table, r->key, r->key_n, copy, at);
	} else if (what == 2) {
		MDB_val k = { r->key_n, (void *)r->key };
		int rc = mdb_del(txn, dbi_of(table), &k, NULL);

		assert(!rc || rc == MDB_NOTFOUND);
	}
}

/* The whole shop again, then the input's edits. */
static void write_rows(struct bytes *in)
{
	MDB_txn *txn;

	snap_park(f.snap);
	must(mdb_txn_begin(f.store->levels->base.env, NULL, 0, &txn));
	for (unsigned i = 0; i < DATABASES; i++) {
		must(mdb_drop(txn, dbi_of(i), 0));
		for (size_t k = 0; k < f.whole[i].n; k++) {
			const struct row *r = &f.whole[i].v[k];

			put(txn, i, r->key, r->key_n, r->value, r->n);
		}
	}
	for (int i = 0; in->n && i < EDITS_MAX; i++)
		edit(txn, in);
	must(mdb_txn_commit(txn));
	must(snap_renew(f.snap));
}

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
			expect_read(view_registry[i]->rows(f.snap, &filters[k], expect_json, &n));
		expect_read(view_digest(view_registry[i], f.snap, hex, &rows));
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
	int n = person_actors(f.snap, STR("u1"), STR("v1"), actors);

	expect_read(n);
	assert(n <= PERSON_ACTORS_MAX);
	if (n > 0) {
		struct profile profile;
		int rc = profile_of(f.snap, actors, (unsigned)n, &profile);

		assert(!rc || rc == ERR_NOT_FOUND || rc == ERR_STORE_CORRUPT);
	}
	for (int i = 0; i < n; i++) {
		int k = history_get(f.snap, actors[i], rows);

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
		expect_read(catalog_get(f.snap, id, &item));
		expect_read(stock_get(f.snap, id, &level));
		expect_read(item_totals_get(f.snap, id, &totals));
		for (int which = 0; which < PAIR_VIEW_COUNT; which++)
			expect_read(pairs_get(f.snap, (enum pair_view)which, id, 1, &list));
	}
	snap_counts_fini(&list);
	expect_read(catalog_each(f.snap, see_catalog, NULL));
	for (int kind = BUCKET_HOUR; kind <= BUCKET_DAY; kind++)
		expect_read(popularity_scan(f.snap, (enum bucket)kind, 0, INT64_C(1) << 40, see_popularity, NULL));
	rc = offsets_get(f.snap, "shop.events", 0, &pos);
	assert(rc == ERR_NOT_FOUND || rc == 0 || rc == ERR_STORE_CORRUPT);
}

static void read_sessions(void)
{
	struct session_index *x = session_index_new();
	const uint32_t *numbers = NULL;
	struct session s;
	uint32_t n = 0, running;

	expect_read(session_index_begin(x, f.snap));
	for (uint32_t item = 0; item < 4; item++) {
		expect_read(session_newest(x, item, 100, &numbers, &n));
		for (uint32_t i = 0; i < n; i++) {
			int rc = session_get(x, numbers[i], &s);

			assert(!rc || rc == ERR_NOT_FOUND || rc == ERR_STORE_CORRUPT);
			assert(rc || (s.n >= 1 && s.n <= SESSION_VIEWS_MAX && session_item(&s, s.n - 1) + 1));
		}
	}
	expect_read(session_running(x, 0, STR("s1"), &running));
	expect_read(session_running(x, 0, (struct str){ 0 }, &running));
	session_index_free(x);
}

static void read_searches(void)
{
	struct search_items list = { 0 };

	expect_read(search_items_get(f.snap, STR(" Cup"), &list));
	search_items_fini(&list);
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
	if (given & INPUT_PLACE)
		rq.country = STR("DE");
	if (shape) {
		rq.filter = STR("attributes.a != 1 or price < 5 or category = 'Home'");
		rq.boost = STR("rating > 1 -> 2");
		rq.sort = shape;
		rq.diversity = 0.5;
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

static size_t from_text(const char *text, char *ret, size_t size)
{
	size_t n = strlen(text);

	assert(n < size);
	for (size_t i = 0; i <= n; i++)
		ret[i] = text[i] == '\'' ? '"' : text[i];
	return n;
}

static void fold_all(struct fold *fold)
{
	struct position pos;
	struct catalog_item item;
	struct stock_record rec;
	struct error e = { 0 };
	struct event ev;
	char text[512];
	bool deleted;

	fold_stored_position(fold, "shop.events", 0, &pos);
	pos = (struct position){ .next = 8, .last = 7, .last_timestamp_ms = 1, .fingerprint = 2 };
	for (size_t i = 0; i < ARRAY_SIZE(catalog); i++) {
		must(decode_catalog(f.decoder, (struct str){ 0 }, text, from_text(catalog[i], text, sizeof(text)),
				    &item, &deleted, &e));
		must(fold_catalog(fold, &item, deleted));
	}
	for (size_t i = 0; i < ARRAY_SIZE(stock); i++) {
		must(decode_stock(f.decoder, (struct str){ 0 }, text, from_text(stock[i], text, sizeof(text)), &rec,
				  &deleted, &e));
		must(fold_stock(fold, &rec, deleted, -1));
	}
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		must(decode_event(f.decoder, text, from_text(events[i], text, sizeof(text)), &ev, &e));
		assert(fold_event(fold, &ev, -1, &e) >= 0);
	}
	fold_position(fold, "shop.events", 0, &pos);
}

static void fold_on(void)
{
	struct fold *fold = NULL;
	struct error e = { 0 };
	int rc = fold_new(f.store, &fold, &e);

	if (rc) {
		expect_error(rc, &e);
		assert(rc == ERR_STORE_CORRUPT || rc == ERR_VIEW_CHANGED);
		return;
	}
	fold_all(fold);
	rc = fold_commit(fold, NULL);
	expect_read(rc);
	if (rc) { /* the fold is as after fold_new */
		fold_all(fold);
		assert(fold_commit(fold, NULL) == rc);
	}
	fold_free(fold);
	must(snap_renew(f.snap));
}

/* ---- the shop ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	nftw(f.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void open_shop(void)
{
	static const char *const sets[] = { "rank.refresh=60s", "answers.minSupport=1" };
	struct settings_sources from = { .sets = sets, .sets_n = ARRAY_SIZE(sets) };
	struct store_options opt = { .map_size = 64 << 20, .durability = STORE_NOSYNC, .writer = true };
	struct answerer_options answers = { 0 };
	char key[128];
	struct fold *fold;
	FILE *file;

	be_quiet();
	snprintf(f.dir, sizeof(f.dir), "/dev/shm/aisle-fuzz-XXXXXX");
	assert(mkdtemp(f.dir));
	atexit(clean_up);
	snprintf(key, sizeof(key), "%s/person.key", f.dir);
	file = fopen(key, "w");
	assert(file && fwrite("0123456789abcdef0123456789abcdef", 32, 1, file) == 1 && !fclose(file));
	opt.path = f.dir;
	must(store_open(&opt, &f.store, NULL));
	must(settings_load(&from, &f.settings, NULL));
	must(status_open(f.dir, true, &f.status, NULL));
	must(decoder_new(NULL, &f.decoder, NULL));
	must(fold_new(f.store, &fold, NULL));
	fold_all(fold);
	must(fold_commit(fold, NULL));
	fold_free(fold);
	remember_rows();
	must(snap_open(f.store, &f.snap));
	must(ranker_start(f.store, f.settings, &f.ranker, NULL));
	answers = (struct answerer_options){ f.store, f.status, f.ranker, f.settings, NULL };
	must(answerer_new(&answers, &f.answerer, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct bytes in = { bytes, n };

	if (!f.store)
		open_shop();
	write_rows(&in);
	read_views();
	read_person();
	read_items();
	read_sessions();
	read_searches();
	read_answers();
	fold_on();
	read_views();
	return 0;
}
