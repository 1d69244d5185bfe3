/*
 * bench_fold - fold and commit, all views on, without decoding or Kafka; beside its limit in the same run, as many
 * rows in as many transactions as sorted upserts of 8-byte counters through plain LMDB.
 *
 *     bench_fold [EVENTS] [BATCH] [DIR]
 *
 * 100,000 items (Zipf 1.0), 200,000 people, 100 views : 5.5 cart-adds : 1.7 purchases. The limit's keys are drawn from
 * as many as there are rows in all, sorted before the clock runs; each upsert reads the counter and writes it back;
 * synced as the store is. Prints one line of JSON; CPU seconds are the process's, less those of making the events.
 */
#include "views/fold.h"

#include <lmdb.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 100000
#define PEOPLE 200000
#define BATCHES_MAX 4096
#define MAP_SIZE (UINT64_C(64) << 30)
#define BATCH_BYTES ((size_t)256 << 20) /* batch.bytesMax */

/* What the fold did, and the rows of each of its commits: the limit writes as many. */
struct folded {
	double wall, cpu;
	struct commit_figures all;
	uint64_t rows[BATCHES_MAX];
	size_t batches;
};

static uint64_t state = 42;

static uint64_t draw(void)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double uniform(void)
{
	return (double)(draw() >> 11) * 0x1p-53;
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* One event; its strings live until the next call. */
static void make_event(struct event *ev, uint64_t number)
{
	static char user[24], session[24], order[24], id[24], names[4][24];
	static struct event_item items[4];
	uint64_t kind = draw() % 1072, person = draw() % PEOPLE;

	*ev = (struct event){ .has_time = true, .t_ms = INT64_C(1700000000000) + (int64_t)number * 20, .items = items };
	ev->type = kind < 1000 ? EVENT_VIEW : kind < 1055 ? EVENT_CART_ADD : EVENT_PURCHASE;
	ev->item_count = ev->type == EVENT_PURCHASE ? 1 + (uint32_t)(draw() % 4) : 1;
	for (uint32_t i = 0; i < ev->item_count; i++) {
		int n = snprintf(names[i], sizeof(names[i]), "item-%05u", (unsigned)exp(uniform() * log(ITEMS)));

		items[i] = (struct event_item){
			.id = { names[i], (uint32_t)n }, .quantity = 1, .has_price = true, .price_micros = 9990000
		};
	}
	ev->user_id = (struct str){ user, (uint32_t)snprintf(user, sizeof(user), "user-%06u", (unsigned)person) };
	ev->event_id = (struct str){ id, (uint32_t)snprintf(id, sizeof(id), "e-%012llu", (unsigned long long)number) };
	if (person % 2)
		ev->session_id = (struct str){ session, (uint32_t)snprintf(session, sizeof(session), "s-%llu-%u",
									   (unsigned long long)(number / 500000),
									   (unsigned)person) };
	if (ev->type == EVENT_PURCHASE)
		ev->order_id = (struct str){ order, (uint32_t)snprintf(order, sizeof(order), "o-%llu",
								       (unsigned long long)number) };
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_fold: %s: %s\n", what, why);
	exit(1);
}

static double generate_only(uint64_t n)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t saved = state;
	struct event ev;

	for (uint64_t i = 0; i < n; i++)
		make_event(&ev, i);
	state = saved;
	return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void commit(struct fold *f, struct folded *r)
{
	struct commit_figures fig;

	if (r->batches == BATCHES_MAX || fold_commit(f, &fig))
		die("commit", "failed, or too many batches");
	r->all.sort_ns += fig.sort_ns;
	r->all.apply_ns += fig.apply_ns;
	r->all.commit_ns += fig.commit_ns;
	r->all.rows_replaced += fig.rows_replaced;
	r->all.rows_added += fig.rows_added;
	r->rows[r->batches++] = fig.rows_replaced + fig.rows_added;
}

static void fold_all(struct fold *f, uint64_t n, uint64_t batch, struct folded *r)
{
	double made = generate_only(n), wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t in_batch = 0;
	struct error e;

	for (uint64_t i = 0; i < n; i++) {
		struct event ev;

		make_event(&ev, i);
		if (fold_event(f, &ev, -1, &e) < 0)
			die("event", e.text);
		if (++in_batch < batch && i + 1 < n && fold_pending_bytes(f) < BATCH_BYTES)
			continue;
		commit(f, r);
		in_batch = 0;
	}
	r->wall = seconds(CLOCK_MONOTONIC) - wall - made;
	r->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu - made;
}

/* ---- the limit ---- */

static void check(int rc, const char *what)
{
	if (rc)
		die(what, mdb_strerror(rc));
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void upsert_all(MDB_env *env, MDB_dbi dbi, uint64_t *keys, uint64_t n)
{
	MDB_cursor *cursor;
	MDB_txn *txn;

	check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	check(mdb_cursor_open(txn, dbi, &cursor), "cursor");
	for (uint64_t i = 0; i < n; i++) {
		MDB_val key = { sizeof(keys[i]), &keys[i] }, value;
		uint64_t count = 1;
		int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET);

		if (!rc)
			count += *(uint64_t *)value.mv_data;
		else if (rc != MDB_NOTFOUND)
			check(rc, "get");
		key = (MDB_val){ sizeof(keys[i]), &keys[i] };
		value = (MDB_val){ sizeof(count), &count };
		check(mdb_cursor_put(cursor, &key, &value, rc ? 0 : MDB_CURRENT), "put");
	}
	mdb_cursor_close(cursor);
	check(mdb_txn_commit(txn), "commit");
}

static void limit(const char *dir, const struct folded *r, double *ret_wall, double *ret_cpu)
{
	uint64_t range = r->all.rows_replaced + r->all.rows_added;
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *txn;

	check(mdb_env_create(&env), "create");
	check(mdb_env_set_mapsize(env, MAP_SIZE), "map");
	check(mdb_env_open(env, dir, MDB_NORDAHEAD, 0600), "open");
	check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	check(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &dbi), "table");
	check(mdb_txn_commit(txn), "commit");
	*ret_wall = *ret_cpu = 0;
	for (size_t b = 0; b < r->batches; b++) {
		uint64_t n = r->rows[b], *keys = xmalloc((n + 1) * sizeof(*keys));
		double wall, cpu;

		for (uint64_t i = 0; i < n; i++)
			keys[i] = draw() % range;
		qsort(keys, n, sizeof(*keys), ascending);
		wall = seconds(CLOCK_MONOTONIC);
		cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
		upsert_all(env, dbi, keys, n);
		*ret_wall += seconds(CLOCK_MONOTONIC) - wall;
		*ret_cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		free(keys);
	}
	mdb_env_close(env);
}

