#include "views/journal.h"
#include "views/ids.h"
#include "views/searches.h"
#include "views/session_rows.h"

#include <stdlib.h>
#include <xxhash.h>

struct journal {
	struct moment_item *items;
	uint32_t items_room;
	struct session_views views;
	uint32_t *others;
	uint32_t others_n, others_room;
	uint32_t *order; /* the order at hand when it has no id */
	uint32_t order_room;
	bool new_session; /* of the event at hand */
};

/* ---- stored rows; all integers little-endian, rows aligned in memory ---- */

/* session-state: head, items[items_n] in order of first view, pairs[pairs_n] by (bought, viewed) */
struct state_head {
	struct mark mark;
	uint32_t clock, pairs_n;
	uint64_t number; /* sessions.h; SESSION_NONE: no view so far */
	uint32_t query;  /* of its last search, plus 1; 0: none */
	uint32_t search_clock;
};

struct session_item {
	uint32_t item, last_view; /* last_view: the session's clock */
};

struct session_pair {
	uint32_t bought, viewed;
};

/* order-state: mark, u32 items[items_n] */

/* purchases: head, items[items_n] in order of first purchase */
struct bought_head {
	uint32_t clock, items_n;
};

struct bought_item {
	uint32_t item, last_buy; /* last_buy: the actor's clock */
	int64_t last_ms;         /* largest t of its purchases */
};

_Static_assert(sizeof(struct state_head) + SESSION_ITEMS_MAX * sizeof(struct session_item) +
			       SESSION_PAIRS_MAX * sizeof(struct session_pair) <=
		       STORE_VALUE_MAX,
	       "a session fits into one stored value");
_Static_assert(sizeof(struct bought_head) + ACTOR_ITEMS_MAX * sizeof(struct bought_item) <= STORE_VALUE_MAX,
	       "what an actor bought fits into one stored value");

struct journal *journal_new(void)
{
	return xcalloc(1, sizeof(struct journal));
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	free(j->items);
	free(j->others);
	free(j->order);
	session_views_fini(&j->views);
	free(j);
}

static void add_other(struct journal *j, struct others *o, uint32_t item)
{
	ARRAY_GROW(j->others, j->others_n, j->others_room, 256);
	if (o->n == 0)
		o->at = j->others_n;
	j->others[j->others_n++] = item;
	o->n++;
}

/* Go on as with an empty row. */
static size_t damaged(struct fold *f)
{
	fold_damaged(f);
	return 0;
}

/* ---- sessions ---- */

#define ACTOR_KEY_BYTES 4
#define NAMED_KEY_BYTES 12

/* actor; a session with an id: and its hash */
static struct str named_key(uint32_t actor, struct str id, unsigned char bytes[NAMED_KEY_BYTES])
{
	put_be32(bytes, actor);
	if (id.n)
		put_be64(bytes + ACTOR_KEY_BYTES, XXH3_64bits(id.p, id.n));
	return (struct str){ (char *)bytes, id.n ? NAMED_KEY_BYTES : ACTOR_KEY_BYTES };
}

static bool goes_on(const struct state_head *h, const struct fold *f, const struct event *ev)
{
	int64_t silence = ev->t_ms - h->mark.last_ms;

	if (mark_has_ended(&h->mark, fold_lane_watermark(f)))
		return false;
	return ev->session_id.n || (silence <= SESSION_GAP_MS && -silence <= SESSION_GAP_MS);
}

static size_t session_bytes(const struct state_head *h)
{
	return sizeof(*h) + h->mark.items_n * sizeof(struct session_item) + h->pairs_n * sizeof(struct session_pair);
}

static bool session_is_good(const struct state_head *h, size_t n)
{
	return n >= sizeof(*h) && h->mark.items_n <= SESSION_ITEMS_MAX && h->pairs_n <= SESSION_PAIRS_MAX &&
	       n == session_bytes(h) && mark_is_good(&h->mark);
}

