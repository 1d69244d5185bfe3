/* Making the index: read all records, number the terms by how many items have them, turn the lists round. */
#include "query/similar_internal.h"
#include "views/catalog.h"
#include "views/ids.h"

#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

/* Titles repeat what the other kinds say, or say little. */
static const double kind_weights[TERM_KIND_COUNT] = {
	[TERM_CATEGORY] = 1, [TERM_BRAND] = 1, [TERM_ATTRIBUTE] = 1,
	[TERM_TAG] = 1,      [TERM_PRICE] = 1, [TERM_TITLE] = 0.5,
};

struct seen_term {
	uint64_t hash;
	uint32_t count; /* items that have it */
	uint32_t number;
	uint8_t kind;
};

struct making {
	struct similar *ix;
	struct terms terms; /* of the item at hand */
	uint32_t records;
	struct seen_term *seen; /* in order of first sight */
	uint32_t seen_n, seen_room;
	uint32_t *slots; /* hash -> 1 + place in seen; 0 free */
	size_t slot_room;
	uint32_t *places; /* places in `seen`, item after item */
	size_t place_n, place_room;
};

static uint32_t *slot_of(const struct making *m, uint64_t hash)
{
	size_t i = (size_t)hash & (m->slot_room - 1);

	while (m->slots[i] && m->seen[m->slots[i] - 1].hash != hash)
		i = (i + 1) & (m->slot_room - 1);
	return &m->slots[i];
}

static void grow_slots(struct making *m)
{
	free(m->slots);
	m->slot_room = m->slot_room ? m->slot_room * 2 : 1024;
	m->slots = xcalloc(m->slot_room, sizeof(*m->slots));
	for (uint32_t i = 0; i < m->seen_n; i++)
		*slot_of(m, m->seen[i].hash) = i + 1;
}

static uint32_t see_term(struct making *m, const struct term *t)
{
	uint32_t *slot;

	if ((size_t)m->seen_n * 2 >= m->slot_room)
		grow_slots(m);
	slot = slot_of(m, t->hash);
	if (!*slot) {
		ARRAY_GROW(m->seen, m->seen_n, m->seen_room, 1024);
		m->seen[m->seen_n++] = (struct seen_term){ .hash = t->hash, .kind = t->kind };
		*slot = m->seen_n;
	}
	m->seen[*slot - 1].count++;
	return *slot - 1;
}

/* Items up to this one have a start. */
static void reach_item(struct making *m, uint32_t item)
{
	for (; m->ix->items <= item; m->ix->items++)
		m->ix->item_starts[m->ix->items] = (uint32_t)m->place_n;
}

static int add_item(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct making *m = arg;

	reach_item(m, item);
	m->records++;
	if (record->group_id.n)
		m->ix->groups[item] = (uint32_t)XXH3_64bits(record->group_id.p, record->group_id.n) | 1;
	terms_of(record, &m->terms);
	if (m->place_n + m->terms.n > m->place_room) {
		m->place_room = m->place_room ? m->place_room * 2 : 16384;
		m->places = xrealloc(m->places, m->place_room * sizeof(*m->places));
	}
	for (unsigned i = 0; i < m->terms.n; i++)
		m->places[m->place_n++] = see_term(m, &m->terms.v[i]);
	return 0;
}

static int by_count(const void *pa, const void *pb, void *arg)
{
	const struct seen_term *seen = arg, *a = &seen[*(const uint32_t *)pa], *b = &seen[*(const uint32_t *)pb];

	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return (a->hash > b->hash) - (a->hash < b->hash);
}

/* Terms that are shared get numbers by rising count; the others NONE. */
static void number_terms(struct making *m)
{
	struct similar *ix = m->ix;
	uint32_t *order = xcalloc((size_t)m->seen_n + 1, sizeof(*order));

	for (uint32_t i = 0; i < m->seen_n; i++) {
		m->seen[i].number = ID_NONE;
		if (m->seen[i].count > 1)
			order[ix->terms++] = i;
	}
	qsort_r(order, ix->terms, sizeof(*order), by_count, m->seen);
	ix->weights = xcalloc((size_t)ix->terms + 1, sizeof(*ix->weights));
	ix->kinds = xcalloc((size_t)ix->terms + 1, sizeof(*ix->kinds));
	ix->term_starts = xcalloc((size_t)ix->terms + 1, sizeof(*ix->term_starts));
	for (uint32_t t = 0; t < ix->terms; t++) {
		struct seen_term *seen = &m->seen[order[t]];

		seen->number = t;
		ix->kinds[t] = seen->kind;
		ix->weights[t] = kind_weights[seen->kind] * log(1 + (double)m->records / seen->count);
		ix->term_starts[t + 1] = ix->term_starts[t] + seen->count;
	}
	free(order);
}

