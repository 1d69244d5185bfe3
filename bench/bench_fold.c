/*
 * bench_fold - fold and commit, all views on, without decoding or Kafka; beside its limit in the same run, as many
 * rows in as many transactions as sorted upserts of 8-byte counters through plain LMDB.
 *
 *     bench_fold [EVENTS] [BATCH] [DIR]
 *     bench_fold EVENTS BATCH young STORE
 *
 * The events are those of `aisle simulate`, in memory; decoding them is timed by itself before and taken off. The
 * limit's keys are drawn from as many as there are rows in all, sorted before the clock runs; each upsert reads the
 * counter and writes it back; synced as the store is. Prints one line of JSON.
 *
 * With `young` the events go into a young level of a store that is there, as live ones do, with as many people at once as at
 * LIVE_RATE a second; figures are of the second half of them. Nothing is merged, the level is dropped at the end, and base
 * stays as it was. Without a limit.
 */
#include "processor/simulate.h"
#include "schemas/decode.h"
#include "views/fold.h"

#include <ftw.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 100000
#define PEOPLE 200000
#define START_MS INT64_C(1704067200000) /* 2024 */
#define BATCHES_MAX 65536
#define LIVE_RATE 50000
#define YOUNG_BYTES (UINT64_C(1) << 30)
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

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_fold: %s: %s\n", what, why);
	exit(1);
}

/* ---- the traffic of `aisle simulate`, as records in memory ---- */

struct traffic {
	char *bytes;
	size_t *ends; /* of each record in `bytes`; ends[-1] is 0 */
	uint64_t n;
	struct decoder *decoder;
};

static void make_traffic(struct traffic *t, uint64_t n, int64_t start_ms, int64_t span_ms)
{
	struct simulate_options opt = {
		.events = n, .seed = 1, .items = ITEMS, .users = PEOPLE, .start_ms = start_ms, .span_ms = span_ms
	};
	struct simulation *sim = simulation_new(&opt);
	size_t used = 0, room = 0;
	struct simulated made;
	struct error e;

	t->n = n;
	t->ends = (size_t *)xcalloc(n + 1, sizeof(*t->ends)) + 1;
	for (uint64_t i = 0; i < n && simulation_next(sim, &made); i++) {
		if (room - used < made.value.n)
			t->bytes = xrealloc(t->bytes, room = room * 2 + (1 << 20));
		memcpy(t->bytes + used, made.value.p, made.value.n);
		t->ends[i] = used += made.value.n;
	}
	simulation_free(sim);
	if (decoder_new(NULL, &t->decoder, &e))
		die("decoder", e.text);
}

static void free_traffic(struct traffic *t)
{
	decoder_free(t->decoder);
	free(t->bytes);
	free(t->ends - 1);
}

/* Valid until the next. */
static void get_event(struct traffic *t, uint64_t i, struct event *ret)
{
	size_t from = i ? t->ends[i - 1] : 0;
	struct error e;

	if (decode_event(t->decoder, t->bytes + from, t->ends[i] - from, ret, &e))
		die("decode", e.text);
}

static double decode_only(struct traffic *t, uint64_t from, uint64_t to)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct event ev;

	for (uint64_t i = from; i < to; i++)
		get_event(t, i, &ev);
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

