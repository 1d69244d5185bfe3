/*
 * soak - a shop's years in minutes: does the store follow what is alive, is memory flat?
 *
 *     soak DAYS EVENTS_A_DAY YOUNG_KB
 *
 * The traffic of simulate.h, half of its guests new, on four partitions, is folded in small batches with all views on.
 * The batches go into young levels of so many KB, which are merged into base by a thread, several times a day; YOUNG_KB 0:
 * into base. After the first day and half-way the store is let go of without a last merge and opened again, as after a kill.
 *
 * Then the same log is folded in large batches into fresh stores that begin where what a table keeps begins: 90 days
 * before the end for sessions and orders, six epochs for pairs and totals, the first day for what is kept for ever
 * and, up to 400 days, for popularity. The file with its free pages may be at most SIZE_MAX_PERCENT of these.
 */
#include "config/heap.h"
#include "tests/soak/soak_shop.h"
#include "views/mark.h"
#include "views/merger.h"
#include "views/pairs.h"
#include "views/view.h"

#include <ftw.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LIVE_BATCH 500
#define CATCH_UP_BATCH 200000
#define SAMPLES 20
#define POPULARITY_DAYS 400
#define DAYS_MIN POPULARITY_DAYS /* the longest that something is kept: all windows are full */

#define SIZE_MAX_PERCENT 150
#define FREE_MAX_PERCENT 25 /* of the file: pages are used again */
#define ENDING_MAX_PERCENT 110
#define MEMORY_MAX_PERCENT 110
#define YOUNG_ROOM (UINT64_C(16) << 20) /* of a level's file beyond what a level may have: its last batch, room ahead */

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

static uint64_t days, events_a_day, young_bytes;

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Memory of our own; pages of the store's file and of tmpfs are the kernel's to keep or drop. */
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

/* What malloc gave and has not got back. */
static uint64_t allocated_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* ---- what is seen ---- */

/* A process, by the days it sees the end of: the first one, some on a store that fills, the others on a full one. */
struct life {
	uint64_t first,
		later[2]; /* memory after its first day; the most of it after others, in each half of its days */
	uint64_t fold_bytes, lmdb_bytes; /* what the two had at its end */
};

#define LIVES 3

static struct {
	struct life lives[LIVES];
	uint64_t ending[2];          /* the largest of each half: bytes of tables of which everything ends */
	uint64_t young_most, merges; /* bytes in tmpfs; in the lives before */
	double free_most;            /* percent of the file, in the second half */
	double began;
} seen;

static double percent(uint64_t part, uint64_t whole)
{
	return 100.0 * (double)part / (double)whole;
}

static void take_size(void *arg, const struct store_size *size)
{
	struct sizes *z = arg;

	z->v[z->n++] = *size;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t ending_bytes(struct soak_shop *s)
{
	struct sizes z = { 0 };
	uint64_t ret = 0;

	soak_check(store_sizes(s->store, take_size, &z), "sizes");
	for (size_t i = 0; i < z.n; i++)
		if (since[i] == SINCE_SESSIONS || since[i] == SINCE_EPOCHS)
			ret += z.v[i].bytes;
	return ret;
}

static uint64_t young_found;
static unsigned young_files;

static int find_young(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)path;
	(void)at;
	if (kind == FTW_F) {
		young_found += (uint64_t)st->st_blocks * 512;
		young_files++;
	}
	return 0;
}

static void look_at_young(struct soak_shop *s)
{
	young_found = young_files = 0;
	nftw(s->young_dir, find_young, 8, FTW_PHYS);
	seen.young_most = most(seen.young_most, young_found);
}

static void file_bytes(struct soak_shop *s, uint64_t *ret_used, uint64_t *ret_free)
{
	struct store_figures f;

	soak_check(store_figures(s->store, &f), "figures");
	soak_check(store_free_bytes(s->store, ret_free), "free pages");
	*ret_used = f.used_bytes;
}

static void end_life(struct soak_shop *s, struct life *l)
{
	uint64_t all, others;

	/* what LMDB has of a young level that only the fold's snapshot still holds would be counted as the fold's */
	soak_check(fold_settle(s->fold), "merge");
	seen.merges += fold_merges(s->fold)->merges;
	all = allocated_bytes();
	fold_free(s->fold);
	others = allocated_bytes();
	store_close(s->store);
	l->fold_bytes = all - others;
	l->lmdb_bytes = others - allocated_bytes();
	malloc_trim(0);
	soak_start(s);
}

static void print_day(struct soak_shop *s, uint64_t day, uint64_t used, uint64_t unused, uint64_t memory)
{
	printf("day %4llu: file %5.1f MB, free %4.1f MB, memory %4.1f MB, young %4.1f MB, %4llu merges, %3.0f s\n",
	       (unsigned long long)day, (double)used / 1e6, (double)unused / 1e6, (double)memory / 1e6,
	       (double)young_found / 1e6, (unsigned long long)(seen.merges + fold_merges(s->fold)->merges),
	       seconds() - seen.began);
	fflush(stdout);
}

static void see_day(struct soak_shop *s, uint64_t day)
{
	const uint64_t last_days[LIVES] = { 1, days / 2, days };
	uint64_t used, unused, memory = anonymous_bytes();
	bool second_half = day > days / 2, late = (day - 1) % (days / 2) >= days / 4;
	unsigned n = day == 1 ? 0 : 1 + second_half;
	struct life *l = &seen.lives[n];

	file_bytes(s, &used, &unused);
	look_at_young(s);
	if (!l->first)
		l->first = memory;
	l->later[late] = most(l->later[late], memory);
	seen.ending[second_half] = most(seen.ending[second_half], ending_bytes(s));
	if (second_half && percent(unused, used) > seen.free_most)
		seen.free_most = percent(unused, used);
	if (day <= 2 || day == days / 2 + 1 || day % (days / SAMPLES) == 0)
		print_day(s, day, used, unused, memory);
	if (day == last_days[n])
		end_life(s, l);
}

