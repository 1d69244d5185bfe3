/*
 * soak_shop.h - one store and the made-up traffic of a shop that is folded into it. Whatever goes wrong ends the program.
 */
#ifndef AISLE_TESTS_SOAK_SHOP_H
#define AISLE_TESTS_SOAK_SHOP_H

#include "schemas/decode.h"
#include "views/fold.h"

#define SOAK_START_MS (INT64_C(650) * MS_PER_EPOCH)
#define SOAK_PARTITIONS 4

struct soak_shop {
	uint64_t days, events_a_day;
	uint64_t young_bytes; /* 0: each batch goes to base */
	char dir[64], young_dir[64];
	struct store *store;
	struct fold *fold;
	struct decoder *decoder;
	int64_t next[SOAK_PARTITIONS];
	uint64_t pending;
};

_Noreturn void soak_die(const char *what, const char *why);
/* An error ends the program. */
void soak_check(int rc, const char *what);

/* On an empty store in a directory of its own. */
struct soak_shop soak_open(uint64_t days, uint64_t events_a_day, uint64_t young_bytes);
void soak_close(struct soak_shop *s);

/* A process that finds the store. Everything folded must be there. */
void soak_start(struct soak_shop *s);

/*
 * Fold the traffic from that time on, in batches of so many records; each_day (NULL is fine) is called with all of the
 * day's records committed.
 */
void soak_play(struct soak_shop *s, int64_t from_ms, uint64_t batch,
	       void (*each_day)(struct soak_shop *, uint64_t day));

#endif
