/*
 * history: actor -> head, then one entry an event in the order of arrival:
 *   entry head, eventId, sessionId, orderId, lines
 * Entries are a set; what counts is worked out by sorting them by (t, eventId, arrival). A row is compacted when it
 * has grown well beyond what it must keep, so that most events only append.
 */
#include "views/history.h"
#include "schemas/json_out.h"
#include "views/history_rows.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/keys.h"
#include "views/view.h"

#include <assert.h>
#include <stdlib.h>

#define COMPACT_ENTRIES 64 /* entries beyond what was kept last time */
#define COMPACT_BYTES 8192

struct history_head {
	uint16_t entries, kept; /* kept: entries after the last compaction */
	uint32_t kept_bytes;
};

struct entry_head {
	int64_t t_ms;
	uint16_t bytes; /* of the whole entry */
	uint16_t lines;
	uint8_t type, event_id, session_id, order_id; /* lengths of the ids */
};

struct entry_line {
	int64_t price_micros;
	uint32_t item;
	uint16_t quantity;
	uint16_t has_price;
};

/* An entry while its row is looked at. */
struct entry {
	struct entry_head h;
	struct str event_id;
	const unsigned char *p;
	uint32_t arrival;
};

#define ENTRIES_MAX (2 * HISTORY_MAX + 2 * COMPACT_ENTRIES)

static const unsigned char *entry_at(const unsigned char *p, uint32_t arrival, struct entry *ret)
{
	memcpy(&ret->h, p, sizeof(ret->h));
	ret->p = p;
	ret->event_id = (struct str){ (const char *)p + sizeof(ret->h), ret->h.event_id };
	ret->arrival = arrival;
	return p + ret->h.bytes;
}

/* All entries of a row; false when the bytes are damaged. */
static bool entries_of(struct str row, struct entry *ret, uint32_t *n)
{
	const unsigned char *p = (const unsigned char *)row.p, *end = p + row.n;
	struct history_head head;

	*n = 0;
	if (row.n == 0)
		return true;
	if (row.n < sizeof(head))
		return false;
	memcpy(&head, p, sizeof(head));
	p += sizeof(head);
	for (; *n < head.entries && *n < ENTRIES_MAX; (*n)++) {
		if ((size_t)(end - p) < sizeof(struct entry_head))
			return false;
		p = entry_at(p, *n, &ret[*n]);
		if (p > end)
			return false;
	}
	return p == end;
}

/* Newest first. */
static int newest_first(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int c;

	if (a->h.t_ms != b->h.t_ms)
		return a->h.t_ms > b->h.t_ms ? -1 : 1;
	c = str_cmp(b->event_id, a->event_id);
	return c ? c : a->arrival > b->arrival ? -1 : a->arrival < b->arrival;
}

/* Is it among the HISTORY_MAX newest of the row? */
static bool in_window(const struct entry *of, const unsigned char *first, uint32_t n)
{
	uint32_t newer = 0;
	struct entry e;

	if (n <= HISTORY_MAX)
		return true;
	for (uint32_t i = 0; i < n; i++) {
		first = entry_at(first, i, &e);
		newer += newest_first(&e, of) < 0;
	}
	return newer < HISTORY_MAX;
}

static bool is_duplicate(const unsigned char *row, struct str event_id)
{
	struct history_head head;
	const unsigned char *first = row + sizeof(head), *p = first;
	struct entry e;

	memcpy(&head, row, sizeof(head));
	for (uint32_t i = 0; i < head.entries; i++) {
		p = entry_at(p, i, &e);
		if (e.event_id.n == event_id.n && memcmp(e.event_id.p, event_id.p, event_id.n) == 0 &&
		    in_window(&e, first, head.entries))
			return true;
	}
	return false;
}

