/*
 * credit.h - which answer an event is owed to, worked out once an event and handed to the views in its moment.
 *
 * An impression, click, cart-add or purchase carries a recommendationId, or each of its items does. What counts: the id
 * is signed for the event's user, its visitor, or nobody (token.h); the item is in the id's list; the event's t is at
 * most CREDIT_SKEW_MS before the answer's and at most CREDIT_SOON_MS (impressions, clicks) or CREDIT_LATE_MS (carts,
 * orders) after it; the answer is at most CREDIT_KEPT_MS behind the partition's watermark. Then each (actor, answer, item,
 * kind) counts once, and each item once an order. All else counts nowhere, and is told by its reason.
 *
 * Links between a user and its visitors are not asked: they come from several partitions, so what counts would depend on
 * which was read first. An event that carries both ids is matched with answers for either.
 *
 * Also: which variants of experiments the actor is in (experiments.h). Thread: processor.
 */
#ifndef AISLE_VIEWS_CREDIT_H
#define AISLE_VIEWS_CREDIT_H

#include "views/engagement.h"
#include "views/experiments.h"
#include "views/journal.h"

#define CREDIT_SKEW_MS MS_PER_HOUR
#define CREDIT_SOON_MS MS_PER_DAY
#define CREDIT_LATE_MS (7 * MS_PER_DAY)
#define CREDIT_KEPT_MS (45 * MS_PER_DAY) /* half as long as an actor is remembered (mark.h): nothing counts again */

/* Why an item of an event that carries an id counts for no answer. CREDIT_REFUSAL(NAME, "label of the metric") */
#define CREDIT_REFUSALS(X) \
	X(MALFORMED, "malformed") /* no recommendationId at all */ \
	X(SIGNATURE, "signature") /* forged, of another store, or made for somebody else */ \
	X(EXPIRED, "expired")     /* too long after the answer, or before it */ \
	X(ITEM, "item")           /* not in the answer */ \
	X(REPEAT, "repeat")       /* counted before */ \
	X(FORGOTTEN, "forgotten") /* so many answers ago that it may have been */

enum credit_refusal {
#define X(name, label) REFUSED_##name,
	CREDIT_REFUSALS(X)
#undef X
		CREDIT_REFUSAL_COUNT
};

/* An item of the event that is owed to an answer. */
struct credit {
	uint32_t item;
	uint32_t label; /* of scenario, strategy and variant: labels.h */
	enum credit_kind kind;
	int64_t units, revenue_micros; /* of an order */
};

/* What the event adds to a person of an experiment. */
struct exposure {
	uint32_t label; /* of the variant: labels.h */
	int64_t epoch;  /* of first_ms */
	bool is_new;
	struct exposed add; /* first_ms: of the person */
};

struct credits {
	struct credit *v;
	uint32_t n, room;
	struct exposure exposures[EXPOSURES_MAX];
	uint32_t exposure_n;
};

struct credit_desk;

struct credit_desk *credit_desk_new(const unsigned char person_key[32]);
void credit_desk_free(struct credit_desk *d);

/* Once, and whenever the fold begins anew from the store: nobody is looked up as long as there is nothing to be found. */
int credit_desk_look(struct credit_desk *d, struct snap *sn) MUST_CHECK;

/* m->credits becomes what this event is owed to; valid until the next call. */
void credit_take(struct credit_desk *d, struct fold *f, struct moment *m);

/* Since the desk was made. */
const uint64_t *credit_refused(const struct credit_desk *d);
const char *credit_refusal_name(enum credit_refusal why);

#endif
