/*
 * next.h - what a running session looks at next: the formula of `next-in-session`, without HTTP and catalogue.
 *
 * With e the running session's views and d[0..] its distinct items, newest first (d[0]: the current one), four parts make
 * a score; each is a file that reads like its paragraph:
 *
 *     next_neighbours.c  A  what sessions like e viewed around the item they have in common with it
 *     next_bigram.c      B  what followed the current item, and the view before it where that was the same
 *     next_step.c        C  what lies one view from the best of A and B
 *     next_revisits.c    D  how often people go back to an item of the session: a counted rate
 *     next.c                shares (A, B, C) and rates (D) on one scale
 *
 * Neighbours as Garg et al. 2019 (STAN), Ludewig et al. 2020 (VSTAN), Kersbergen et al. 2022 (Serenade, VMIS-kNN);
 * back-off as Witten and Bell 1991, with the square root of the occurrences in place of their kinds.
 *
 * Thread: one `struct next_work` a thread, that of its session_index.
 */
#ifndef AISLE_QUERY_NEXT_H
#define AISLE_QUERY_NEXT_H

#include "config/settings.h"
#include "views/idmap.h"
#include "query/ranker.h"
#include "views/arena.h"
#include "views/revisits.h"
#include "views/sessions.h"

#define NEXT_ITEMS_MAX 10       /* A: the last views, whose items bring neighbours */
#define NEXT_TOUCHED_MAX 2500   /* sessions of one item, and m, at most */
#define NEXT_NEIGHBOURS_MAX 250 /* k at most */
#define NEXT_BEST 32            /* so many are put in order at once */
#define NEXT_SIDES_SLOTS (UINT32_C(1) << 17)

/* What is known of all sessions: of the index in its snapshot, of the rest as the ranker saw it last. */
struct next_source {
	struct session_index *index;
	uint32_t sessions; /* N: sessions_total */
	struct snap *sn;   /* of the index; names decide ties */
	uint32_t self;     /* the running session's own number, no neighbour of itself; or SESSION_NONE */
	const struct rank_totals *totals; /* df: their view_sessions; 0 from `totals_n` on */
	uint32_t totals_n;
	const float *rates; /* D: REVISIT_CELLS of them; NULL: nobody goes back */
};

static inline uint32_t next_df(const struct next_source *src, uint32_t item)
{
	return item < src->totals_n ? src->totals[item].view_sessions : 0;
}

/* Parts to leave out, to see what each is worth. */
enum next_part {
	NEXT_NO_BEFORE = 1 << 0,   /* A without views before the anchor */
	NEXT_NO_BIGRAM = 1 << 1,   /* B */
	NEXT_NO_ORDER2 = 1 << 2,   /* B by the current item alone */
	NEXT_NO_STEP = 1 << 3,     /* C */
	NEXT_NO_REVISITS = 1 << 4, /* D: items of the session as any other */
	NEXT_NO_CONTEXT = 1 << 5   /* D by distance alone: next_rates */
};

struct next_options {
	double kappa;            /* hits of the best new item / its share */
	unsigned ring_max;       /* the newest sessions of an item */
	unsigned touched_max;    /* m: the newest sessions that have an item in common */
	unsigned neighbours_max; /* k: the best of them */
	unsigned without;        /* NEXT_NO_ bits */
};

void next_options_of(const struct settings *set, struct next_options *ret);

/* An item that may come next. */
struct next_candidate {
	uint32_t item;
	uint32_t neighbours; /* A: neighbours that viewed it */
	uint32_t shared;     /* A: most items that one of them has in common with the running session */
	uint32_t counted;    /* A: the neighbour that was counted last */
	uint32_t c1, c2;     /* B: it followed the current item; of these, after the same view as here */
	double part;         /* of the part that is being added up */
	double share;        /* S */
	double rate;         /* D; below 0: no item of the session */
	double score;
};

struct next_neighbour {
	double v;
	const unsigned char *items; /* of its views, `n` of them */
	uint32_t number;
	uint8_t n;
	uint8_t anchor; /* y of the newest item it has in common with the running session */
	uint8_t shared; /* so many items in common */
};

/* C: an item, and how often it stood beside the newest views of another. */
struct next_side {
	uint32_t item, times;
};

struct next_sides {
	uint64_t stamp; /* session_stamp when they were made */
	uint32_t item;  /* less 1; 0: free */
	uint32_t round; /* of the memory that they are in */
	uint16_t views, n, room;
	struct next_side *v;
};

struct next_best {
	double score;
	uint32_t at; /* in v */
};

/* The running session, the scratch of one answer, and the answer. All-zero at first. */
struct next_work {
	uint32_t views[SESSION_VIEWS_MAX]; /* e, oldest first */
	uint32_t n;
	uint32_t d[NEXT_ITEMS_MAX];
	double weight[NEXT_ITEMS_MAX]; /* 1: viewed; otherwise the caller's, of what was put into the cart or bought */
	unsigned d_n;

	struct session_list rings[NEXT_ITEMS_MAX]; /* sessions of d[y], newest first */
	struct next_neighbour heap[NEXT_NEIGHBOURS_MAX];
	unsigned heap_n;
	struct next_sides *sides; /* NEXT_SIDES_SLOTS, by the item's last bits; kept from answer to answer */
	struct arena sides_arena;
	uint32_t sides_round;
	struct idmap places; /* item -> its candidate */
	struct next_candidate *v;
	size_t v_n, v_room;
	struct next_best best[NEXT_BEST]; /* of those that next_take has not handed out, best first */
	unsigned best_n, taken;
};

void next_work_fini(struct next_work *w);

/* Begin with the last views of a session, oldest first, at least one; weights are 1 until the caller sets them. */
void next_begin(struct next_work *w, const uint32_t *views, size_t n);

/* Scores every candidate: next_take hands them out. 0 or an error of the store. */
int next_score(struct next_work *w, const struct next_source *src, const struct next_options *opt) MUST_CHECK;

/* The best that is left, valid until the next call; NULL: none is. Ties: larger df, then the id. */
const struct next_candidate *next_take(struct next_work *w, const struct next_source *src);

/* The rates of D from their counts. by_distance: nothing else counts. */
void next_rates(const struct revisit_counts cells[REVISIT_CELLS], bool by_distance, float ret[REVISIT_CELLS]);

#endif
