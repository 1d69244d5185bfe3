/*
 * stock: item, location -> as of, quantity, lead time, then each region it ships to as length and bytes. A deleted one
 * leaves its time, so that an older record that comes after it does not count.
 */
#include "views/stock.h"
#include "schemas/decode.h"
#include "schemas/json_keys.h"
#include "views/catalog_rows.h"
#include "views/facts.h"
#include "views/ids.h"
#include "views/keys.h"
#include "views/view.h"

struct stock_head {
	int64_t as_of_ms, quantity, lead_time_hours;
};

#define LEAD_TIME_DELETED (-2)

#define STOCK_ROW_MAX (sizeof(struct stock_head) + STOCK_SHIPS_TO_MAX * (1 + EVENT_TEXT_MAX))

/* A row's head; false when it is damaged. */
static bool head_of(struct str value, struct stock_head *ret)
{
	if (value.n < sizeof(*ret))
		return false;
	memcpy(ret, value.p, sizeof(*ret));
	return ret->quantity >= 0 && ret->quantity <= STOCK_QUANTITY_MAX;
}

void stock_store(struct fold *f, const struct stock_record *rec, bool deleted, int64_t record_ts_ms)
{
	struct stock_head before = { .as_of_ms = INT64_MIN };
	struct stock_head head = { rec->has_as_of ? rec->as_of_ms : record_ts_ms, rec->quantity, rec->lead_time_hours };
	unsigned char key_bytes[4 + STOCK_LOCATION_MAX], row[STOCK_ROW_MAX];
	struct str key = { (char *)key_bytes, 4 + rec->location.n }, old;
	size_t n = sizeof(head);

	put_be32(key_bytes, fold_item(f, rec->item_id));
	if (rec->location.n)
		memcpy(key_bytes + 4, rec->location.p, rec->location.n);
	old = fold_get(f, TBL_STOCK, key);
	if (old.n && !head_of(old, &before))
		fold_damaged(f);
	if (deleted)
		head = (struct stock_head){ record_ts_ms, 0, LEAD_TIME_DELETED };
	if (before.as_of_ms > head.as_of_ms) {
		if (!deleted)
			return;
		head.as_of_ms = before.as_of_ms;
	}
	memcpy(row, &head, sizeof(head));
	for (uint32_t i = 0; !deleted && i < rec->ships_to_count; i++) {
		row[n++] = (unsigned char)rec->ships_to[i].n;
		memcpy(row + n, rec->ships_to[i].p, rec->ships_to[i].n);
		n += rec->ships_to[i].n;
	}
	fold_put(f, TBL_STOCK, key, row, n);
}

static int add_location(void *arg, struct str key, struct str value)
{
	struct stock_level *level = arg;
	struct stock_head head;

	(void)key;
	if (!head_of(value, &head))
		return ERR_STORE_CORRUPT;
	if (head.lead_time_hours == LEAD_TIME_DELETED)
		return 0;
	level->known = true;
	level->quantity += head.quantity;
	return 0;
}

int stock_get(struct snap *sn, uint32_t item, struct stock_level *ret)
{
	struct item_fact *f = snap_fact(sn, TBL_STOCK, item);
	unsigned char be[4];
	int rc;

	if (f && f->known & FACT_STOCK) {
		*ret = f->stock;
		return 0;
	}
	*ret = (struct stock_level){ 0 };
	rc = snap_each(sn, TBL_STOCK, id_key(item, be), add_location, ret);
	if (f && !rc) {
		f->known |= FACT_STOCK;
		f->stock = *ret;
	}
	return rc;
}

struct walk {
	stock_each_row each;
	void *arg;
};

static int walk_row(void *arg, struct str key, struct str value)
{
	const struct walk *w = arg;
	struct stock_head head;

	if (!head_of(value, &head) || key.n < 4)
		return ERR_STORE_CORRUPT;
	if (head.lead_time_hours == LEAD_TIME_DELETED)
		return 0;
	return w->each(w->arg, &(struct stock_row){ get_be32(key.p),
						    { key.p + 4, key.n - 4 },
						    head.as_of_ms,
						    head.quantity,
						    head.lead_time_hours,
						    { value.p + sizeof(head), value.n - (uint32_t)sizeof(head) } });
}

int stock_each(struct snap *sn, uint32_t item, stock_each_row each, void *arg)
{
	struct walk w = { each, arg };
	struct str prefix = { NULL, 0 };
	unsigned char be[4];

	if (item != ID_NONE)
		prefix = id_key(item, be);
	return snap_each(sn, TBL_STOCK, prefix, walk_row, &w);
}

bool stock_ships_to(const struct stock_row *row, struct str region)
{
	struct str left = row->ships_to;

	while (left.n) {
		uint32_t n = (unsigned char)*left.p;
		struct str one = { left.p + 1, n };

		if (n >= left.n)
			return false;
		if (str_alike(one, region))
			return true;
		left = (struct str){ left.p + 1 + n, left.n - 1 - n };
	}
	return !row->ships_to.n;
}

struct printing {
	struct json_out out;
	struct snap *sn;
	view_row each;
	void *arg;
};

/* false when the bytes are damaged */
static bool print_ships_to(struct json_out *j, struct str packed)
{
	if (!packed.n)
		return true;
	json_out_key(j, "shipsTo");
	json_out_array(j);
	for (uint32_t at = 0, n; at < packed.n; at += n) {
		n = (unsigned char)packed.p[at++];
		if (n > packed.n - at)
			return false;
		json_out_str(j, (struct str){ packed.p + at, n });
	}
	json_out_end_array(j);
	return true;
}

static int print_row(void *arg, const struct stock_row *row)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;
	char text[32];

	json_out_reset(j);
	json_out_object(j);
	key_str(j, "itemId", snap_item_name(p->sn, row->item));
	if (row->location.n)
		key_str(j, "location", row->location);
	key_int(j, "quantity", row->quantity);
	if (!print_ships_to(j, row->ships_to))
		return ERR_STORE_CORRUPT;
	if (row->lead_time_hours >= 0)
		key_int(j, "leadTimeHours", row->lead_time_hours);
	if (row->as_of_ms >= 0) {
		format_rfc3339(row->as_of_ms, text);
		key_text(j, "asOf", text);
	}
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int stock_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	uint32_t item = ID_NONE;
	int rc;

	if (filter->item.n && (item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	rc = stock_each(sn, item, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_stock = {
	.name = "stock",
	.version = 1,
	.meaning = "the last stock record of each item and location",
	.tables = TABLE_BIT(TBL_STOCK),
	.topic = TOPIC_STOCK,
	.rows = stock_rows,
	.by = VIEW_BY_ITEM,
};
