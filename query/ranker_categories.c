#include "query/ranker_internal.h"
#include "views/catalog.h"
#include "views/ids.h"

#include <stdlib.h>
#include <xxhash.h>

struct reading {
	struct categories *c;
	uint32_t names_room, lists_n, lists_room;
	int64_t now_ms;
	const struct calendar *calendar;
};

static uint32_t *slot_of(const struct categories *c, struct str name)
{
	size_t i = (size_t)XXH3_64bits(name.p, name.n) & (c->slot_room - 1);

	while (c->slots[i] && !str_eq(c->names[c->slots[i] - 1], name))
		i = (i + 1) & (c->slot_room - 1);
	return &c->slots[i];
}

uint32_t categories_find(const struct categories *c, struct str name)
{
	return c->n ? *slot_of(c, name) : 0;
}

bool categories_have(const struct categories *c, uint32_t item, uint32_t category)
{
	if (!category || item >= c->items)
		return false;
	for (uint32_t k = c->starts[item]; k < c->starts[item + 1]; k++)
		if (c->lists[k] == category)
			return true;
	return false;
}

static void grow_slots(struct categories *c)
{
	free(c->slots);
	c->slot_room = c->slot_room ? c->slot_room * 2 : 64;
	c->slots = xcalloc(c->slot_room, sizeof(*c->slots));
	for (uint32_t i = 0; i < c->n; i++)
		*slot_of(c, c->names[i]) = i + 1;
}

static uint32_t find_or_add(struct reading *r, struct str name)
{
	struct categories *c = r->c;
	uint32_t *slot;

	if (c->n * 2 >= c->slot_room)
		grow_slots(c);
	slot = slot_of(c, name);
	if (*slot || c->n == RANK_CATEGORIES_MAX)
		return *slot;
	ARRAY_GROW(c->names, c->n, r->names_room, 64);
	c->names[c->n++] = (struct str){ xstrndup(name.p, name.n), name.n };
	return *slot = c->n;
}

/* Items up to this one have a start. */
static void reach_item(struct reading *r, uint32_t item)
{
	struct categories *c = r->c;

	for (; c->items <= item; c->items++) {
		c->starts[c->items] = r->lists_n;
		c->facts[c->items] = (struct item_facts){ .available_from_ms = TIME_ABSENT };
	}
}

static void add_list(struct reading *r, uint32_t item, uint32_t list)
{
	struct categories *c = r->c;

	if (!list)
		return;
	for (uint32_t i = c->starts[item]; i < r->lists_n; i++)
		if (c->lists[i] == list)
			return;
	ARRAY_GROW(c->lists, r->lists_n, r->lists_room, 1024);
	c->lists[r->lists_n++] = list;
}

/* The first moment after now counts. */
static void note_moment(struct reading *r, int64_t t_ms)
{
	if (t_ms != TIME_ABSENT && t_ms > r->now_ms && t_ms < r->c->until_ms)
		r->c->until_ms = t_ms;
}

static struct item_facts facts_of(const struct reading *r, const struct catalog_item *record)
{
	struct item_facts f = { .available_from_ms = record->available_from_ms };

	if (record->rating_micros != PRICE_ABSENT) {
		f.rating_micros = record->rating_micros;
		f.rating_count = record->rating_count < 0 ? 1 : (uint32_t)record->rating_count;
	}
	for (uint32_t i = 0; i < record->seasons.n; i++)
		f.seasons |= calendar_named(r->calendar, record->seasons.v[i]);
	return f;
}

static int note_deleted(void *arg, uint32_t item)
{
	struct reading *r = arg;

	reach_item(r, item);
	r->c->state[item] = ITEM_UNAVAILABLE;
	return 0;
}

static int add_item(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct reading *r = arg;

	reach_item(r, item);
	r->c->state[item] = catalog_item_available(record, r->now_ms) ? ITEM_AVAILABLE : ITEM_UNAVAILABLE;
	r->c->facts[item] = facts_of(r, record);
	note_moment(r, record->available_from_ms);
	note_moment(r, record->available_to_ms);
	for (uint32_t i = 0; i < record->categories.n; i++)
		for (struct str at = { 0 }; category_next(record->categories.v[i], &at);)
			add_list(r, item, find_or_add(r, at));
	return 0;
}

int categories_read(struct snap *sn, int64_t now_ms, const struct calendar *calendar, struct categories **ret)
{
	struct reading r = { .c = xcalloc(1, sizeof(*r.c)), .now_ms = now_ms, .calendar = calendar };
	uint32_t items = 0;
	int rc = snap_items(sn, &items);

	atomic_init(&r.c->refs, 1);
	r.c->until_ms = INT64_MAX;
	r.c->starts = xcalloc((size_t)items + 1, sizeof(*r.c->starts));
	r.c->state = xcalloc((size_t)items + 1, sizeof(*r.c->state));
	r.c->facts = xcalloc((size_t)items + 1, sizeof(*r.c->facts));
	if (!rc)
		rc = catalog_each_state(sn, add_item, note_deleted, &r);
	if (rc) {
		categories_unref(r.c);
		return rc;
	}
	r.c->starts[r.c->items] = r.lists_n;
	*ret = r.c;
	return 0;
}

struct categories *categories_ref(struct categories *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void categories_unref(struct categories *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	for (uint32_t i = 0; i < c->n; i++)
		free((char *)c->names[i].p);
	free(c->names);
	free(c->slots);
	free(c->starts);
	free(c->lists);
	free(c->state);
	free(c->facts);
	free(c);
}
