/*
 * experiments.h - the people of an experiment and what they did: what its report is made of. Seen from a snapshot.
 *
 * An actor (a user, else a visitor) is in a variant from its first event that was credited (credit.h) to an answer whose
 * recommendationId names it. From then on, that event included, in the order of the log: `sessions`, all of its orders
 * and all that it paid, recommended or not; impressions and clicks are those credited to answers of this variant. An
 * actor that has met two variants is in both.
 *
 * An actor's row goes when the epoch (30 days) of its first event is EXPOSURE_EPOCHS behind the watermark's: at least 90
 * days. At most EXPOSURES_MAX variants of all experiments are kept of one actor at a time; further ones are not begun.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_EXPERIMENTS_H
#define AISLE_VIEWS_EXPERIMENTS_H

#include "views/store.h"

#define EXPOSURE_EPOCHS 4
#define EXPOSURES_MAX 16

struct exposed {
	int64_t first_ms; /* t of its first event in the variant */
	int64_t impressions, clicks;
	int64_t sessions, orders;
	int64_t revenue_micros; /* purchases, returns not taken off */
};

/* `variant` is borrowed and valid in the call. */
typedef int (*exposed_each)(void *arg, struct str variant, uint32_t actor, const struct exposed *p);

/*
 * Everybody in the experiment, variant by variant, in no order that means anything. Stops on non-zero and returns
 * it. A walk over all of its people: some 10 million a second.
 */
int experiment_people(struct snap *sn, struct str experiment, exposed_each each, void *arg);

#endif
