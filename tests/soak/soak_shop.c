#include "tests/soak/soak_shop.h"

#include "processor/simulate.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 5000
#define USERS 20000
#define NEW_GUESTS 50           /* of 100 */
#define MERGE_AGE_MS MS_PER_DAY /* of real time: levels are merged by size */

void soak_die(const char *what, const char *why)
{
	fprintf(stderr, "soak: %s: %s\n", what, why);
	exit(1);
}

void soak_check(int rc, const char *what)
{
	if (rc < 0)
		soak_die(what, error_text(rc));
}

void soak_start(struct soak_shop *s)
{
	struct store_options opt = { .path = s->dir,
				     .durability = STORE_NOSYNC,
				     .young_path = s->young_dir,
				     .young_bytes_max = s->young_bytes,
				     .writer = true };
	struct position at;
	struct error e = { 0 };

	if (store_open(&opt, &s->store, &e) || fold_new(s->store, &s->fold, &e))
		soak_die("cannot start", e.text);
	for (int32_t p = 0; p < SOAK_PARTITIONS; p++)
		if (s->next[p] && (!fold_stored_position(s->fold, "soak", p, &at) || at.next != s->next[p]))
			soak_die("restart", "the store is not where it was");
}

struct soak_shop soak_open(uint64_t days, uint64_t events_a_day, uint64_t young_bytes)
{
	struct soak_shop s = { .days = days,
			       .events_a_day = events_a_day,
			       .young_bytes = young_bytes,
			       .dir = "/tmp/aisle-soak-XXXXXX",
			       .young_dir = "/dev/shm/aisle-soak-XXXXXX" };
	struct error e = { 0 };

	if (!mkdtemp(s.dir))
		soak_die("cannot make a directory", s.dir);
	if (!mkdtemp(s.young_dir))
		soak_die("cannot make a directory", s.young_dir);
	if (decoder_new(NULL, &s.decoder, &e))
		soak_die("cannot start", e.text);
	soak_start(&s);
	return s;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void soak_close(struct soak_shop *s)
{
	fold_free(s->fold);
	store_close(s->store);
	decoder_free(s->decoder);
	nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	nftw(s->young_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void apply(struct soak_shop *s, const struct simulated *rec)
{
	struct error e = { 0 };
	bool deleted;

	if (rec->topic == TOPIC_EVENTS) {
		/* keys end in digits */
		int32_t partition = rec->key.p[rec->key.n - 1] % SOAK_PARTITIONS;
		struct event ev;

		fold_partition(s->fold, "soak", partition);
		s->next[partition]++;
		soak_check(decode_event(s->decoder, rec->value.p, rec->value.n, &ev, &e), e.text);
		soak_check(fold_event(s->fold, &ev, -1, &e), e.text);
	} else if (rec->topic == TOPIC_CATALOG) {
		struct catalog_item item;

		soak_check(decode_catalog(s->decoder, rec->key, rec->value.p, rec->value.n, &item, &deleted, &e),
			   e.text);
		soak_check(fold_catalog(s->fold, &item, deleted), "catalogue");
	} else {
		struct stock_record stock;

		soak_check(decode_stock(s->decoder, rec->key, rec->value.p, rec->value.n, &stock, &deleted, &e),
			   e.text);
		soak_check(fold_stock(s->fold, &stock, deleted, -1, NULL), "stock");
	}
	s->pending++;
}

static void soak_tend(struct soak_shop *s)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	soak_check(fold_tend(s->fold, MERGE_AGE_MS), "merge");
}

static void commit(struct soak_shop *s)
{
	for (int32_t p = 0; p < SOAK_PARTITIONS; p++)
		fold_position(s->fold, "soak", p, &(struct position){ .next = s->next[p], .last = s->next[p] - 1 });
	soak_check(fold_commit(s->fold, NULL), "commit");
	s->pending = 0;
	if (!s->young_bytes)
		return;
	soak_check(fold_tend(s->fold, MERGE_AGE_MS), "merge");
	/* a day's events take a day: a level is in base long before the next one is full */
	while (store_young_bytes(s->store) > s->young_bytes)
		soak_tend(s);
}

void soak_play(struct soak_shop *s, int64_t from_ms, uint64_t batch, void (*each_day)(struct soak_shop *, uint64_t day))
{
	struct simulate_options opt = { .events = s->days * s->events_a_day,
					.seed = 1,
					.items = ITEMS,
					.users = USERS,
					.start_ms = SOAK_START_MS,
					.span_ms = (int64_t)s->days * MS_PER_DAY,
					.catalog = true,
					.new_guests = NEW_GUESTS };
	uint64_t first = (uint64_t)((from_ms - SOAK_START_MS) / MS_PER_DAY) * s->events_a_day, n = 0;
	struct simulation *sim = simulation_new(&opt);
	struct simulated rec;

	while (simulation_next(sim, &rec)) {
		bool day_ends;

		if (rec.topic == TOPIC_EVENTS && n++ < first)
			continue;
		apply(s, &rec);
		day_ends = each_day && rec.topic == TOPIC_EVENTS && n % s->events_a_day == 0;
		if (s->pending >= batch || day_ends)
			commit(s);
		if (day_ends)
			each_day(s, n / s->events_a_day);
	}
	commit(s);
	simulation_free(sim);
}