static int ascending(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

/* The items' lists by the terms' numbers. */
static void list_terms(struct making *m)
{
	struct similar *ix = m->ix;
	uint32_t n = 0;

	ix->item_terms = xcalloc(m->place_n + 1, sizeof(*ix->item_terms));
	ix->item_weights = xcalloc((size_t)ix->items + 1, sizeof(*ix->item_weights));
	for (uint32_t item = 0; item < ix->items; item++) {
		uint32_t from = ix->item_starts[item], first = n;
		double sum = 0;

		for (uint32_t i = from; i < ix->item_starts[item + 1]; i++)
			if (m->seen[m->places[i]].number != ID_NONE)
				ix->item_terms[n++] = m->seen[m->places[i]].number;
		qsort(ix->item_terms + first, n - first, sizeof(*ix->item_terms), ascending);
		for (uint32_t i = first; i < n; i++)
			sum += ix->weights[ix->item_terms[i]];
		ix->item_weights[item] = sum;
		ix->item_starts[item] = first;
	}
	ix->item_starts[ix->items] = n;
}

struct ranking {
	struct similar *ix;
	uint32_t last;       /* rank that was given */
	uint32_t *term_next; /* the next free place of each term's list */
};

/* The terms' lists are in the order of names, of which those that are too long are looked at in part. */
static int rank_name(void *arg, uint32_t item)
{
	struct ranking *r = arg;
	struct similar *ix = r->ix;

	if (item >= ix->items)
		return 0;
	if (ix->ranks[item])
		return ERR_STORE_CORRUPT; /* it has a name already, and its places in the lists */
	ix->ranks[item] = ++r->last;
	for (uint32_t i = ix->item_starts[item]; i < ix->item_starts[item + 1]; i++)
		ix->term_items[r->term_next[ix->item_terms[i]]++] = item;
	return 0;
}

static int list_items(struct similar *ix, struct snap *sn)
{
	struct ranking r = { .ix = ix, .term_next = xcalloc((size_t)ix->terms + 1, sizeof(*r.term_next)) };
	int rc;

	memcpy(r.term_next, ix->term_starts, ix->terms * sizeof(*r.term_next));
	ix->term_items = xcalloc((size_t)ix->term_starts[ix->terms] + 1, sizeof(*ix->term_items));
	ix->ranks = xcalloc((size_t)ix->items + 1, sizeof(*ix->ranks));
	rc = snap_items_by_name(sn, rank_name, &r);
	free(r.term_next);
	return rc;
}

int similar_read(struct snap *sn, struct similar **ret)
{
	struct making *m = xcalloc(1, sizeof(*m));
	uint32_t items = 0;
	int rc = snap_items(sn, &items);

	m->ix = xcalloc(1, sizeof(*m->ix));
	atomic_init(&m->ix->refs, 1);
	m->ix->item_starts = xcalloc((size_t)items + 1, sizeof(*m->ix->item_starts));
	m->ix->groups = xcalloc((size_t)items + 1, sizeof(*m->ix->groups));
	if (!rc)
		rc = catalog_each(sn, add_item, m);
	if (!rc) {
		m->ix->item_starts[m->ix->items] = (uint32_t)m->place_n;
		number_terms(m);
		list_terms(m);
		rc = list_items(m->ix, sn);
	}
	if (rc)
		similar_unref(m->ix);
	else
		*ret = m->ix;
	free(m->seen);
	free(m->slots);
	free(m->places);
	free(m);
	return rc;
}

struct similar *similar_ref(struct similar *ix)
{
	atomic_fetch_add(&ix->refs, 1);
	return ix;
}

void similar_unref(struct similar *ix)
{
	if (!ix || atomic_fetch_sub(&ix->refs, 1) > 1)
		return;
	free(ix->item_starts);
	free(ix->item_terms);
	free(ix->term_starts);
	free(ix->term_items);
	free(ix->weights);
	free(ix->kinds);
	free(ix->item_weights);
	free(ix->groups);
	free(ix->ranks);
	free(ix);
}
