/*
 * journal.h - what an actor did before this event, as far as the views need it: its session, its order, what it ever
 * bought. Worked out once an event and handed to every view as a `struct moment`.
 *
 * Items of one event are taken in their order, each after the ones before it: the second item of a purchase has the
 * first one "bought before" it. "Before" is log order, which is the actor's own order on its partition.
 *
 * Bounds (the same on every machine): SESSION_ITEMS_MAX distinct items of a session and ACTOR_ITEMS_MAX of an actor
 * are remembered; what comes after them counts in no pair.
 *
 * Thread: processor.
 */
#ifndef AISLE_VIEWS_JOURNAL_H
#define AISLE_VIEWS_JOURNAL_H

#include "schemas/event.h"
#include "views/fold.h"
#include "views/offsets.h"

#define SESSION_GAP_MS (30 * MS_PER_MINUTE) /* silence that ends a session without sessionId */
#define SESSION_ITEMS_MAX 4096
#define SESSION_PAIRS_MAX 59000 /* viewed-then-bought pairs of one session: what one stored value holds */
#define ORDER_ITEMS_MAX 10000   /* distinct items of one order that are told apart */
#define ACTOR_ITEMS_MAX 30000
#define VIEWED_TOGETHER_MAX 5    /* VIEWS: also-viewed */
#define VIEWED_BEFORE_MAX 20     /* viewed-then-bought */
#define ORDER_PAIR_ITEMS_MAX 100 /* bought-together */
#define BOUGHT_BEFORE_MAX 50     /* also-bought */
#define BOUGHT_BEFORE_MS (180 * MS_PER_DAY)

/* Items in moment.others. */
struct others {
	uint32_t at, n;
};

struct moment_item {
	const struct event_item *line;
	uint32_t item;
	bool first_view;     /* view: first in this session */
	bool first_found;    /* view: first since the session's last search */
	bool first_in_order; /* purchase: not in this order before */
	bool first_buy;      /* purchase: the actor never bought it before */
	struct others
		viewed; /* view, first: the last 5 others first viewed; purchase: the last 20 others, pair not counted yet */
	struct others ordered; /* purchase, first in order and among its first 100: the items before it */
	struct others bought;  /* purchase, first buy: the last 50 others */
};

struct moment {
	const struct event *ev;
	int64_t t_ms;
	uint32_t actor;         /* the user, or the visitor of an event without one */
	uint32_t user, visitor; /* ID_NONE when the event does not carry it */
	uint32_t query;         /* of the session's last search, this event if it is one; ID_NONE: none so far */
	bool new_order;         /* purchase: the first of its order */
	bool new_actor;         /* the actor's first event, impressions left out; */
	bool new_day;           /* the first on a later day than all before it: set by profile_add */
	bool new_country;       /* another one than the actor named last */
	bool new_session;       /* the first that was noted of its session (journal.c says which are) */
	uint32_t item_count;
	const struct moment_item *items;
	const uint32_t *others;
	const struct session_views *views; /* of a view: those of its session (session_rows.h) */
	const struct credits *credits;     /* which answers it is owed to (credit.h) */
};

/* price x quantity of all lines, in micros, times `sign`: added as columns are. */
static inline int64_t moment_revenue(const struct moment *m, int64_t sign)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < m->item_count; i++)
		sum = wrapping_add(sum, sign * m->items[i].line->quantity * m->items[i].line->price_micros);
	return sum;
}

struct journal;

struct journal *journal_new(void);
void journal_free(struct journal *j);

/* Fill *ret for this event and remember it. *ret is valid until the next call. */
void journal_take(struct journal *j, struct fold *f, const struct event *ev, uint32_t actor, struct moment *ret);

/*
 * The number of an actor's session (sessions.h) with this id, or of its last one without (n = 0), and the t of its last
 * event. NOT_FOUND when there is none.
 */
int journal_session(struct snap *sn, uint32_t actor, struct str session_id, uint64_t *ret_number,
		    int64_t *ret_last_ms) MUST_CHECK;

#endif
