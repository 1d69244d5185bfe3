#include "tests/lib/fuzz_shop.h"
#include "config/settings.h"
#include "schemas/decode.h"
#include "views/fold.h"
#include "views/offsets.h"
#include "views/store_internal.h"

#include <ftw.h>
#include <stdio.h>

#define DATABASES (TABLE_COUNT + 1) /* and the parts of long values */
#define ROWS_MAX 512
#define EDITS_MAX 64

/* Of u1, "home", variant "x/a", with p1 and p2, by tests/reference/engagement.py and the key below. */
#define ANSWER "AgRob21lA3gvYcCA3yI0AQEAAAACADewAc2nJZtZIz2sjMstV7mOcbh9rg"

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
	"{'eventId':'r1','type':'impression','eventTime':1323435003000,'userId':'u1','sessionId':'s1','recommendationId':'" ANSWER
	"','items':[{'itemId':'p1'},{'itemId':'p2'}]}",
	"{'eventId':'r2','type':'click','eventTime':1323435004000,'userId':'u1','sessionId':'s1','itemId':'p1',"
	"'recommendationId':'" ANSWER "'}",
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

static const char *const changes[] = {
	"{'replaces':0,'changeId':'0000000000000001','changedBy':'ann','document':{'action':{'filter':'inStock'}}}",
	"{'replaces':1,'changeId':'0000000000000002','document':{'action':{'filter':'price < 5'}}}",
	"{'replaces':1,'changeId':'0000000000000003','document':null}",
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
	struct decoder *decoder;
	struct table_rows whole[DATABASES]; /* the shop, undamaged */
} s;

/* ---- its records ---- */

static size_t from_text(const char *text, char *ret, size_t size)
{
	size_t n = strlen(text);

	assert(n < size);
	for (size_t i = 0; i <= n; i++)
		ret[i] = text[i] == '\'' ? '"' : text[i];
	return n;
}

void fuzz_shop_fold(struct fold *fold)
{
	struct position pos;
	struct catalog_item item;
	struct control_record change;
	struct stock_record rec;
	struct error e = { 0 };
	struct event ev;
	char text[512];
	bool deleted;

	fold_stored_position(fold, "shop.events", 0, &pos);
	pos = (struct position){ .next = 8, .last = 7, .last_timestamp_ms = 1, .fingerprint = 2 };
	for (size_t i = 0; i < ARRAY_SIZE(catalog); i++) {
		must(decode_catalog(s.decoder, (struct str){ 0 }, text, from_text(catalog[i], text, sizeof(text)),
				    &item, &deleted, &e));
		must(fold_catalog(fold, &item, deleted));
	}
	for (size_t i = 0; i < ARRAY_SIZE(stock); i++) {
		must(decode_stock(s.decoder, (struct str){ 0 }, text, from_text(stock[i], text, sizeof(text)), &rec,
				  &deleted, &e));
		must(fold_stock(fold, &rec, deleted, -1, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		size_t n = from_text(changes[i], text, sizeof(text));

		must(control_record_decode(STR("rule/r"), text, n, &change, &e));
		assert(fold_config(fold, &change, 1323435000000) >= 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		must(decode_event(s.decoder, text, from_text(events[i], text, sizeof(text)), &ev, &e));
		assert(fold_event(fold, &ev, -1, &e) >= 0);
	}
	fold_position(fold, "shop.events", 0, &pos);
}

/* ---- its rows as LMDB has them ---- */

static MDB_dbi dbi_of(unsigned i)
{
	return i < TABLE_COUNT ? s.store->levels->base.dbi[i] : s.store->levels->base.dbi_long;
}

static void remember_rows(void)
{
	MDB_txn *txn;
	MDB_val k, v;

	must(mdb_txn_begin(s.store->levels->base.env, NULL, MDB_RDONLY, &txn));
	for (unsigned i = 0; i < DATABASES; i++) {
		MDB_cursor *cur;

		must(mdb_cursor_open(txn, dbi_of(i), &cur));
		while (!mdb_cursor_get(cur, &k, &v, MDB_NEXT)) {
			struct row *r = &s.whole[i].v[s.whole[i].n++];

			assert(s.whole[i].n < ROWS_MAX && k.mv_size <= sizeof(r->key));
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
	const struct table_rows *rows = &s.whole[table];
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

void fuzz_shop_damage(struct fuzz_shop *shop, struct bytes *in)
{
	MDB_txn *txn;

	snap_park(shop->snap);
	must(mdb_txn_begin(s.store->levels->base.env, NULL, 0, &txn));
	for (unsigned i = 0; i < DATABASES; i++) {
		must(mdb_drop(txn, dbi_of(i), 0));
		for (size_t k = 0; k < s.whole[i].n; k++) {
			const struct row *r = &s.whole[i].v[k];

			put(txn, i, r->key, r->key_n, r->value, r->n);
		}
	}
	for (int i = 0; in->n && i < EDITS_MAX; i++)
		edit(txn, in);
	must(mdb_txn_commit(txn));
	must(snap_renew(shop->snap));
}

/* ---- where it lies ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	nftw(s.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fuzz_shop_open(struct fuzz_shop *ret)
{
	static const char *const sets[] = { "rank.refresh=60s", "answers.minSupport=1" };
	struct settings_sources from = { .sets = sets, .sets_n = ARRAY_SIZE(sets) };
	struct store_options opt = { .map_size = 64 << 20, .durability = STORE_NOSYNC, .writer = true };
	char key[128];
	struct fold *fold;
	FILE *file;

	snprintf(s.dir, sizeof(s.dir), "/dev/shm/aisle-fuzz-XXXXXX");
	assert(mkdtemp(s.dir));
	atexit(clean_up);
	snprintf(key, sizeof(key), "%s/person.key", s.dir);
	file = fopen(key, "w");
	assert(file && fwrite("0123456789abcdef0123456789abcdef", 32, 1, file) == 1 && !fclose(file));
	opt.path = s.dir;
	must(store_open(&opt, &s.store, NULL));
	ret->store = s.store;
	must(settings_load(&from, &ret->settings, NULL));
	must(status_open(s.dir, true, &ret->status, NULL));
	must(decoder_new(NULL, &s.decoder, NULL));
	must(fold_new(s.store, &fold, NULL));
	fuzz_shop_fold(fold);
	must(fold_commit(fold, NULL));
	fold_free(fold);
	remember_rows();
	must(snap_open(s.store, &ret->snap));
}
