/*
 * answered.h - what was answered since the process began, by scenario and by strategy: how many lists, how long they took,
 * how far behind the log they were, what stayed out for its stock, and which items stood in them.
 *
 * Each loop counts into its own; whoever reads adds them up. Words are single and atomic, so a reader may see two of
 * different moments, never half of one. Items are known by their numbers: those of another generation are forgotten.
 */
#ifndef AISLE_QUERY_ANSWERED_H
#define AISLE_QUERY_ANSWERED_H

#include "query/histogram.h"
#include "query/recommend.h"

#define ANSWERED_NAMES_MAX 128 /* told apart; what comes after them is counted together, without a name */
#define ANSWERED_ITEMS_MAX (UINT32_C(1) << 22) /* numbers from there on are in no coverage */

enum answered_by { ANSWERED_SCENARIO, ANSWERED_STRATEGY, ANSWERED_KINDS };

struct answered;

struct answered *answered_new(void);
void answered_free(struct answered *a); /* NULL is fine */

/* ---- the loop that owns it ---- */

/* took_ns: of the whole request for this list. */
void answered_count(struct answered *a, const struct answer *answer, uint64_t took_ns);

/* ---- any ---- */

struct answered_sum {
	char name[TOKEN_SCENARIO_MAX + 1]; /* "": all other names */
	uint64_t lists;                    /* of a strategy: those that it is in */
	uint64_t items;
	uint64_t short_lists, fallbacks; /* lists with fewer items than were wanted; `fallback` is true */
	uint64_t out_of_stock;           /* scenarios only */
	struct histogram_sum took_us, lag_ms;
	uint64_t *seen; /* bit a number */
};

struct answered_sums {
	unsigned n;
	struct answered_sum v[ANSWERED_NAMES_MAX + 1]; /* by name */
};

/* The bits are those of the generation. */
struct answered_sums *answered_read(struct answered *const *loops, unsigned loop_n, enum answered_by by,
				    unsigned generation);
void answered_sums_free(struct answered_sums *s);
static inline bool answered_has(const struct answered_sum *s, uint32_t item)
{
	return item < ANSWERED_ITEMS_MAX && s->seen[item / 64] >> item % 64 & 1;
}
uint64_t answered_out_of_stock(const struct answered *a);

#endif