static void report(uint64_t n, const struct folded *r, struct store *s, double limit_wall, double limit_cpu)
{
	struct store_figures sf;
	struct rusage ru;
	double events = (double)n;

	if (store_figures(s, &sf))
		die("figures", "cannot be read");
	getrusage(RUSAGE_SELF, &ru);
	printf("{\"events\":%.0f,\"batches\":%zu,\"wall_s\":%.4f,\"cpu_s\":%.4f,\"fold_us\":%.3f,\"sort_us\":%.3f,"
	       "\"apply_us\":%.3f,\"commit_us\":%.3f,\"rows\":%.2f,\"bytes\":%.0f,\"peak_mib\":%ld,\"limit_wall_s\":%.4f,"
	       "\"limit_cpu_s\":%.4f}\n",
	       events, r->batches, r->wall, r->cpu,
	       (r->wall - (double)(r->all.sort_ns + r->all.apply_ns + r->all.commit_ns) / 1e9) / events * 1e6,
	       (double)r->all.sort_ns / 1e3 / events, (double)r->all.apply_ns / 1e3 / events,
	       (double)r->all.commit_ns / 1e3 / events, (double)(r->all.rows_replaced + r->all.rows_added) / events,
	       (double)(sf.used_bytes - sf.free_bytes) / events, ru.ru_maxrss / 1024, limit_wall, limit_cpu);
}

/* A directory of the caller's, or one of our own, which goes at the end. */
static void make_dir(char *dir, size_t size, const char *given, const char *name)
{
	if (given)
		snprintf(dir, size, "%s/%s", given, name);
	else
		snprintf(dir, size, "/tmp/aisle-bench-%s-XXXXXX", name);
	if (given ? mkdir(dir, 0700) : !mkdtemp(dir))
		die("cannot make a directory", dir);
}

static void remove_dir(const char *dir)
{
	static const char *const files[] = { "base/data.mdb", "base/lock.mdb", "base",           "data.mdb", "lock.mdb",
					     "person.key",    "status",        "processor.lock", "." };
	char path[400];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		remove(i + 1 < ARRAY_SIZE(files) ? path : dir);
	}
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	uint64_t batch = argc > 2 ? strtoull(argv[2], NULL, 10) : 200000;
	const char *given = argc > 3 ? argv[3] : NULL;
	char store_dir[256], plain_dir[256];
	struct store_options opt = { .path = store_dir, .writer = true };
	static struct folded folded;
	double limit_wall, limit_cpu;
	struct error e = { 0 };
	struct store *s;
	struct fold *f;

	make_dir(store_dir, sizeof(store_dir), given, "store");
	make_dir(plain_dir, sizeof(plain_dir), given, "plain");
	if (!n || !batch || store_open(&opt, &s, &e) || fold_new(s, &f, &e))
		die("cannot start", e.text);
	fold_all(f, n, batch, &folded);
	limit(plain_dir, &folded, &limit_wall, &limit_cpu);
	report(n, &folded, s, limit_wall, limit_cpu);
	fold_free(f);
	store_close(s);
	remove_dir(store_dir);
	remove_dir(plain_dir);
	return 0;
}
