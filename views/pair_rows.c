#include "views/pair_rows.h"
#include "schemas/json_keys.h"
#include "views/ids.h"
#include "views/pairs.h"

static uint64_t group_of(int64_t epoch, uint32_t item)
{
	return (uint64_t)epoch << 32 | item;
}

int64_t pair_oldest_epoch(int64_t watermark_ms)
{
	return oldest_bucket(watermark_ms, MS_PER_EPOCH, PAIR_EPOCHS);
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

int pair_expire(struct store_txn *t, enum table_id id, int64_t watermark_ms, size_t rows_max)
{
	return store_drop_groups(t, id, 0, group_of(pair_oldest_epoch(watermark_ms), 0), rows_max);
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

	if (columns[0] < 0)
		return ERR_STORE_CORRUPT;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "itemId", snap_item_name(p->sn, (uint32_t)group));
	key_str(j, "with", snap_item_name(p->sn, member));
	key_int(j, "epoch", (int64_t)(group >> 32));
	key_int(j, "count", columns[0]);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

int pair_rows(struct snap *sn, enum table_id id, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int64_t watermark, first, last;
	uint32_t item = ID_NONE;
	int rc = snap_watermark(sn, &watermark);

	if (rc || watermark == TIME_NONE)
		return rc;
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

static uint32_t drop_below(struct snap_counts *list, uint32_t count_min)
{
	uint32_t largest = 0;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct snap_count c = list->v[i];

		list->v[n] = c;
		n += c.count >= count_min;
		largest = c.count > largest ? c.count : largest;
	}
	list->n = n;
	return largest;
}

/* Largest count first, a byte of the count at a time; equal counts stay by ascending member. */
static void sort_by_count(struct snap_counts *list, uint32_t largest)
{
	struct snap_count *to;

	for (unsigned shift = 0; shift < 32 && largest >> shift; shift += 8) {
		const struct snap_count *v = list->v;
		size_t at[257] = { 0 };

		to = snap_counts_spare(list);
		for (size_t i = 0; i < list->n; i++)
			at[256 - (v[i].count >> shift & 0xff)]++;
		for (size_t i = 1; i < ARRAY_SIZE(at); i++)
			at[i] += at[i - 1];
		for (size_t i = 0; i < list->n; i++)
			to[at[255 - (v[i].count >> shift & 0xff)]++] = v[i];
		snap_counts_swap(list);
	}
}

void pairs_order(struct snap_counts *list, uint32_t count_min)
{
	sort_by_count(list, drop_below(list, count_min));
}

/* How many have each count, the last: that one or more. */
#define TOLD 2048

static void tell_counts(const struct snap_counts *list, uint32_t ret[TOLD])
{
	memset(ret, 0, TOLD * sizeof(*ret));
	for (size_t i = 0; i < list->n; i++)
		ret[list->v[i].count < TOLD ? list->v[i].count : TOLD - 1]++;
}

/* The count of the one at this place, as far as it is told; *above have more. */
static uint32_t count_at(const uint32_t told[TOLD], size_t place, size_t *above)
{
	uint32_t count = TOLD - 1;

	for (*above = 0; count > 0 && *above + told[count] <= place; count--)
		*above += told[count];
	return count;
}

uint32_t pairs_count_at(const struct snap_counts *list, size_t place)
{
	uint32_t told[TOLD];
	size_t above;

	tell_counts(list, told);
	return count_at(told, place, &above);
}

void pairs_best(struct snap_counts *list, uint32_t count_min, size_t most)
{
	uint32_t told[TOLD], least;
	size_t above, of_least, n = 0;

	if (list->n > most) {
		tell_counts(list, told);
		least = count_at(told, most - 1, &above);
		of_least = least < TOLD - 1 ? most - above : SIZE_MAX;
		for (size_t i = 0; i < list->n && least >= count_min; i++) {
			struct snap_count c = list->v[i];
			bool is_least = c.count == least, taken = c.count > least || (is_least && of_least > 0);

			list->v[n] = c;
			n += taken;
			of_least -= taken && is_least;
		}
		list->n = least >= count_min ? n : list->n;
	}
	pairs_order(list, count_min);
	if (list->n > most)
		list->n = most;
}

int pairs_part(struct snap *sn, enum snap_part part, enum pair_view which, uint32_t item, struct snap_counts *ret)
{
	int64_t watermark, last;
	int rc = snap_watermark(sn, &watermark);

	ret->n = 0;
	if (rc || watermark == TIME_NONE)
		return rc;
	last = time_bucket(watermark, MS_PER_EPOCH);
	for (int64_t epoch = pair_oldest_epoch(watermark); epoch <= last && !rc; epoch++)
		rc = snap_add_group(sn, part, pair_tables[which], group_of(epoch, item), ret);
	return rc;
}

int pairs_get(struct snap *sn, enum pair_view which, uint32_t item, uint32_t count_min, struct snap_counts *ret)
{
	int rc = pairs_part(sn, PART_ALL, which, item, ret);

	pairs_order(ret, count_min);
	return rc;
}

int pairs_mark(struct snap *sn, enum pair_view which, uint32_t item, struct pairs_mark *ret)
{
	int64_t watermark, last, first;
	int rc = snap_watermark(sn, &watermark);

	*ret = (struct pairs_mark){ 0 };
	if (rc || watermark == TIME_NONE)
		return rc;
	first = pair_oldest_epoch(watermark);
	last = time_bucket(watermark, MS_PER_EPOCH);
	ret->base = snap_base_version(sn) * 31 + (uint64_t)last;
	for (int64_t epoch = first; epoch <= last && !rc; epoch++)
		rc = snap_mark_group(sn, pair_tables[which], group_of(epoch, item), &ret->young);
	return rc;
}
