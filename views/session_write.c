/* Writing sessions: an event's views are added to the row, which is written anew. */
#include "views/ids.h"
#include "views/journal.h"
#include "views/session_rows.h"

#include <sodium.h>
#include <stdlib.h>

void session_views_fini(struct session_views *v)
{
	free(v->items);
	free(v->times);
	*v = (struct session_views){ 0 };
}

/* Which session it is, the same in every store with this person key: its id, or the t of its first view. */
static uint64_t hash_of(const struct fold *f, const struct event *ev)
{
	struct str actor = event_actor(ev), id = ev->session_id;
	unsigned char text[2 + EVENT_ID_MAX + 1 + EVENT_ID_MAX], hash[ACTOR_HASH_BYTES];
	unsigned char t[8];
	size_t n = 0;

	put_be64(t, (uint64_t)ev->t_ms);
	if (!id.n)
		id = (struct str){ (char *)t, sizeof(t) };
	text[n++] = ev->session_id.n ? 's' : 't';
	text[n++] = ev->user_id.n ? ACTOR_USER : ACTOR_VISITOR;
	memcpy(text + n, actor.p, actor.n);
	n += actor.n;
	text[n++] = '\0';
	memcpy(text + n, id.p, id.n);
	n += id.n;
	crypto_generichash(hash, sizeof(hash), text, n, fold_person_key(f), 32);
	return get_be64(hash);
}

static bool load(struct fold *f, uint64_t number, struct session_head *h, struct session_views *v)
{
	const unsigned char *items;
	unsigned char be[SESSION_KEY_BYTES];
	struct str row;

	if (number == SESSION_NONE)
		return false;
	row = fold_get(f, TBL_SESSIONS, id_key64(number, be));
	if (row.n == 0) /* it has ended and was dropped */
		return false;
	if (!session_row_read(row, h, &items, v->times)) {
		fold_damaged(f);
		return false;
	}
	if (mark_has_ended(&h->mark, fold_lane_watermark(f)))
		return false;
	memcpy(v->items, items, h->mark.items_n * sizeof(*v->items));
	v->before = h->mark.items_n;
	return true;
}

/* The views from the `first` on. */
static void save(struct fold *f, const struct session_head *h, uint32_t first, const struct session_views *v)
{
	unsigned char row[SESSION_ROW_MAX], be[SESSION_KEY_BYTES];
	size_t n = sizeof(*h);

	memcpy(row, h, n);
	memcpy(row + n, v->items + first, h->mark.items_n * sizeof(*v->items));
	n += h->mark.items_n * sizeof(*v->items);
	for (uint32_t i = first + h->mark.items_n - 1; i > first; i--)
		n += put_varint(row + n, zigzag(v->times[i] - v->times[i - 1]));
	fold_put(f, TBL_SESSIONS, id_key64(v->number, be), row, n);
}

static void make_room(struct session_views *v, uint32_t n)
{
	if (n <= v->room)
		return;
	v->room = n;
	v->items = xrealloc(v->items, n * sizeof(*v->items));
	v->times = xrealloc(v->times, n * sizeof(*v->times));
}

/* Another log, or one of very many partitions, may have taken it. */
static uint64_t free_number(struct fold *f, int64_t t_ms)
{
	unsigned char be[SESSION_KEY_BYTES];
	uint64_t number;

	do
		number = fold_session(f, t_ms);
	while (fold_get(f, TBL_SESSIONS, id_key64(number, be)).n);
	return number;
}

void session_add(struct fold *f, const struct event *ev, uint32_t actor, const struct moment_item *items,
		 uint64_t number, struct session_views *v)
{
	struct session_head h = { .actor = actor };
	uint32_t n;

	make_room(v, SESSION_VIEWS_MAX + ev->item_count);
	v->before = 0;
	v->moved = false;
	v->number = number;
	if (!load(f, number, &h, v)) {
		v->number = free_number(f, ev->t_ms);
		h = (struct session_head){ .actor = actor, .hash = hash_of(f, ev) };
	} else if (fold_sessions_now(f, ev->t_ms) > number + SESSION_MOVES) {
		unsigned char be[SESSION_KEY_BYTES];

		v->moved = true;
		v->number = free_number(f, ev->t_ms);
		fold_delete(f, TBL_SESSIONS, id_key64(number, be));
	}
	for (uint32_t i = 0; i < ev->item_count; i++) {
		v->items[v->before + i] = items[i].item;
		v->times[v->before + i] = ev->t_ms;
	}
	n = v->before + ev->item_count;
	h.views = h.views < UINT32_MAX - ev->item_count ? h.views + ev->item_count : UINT32_MAX;
	mark_set(&h.mark, f, ev->t_ms);
	h.mark.items_n = n < SESSION_VIEWS_MAX ? n : SESSION_VIEWS_MAX;
	save(f, &h, n - h.mark.items_n, v);
}