static void view_item(struct journal *j, struct moment_item *mi, struct state_head *h)
{
	struct session_item *items = (struct session_item *)(h + 1);
	uint32_t i = 0, from;

	h->clock++;
	while (i < h->mark.items_n && items[i].item != mi->item)
		i++;
	if (i < h->mark.items_n) {
		mi->first_found = items[i].last_view <= h->search_clock;
		items[i].last_view = h->clock;
		return;
	}
	if (h->mark.items_n == SESSION_ITEMS_MAX)
		return;
	mi->first_view = mi->first_found = true;
	from = h->mark.items_n > VIEWED_TOGETHER_MAX ? h->mark.items_n - VIEWED_TOGETHER_MAX : 0;
	for (i = from; i < h->mark.items_n; i++)
		add_other(j, &mi->viewed, items[i].item);
	memmove(&items[h->mark.items_n + 1], &items[h->mark.items_n], h->pairs_n * sizeof(struct session_pair));
	items[h->mark.items_n++] = (struct session_item){ mi->item, h->clock };
}

struct recent {
	uint32_t item, last;
};

/* Into picked[n], newest first, unless `max` newer ones are there; returns how many are there then. Cheap from the newest on. */
static uint32_t keep_recent(struct recent *picked, uint32_t n, uint32_t max, uint32_t item, uint32_t last)
{
	uint32_t at = n;

	if (n == max && picked[n - 1].last > last)
		return n;
	if (n == max)
		at = n - 1;
	for (; at > 0 && picked[at - 1].last < last; at--)
		picked[at] = picked[at - 1];
	picked[at] = (struct recent){ item, last };
	return n == max ? n : n + 1;
}

/* Where (bought, viewed) stands or would stand among the sorted pairs. */
static uint32_t place_of_pair(const struct session_pair *pairs, uint32_t n, struct session_pair of)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct session_pair *p = &pairs[middle];

		if (p->bought < of.bought || (p->bought == of.bought && p->viewed < of.viewed))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* false: it was counted before, or the session has no room for more. */
static bool count_pair_once(struct state_head *h, struct session_pair *pairs, struct session_pair of)
{
	uint32_t at = place_of_pair(pairs, h->pairs_n, of);

	if (at < h->pairs_n && pairs[at].bought == of.bought && pairs[at].viewed == of.viewed)
		return false;
	if (h->pairs_n == SESSION_PAIRS_MAX)
		return false;
	memmove(&pairs[at + 1], &pairs[at], (h->pairs_n - at) * sizeof(*pairs));
	pairs[at] = of;
	h->pairs_n++;
	return true;
}

static void buy_after_views(struct journal *j, struct moment_item *mi, struct state_head *h)
{
	struct session_item *items = (struct session_item *)(h + 1);
	struct session_pair *pairs = (struct session_pair *)(items + h->mark.items_n);
	struct recent picked[VIEWED_BEFORE_MAX];
	uint32_t n = 0;

	for (uint32_t i = h->mark.items_n; i-- > 0;)
		if (items[i].item != mi->item)
			n = keep_recent(picked, n, VIEWED_BEFORE_MAX, items[i].item, items[i].last_view);
	for (uint32_t i = 0; i < n; i++)
		if (count_pair_once(h, pairs, (struct session_pair){ .bought = mi->item, .viewed = picked[i].item }))
			add_other(j, &mi->viewed, picked[i].item);
}

static void search(struct fold *f, const struct event *ev, struct state_head *h)
{
	char text[SEARCH_QUERY_MAX];
	uint32_t n = search_normalise(ev->query, text);

	h->query = n ? fold_query(f, (struct str){ text, n }) + 1 : 0;
	h->search_clock = h->clock;
}

static void view_items(struct journal *j, struct fold *f, const struct event *ev, uint32_t actor, struct state_head *h)
{
	for (uint32_t i = 0; i < ev->item_count; i++)
		view_item(j, &j->items[i], h);
	session_add(f, ev, actor, j->items, h->number, &j->views);
	h->number = j->views.number;
}

/* Bytes that the session's row may grow by. */
static size_t growth(const struct event *ev)
{
	if (ev->type == EVENT_VIEW)
		return ev->item_count * sizeof(struct session_item);
	return ev->type == EVENT_PURCHASE ? ev->item_count * sizeof(struct session_pair) * VIEWED_BEFORE_MAX : 0;
}

