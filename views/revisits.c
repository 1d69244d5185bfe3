/* revisits: 0 x cell -> chances, hits */
#include "views/revisits.h"
#include "schemas/json_keys.h"
#include "views/delta.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/session_rows.h"
#include "views/view.h"

enum { COL_CHANCES, COL_HITS };

_Static_assert(REVISIT_CELLS <= DELTA_TALLIES, "they are tallied");

static uint32_t size_class(uint32_t items)
{
	return items <= 2 ? items - 1 : items <= 4 ? 2 : items <= 8 ? 3 : items <= 16 ? 4 : 5;
}

static enum revisit_last kind_of_last(const uint32_t *views, uint32_t n)
{
	if (n > 1 && views[n - 2] == views[n - 1])
		return REVISIT_SAME;
	return id_among(views, n - 1, views[n - 1]) ? REVISIT_EARLIER : REVISIT_NEW;
}

uint32_t revisit_chances(const uint32_t *views, uint32_t n, struct revisit_chance ret[REVISIT_VIEWS])
{
	uint32_t seen[REVISIT_VIEWS] = { 0 }, distinct = 0, size;
	enum revisit_last last;

	if (n == 0)
		return 0;
	if (n > REVISIT_VIEWS) {
		views += n - REVISIT_VIEWS;
		n = REVISIT_VIEWS;
	}
	for (uint32_t i = n; i-- > 0;) {
		uint32_t y = 0;

		while (y < distinct && ret[y].item != views[i])
			y++;
		if (y == distinct)
			ret[distinct++].item = views[i];
		seen[y]++;
	}
	size = size_class(distinct);
	last = kind_of_last(views, n);
	for (uint32_t y = 0; y < distinct; y++) {
		uint32_t times = seen[y] < REVISIT_SEEN ? seen[y] : REVISIT_SEEN;

		ret[y].cell = ((y * REVISIT_SEEN + times - 1) * REVISIT_ITEMS + size) * REVISIT_LAST + last;
	}
	return distinct;
}

static void revisits_apply(struct fold *f, const struct moment *m)
{
	struct revisit_chance chances[REVISIT_VIEWS];

	for (uint32_t i = 0; m->views && i < m->item_count; i++) {
		uint32_t distinct = revisit_chances(m->views->items, m->views->before + i, chances);

		for (uint32_t y = 0; y < distinct; y++) {
			fold_tally(f, TBL_REVISITS, chances[y].cell, COL_CHANCES);
			if (chances[y].item == m->items[i].item)
				fold_tally(f, TBL_REVISITS, chances[y].cell, COL_HITS);
		}
	}
}

static int take_cell(void *arg, uint64_t group, uint32_t cell, const int64_t *columns)
{
	struct revisit_counts *ret = arg;

	if (group || cell >= REVISIT_CELLS || columns[COL_HITS] < 0 || columns[COL_HITS] > columns[COL_CHANCES] ||
	    columns[COL_CHANCES] > COUNT_MAX)
		return ERR_STORE_CORRUPT;
	ret[cell] = (struct revisit_counts){ columns[COL_CHANCES], columns[COL_HITS] };
	return 0;
}

int revisits_get(struct snap *sn, struct revisit_counts ret[REVISIT_CELLS])
{
	memset(ret, 0, REVISIT_CELLS * sizeof(*ret));
	return snap_sums(sn, TBL_REVISITS, 0, UINT64_MAX, take_cell, ret);
}

/* Sizes are printed by their least number of items, occurrences of 3 and more as 3. */
static void write_row(struct json_out *j, uint32_t cell, const struct revisit_counts *c)
{
	static const int sizes[REVISIT_ITEMS] = { 1, 2, 3, 5, 9, 17 };
	static const char *const lasts[REVISIT_LAST] = { "new", "earlier", "same" };

	json_out_reset(j);
	json_out_object(j);
	key_int(j, "distance", cell / (REVISIT_SEEN * REVISIT_ITEMS * REVISIT_LAST));
	key_int(j, "seen", cell / (REVISIT_ITEMS * REVISIT_LAST) % REVISIT_SEEN + 1);
	key_int(j, "items", sizes[cell / REVISIT_LAST % REVISIT_ITEMS]);
	key_text(j, "last", lasts[cell % REVISIT_LAST]);
	key_int(j, "chances", c->chances);
	key_int(j, "hits", c->hits);
	json_out_end_object(j);
}

static int revisits_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct revisit_counts counts[REVISIT_CELLS];
	struct json_out j = { 0 };
	int rc = revisits_get(sn, counts);

	(void)filter;
	for (uint32_t cell = 0; cell < REVISIT_CELLS && !rc; cell++) {
		if (!counts[cell].chances)
			continue;
		write_row(&j, cell, &counts[cell]);
		rc = each(arg, (struct str){ j.p, (uint32_t)j.n });
	}
	json_out_fini(&j);
	return rc;
}

const struct view view_revisits = {
	.name = "revisits",
	.version = 1,
	.meaning = "how often people go back to what they have seen in a session, by where and how it stands there",
	.tables = TABLE_BIT(TBL_REVISITS),
	.apply = revisits_apply,
	.rows = revisits_rows,
};
