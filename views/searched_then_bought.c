/* searched-then-bought: (epoch, query) x item -> clicks, orders; and who used a query, until enough have */
#include "schemas/json_keys.h"
#include "views/ids.h"
#include "views/keys.h"
#include "views/pair_rows.h"
#include "views/searches.h"

#include <stdlib.h>

enum { COL_CLICKS, COL_ORDERS };

static uint64_t group_of(int64_t epoch, uint32_t query)
{
	return (uint64_t)epoch << 32 | query;
}

static void note_actor(struct fold *f, uint32_t query, uint32_t actor)
{
	uint32_t actors[SEARCH_ACTORS_MIN];
	unsigned char be[4];
	struct str key = id_key(query, be), row = fold_get(f, TBL_QUERY_ACTORS, key);
	uint32_t n = row.n / sizeof(*actors);

	if (row.n % sizeof(*actors) || n > SEARCH_ACTORS_MIN) {
		fold_damaged(f);
		return;
	}
	if (n == SEARCH_ACTORS_MIN)
		return;
	if (row.n)
		memcpy(actors, row.p, row.n);
	for (uint32_t i = 0; i < n; i++)
		if (actors[i] == actor)
			return;
	actors[n++] = actor;
	fold_put(f, TBL_QUERY_ACTORS, key, actors, n * sizeof(*actors));
}

static void searched_then_bought_apply(struct fold *f, const struct moment *m)
{
	uint64_t group = group_of(time_bucket(m->t_ms, MS_PER_EPOCH), m->query);

	if (m->query == ID_NONE)
		return;
	if (m->ev->type == EVENT_SEARCH)
		note_actor(f, m->query, m->actor);
	for (uint32_t i = 0; i < m->item_count; i++) {
		const struct moment_item *mi = &m->items[i];

		if (mi->first_found)
			fold_add(f, TBL_SEARCHED_THEN_BOUGHT, group, mi->item, COL_CLICKS, 1);
		if (mi->first_in_order)
			fold_add(f, TBL_SEARCHED_THEN_BOUGHT, group, mi->item, COL_ORDERS, 1);
	}
}

static int searched_then_bought_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return pair_expire(t, TBL_SEARCHED_THEN_BOUGHT, watermark_ms, rows_max);
}

/* ---- reading ---- */

static bool good(const int64_t *columns)
{
	return columns[COL_CLICKS] >= 0 && columns[COL_CLICKS] <= COUNT_MAX && columns[COL_ORDERS] >= 0 &&
	       columns[COL_ORDERS] <= COUNT_MAX;
}

/* Have enough actors used it? */
static int may_tell(struct snap *sn, uint32_t query, bool *ret)
{
	unsigned char be[4];
	struct str row;
	int rc = snap_get(sn, TBL_QUERY_ACTORS, id_key(query, be), &row);

	*ret = !rc && row.n == SEARCH_ACTORS_MIN * sizeof(uint32_t);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

void search_items_fini(struct search_items *list)
{
	free(list->v);
	*list = (struct search_items){ 0 };
}

static uint32_t cut(int64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static int take_item(void *arg, uint64_t group, uint32_t item, const int64_t *columns)
{
	struct search_items *list = arg;

	(void)group;
	if (!good(columns))
		return ERR_STORE_CORRUPT;
	ARRAY_GROW(list->v, list->n, list->room, 64);
	list->v[list->n++] = (struct search_item){ item, cut(columns[COL_CLICKS]), cut(columns[COL_ORDERS]) };
	return 0;
}

static int by_item(const void *pa, const void *pb)
{
	const struct search_item *a = pa, *b = pb;

	return a->item < b->item ? -1 : a->item > b->item;
}

/* Those of all epochs, one an item. */
static void add_up(struct search_items *list)
{
	size_t n = 0;

	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_item);
	for (size_t i = 0; i < list->n; i++) {
		struct search_item it = list->v[i], *last = n ? &list->v[n - 1] : NULL;

		if (last && last->item == it.item) {
			last->clicks = cut((int64_t)last->clicks + it.clicks);
			last->orders = cut((int64_t)last->orders + it.orders);
		} else {
			list->v[n++] = it;
		}
	}
	list->n = n;
}

int search_items_get(struct snap *sn, struct str query, struct search_items *ret)
{
	char text[SEARCH_QUERY_MAX];
	uint32_t n = search_normalise(query, text), id = n ? snap_query(sn, (struct str){ text, n }) : ID_NONE;
	int64_t watermark;
	bool tell = false;
	int rc = snap_watermark(sn, &watermark);

	ret->n = 0;
	if (!rc && id != ID_NONE)
		rc = may_tell(sn, id, &tell);
	if (rc || !tell || watermark == TIME_NONE)
		return rc;
	for (int64_t epoch = pair_oldest_epoch(watermark); epoch <= time_bucket(watermark, MS_PER_EPOCH) && !rc;
	     epoch++)
		rc = snap_sums(sn, TBL_SEARCHED_THEN_BOUGHT, group_of(epoch, id), group_of(epoch, id), take_item, ret);
	add_up(ret);
	return rc;
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t item;  /* ID_NONE: all */
	uint32_t query; /* the one looked at last */
	bool tell;      /* it */
	view_row each;
	void *arg;
};

static int print_row(void *arg, uint64_t group, uint32_t item, const int64_t *columns)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;
	int rc = 0;

	if (!good(columns))
		return ERR_STORE_CORRUPT;
	if (p->query != (uint32_t)group)
		rc = may_tell(p->sn, (uint32_t)group, &p->tell);
	p->query = (uint32_t)group;
	if (rc || !p->tell || (p->item != ID_NONE && p->item != item))
		return rc;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "query", snap_query_name(p->sn, p->query));
	key_str(j, "itemId", snap_item_name(p->sn, item));
	key_int(j, "epoch", (int64_t)(group >> 32));
	key_int(j, "clicks", columns[COL_CLICKS]);
	key_int(j, "orders", columns[COL_ORDERS]);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int searched_then_bought_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .item = ID_NONE, .query = ID_NONE, .each = each, .arg = arg };
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (rc || watermark == TIME_NONE)
		return rc;
	if (filter->item.n && (p.item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	rc = snap_sums(sn, TBL_SEARCHED_THEN_BOUGHT, group_of(pair_oldest_epoch(watermark), 0),
		       group_of(time_bucket(watermark, MS_PER_EPOCH), UINT32_MAX), print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_searched_then_bought = {
	.name = "searched-then-bought",
	.version = 1,
	.meaning = "what is viewed and bought after a search, once 5 actors have used its query",
	.tables = TABLE_BIT(TBL_QUERY_ACTORS) | TABLE_BIT(TBL_SEARCHED_THEN_BOUGHT),
	.apply = searched_then_bought_apply,
	.expire = searched_then_bought_expire,
	.rows = searched_then_bought_rows,
	.by = VIEW_BY_ITEM,
};