/*
 * A session without an id is kept alive by any event, so each is noted in its row; one with an id by what it counts.
 * Returns the query of its last search, or ID_NONE.
 */
static uint32_t take_session(struct journal *j, struct fold *f, const struct event *ev, uint32_t actor)
{
	unsigned char bytes[NAMED_KEY_BYTES];
	struct str key = named_key(actor, ev->session_id, bytes);
	struct state_head *h;
	size_t n;

	if (ev->session_id.n && ev->type != EVENT_VIEW && ev->type != EVENT_SEARCH && ev->type != EVENT_PURCHASE)
		return ID_NONE;
	h = (struct state_head *)fold_edit(f, TBL_SESSION_STATE, key, sizeof(*h) + growth(ev), &n);
	if (n && !session_is_good(h, n))
		n = damaged(f);
	j->new_session = n == 0 || !goes_on(h, f, ev);
	if (j->new_session)
		*h = (struct state_head){ 0 };
	mark_set(&h->mark, f, ev->t_ms);
	if (ev->type == EVENT_SEARCH)
		search(f, ev, h);
	else if (ev->type == EVENT_VIEW)
		view_items(j, f, ev, actor, h);
	for (uint32_t i = 0; ev->type == EVENT_PURCHASE && i < ev->item_count; i++)
		buy_after_views(j, &j->items[i], h);
	fold_edited(f, TBL_SESSION_STATE, key, session_bytes(h));
	return h->query ? h->query - 1 : ID_NONE;
}

/* ---- orders ---- */

static uint32_t order_item(struct journal *j, struct moment_item *mi, uint32_t *order, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (order[i] == mi->item)
			return n;
	if (n == ORDER_ITEMS_MAX)
		return n;
	mi->first_in_order = true;
	for (uint32_t i = 0; n < ORDER_PAIR_ITEMS_MAX && i < n; i++)
		add_other(j, &mi->ordered, order[i]);
	order[n] = mi->item;
	return n + 1;
}

static size_t order_bytes(const struct mark *m)
{
	return sizeof(*m) + m->items_n * sizeof(uint32_t);
}

static bool order_is_good(const struct mark *m, size_t n)
{
	return n >= sizeof(*m) && m->items_n <= ORDER_ITEMS_MAX && n == order_bytes(m) && mark_is_good(m);
}

/* Returns whether the order is new. */
static bool take_named_order(struct journal *j, struct fold *f, const struct event *ev, uint32_t actor)
{
	unsigned char bytes[NAMED_KEY_BYTES];
	struct str key = named_key(actor, ev->order_id, bytes);
	struct mark *m;
	uint32_t *order;
	bool is_new;
	size_t n;

	m = (struct mark *)fold_edit(f, TBL_ORDER_STATE, key, sizeof(*m) + ev->item_count * sizeof(*order), &n);
	order = (uint32_t *)(m + 1);
	if (n && !order_is_good(m, n))
		n = damaged(f);
	is_new = n == 0 || mark_has_ended(m, fold_lane_watermark(f));
	if (is_new)
		*m = (struct mark){ 0 };
	mark_set(m, f, ev->t_ms);
	for (uint32_t i = 0; i < ev->item_count; i++)
		m->items_n = order_item(j, &j->items[i], order, m->items_n);
	fold_edited(f, TBL_ORDER_STATE, key, order_bytes(m));
	return is_new;
}

/* Without an id each purchase is an order. */
static void take_order(struct journal *j, const struct event *ev)
{
	uint32_t n = 0;

	if (j->order_room < ev->item_count) {
		j->order_room = ev->item_count;
		j->order = xrealloc(j->order, j->order_room * sizeof(*j->order));
	}
	for (uint32_t i = 0; i < ev->item_count; i++)
		n = order_item(j, &j->items[i], j->order, n);
}

/* ---- what the actor ever bought ---- */