/* Rewrite the row with what must be kept, oldest first; returns its new length. */
static size_t compact(unsigned char *row, size_t n)
{
	struct entry entries[ENTRIES_MAX];
	uint32_t count, kept = 0, rows = 0;
	unsigned char *copy = xmalloc(n), *out = row + sizeof(struct history_head);
	struct history_head head = { 0 };
	bool whole;

	memcpy(copy, row, n);
	whole = entries_of((struct str){ (char *)copy, (uint32_t)n }, entries, &count);
	assert(whole);
	qsort(entries, count, sizeof(entries[0]), newest_first);
	for (uint32_t i = 0; i < count; i++) {
		if (i < HISTORY_MAX || (entries[i].h.lines && rows < HISTORY_MAX))
			entries[kept++] = entries[i];
		rows += entries[i].h.lines;
	}
	for (uint32_t i = kept; i-- > 0;) {
		memcpy(out, entries[i].p, entries[i].h.bytes);
		out += entries[i].h.bytes;
	}
	n = (size_t)(out - row);
	head = (struct history_head){ (uint16_t)kept, (uint16_t)kept, (uint32_t)n };
	memcpy(row, &head, sizeof(head));
	free(copy);
	return n;
}

static unsigned char *put_id(unsigned char *p, struct str id)
{
	if (id.n)
		memcpy(p, id.p, id.n);
	return p + id.n;
}

/* The last HISTORY_MAX lines of an event are what a history may show. */
static uint32_t first_line(const struct event *ev)
{
	if (ev->type == EVENT_IMPRESSION)
		return ev->item_count;
	return ev->item_count > HISTORY_MAX ? ev->item_count - HISTORY_MAX : 0;
}

static size_t entry_bytes(const struct event *ev)
{
	return sizeof(struct entry_head) + ev->event_id.n + ev->session_id.n + ev->order_id.n +
	       (ev->item_count - first_line(ev)) * sizeof(struct entry_line);
}

static void write_entry(struct fold *f, unsigned char *p, const struct event *ev)
{
	uint32_t from = first_line(ev);
	struct entry_head h = { .t_ms = ev->t_ms,
				.bytes = (uint16_t)entry_bytes(ev),
				.lines = (uint16_t)(ev->item_count - from),
				.type = (uint8_t)ev->type,
				.event_id = (uint8_t)ev->event_id.n,
				.session_id = (uint8_t)ev->session_id.n,
				.order_id = (uint8_t)ev->order_id.n };

	memcpy(p, &h, sizeof(h));
	p = put_id(p + sizeof(h), ev->event_id);
	p = put_id(p, ev->session_id);
	p = put_id(p, ev->order_id);
	for (uint32_t i = from; i < ev->item_count; i++, p += sizeof(struct entry_line)) {
		const struct event_item *it = &ev->items[i];
		struct entry_line line = { it->price_micros, fold_item(f, it->id), (uint16_t)it->quantity,
					   it->has_price };

		memcpy(p, &line, sizeof(line));
	}
}

bool history_remember(struct fold *f, uint32_t actor, const struct event *ev)
{
	unsigned char be[4], *row;
	struct str key = id_key(actor, be), now = fold_get(f, TBL_HISTORY, key);
	struct history_head head = { 0 };
	size_t n, bytes = entry_bytes(ev);

	if (now.n && ev->event_id.n && is_duplicate((const unsigned char *)now.p, ev->event_id))
		return false;
	row = fold_edit(f, TBL_HISTORY, key, bytes + sizeof(head), &n);
	if (n == 0)
		n = sizeof(head);
	else
		memcpy(&head, row, sizeof(head));
	write_entry(f, row + n, ev);
	n += bytes;
	head.entries++;
	memcpy(row, &head, sizeof(head));
	if (head.entries >= (head.kept > HISTORY_MAX ? head.kept : HISTORY_MAX) + COMPACT_ENTRIES ||
	    (head.entries > 1 && n > 2 * (size_t)head.kept_bytes + COMPACT_BYTES))
		n = compact(row, n);
	fold_edited(f, TBL_HISTORY, key, n);
	return true;
}

/* ---- reading ---- */

static uint32_t lines_of(const struct entry *e, struct history_row *ret, uint32_t room)
{
	const char *p = (const char *)e->p + sizeof(e->h) + e->h.event_id;
	struct str session = { p, e->h.session_id }, order = { p + e->h.session_id, e->h.order_id };
	const char *lines = order.p + order.n;
	uint32_t n = 0;

	for (uint32_t i = e->h.lines; i-- > 0 && n < room;) {
		struct entry_line line;

		memcpy(&line, lines + i * sizeof(line), sizeof(line));
		ret[n++] = (struct history_row){ .type = (enum event_type)e->h.type,
						 .item = line.item,
						 .t_ms = e->h.t_ms,
						 .quantity = line.quantity,
						 .has_price = line.has_price,
						 .price_micros = line.price_micros,
						 .event_id = e->event_id,
						 .session_id = session,
						 .order_id = order };
	}
	return n;
}

