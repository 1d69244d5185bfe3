/*
 * similar.h - which items are alike by their catalogue records: an inverted index from terms (terms.h) to items.
 *
 * Likeness is the weighted Jaccard index (Ruzicka 1958) of two items' sets of terms, a term weighing its inverse document
 * frequency (Sparck Jones 1972), smoothed so that it is never 0:
 *
 *     w(t) = k(kind of t) x ln(1 + N / n(t))      N records, n(t) of them with the term; k: similar.c
 *     s(a, b) = W(a and b) / (W(a) + W(b) - W(a and b))      W: the sum of w over a set
 *
 * Terms that one item alone has are left out: nobody can share them. Candidates are found through an item's rarest terms, as
 * many of them as have SIMILAR_POSTINGS_MAX items together (the rarest one always counts, up to so many items); the score of
 * those is exact. Several asked items each add what they find themselves.
 *
 * Immutable once made and reference counted: the ranker makes one when the catalogue has changed. Thread: any; one `struct
 * similar_search` a thread.
 */
#ifndef AISLE_QUERY_SIMILAR_H
#define AISLE_QUERY_SIMILAR_H

#include "views/idmap.h"
#include "query/terms.h"
#include "views/store.h"

#define SIMILAR_POSTINGS_MAX 4096
#define SIMILAR_SCORE_MIN 0.1 /* what is less alike is no candidate */

struct similar;

/* The catalogue as this snapshot has it. On error *ret is untouched. */
int similar_read(struct snap *sn, struct similar **ret) MUST_CHECK;
struct similar *similar_ref(struct similar *ix);
void similar_unref(struct similar *ix); /* NULL is fine */

struct similar_found {
	uint32_t item;
	uint32_t seed;     /* the asked item it is most like */
	double score;      /* summed over the asked items */
	double seed_score; /* of `seed` alone */
};

struct similar_candidate {
	struct similar_found found;
	double shared; /* with the asked item whose turn it is */
};

/* All-zero at first. */
struct similar_search {
	struct idmap places; /* item -> place in `v` while it is filled */
	struct similar_candidate *v;
	size_t n, room;
};
void similar_search_fini(struct similar_search *s);

/* Find what is like any of the asked items, which are no candidates themselves. Numbers that are not known are passed over. */
void similar_search(const struct similar *ix, const uint32_t *asked, unsigned asked_n, struct similar_search *s);
/* The best that is left; ties by item id bytes. False when there are no more. */
bool similar_next(const struct similar *ix, struct similar_search *s, struct similar_found *ret);

/* What two items have in common. */
struct similar_facts {
	uint8_t shared[TERM_KIND_COUNT]; /* terms, by their kind */
	double shared_weight, item_weight, other_weight;
};
/* 0 for an item that is not known. */
double similar_score(const struct similar *ix, uint32_t item, uint32_t other);
void similar_facts(const struct similar *ix, uint32_t item, uint32_t other, struct similar_facts *ret);

/* The order of their ids' bytes, below 0, 0 or above; names are looked up for items that are younger than the index. */
int similar_name_order(const struct similar *ix, struct snap *sn, uint32_t item, uint32_t other);

/* Do both carry the same groupId: are they variants of one product? */
bool similar_same_group(const struct similar *ix, uint32_t item, uint32_t other);

#endif
