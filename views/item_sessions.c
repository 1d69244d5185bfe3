/* item-sessions: (block of session numbers, item) x session -> it has views of the item */
#include "schemas/json_keys.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/session_rows.h"
#include "views/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void item_sessions_apply(struct fold *f, const struct moment *m)
{
	const struct session_views *v = m->views;
	uint32_t first, place;

	if (!v)
		return;
	first = v->moved ? 0 : v->before;
	place = UINT32_MAX - (uint32_t)v->number;
	for (uint32_t i = first; i < v->before + m->item_count; i++)
		if (!id_among(v->items, i, v->items[i]))
			fold_add(f, TBL_ITEM_SESSIONS, session_group(v->number, v->items[i]), place, 0, 1);
	if (first == 0) /* it began with this number */
		fold_add(f, TBL_ITEM_SESSIONS, session_group(v->number, ID_NONE), place >> SESSION_PART_BITS, 0, 1);
}

static int take_first(void *arg, struct str key, struct str value)
{
	(void)value;
	return session_number(key, arg) ? 1 : ERR_STORE_CORRUPT;
}

/* A block goes when no session has a number of it any more. */
static int item_sessions_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	uint64_t first = SESSION_NONE;
	int rc = store_each(t, TBL_SESSIONS, take_first, &first);

	(void)watermark_ms;
	return rc < 0 ? rc : store_drop_groups(t, TBL_ITEM_SESSIONS, 0, session_group(first, 0), rows_max);
}

/* ---- reading ---- */

void session_numbers_fini(struct session_numbers *s)
{
	snap_counts_fini(&s->list);
	free(s->v);
	*s = (struct session_numbers){ 0 };
}

int session_numbers_get(struct snap *sn, uint32_t item, uint64_t oldest, uint64_t newest, uint32_t max,
			struct session_numbers *ret)
{
	ret->n = 0;
	for (uint64_t block = (newest >> 32) + 1; block-- > oldest >> 32 && ret->n < max;) {
		int rc;

		ret->list.n = 0;
		rc = snap_add_first(sn, TBL_ITEM_SESSIONS, block << 32 | item, max - ret->n, &ret->list);
		if (rc)
			return rc;
		if (ret->n + ret->list.n > ret->room) {
			ret->room = (ret->n + (uint32_t)ret->list.n) * 2;
			ret->v = xrealloc(ret->v, ret->room * sizeof(*ret->v));
		}
		for (size_t i = 0; i < ret->list.n && ret->n < max; i++) {
			uint64_t number = block << 32 | (UINT32_MAX - ret->list.v[i].member);

			if (number < oldest)
				break;
			ret->v[ret->n++] = number;
		}
	}
	return 0;
}

/* ---- printing ---- */

struct seen {
	int64_t t_ms;
	uint32_t position; /* in its session, 0 the first */
	uint64_t session;
};

struct printing {
	struct json_out out;
	struct snap *sn;
	int64_t oldest_ms;
	uint64_t oldest, newest;
	struct session_numbers numbers;
	struct seen *seen;
	size_t n, room;
	bool anonymous;
	view_row each;
	void *arg;
};

static int newest_first(const void *pa, const void *pb)
{
	const struct seen *a = pa, *b = pb;

	if (a->t_ms != b->t_ms)
		return a->t_ms > b->t_ms ? -1 : 1;
	if (a->position != b->position)
		return a->position > b->position ? -1 : 1;
	return a->session > b->session ? -1 : a->session < b->session;
}

static void keep(struct printing *p, struct seen seen)
{
	ARRAY_GROW(p->seen, p->n, p->room, 64);
	p->seen[p->n++] = seen;
}

/* The views of the item that its sessions keep. */
static int gather(struct printing *p, uint32_t item, uint64_t number)
{
	int64_t times[SESSION_VIEWS_MAX];
	const unsigned char *items;
	struct session_head h;
	unsigned char be[SESSION_KEY_BYTES];
	struct str row;
	int rc = snap_get(p->sn, TBL_SESSIONS, id_key64(number, be), &row);

	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (!session_row_read(row, &h, &items, times))
		return ERR_STORE_CORRUPT;
	for (uint32_t i = 0; i < h.mark.items_n && h.mark.last_ms >= p->oldest_ms; i++)
		if (memcmp(items + i * sizeof(item), &item, sizeof(item)) == 0)
			keep(p, (struct seen){ times[i], h.views - h.mark.items_n + i, h.hash });
	return 0;
}

static void write_row(struct printing *p, uint32_t item)
{
	size_t most = snap_item_sessions_max(p->sn), n = p->n < most ? p->n : most;
	struct json_out *j = &p->out;
	char hex[17];

	json_out_reset(j);
	json_out_object(j);
	key_str(j, "itemId", snap_item_name(p->sn, item));
	json_out_key(j, "sessions");
	json_out_array(j);
	for (size_t i = 0; i < n; i++) {
		json_out_object(j);
		if (!p->anonymous) {
			snprintf(hex, sizeof(hex), "%016" PRIx64, p->seen[i].session);
			key_text(j, "session", hex);
		}
		key_int(j, "position", p->seen[i].position);
		key_int(j, "t", p->seen[i].t_ms);
		json_out_end_object(j);
	}
	json_out_end_array(j);
	json_out_end_object(j);
}

static int print_item(struct printing *p, uint32_t item)
{
	int rc = session_numbers_get(p->sn, item, p->oldest, p->newest, UINT32_MAX, &p->numbers);

	if (!rc && !snap_item_name(p->sn, item).n)
		rc = ERR_STORE_CORRUPT;
	p->n = 0;
	for (uint32_t i = 0; i < p->numbers.n && !rc; i++)
		rc = gather(p, item, p->numbers.v[i]);
	if (rc || p->n == 0)
		return rc;
	qsort(p->seen, p->n, sizeof(*p->seen), newest_first);
	write_row(p, item);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int print_rows(struct printing *p, struct str only)
{
	uint32_t first = 0, end = 0;
	struct session_state state;
	int rc = session_state_get(p->sn, &state);

	if (!rc)
		rc = snap_each(p->sn, TBL_SESSIONS, (struct str){ NULL, 0 }, take_first, &p->oldest);
	if (rc >= 0)
		rc = snap_items(p->sn, &end);
	if (rc || state.watermark_ms == TIME_NONE || p->oldest == SESSION_NONE)
		return rc;
	p->newest = state.newest;
	p->oldest_ms = state.watermark_ms - SESSION_KEEP_MS;
	if (only.n) {
		first = snap_item(p->sn, only);
		end = first == ID_NONE ? ID_NONE : first + 1;
	}
	for (uint32_t item = first; item < end && !rc; item++)
		rc = print_item(p, item);
	json_out_fini(&p->out);
	session_numbers_fini(&p->numbers);
	free(p->seen);
	return rc;
}

static int item_sessions_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = filter->anonymous, .each = each, .arg = arg };

	return print_rows(&p, filter->item);
}

const struct view view_item_sessions = {
	.name = "item-sessions",
	.version = 1,
	.meaning = "which sessions viewed an item: its newest views",
	.apply = item_sessions_apply,
	.expire = item_sessions_expire,
	.rows = item_sessions_rows,
	.by = VIEW_BY_ITEM,
};
