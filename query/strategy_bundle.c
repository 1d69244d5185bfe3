#include "query/strategy.h"
#include "views/catalog.h"
#include "views/ids.h"

#include <math.h>
#include <stdlib.h>

#define CANDIDATES 10 /* the strongest neighbours of the asked item */
#define SETS_MAX (CANDIDATES * (CANDIDATES + 1) / 2)

struct member {
	uint32_t item;
	uint32_t count; /* with the asked item */
	double tie;     /* Jaccard, likewise */
};

/* The asked item with one or two others. */
struct set {
	double score;
	uint32_t count;   /* of the pair that was bought together least */
	unsigned members; /* 1 or 2, */
	unsigned of[2];   /* places among the candidates */
};

struct sets {
	struct member candidates[CANDIDATES];
	unsigned candidate_n;
	struct set v[SETS_MAX];
	unsigned n;
};

static int find_candidates(struct asking *q, uint32_t item, struct sets *sets)
{
	struct votes *votes = &q->a->votes;
	const struct neighbour_list *with = &q->a->pairing.list;
	struct vote v;
	int rc = pairs_list(q, PAIR_BOUGHT_TOGETHER, item, true);

	if (rc)
		return rc;
	votes_clear(votes);
	for (size_t i = 0; i < with->n; i++)
		votes_add(votes, with->v[i].member,
			  tie_jaccard(q, item, with->v[i].member, with->v[i].count, MARGINAL_ORDERS), item,
			  with->v[i].count);
	votes_order(votes, q->sn);
	while (sets->candidate_n < CANDIDATES && votes_next(votes, q->sn, &v)) {
		rc = shelf_allows(q, v.item);
		if (rc < 0)
			return rc;
		if (rc)
			sets->candidates[sets->candidate_n++] = (struct member){ v.item, v.count, v.score };
	}
	return 0;
}

static void add_set(struct sets *sets, double score, uint32_t count, unsigned members, unsigned first, unsigned second)
{
	sets->v[sets->n++] = (struct set){ score, count, members, { first, second } };
}

/* Of three, the geometric mean of their three ties. */
static int find_sets(struct asking *q, struct sets *sets)
{
	const struct neighbour_list *with = &q->a->pairing.list;

	for (unsigned i = 0; i < sets->candidate_n; i++) {
		const struct member *a = &sets->candidates[i];
		int rc = pairs_list(q, PAIR_BOUGHT_TOGETHER, a->item, true);

		if (rc)
			return rc;
		add_set(sets, a->tie, a->count, 1, i, i);
		for (unsigned k = i + 1; k < sets->candidate_n; k++) {
			const struct member *b = &sets->candidates[k];
			size_t at = 0;
			double tie;
			uint32_t least = a->count < b->count ? a->count : b->count;

			while (at < with->n && with->v[at].member != b->item)
				at++;
			if (at == with->n)
				continue;
			tie = tie_jaccard(q, a->item, b->item, with->v[at].count, MARGINAL_ORDERS);
			add_set(sets, cbrt(a->tie * b->tie * tie),
				with->v[at].count < least ? with->v[at].count : least, 2, i, k);
		}
	}
	return 0;
}

/* Equal ones by size, larger first, then in the order of the candidates. */
static int best_first(const void *pa, const void *pb)
{
	const struct set *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	if (a->members != b->members)
		return a->members > b->members ? -1 : 1;
	if (a->of[0] != b->of[0])
		return a->of[0] < b->of[0] ? -1 : 1;
	return a->of[1] < b->of[1] ? -1 : a->of[1] > b->of[1];
}

/* The prices of all its items in one currency, or none. */
static int sum_prices(struct asking *q, const uint32_t *items, struct bundle *b)
{
	struct catalog_item *record = &q->a->record;

	b->price_micros = b->list_price_micros = 0;
	for (unsigned i = 0; i < b->n; i++) {
		int rc = catalog_get(q->sn, items[i], record);
		int64_t list = record->list_price_micros;

		if (rc < 0)
			return rc;
		if (rc != CATALOG_LIVE || record->price_micros == PRICE_ABSENT ||
		    (i > 0 && !str_eq(record->currency, b->currency))) {
			b->price_micros = PRICE_ABSENT;
			return 0;
		}
		if (i == 0)
			b->currency = arena_str(&q->a->arena, record->currency);
		b->price_micros += record->price_micros;
		b->list_price_micros +=
			list == PRICE_ABSENT || list < record->price_micros ? record->price_micros : list;
	}
	return 0;
}

static int offer_set(struct asking *q, const struct sets *sets, const struct set *set, unsigned number)
{
	uint32_t items[BUNDLE_MAX] = { q->asked[0] };
	struct bundle *b = arena_alloc(&q->a->arena, sizeof(*b));
	struct explanation why = { .kind = EXPLAIN_BUNDLE, .together = set->count, .bundle = b };
	int rc;

	*b = (struct bundle){ .number = number, .n = set->members + 1 };
	for (unsigned i = 0; i < set->members; i++)
		items[1 + i] = sets->candidates[set->of[i]].item;
	for (unsigned i = 0; i < b->n; i++)
		b->item_ids[i] = arena_str(&q->a->arena, snap_item_name(q->sn, items[i]));
	why.with = b->item_ids[0];
	rc = sum_prices(q, items, b);
	for (unsigned i = 1; i < b->n && !rc; i++)
		rc = shelf_put(q, items[i], set->score, &why);
	return rc;
}

/* Whole, and not across the end of the page. */
static bool fits(const struct asking *q, const struct set *set)
{
	unsigned n = q->shelf_n + set->members;

	return shelf_room(q) >= set->members && (n <= q->count || q->shelf_n >= q->count);
}

/* The best sets of which no two share an item but the asked one. */
static int offer_sets(struct asking *q, const struct sets *sets)
{
	bool used[CANDIDATES] = { false };
	unsigned number = 0;
	int rc = 0;

	for (unsigned i = 0; i < sets->n && !rc; i++) {
		const struct set *set = &sets->v[i];

		if (used[set->of[0]] || used[set->of[1]] || !fits(q, set))
			continue;
		used[set->of[0]] = used[set->of[1]] = true;
		rc = offer_set(q, sets, set, ++number);
	}
	return rc;
}

static int fill(struct asking *q)
{
	struct sets sets = { .n = 0 };
	struct filter_item asked;
	int rc = rankings_ready(q);

	if (rc || q->asked_n == 0)
		return rc;
	rc = shelf_look(q, q->asked[0], &asked);
	if (rc <= 0 || !shelf_is_sold(q, asked.record))
		return rc < 0 ? rc : 0;
	rc = find_candidates(q, q->asked[0], &sets);
	if (!rc)
		rc = find_sets(q, &sets);
	if (rc)
		return rc;
	qsort(sets.v, sets.n, sizeof(*sets.v), best_first);
	return offer_sets(q, &sets);
}

const struct strategy strategy_bundle = {
	.slug = "bundle",
	.meaning =
		"sets of two or three that are bought together with the (first) item, their total price and what it saves "
		"against the list prices; use it on product pages",
	.formula =
		"two: J as in frequently-bought-together; three: the geometric mean of their three J; of the 10 items "
		"with the largest J; of equal sets three before two, then the one whose items have the larger J; sets share nothing "
		"but the item, the first of itemIds that is known; none when it cannot be bought",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_BUNDLE,
};