static int rows_of(struct str row, struct history_row *ret)
{
	struct entry entries[ENTRIES_MAX];
	uint32_t count, n = 0;

	if (!entries_of(row, entries, &count))
		return ERR_STORE_CORRUPT;
	qsort(entries, count, sizeof(entries[0]), newest_first);
	for (uint32_t i = 0; i < count && n < HISTORY_MAX; i++)
		n += lines_of(&entries[i], ret + n, HISTORY_MAX - n);
	return (int)n;
}

int history_get(struct snap *sn, uint32_t actor, struct history_row *ret)
{
	unsigned char be[4];
	struct str row;
	int rc = snap_get(sn, TBL_HISTORY, id_key(actor, be), &row);

	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	return rows_of(row, ret);
}

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t item;
	view_row each;
	void *arg;
};

static void print_id(struct json_out *j, const char *name, struct str id)
{
	if (id.n) {
		json_out_key(j, name);
		json_out_str(j, id);
	}
}

/* actor_hex NULL: without the actor */
static void write_row(struct printing *p, const char *actor_hex, const struct history_row *r)
{
	struct json_out *j = &p->out;

	json_out_object(j);
	if (actor_hex) {
		json_out_key(j, "actor");
		json_out_text(j, actor_hex);
	}
	json_out_key(j, "type");
	json_out_text(j, event_type_name(r->type));
	json_out_key(j, "itemId");
	json_out_str(j, snap_item_name(p->sn, r->item));
	json_out_key(j, "t");
	json_out_int(j, r->t_ms);
	print_id(j, "sessionId", r->session_id);
	print_id(j, "orderId", r->order_id);
	json_out_key(j, "quantity");
	json_out_int(j, r->quantity);
	if (r->has_price) {
		json_out_key(j, "price");
		json_out_micros(j, r->price_micros);
	}
	json_out_end_object(j);
}

static int print_one(struct printing *p, const char *actor_hex, const struct history_row *r)
{
	json_out_reset(&p->out);
	write_row(p, actor_hex, r);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int print_row(void *arg, struct str key, struct str value)
{
	struct history_row rows[HISTORY_MAX];
	struct printing *p = arg;
	char hex[ACTOR_HASH_HEX];
	int n = rows_of(value, rows), rc = 0;

	if (n < 0 || key.n != 4)
		return ERR_STORE_CORRUPT;
	snap_actor_hex(p->sn, get_be32(key.p), hex);
	for (int i = 0; i < n && !rc; i++)
		if (p->item == ID_NONE || rows[i].item == p->item)
			rc = print_one(p, hex, &rows[i]);
	return rc;
}

static int history_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .item = ID_NONE, .each = each, .arg = arg };
	uint32_t actors[PERSON_ACTORS_MAX];
	int rc = 0, n;

	if (filter->item.n && (p.item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	if (filter->user.n) {
		n = person_actors(sn, filter->user, filter->user, actors);
		for (int i = 0; i < n && rc == 0; i++) {
			unsigned char be[4];

			rc = snap_each(sn, TBL_HISTORY, id_key(actors[i], be), print_row, &p);
		}
		rc = n < 0 ? n : rc;
	} else {
		rc = snap_each(sn, TBL_HISTORY, (struct str){ NULL, 0 }, print_row, &p);
	}
	json_out_fini(&p.out);
	return rc;
}

/* All rows of an actor as one text without its hash. */
static int print_actor(void *arg, struct str key, struct str value)
{
	struct history_row rows[HISTORY_MAX];
	struct printing *p = arg;
	int n = rows_of(value, rows);

	(void)key;
	if (n <= 0)
		return n;
	json_out_reset(&p->out);
	json_out_array(&p->out);
	for (int i = 0; i < n; i++)
		write_row(p, NULL, &rows[i]);
	json_out_end_array(&p->out);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int history_digest_rows(struct snap *sn, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int rc = snap_each(sn, TBL_HISTORY, (struct str){ NULL, 0 }, print_actor, &p);

	json_out_fini(&p.out);
	return rc;
}

const struct view view_history = {
	.name = "history",
	.version = 1,
	.meaning = "what each actor did: its last 256 item rows",
	.rows = history_rows,
	.digest_rows = history_digest_rows,
};
