/* catalog: item -> 1 and the packed record, or 0 for a deleted one */
#include "views/catalog.h"
#include "schemas/json_out.h"
#include "views/catalog_json.h"
#include "views/catalog_rows.h"
#include "views/facts.h"
#include "views/ids.h"
#include "views/keys.h"
#include "views/view.h"

#include <xxhash.h>

enum { ROW_DELETED, ROW_LIVE };

void catalog_store(struct fold *f, const struct catalog_item *item, bool deleted)
{
	static __thread unsigned char packed[1 + CATALOG_PACKED_MAX];
	unsigned char be[4];
	size_t n = 0;

	packed[0] = deleted ? ROW_DELETED : ROW_LIVE;
	if (!deleted)
		n = catalog_item_pack(item, packed + 1);
	fold_put(f, TBL_CATALOG, id_key(fold_item(f, item->item_id), be), packed, n + 1);
}

static int look_up(struct snap *sn, uint32_t item, struct str *ret)
{
	unsigned char be[4];
	struct str row;
	int rc = snap_get(sn, TBL_CATALOG, id_key(item, be), &row);

	if (rc)
		return rc == ERR_NOT_FOUND ? CATALOG_UNKNOWN : rc;
	if (row.n == 0 || (unsigned char)row.p[0] > ROW_LIVE)
		return ERR_STORE_CORRUPT;
	if (row.p[0] == ROW_DELETED)
		return CATALOG_DELETED;
	*ret = (struct str){ row.p + 1, row.n - 1 };
	return CATALOG_LIVE;
}

int catalog_get_packed(struct snap *sn, uint32_t item, struct str *ret)
{
	struct item_fact *f = snap_fact(sn, TBL_CATALOG, item);
	struct str record = { NULL, 0 };
	int state;

	if (f && f->known & FACT_CATALOG) {
		*ret = f->record;
		return f->catalog_state;
	}
	state = look_up(sn, item, &record);
	if (state == CATALOG_LIVE)
		*ret = record;
	if (f && state >= 0 && snap_fact_stays(sn, (struct str){ record.p ? record.p - 1 : NULL, record.n })) {
		f->known |= FACT_CATALOG;
		f->catalog_state = (int8_t)state;
		f->record = record;
	}
	return state;
}

int catalog_get(struct snap *sn, uint32_t item, struct catalog_item *ret)
{
	struct str packed;
	int rc = catalog_get_packed(sn, item, &packed);

	if (rc != CATALOG_LIVE)
		return rc;
	rc = catalog_item_unpack(packed.p, packed.n, ret);
	if (rc)
		return rc;
	ret->item_id = snap_item_name(sn, item);
	rc = snap_failure(sn);
	return rc ? rc : CATALOG_LIVE;
}

int catalog_get_window(struct snap *sn, uint32_t item, int64_t *ret_from_ms, int64_t *ret_to_ms)
{
	struct item_fact *f = snap_fact(sn, TBL_CATALOG, item);
	struct catalog_item record;
	struct str packed;
	int rc;

	if (f && f->known & FACT_WINDOW) {
		*ret_from_ms = f->from_ms;
		*ret_to_ms = f->to_ms;
		return f->catalog_state;
	}
	rc = catalog_get_packed(sn, item, &packed);
	if (rc != CATALOG_LIVE)
		return rc;
	rc = catalog_item_unpack(packed.p, packed.n, &record);
	if (rc)
		return rc;
	*ret_from_ms = record.available_from_ms == TIME_ABSENT ? INT64_MIN : record.available_from_ms;
	*ret_to_ms = record.available_to_ms == TIME_ABSENT ? INT64_MAX : record.available_to_ms;
	if (f && f->known & FACT_CATALOG) {
		f->known |= FACT_WINDOW;
		f->from_ms = *ret_from_ms;
		f->to_ms = *ret_to_ms;
	}
	return CATALOG_LIVE;
}

struct walk {
	uint32_t items;
	catalog_row each;
	catalog_deleted deleted; /* NULL: those are passed over */
	void *arg;
	struct catalog_item item;
};

static int walk_row(void *arg, struct str key, struct str value)
{
	struct walk *w = arg;
	uint32_t item;
	int rc;

	if (key.n != 4 || value.n == 0 || (unsigned char)value.p[0] > ROW_LIVE)
		return ERR_STORE_CORRUPT;
	item = get_be32(key.p);
	if (item >= w->items)
		return ERR_STORE_CORRUPT;
	if (value.p[0] == ROW_DELETED)
		return w->deleted ? w->deleted(w->arg, item) : 0;
	rc = catalog_item_unpack(value.p + 1, value.n - 1, &w->item);
	if (rc)
		return rc;
	return w->each(w->arg, item, &w->item);
}

int catalog_each_state(struct snap *sn, catalog_row each, catalog_deleted deleted, void *arg)
{
	struct walk w = { .each = each, .deleted = deleted, .arg = arg };
	int rc = snap_items(sn, &w.items);

	return rc ? rc : snap_each(sn, TBL_CATALOG, (struct str){ NULL, 0 }, walk_row, &w);
}

int catalog_each(struct snap *sn, catalog_row each, void *arg)
{
	return catalog_each_state(sn, each, NULL, arg);
}

static int sign_row(void *arg, struct str key, struct str value)
{
	uint64_t *sum = arg;

	if (key.n != 4 || value.n == 0)
		return ERR_STORE_CORRUPT;
	*sum += XXH3_64bits_withSeed(value.p, value.n, get_be32(key.p));
	return 0;
}

int catalog_signature(struct snap *sn, uint64_t *ret)
{
	uint64_t sum = 0;
	int rc = snap_each(sn, TBL_CATALOG, (struct str){ NULL, 0 }, sign_row, &sum);

	if (!rc)
		*ret = sum;
	return rc;
}

struct printing {
	struct json_out out;
	struct snap *sn;
	struct catalog_item named;
	view_row each;
	void *arg;
};

static int print_row(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct printing *p = arg;

	p->named = *record;
	p->named.item_id = snap_item_name(p->sn, item);
	json_out_reset(&p->out);
	catalog_item_json(&p->out, &p->named);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int catalog_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int rc;

	if (filter->item.n) {
		uint32_t item = snap_item(sn, filter->item);
		struct catalog_item record;

		rc = item == ID_NONE ? CATALOG_UNKNOWN : catalog_get(sn, item, &record);
		rc = rc == CATALOG_LIVE ? print_row(&p, item, &record) : rc < 0 ? rc : 0;
	} else {
		rc = catalog_each(sn, print_row, &p);
	}
	json_out_fini(&p.out);
	return rc;
}

const struct view view_catalog = {
	.name = "catalog",
	.version = 1,
	.meaning = "the last catalogue record of each item",
	.tables = TABLE_BIT(TBL_CATALOG),
	.topic = TOPIC_CATALOG,
	.rows = catalog_rows,
	.by = VIEW_BY_ITEM,
};