static int64_t begin_of(enum since which)
{
	int64_t end = SOAK_START_MS + (int64_t)days * MS_PER_DAY, begin = SOAK_START_MS;

	if (which == SINCE_SESSIONS)
		begin = end - MARK_KEEP_MS;
	if (which == SINCE_EPOCHS)
		begin = ((end - 1) / MS_PER_EPOCH - PAIR_EPOCHS + 1) * MS_PER_EPOCH;
	if (which == SINCE_POPULARITY)
		begin = end - POPULARITY_DAYS * MS_PER_DAY;
	return begin > SOAK_START_MS ? begin : SOAK_START_MS;
}

/* The sizes of a fresh store of what one kind of table keeps. */
static void build_fresh(enum since which, struct sizes *ret)
{
	struct soak_shop s;

	s = soak_open(days, events_a_day, 0);
	soak_play(&s, begin_of(which), CATCH_UP_BATCH, NULL);
	soak_check(store_sizes(s.store, take_size, ret), "sizes");
	soak_close(&s);
}

static bool expect(const char *what, double percent, double most)
{
	printf("%-52s %5.1f %%, at most %.0f %%: %s\n", what, percent, most, percent <= most ? "ok" : "FAILED");
	return percent <= most;
}

/* Bytes of each table beside those in the fresh store of what it keeps; the fresh ones' sum. */
static uint64_t compare(const struct sizes *aged, const struct sizes *fresh)
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
	return fresh_sum;
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
static void print_costs(struct soak_shop *s, const struct sizes *z)
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

	soak_check(snap_open(s->store, &sn), "snapshot");
	for (size_t i = 0; i < ARRAY_SIZE(of_items); i++)
		items += z->v[of_items[i]].bytes;
	for (size_t i = 0; i < ARRAY_SIZE(of_actors); i++)
		actors += z->v[of_actors[i]].bytes;
	for (size_t i = 0; i < ARRAY_SIZE(of_pairs); i++) {
		pairs += z->v[of_pairs[i]].bytes;
		soak_check(snap_sums(sn, of_pairs[i], 0, UINT64_MAX, count_sum, &n), "pairs");
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

static bool expect_all(uint64_t used, uint64_t fresh)
{
	bool ok = true;

	ok &= expect("the file, of fresh tables of what they keep", percent(used, fresh), SIZE_MAX_PERCENT);
	ok &= expect("free pages of the file, second half", seen.free_most, FREE_MAX_PERCENT);
	ok &= expect("tables whose rows end, second half of first", percent(seen.ending[1], seen.ending[0]),
		     ENDING_MAX_PERCENT);
	for (int i = 0; i < LIVES; i++) {
		const struct life *l = &seen.lives[i];

		printf("life %d: memory %.1f MB after its first day, later at most %.1f and %.1f MB; at its end the fold had %.1f MB, LMDB %.1f MB\n",
		       i + 1, (double)l->first / 1e6, (double)l->later[0] / 1e6, (double)l->later[1] / 1e6,
		       (double)l->fold_bytes / 1e6, (double)l->lmdb_bytes / 1e6);
	}
	/* not of the first day: LMDB keeps the buffers of the largest merge, and a month has larger ones than its first day */
	ok &= expect("memory on a full store, second half of first",
		     percent(seen.lives[2].later[1], seen.lives[2].later[0]), MEMORY_MAX_PERCENT);
	ok &= expect("memory of the fold, of that after the first day",
		     percent(seen.lives[2].fold_bytes, seen.lives[0].fold_bytes), MEMORY_MAX_PERCENT);
	if (young_bytes) {
		ok &= expect("young levels at most, of two and their room",
			     percent(seen.young_most, 2 * (young_bytes + YOUNG_ROOM)), 100);
		printf("%-52s %5u: %s\n", "files of young levels at the end", young_files,
		       young_files ? "FAILED" : "ok");
		ok &= young_files == 0;
	}
	return ok;
}

int main(int argc, char **argv)
{
	static struct sizes aged, fresh[SINCE_COUNT];
	uint64_t used, unused;
	struct soak_shop s;
	bool ok;

	heap_set();
	if (argc > 3) {
		days = strtoull(argv[1], NULL, 10);
		events_a_day = strtoull(argv[2], NULL, 10);
		young_bytes = strtoull(argv[3], NULL, 10) * 1024;
	}
	if (days < DAYS_MIN || !events_a_day)
		soak_die("usage", "soak DAYS EVENTS_A_DAY YOUNG_KB, at least 400 days");
	seen.began = seconds();
	s = soak_open(days, events_a_day, young_bytes);
	soak_play(&s, SOAK_START_MS, LIVE_BATCH, see_day);
	soak_check(fold_settle(s.fold), "last merge");
	look_at_young(&s);
	soak_check(store_sizes(s.store, take_size, &aged), "sizes");
	file_bytes(&s, &used, &unused);
	printf("\n");
	print_costs(&s, &aged);
	soak_close(&s);
	for (int w = 0; w < SINCE_COUNT; w++) {
		if (w > 0 && begin_of(w) == SOAK_START_MS)
			fresh[w] = fresh[SINCE_EVER];
		else
			build_fresh(w, &fresh[w]);
	}
	ok = expect_all(used, compare(&aged, fresh));
	printf("%llu events, %.0f s\n", (unsigned long long)(days * events_a_day), seconds() - seen.began);
	return ok ? 0 : 1;
}
