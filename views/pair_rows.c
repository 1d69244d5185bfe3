#include "views/pair_rows.h"
#include "schemas/json_out.h"
#include "views/ids.h"
#include "views/pairs.h"

#include <stdlib.h>

#define ROWS_DROPPED_A_COMMIT 500

static uint64_t group_of(int64_t epoch, uint32_t item)
{
	return (uint64_t)epoch << 32 | item;
}

int64_t pair_oldest_epoch(int64_t watermark_ms)
{
	int64_t oldest = time_bucket(watermark_ms, MS_PER_EPOCH) - PAIR_EPOCHS + 1;

	return oldest > 0 ? oldest : 0;
}

void pair_count(struct fold *f, enum table_id id, const struct moment *m, uint32_t item, uint32_t other)
{
	fold_add(f, id, group_of(time_bucket(m->t_ms, MS_PER_EPOCH), item), other, 0, 1);
}

void pair_count_both(struct fold *f, enum table_id id, const struct moment *m, uint32_t item, struct others others)
{
	for (uint32_t i = 0; i < others.n; i++) {
		uint32_t other = m->others[others.at + i];

		pair_count(f, id, m, item, other);
		pair_count(f, id, m, other, item);
	}
}

int pair_expire(struct store_txn *t, enum table_id id, int64_t watermark_ms)
{
	return store_drop_groups(t, id, 0, group_of(pair_oldest_epoch(watermark_ms), 0), ROWS_DROPPED_A_COMMIT);
}

struct printing {
	struct json_out out;
	struct snap *sn;
	view_row each;
	void *arg;
};

static int print_row(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "itemId");
	json_out_str(j, snap_item_name(p->sn, (uint32_t)group));
	json_out_key(j, "with");
	json_out_str(j, snap_item_name(p->sn, member));
	json_out_key(j, "epoch");
	json_out_int(j, (int64_t)(group >> 32));
	json_out_key(j, "count");
	json_out_int(j, columns[0]);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

int pair_rows(struct snap *sn, enum table_id id, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int64_t watermark = snap_watermark(sn), first, last;
	uint32_t item = ID_NONE;
	int rc = 0;

	if (watermark == TIME_NONE)
		return 0;
	first = pair_oldest_epoch(watermark);
	last = time_bucket(watermark, MS_PER_EPOCH);
	if (filter->item.n) {
		item = snap_item(sn, filter->item);
		if (item == ID_NONE)
			return 0;
		for (int64_t epoch = first; epoch <= last && !rc; epoch++)
			rc = snap_sums(sn, id, group_of(epoch, item), group_of(epoch, item), print_row, &p);
	} else {
		rc = snap_sums(sn, id, group_of(first, 0), group_of(last, UINT32_MAX), print_row, &p);
	}
	json_out_fini(&p.out);
	return rc;
}

/* ---- the neighbours of one item ---- */

static const enum table_id pair_tables[] = {
	[PAIR_BOUGHT_TOGETHER] = TBL_BOUGHT_TOGETHER,
	[PAIR_ALSO_BOUGHT] = TBL_ALSO_BOUGHT,
	[PAIR_ALSO_VIEWED] = TBL_ALSO_VIEWED,
	[PAIR_VIEWED_THEN_BOUGHT] = TBL_VIEWED_THEN_BOUGHT,
};

void neighbours_fini(struct neighbours *list)
{
	free(list->v);
	free(list->spare);
	*list = (struct neighbours){ 0 };
}

static int collect(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	struct neighbours *list = arg;

	(void)group;
	if (list->n == list->room) {
		list->room = list->room ? list->room * 2 : 256;
		list->v = xrealloc(list->v, list->room * sizeof(*list->v));
		list->spare = xrealloc(list->spare, list->room * sizeof(*list->spare));
	}
	list->v[list->n++] = (struct neighbour){ member, (uint32_t)columns[0] };
	return 0;
}

static void swap_spare(struct neighbours *list)
{
	struct neighbour *v = list->v;

	list->v = list->spare;
	list->spare = v;
}

/* v[0..middle) and v[middle..n) are sorted by item: merge them, counts of one item added. */
static void merge_runs(struct neighbours *list, size_t middle)
{
	size_t a = 0, b = middle, n = 0;

	if (middle == 0 || middle == list->n)
		return;
	while (a < middle || b < list->n) {
		if (b == list->n || (a < middle && list->v[a].item < list->v[b].item)) {
			list->spare[n++] = list->v[a++];
		} else if (a == middle || list->v[b].item < list->v[a].item) {
			list->spare[n++] = list->v[b++];
		} else {
			list->spare[n] = list->v[a++];
			list->spare[n++].count += list->v[b++].count;
		}
	}
	list->n = n;
	swap_spare(list);
}

/* Largest count first, a byte of the count at a time; equal counts stay by ascending item. */
static void sort_by_count(struct neighbours *list)
{
	uint32_t largest = 0;

	for (size_t i = 0; i < list->n; i++)
		largest = list->v[i].count > largest ? list->v[i].count : largest;
	for (unsigned shift = 0; shift < 32 && largest >> shift; shift += 8) {
		size_t at[257] = { 0 };

		for (size_t i = 0; i < list->n; i++)
			at[256 - (list->v[i].count >> shift & 0xff)]++;
		for (size_t i = 1; i < ARRAY_SIZE(at); i++)
			at[i] += at[i - 1];
		for (size_t i = 0; i < list->n; i++)
			list->spare[at[255 - (list->v[i].count >> shift & 0xff)]++] = list->v[i];
		swap_spare(list);
	}
}

int pairs_get(struct snap *sn, enum pair_view which, uint32_t item, struct neighbours *ret)
{
	int64_t watermark = snap_watermark(sn), last;
	int rc = 0;

	ret->n = 0;
	if (watermark == TIME_NONE)
		return 0;
	last = time_bucket(watermark, MS_PER_EPOCH);
	for (int64_t epoch = pair_oldest_epoch(watermark); epoch <= last && !rc; epoch++) {
		size_t middle = ret->n;

		rc = snap_sums(sn, pair_tables[which], group_of(epoch, item), group_of(epoch, item), collect, ret);
		merge_runs(ret, middle);
	}
	sort_by_count(ret);
	return rc;
}
