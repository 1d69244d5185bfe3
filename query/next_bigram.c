/* B: what followed the current item; where it came after the same view as here, that counts more. */
#include "query/next_internal.h"

#include <math.h>

#define OCCURRENCES_MAX 500 /* the newest ones with a follower */
#define WEIGHT 0.06
#define BLOCK 16 /* sessions whose views are asked for before the first of them is looked at */

struct bigram {
	uint32_t current, before;
	bool has_before;
	uint32_t n1, n2; /* occurrences; of these, after `before` */
};

/* Newest first: from the session's end. */
static void count(struct next_work *w, const struct next_source *src, const struct session *s, struct bigram *b)
{
	for (uint32_t j = s->n - 1; j-- > 0 && b->n1 < OCCURRENCES_MAX;) {
		struct next_candidate *c;

		if (session_item(s, j) != b->current)
			continue;
		c = next__candidate(w, src, session_item(s, j + 1));
		b->n1++;
		c->c1++;
		if (b->has_before && j > 0 && session_item(s, j - 1) == b->before) {
			b->n2++;
			c->c2++;
		}
	}
}

int next__bigram(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	struct bigram b = { .current = w->d[0], .has_before = w->n > 1 && !(opt->without & NEXT_NO_ORDER2) };
	double root1, root2;

	if (b.has_before)
		b.before = w->views[w->n - 2];
	for (uint32_t i = 0; i < w->rings[0].n && b.n1 < OCCURRENCES_MAX; i += BLOCK) {
		struct session block[BLOCK];
		unsigned n = w->rings[0].n - i < BLOCK ? w->rings[0].n - i : BLOCK;
		int rc = next__sessions(src, w->rings[0].places + i, n, block);

		if (rc)
			return rc;
		for (unsigned k = 0; k < n; k++)
			if (block[k].n && block[k].number != src->self)
				count(w, src, &block[k], &b);
	}
	root1 = sqrt(b.n1);
	root2 = sqrt(b.n2);
	for (size_t i = 0; i < w->v_n && b.n1; i++) {
		struct next_candidate *c = &w->v[i];
		double p1 = c->c1 / (b.n1 + root1);

		c->part = b.n2 ? (c->c2 + root2 * p1) / (b.n2 + root2) : p1;
	}
	next__add_parts(w, WEIGHT);
	return 0;
}
