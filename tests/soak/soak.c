/*
 * soak - a shop's years in minutes: does the store follow what is alive, and is memory flat?
 *
 *     soak DAYS EVENTS_A_DAY
 *
 * The traffic of simulate.h, half of its guests new, on four partitions, is folded in small batches with all views on.
 * No young level: each batch goes to base, as what a young level gathered in its time does.
 * Then the same log is folded in large batches into fresh stores that begin where what a table keeps begins: 90 days
 * before the end for sessions and orders, six epochs for pairs and totals, the first day for what is kept for ever
 * and, up to 400 days, for popularity. A table may take so much more than in the fresh store as its rows that have
 * ended and its half-filled pages make; all tables together at most SIZE_MAX_PERCENT. Memory grows in the first days, as
 * the rows of a batch come to lie on pages of their own: LMDB keeps room for the pages that a transaction changed.
 */
#include "processor/simulate.h"
#include "schemas/decode.h"
#include "views/fold.h"
#include "views/journal.h"
#include "views/pairs.h"
#include "views/view.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 5000
#define USERS 20000
#define NEW_GUESTS 50 /* of 100 */
#define PARTITIONS 4
#define START_MS (INT64_C(650) * MS_PER_EPOCH)
#define LIVE_BATCH 1000
#define CATCH_UP_BATCH 200000
#define SAMPLES 20
#define DAYS_MIN 200 /* sessions and orders must have come to end as they come to be before the first half is over */
#define POPULARITY_DAYS 400

#define SIZE_MAX_PERCENT 150
#define FREE_MAX_PERCENT 15 /* of the file: pages are used again */
#define MEMORY_MAX_PERCENT 110

/* Since when a table keeps what it has. */
enum since { SINCE_EVER, SINCE_SESSIONS, SINCE_EPOCHS, SINCE_POPULARITY, SINCE_COUNT };

static const enum since since[TABLE_COUNT + 1] = {
	[TBL_SESSION_STATE] = SINCE_SESSIONS, [TBL_ORDER_STATE] = SINCE_SESSIONS,
	[TBL_BOUGHT_TOGETHER] = SINCE_EPOCHS, [TBL_ALSO_BOUGHT] = SINCE_EPOCHS,
	[TBL_ALSO_VIEWED] = SINCE_EPOCHS,     [TBL_VIEWED_THEN_BOUGHT] = SINCE_EPOCHS,
	[TBL_ITEM_TOTALS] = SINCE_EPOCHS,     [TBL_POPULARITY] = SINCE_POPULARITY,
};

/* As store_sizes tells them; the last is the parts of long values. */
struct sizes {
	struct store_size v[TABLE_COUNT + 1];
	size_t n;
};

struct shop {
	char dir[64];
	struct store *store;
	struct fold *fold;
	struct decoder *decoder;
	int64_t next[PARTITIONS];
	uint64_t pending;
};

static uint64_t days, events_a_day;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "soak: %s: %s\n", what, why);
	exit(1);
}