static void fold_some(struct fold *f, struct traffic *t, uint64_t from, uint64_t to, uint64_t batch, struct folded *r)
{
	double made = decode_only(t, from, to), wall = seconds(CLOCK_MONOTONIC),
	       cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t in_batch = 0;
	struct error e;

	for (uint64_t i = from; i < to; i++) {
		struct event ev;

		get_event(t, i, &ev);
		if (fold_event(f, &ev, -1, &e) < 0)
			die("event", e.text);
		if (++in_batch < batch && i + 1 < to && fold_pending_bytes(f) < BATCH_BYTES)
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

/* Bytes of base in use. */
static double base_bytes(struct store *s)
{
	struct store_figures sf;
	uint64_t free_bytes;

	if (store_figures(s, &sf) || store_free_bytes(s, &free_bytes))
		die("figures", "cannot be read");
	return (double)(sf.used_bytes - free_bytes);
}

static void report(uint64_t n, const struct folded *r, double bytes, double limit_wall, double limit_cpu)
{
	double events = (double)n;

	printf("{\"events\":%.0f,\"batches\":%zu,\"wall_s\":%.4f,\"cpu_s\":%.4f,\"fold_us\":%.3f,\"sort_us\":%.3f,"
	       "\"apply_us\":%.3f,\"commit_us\":%.3f,\"rows\":%.2f,\"bytes\":%.0f,\"limit_wall_s\":%.4f,"
	       "\"limit_cpu_s\":%.4f}\n",
	       events, r->batches, r->wall, r->cpu,
	       (r->wall - (double)(r->all.sort_ns + r->all.apply_ns + r->all.commit_ns) / 1e9) / events * 1e6,
	       (double)r->all.sort_ns / 1e3 / events, (double)r->all.apply_ns / 1e3 / events,
	       (double)r->all.commit_ns / 1e3 / events, (double)(r->all.rows_replaced + r->all.rows_added) / events,
	       bytes / events, limit_wall, limit_cpu);
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

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_dir(const char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void begin(const struct store_options *opt, struct store **s, struct fold **f)
{
	struct error e = { 0 };

	if (store_open(opt, s, &e) || fold_new(*s, f, &e))
		die("cannot start", e.text);
}

static int young(const char *path, uint64_t n, uint64_t batch)
{
	struct store_options opt = { .path = path,
				     .writer = true,
				     .map_size = MAP_SIZE,
				     .young_bytes_max = YOUNG_BYTES,
				     .young_path = "/dev/shm" };
	static struct folded first, second;
	struct traffic t = { 0 };
	uint64_t half;
	struct store *s;
	struct fold *f;

	make_traffic(&t, n, (int64_t)time(NULL) * 1000, (int64_t)(n * 1000 / LIVE_RATE));
	begin(&opt, &s, &f);
	if (store_young_bytes(s))
		die(path, "has a young level, which would be lost: end its processor first");
	fold_some(f, &t, 0, n / 2, batch, &first);
	half = store_young_bytes(s);
	fold_some(f, &t, n / 2, n, batch, &second);
	report(n - n / 2, &second, (double)(store_young_bytes(s) - half), 0, 0);
	opt.generation = store_generation(s);
	fold_free(f);
	store_close(s);
	store_forget_young(&opt);
	free_traffic(&t);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	uint64_t batch = argc > 2 ? strtoull(argv[2], NULL, 10) : 200000;
	const char *given = argc > 3 ? argv[3] : NULL;
	char store_dir[256], plain_dir[256];
	struct store_options opt = { .path = store_dir, .writer = true };
	static struct folded folded;
	struct traffic t = { 0 };
	double limit_wall, limit_cpu;
	struct store *s;
	struct fold *f;

	if (!n || !batch)
		die("usage", "bench_fold [EVENTS] [BATCH] [DIR], or EVENTS BATCH young STORE");
	if (argc == 5 && strcmp(given, "young") == 0)
		return young(argv[4], n, batch);
	make_dir(store_dir, sizeof(store_dir), given, "store");
	make_dir(plain_dir, sizeof(plain_dir), given, "plain");
	begin(&opt, &s, &f);
	make_traffic(&t, n, START_MS, 0);
	fold_some(f, &t, 0, n, batch, &folded);
	limit(plain_dir, &folded, &limit_wall, &limit_cpu);
	report(n, &folded, base_bytes(s), limit_wall, limit_cpu);
	fold_free(f);
	store_close(s);
	free_traffic(&t);
	remove_dir(store_dir);
	remove_dir(plain_dir);
	return 0;
}
