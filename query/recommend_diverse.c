/*
 * Maximal marginal relevance (Carbonell and Goldstein 1998): the next item is the one with the largest
 *
 *     (1 - d) relevance - d (likeness to the most like of those before it)
 *
 * with d the request's diversity. Relevance falls evenly from 1 with the place in the list, since scores of different
 * strategies have no common scale; likeness is half the share of common categories, ancestors included (Jaccard), and
 * half the same brand.
 */
#include "query/strategy.h"

#include <stdlib.h>
#include <xxhash.h>

#define CATEGORIES_MAX 16 /* categories and ancestors of an item that count */

struct features {
	uint64_t brand; /* 0 none */
	unsigned n;
	uint64_t categories[CATEGORIES_MAX]; /* ascending, each once */
	double like;                         /* likeness to the most like of the chosen */
	bool chosen;
};

static void add_category(struct features *f, struct str name)
{
	uint64_t hash = XXH3_64bits(name.p, name.n);
	unsigned i = f->n;

	while (i > 0 && f->categories[i - 1] > hash)
		i--;
	if (f->n == CATEGORIES_MAX || (i > 0 && f->categories[i - 1] == hash))
		return;
	memmove(f->categories + i + 1, f->categories + i, (f->n - i) * sizeof(*f->categories));
	f->categories[i] = hash;
	f->n++;
}

static void read_features(const struct catalog_item *record, struct features *f)
{
	if (record->brand.n)
		f->brand = XXH3_64bits(record->brand.p, record->brand.n) | 1;
	for (uint32_t i = 0; i < record->categories.n; i++)
		for (struct str at = { 0 }; category_next(record->categories.v[i], &at);)
			add_category(f, at);
}

static double likeness(const struct features *a, const struct features *b)
{
	unsigned common = 0, i = 0, k = 0;
	double ret = a->brand && a->brand == b->brand ? 0.5 : 0;

	while (i < a->n && k < b->n) {
		common += a->categories[i] == b->categories[k];
		if (a->categories[i] <= b->categories[k])
			k += a->categories[i++] == b->categories[k];
		else
			k++;
	}
	return common ? ret + 0.5 * common / (a->n + b->n - common) : ret;
}

/* Of the i-th of n in the list. */
static double value_of(const struct asking *q, const struct features *f, unsigned i)
{
	double d = q->diversity;

	return (1 - d) * (1 - (double)i / q->list_n) - d * f->like;
}

static unsigned choose(const struct asking *q, const struct features *v)
{
	unsigned best = q->list_n;

	for (unsigned i = 0; i < q->list_n; i++)
		if (!v[i].chosen && (best == q->list_n || value_of(q, &v[i], i) > value_of(q, &v[best], best)))
			best = i;
	return best;
}

static int read_all(struct asking *q, struct features *v)
{
	for (unsigned i = 0; i < q->list_n; i++) {
		struct filter_item item;
		int rc = shelf_look(q, q->a->list[i]->item, &item);

		if (rc < 0)
			return rc;
		if (item.record)
			read_features(item.record, &v[i]);
	}
	return 0;
}

/* A page's worth is chosen, and one more for what quotas drop; the others follow as they were. */
int list_diversify(struct asking *q)
{
	unsigned wanted = q->a->rules.quota_n ? 2 * q->count : q->count, n = 0;
	struct candidate *list[SHELF_MAX];
	struct features *v;
	int rc;

	if (q->diversity <= 0 || q->list_n < 2)
		return 0;
	v = xcalloc(q->list_n, sizeof(*v));
	rc = read_all(q, v);
	while (!rc && n < wanted && n < q->list_n) {
		unsigned best = choose(q, v);

		v[best].chosen = true;
		list[n++] = q->a->list[best];
		for (unsigned i = 0; i < q->list_n; i++) {
			double like = v[i].chosen ? 0 : likeness(&v[i], &v[best]);

			v[i].like = like > v[i].like ? like : v[i].like;
		}
	}
	for (unsigned i = 0; i < q->list_n && !rc; i++)
		if (!v[i].chosen)
			list[n++] = q->a->list[i];
	if (!rc)
		memcpy(q->a->list, list, n * sizeof(*list));
	free(v);
	return rc;
}