static void check(int rc, const char *what)
{
	if (rc < 0)
		die(what, error_text(rc));
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Memory of our own; pages of the store's file are the kernel's to keep or drop. */
static uint64_t anonymous_bytes(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kb = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024;
}

/* ---- one store ---- */

static void shop_open(struct shop *s)
{
	struct store_options opt = { .durability = STORE_NOSYNC, .writer = true };
	struct error e = { 0 };

	*s = (struct shop){ .dir = "/tmp/aisle-soak-XXXXXX" };
	if (!mkdtemp(s->dir))
		die("cannot make a directory", s->dir);
	opt.path = s->dir;
	if (store_open(&opt, &s->store, &e) || fold_new(s->store, &s->fold, &e) || decoder_new(NULL, &s->decoder, &e))
		die("cannot start", e.text);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void shop_close(struct shop *s)
{
	decoder_free(s->decoder);
	fold_free(s->fold);
	store_close(s->store);
	nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void apply(struct shop *s, const struct simulated *rec)
{
	struct error e = { 0 };
	bool deleted;

	if (rec->topic == TOPIC_EVENTS) {
		/* keys end in digits */
		int32_t partition = rec->key.p[rec->key.n - 1] % PARTITIONS;
		struct event ev;

		fold_partition(s->fold, "soak", partition);
		s->next[partition]++;
		check(decode_event(s->decoder, rec->value.p, rec->value.n, &ev, &e), e.text);
		check(fold_event(s->fold, &ev, -1, &e), e.text);
	} else if (rec->topic == TOPIC_CATALOG) {
		struct catalog_item item;

		check(decode_catalog(s->decoder, rec->key, rec->value.p, rec->value.n, &item, &deleted, &e), e.text);
		check(fold_catalog(s->fold, &item, deleted), "catalogue");
	} else {
		struct stock_record stock;

		check(decode_stock(s->decoder, rec->key, rec->value.p, rec->value.n, &stock, &deleted, &e), e.text);
		check(fold_stock(s->fold, &stock, deleted, -1), "stock");
	}
	s->pending++;
}

static void commit(struct shop *s)
{
	for (int32_t p = 0; p < PARTITIONS; p++)
		fold_position(s->fold, "soak", p, &(struct position){ .next = s->next[p], .last = s->next[p] - 1 });
	check(fold_commit(s->fold, NULL), "commit");
	s->pending = 0;
}

/* Fold the log from that time on; `each_sample` after every twentieth of it. */
static void play(struct shop *s, int64_t from_ms, uint64_t batch, void (*each_sample)(struct shop *, uint64_t day))
{
	struct simulate_options opt = { .events = days * events_a_day,
					.seed = 1,
					.items = ITEMS,
					.users = USERS,
					.start_ms = START_MS,
					.span_ms = (int64_t)days * MS_PER_DAY,
					.catalog = true,
					.new_guests = NEW_GUESTS };
	uint64_t first = (uint64_t)((from_ms - START_MS) / MS_PER_DAY) * events_a_day, n = 0;
	struct simulation *sim = simulation_new(&opt);
	struct simulated rec;

	while (simulation_next(sim, &rec)) {
		if (rec.topic == TOPIC_EVENTS && n++ < first)
			continue;
		apply(s, &rec);
		if (s->pending >= batch)
			commit(s);
		if (each_sample && rec.topic == TOPIC_EVENTS && n % (opt.events / SAMPLES) == 0)
			each_sample(s, n / events_a_day);
	}
	commit(s);
	simulation_free(sim);
}

/* ---- what is seen ---- */

static struct {
	uint64_t memory[2]; /* the largest of each half */
	double began;
} seen;

static void file_bytes(struct shop *s, uint64_t *ret_used, uint64_t *ret_free)
{
	struct store_figures f;

	check(store_figures(s->store, &f), "figures");
	check(store_free_bytes(s->store, ret_free), "free pages");
	*ret_used = f.used_bytes;
}

static void sample(struct shop *s, uint64_t day)
{
	uint64_t memory = anonymous_bytes();
	uint64_t used, unused;

	file_bytes(s, &used, &unused);
	if (memory > seen.memory[day > days / 2])
		seen.memory[day > days / 2] = memory;
	printf("day %4llu: file %7.1f MB, free %6.1f MB, memory %5.1f MB, %4.0f s\n", (unsigned long long)day,
	       (double)used / 1e6, (double)unused / 1e6, (double)memory / 1e6, seconds() - seen.began);
	fflush(stdout);
}

static void take_size(void *arg, const struct store_size *size)
{
	struct sizes *z = arg;

	z->v[z->n++] = *size;
}

static int64_t begin_of(enum since which)
{
	int64_t end = START_MS + (int64_t)days * MS_PER_DAY, begin = START_MS;

	if (which == SINCE_SESSIONS)
		begin = end - JOURNAL_KEEP_MS;
	if (which == SINCE_EPOCHS)
		begin = ((end - 1) / MS_PER_EPOCH - PAIR_EPOCHS + 1) * MS_PER_EPOCH;
	if (which == SINCE_POPULARITY)
		begin = end - POPULARITY_DAYS * MS_PER_DAY;
	return begin > START_MS ? begin : START_MS;
}

/* The sizes of a fresh store of what one kind of table keeps. */
static void build_fresh(enum since which, struct sizes *ret)
{
	struct shop s;

	shop_open(&s);
	play(&s, begin_of(which), CATCH_UP_BATCH, NULL);
	check(store_sizes(s.store, take_size, ret), "sizes");
	shop_close(&s);
}

static bool expect(const char *what, double percent, double most)
{
	printf("%-52s %5.1f %%, at most %.0f %%: %s\n", what, percent, most, percent <= most ? "ok" : "FAILED");
	return percent <= most;
}

/* Bytes of each table beside those in the fresh store of what it keeps; the sums' ratio in percent. */
static double compare(const struct sizes *aged, const struct sizes *fresh)
{
	uint64_t sum = 0, fresh_sum = 0;

	printf("\n%-20s %10s %14s %10s %14s\n", "table", "rows", "bytes", "fresh rows", "fresh bytes");
	for (size_t i = 0; i < aged->n; i++) {
		const struct store_size *a = &aged->v[i], *f = &fresh[since[i]].v[i];

		printf("%-20s %10llu %14llu %10llu %14llu\n", a->table, (unsigned long long)a->rows,
		       (unsigned long long)a->bytes, (unsigned long long)f->rows, (unsigned long long)f->bytes);
		sum += a->bytes;
		fresh_sum += f->bytes;
	}
	printf("%-20s %10s %14llu %10s %14llu\n\n", "sum", "", (unsigned long long)sum, "",
	       (unsigned long long)fresh_sum);
	return 100.0 * (double)sum / (double)fresh_sum;
}

static int count_sum(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	(void)group;
	(void)member;
	(void)columns;
	++*(uint64_t *)arg;
	return 0;
}

/* What an item, a person and a pair cost, from the sizes of the tables that are about them. */
static void print_costs(struct shop *s, const struct sizes *z)
{
	static const enum table_id of_items[] = { TBL_ITEM_IDS, TBL_ITEM_NAMES, TBL_CATALOG,
						  TBL_STOCK,    TBL_POPULARITY, TBL_ITEM_TOTALS };
	static const enum table_id of_actors[] = {
		TBL_ACTOR_IDS, TBL_ACTOR_HASHES, TBL_LINKS,       TBL_USER_VISITORS,
		TBL_HISTORY,   TBL_PURCHASES,    TBL_HISTORY_OLD, TBL_HISTORY_PRINTS
	};
	static const enum table_id of_pairs[] = { TBL_BOUGHT_TOGETHER, TBL_ALSO_BOUGHT, TBL_ALSO_VIEWED,
						  TBL_VIEWED_THEN_BOUGHT };
	uint64_t items = 0, actors = 0, pairs = 0, n = 0;
	struct snap *sn;

	check(snap_open(s->store, &sn), "snapshot");
	for (size_t i = 0; i < ARRAY_SIZE(of_items); i++)
		items += z->v[of_items[i]].bytes;
	for (size_t i = 0; i < ARRAY_SIZE(of_actors); i++)
		actors += z->v[of_actors[i]].bytes;
	for (size_t i = 0; i < ARRAY_SIZE(of_pairs); i++) {
		pairs += z->v[of_pairs[i]].bytes;
		check(snap_sums(sn, of_pairs[i], 0, UINT64_MAX, count_sum, &n), "pairs");
	}
	snap_close(sn);
	printf("bytes of an item:    %6.0f (%llu items)\n", (double)items / (double)z->v[TBL_ITEM_IDS].rows,
	       (unsigned long long)z->v[TBL_ITEM_IDS].rows);
	printf("bytes of a person:   %6.0f (%llu users and visitors)\n",
	       (double)actors / (double)z->v[TBL_ACTOR_IDS].rows, (unsigned long long)z->v[TBL_ACTOR_IDS].rows);
	printf("bytes of a pair:     %6.1f (%llu neighbours of items in epochs)\n", (double)pairs / (double)n,
	       (unsigned long long)n);
	printf("bytes of a session:  %6.0f, of an order %.0f\n\n",
	       (double)z->v[TBL_SESSION_STATE].bytes / (double)z->v[TBL_SESSION_STATE].rows,
	       (double)z->v[TBL_ORDER_STATE].bytes / (double)z->v[TBL_ORDER_STATE].rows);
}

int main(int argc, char **argv)
{
	static struct sizes aged, fresh[SINCE_COUNT];
	uint64_t used, unused;
	struct shop s;
	bool ok = true;

	days = argc > 2 ? strtoull(argv[1], NULL, 10) : 0;
	events_a_day = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	if (days < DAYS_MIN || !events_a_day)
		die("usage", "soak DAYS EVENTS_A_DAY, at least 200 days");
	seen.began = seconds();
	shop_open(&s);
	play(&s, START_MS, LIVE_BATCH, sample);
	check(store_sizes(s.store, take_size, &aged), "sizes");
	file_bytes(&s, &used, &unused);
	printf("\n");
	print_costs(&s, &aged);
	shop_close(&s);
	for (int w = 0; w < SINCE_COUNT; w++) {
		if (w > 0 && begin_of(w) == START_MS)
			fresh[w] = fresh[SINCE_EVER];
		else
			build_fresh(w, &fresh[w]);
	}
	ok &= expect("all tables, of fresh ones of what they keep", compare(&aged, fresh), SIZE_MAX_PERCENT);
	ok &= expect("free pages of the file", 100.0 * (double)unused / (double)used, FREE_MAX_PERCENT);
	ok &= expect("memory in the second half, of that in the first",
		     100.0 * (double)seen.memory[1] / (double)seen.memory[0], MEMORY_MAX_PERCENT);
	printf("%llu events, %.0f s\n", (unsigned long long)(days * events_a_day), seconds() - seen.began);
	return ok ? 0 : 1;
}