static void first_buy(struct journal *j, struct moment_item *mi, struct bought_head *h, int64_t t)
{
	struct bought_item *items = (struct bought_item *)(h + 1);
	struct recent picked[BOUGHT_BEFORE_MAX];
	uint32_t n = 0;

	mi->first_buy = true;
	for (uint32_t i = h->items_n; i-- > 0;)
		if (items[i].last_ms >= t - BOUGHT_BEFORE_MS)
			n = keep_recent(picked, n, BOUGHT_BEFORE_MAX, items[i].item, items[i].last_buy);
	for (uint32_t i = 0; i < n; i++)
		add_other(j, &mi->bought, picked[i].item);
	items[h->items_n++] = (struct bought_item){ mi->item, h->clock, t };
}

static void buy_item(struct journal *j, struct moment_item *mi, struct bought_head *h, int64_t t)
{
	struct bought_item *items = (struct bought_item *)(h + 1);
	uint32_t i = 0;

	h->clock++;
	while (i < h->items_n && items[i].item != mi->item)
		i++;
	if (i < h->items_n) {
		items[i].last_buy = h->clock;
		if (t > items[i].last_ms)
			items[i].last_ms = t;
	} else if (h->items_n < ACTOR_ITEMS_MAX) {
		first_buy(j, mi, h, t);
	}
}

static size_t bought_bytes(const struct bought_head *h)
{
	return sizeof(*h) + h->items_n * sizeof(struct bought_item);
}

static void take_purchases(struct journal *j, struct fold *f, const struct event *ev, uint32_t actor)
{
	unsigned char bytes[4];
	struct str key = id_key(actor, bytes);
	struct bought_head *h;
	size_t n;

	h = (struct bought_head *)fold_edit(f, TBL_PURCHASES, key,
					    sizeof(*h) + ev->item_count * sizeof(struct bought_item), &n);
	if (n && (n < sizeof(*h) || h->items_n > ACTOR_ITEMS_MAX || n != bought_bytes(h)))
		n = damaged(f);
	if (n == 0)
		*h = (struct bought_head){ 0 };
	for (uint32_t i = 0; i < ev->item_count; i++)
		buy_item(j, &j->items[i], h, ev->t_ms);
	fold_edited(f, TBL_PURCHASES, key, bought_bytes(h));
}

void journal_take(struct journal *j, struct fold *f, const struct event *ev, uint32_t actor, struct moment *ret)
{
	bool new_order = ev->type == EVENT_PURCHASE;
	uint32_t query;

	if (j->items_room < ev->item_count) {
		j->items_room = ev->item_count;
		j->items = xrealloc(j->items, j->items_room * sizeof(*j->items));
	}
	j->others_n = 0;
	for (uint32_t i = 0; i < ev->item_count; i++)
		j->items[i] = (struct moment_item){ .line = &ev->items[i], .item = fold_item(f, ev->items[i].id) };
	j->new_session = false;
	query = take_session(j, f, ev, actor);
	if (ev->type == EVENT_PURCHASE) {
		if (ev->order_id.n)
			new_order = take_named_order(j, f, ev, actor);
		else
			take_order(j, ev);
		take_purchases(j, f, ev, actor);
	}
	*ret = (struct moment){
		.ev = ev,
		.t_ms = ev->t_ms,
		.actor = actor,
		.query = query,
		.new_order = new_order,
		.new_session = j->new_session,
		.item_count = ev->item_count,
		.items = j->items,
		.others = j->others,
		.views = ev->type == EVENT_VIEW ? &j->views : NULL,
	};
}

int journal_session(struct snap *sn, uint32_t actor, struct str session_id, uint64_t *ret_number, int64_t *ret_last_ms)
{
	unsigned char bytes[NAMED_KEY_BYTES];
	struct state_head h;
	struct str row;
	int rc = snap_get(sn, TBL_SESSION_STATE, named_key(actor, session_id, bytes), &row);

	if (rc)
		return rc;
	if (row.n < sizeof(h))
		return ERR_STORE_CORRUPT;
	memcpy(&h, row.p, sizeof(h));
	if (!session_is_good(&h, row.n))
		return ERR_STORE_CORRUPT;
	*ret_number = h.number;
	*ret_last_ms = h.mark.last_ms;
	return 0;
}
