/*
 * A thread's way to the sessions. What it has looked up it keeps: copies of their rows, until a commit to a young level tells
 * that it has changed them (session-changes) or base is written again; and the newest sessions of items. Sessions have
 * places here in the order in which they were met, so those of one item lie beside each other.
 */
#include "views/arena.h"
#include "views/idmap.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/session_rows.h"

#include <stdlib.h>
#include <sys/mman.h>

#define PLACES_LEAST (1U << 12)
#define PLACES_MAX 500000U             /* less than 2^19, where memory would double */
#define ITEM_SLOTS (UINT32_C(1) << 17) /* 3 MB */
#define KEPT_MAX (32 << 20)            /* bytes of copies and lists; beyond it, or PLACES_MAX, all is begun anew */
#define LAST_SHIFT 12                  /* a last view is kept to 4 s */
#define VIEWS_SHIFT 56                 /* addresses have fewer bits */

/* A session's row, as it is kept. */
struct kept_session {
	int64_t last_ms;
	uint32_t actor, views;
	unsigned char items[];
};

struct session_place {
	uint32_t number; /* less session_index.from */
	uint32_t last;
	uint64_t row; /* address of a kept_session, and in the upper bits how many views it has; or one of */
};

#define ROW_NONE 0
#define ROW_UNKNOWN 1 /* not looked up since it changed */

struct item_slot {
	uint32_t item; /* less 1; 0: free */
	uint32_t n;
	uint32_t max;            /* it was cut there */
	const uint32_t *numbers; /* n of them, then as many places */
};

struct session_index {
	struct snap *sn;
	uint64_t seen; /* snap_version */
	unsigned generation;
	uint64_t base;   /* snap_base_version */
	uint64_t commit; /* of a young level, the last one whose changes are known */
	struct session_window
		window; /* numbers are told by their distance from its begin; what lies before is forgotten */
	int64_t watermark_ms;
	uint32_t last_min; /* as session_place.last: what is below is forgotten */
	struct session_place *places;
	uint32_t places_n, places_room;
	struct idmap place_of; /* by number */
	struct item_slot *items;
	uint32_t *stamps;  /* of items, by their last bits */
	uint32_t stamp;    /* of all */
	int64_t hour;      /* of the watermark */
	uint32_t *changed; /* places, since the last begin */
	size_t changed_n, changed_room;
	struct arena kept; /* sessions and lists */
	struct session_numbers numbers;
};

#define ITEMS_BYTES (ITEM_SLOTS * sizeof(struct item_slot))
#define STAMPS_BYTES (ITEM_SLOTS * sizeof(uint32_t))

struct session_index *session_index_new(void)
{
	struct session_index *x = xcalloc(1, sizeof(*x));

	x->items = xpages(ITEMS_BYTES);
	x->stamps = xpages(STAMPS_BYTES);
	return x;
}

void session_index_free(struct session_index *x)
{
	if (!x)
		return;
	free(x->places);
	idmap_fini(&x->place_of);
	munmap(x->items, ITEMS_BYTES);
	munmap(x->stamps, STAMPS_BYTES);
	free(x->changed);
	arena_fini(&x->kept);
	session_numbers_fini(&x->numbers);
	free(x);
}

/* Nothing is at hand any more. */
static void forget(struct session_index *x)
{
	x->places_n = 0;
	idmap_clear(&x->place_of);
	madvise(x->items, ITEMS_BYTES, MADV_DONTNEED);
	x->stamp++;
	arena_reset(&x->kept);
}

/* ---- places ---- */

static uint32_t meet(struct session_index *x, uint32_t number)
{
	uint32_t at = *idmap_put(&x->place_of, number, x->places_n);

	if (at < x->places_n)
		return at;
	ARRAY_GROW(x->places, x->places_n, x->places_room, PLACES_LEAST);
	x->places[x->places_n++] = (struct session_place){ .number = number, .row = ROW_UNKNOWN };
	return at;
}

/* ---- rows ---- */

static uint32_t last_of(int64_t t_ms)
{
	return t_ms < 0 ? 0 : (uint32_t)(t_ms >> LAST_SHIFT);
}

static int look_up(struct session_index *x, struct session_place *p)
{
	unsigned char be[SESSION_KEY_BYTES];
	const unsigned char *items;
	struct kept_session *kept;
	struct session_head h;
	struct str row;
	int rc = snap_get(x->sn, TBL_SESSIONS, id_key64(x->window.from + p->number, be), &row);

	if (rc == ERR_NOT_FOUND) {
		p->row = ROW_NONE;
		return 0;
	}
	if (!rc && !session_row_read(row, &h, &items, NULL))
		rc = ERR_STORE_CORRUPT;
	if (rc)
		return rc;
	kept = arena_alloc(&x->kept, sizeof(*kept) + h.mark.items_n * sizeof(uint32_t));
	*kept = (struct kept_session){ .last_ms = h.mark.last_ms, .actor = h.actor, .views = h.views };
	memcpy(kept->items, items, h.mark.items_n * sizeof(uint32_t));
	p->last = last_of(h.mark.last_ms);
	p->row = (uint64_t)(uintptr_t)kept | (uint64_t)h.mark.items_n << VIEWS_SHIFT;
	return 0;
}

static uint32_t views_of(const struct session_place *p)
{
	return (uint32_t)(p->row >> VIEWS_SHIFT);
}

static const struct kept_session *row_of(const struct session_place *p)
{
	return (const struct kept_session *)(uintptr_t)(p->row & ((UINT64_C(1) << VIEWS_SHIFT) - 1));
}

/* ---- what has changed ---- */

static void stamp_items(struct session_index *x, const struct session_place *p)
{
	for (uint32_t i = 0; i < views_of(p); i++) {
		uint32_t item;

		memcpy(&item, row_of(p)->items + i * sizeof(item), sizeof(item));
		x->stamps[item % ITEM_SLOTS]++;
	}
}

/* The items that it had are stamped now, those that it has later (stamp_changed). */
static void forget_session(struct session_index *x, uint32_t number)
{
	uint32_t at;

	if (number == SESSION_NONE) /* it lies before the window */
		return;
	at = meet(x, number);
	stamp_items(x, &x->places[at]);
	x->places[at].row = ROW_UNKNOWN;
	ARRAY_GROW(x->changed, x->changed_n, x->changed_room, 256);
	x->changed[x->changed_n++] = at;
}

static void forget_item(struct session_index *x, uint32_t item)
{
	struct item_slot *s = &x->items[item % ITEM_SLOTS];

	if (s->item == item + 1)
		s->item = 0;
	x->stamps[item % ITEM_SLOTS]++;
}

static int take_changes(void *arg, struct str key, struct str value)
{
	struct session_index *x = arg;

	if (key.n != SESSION_CHANGES_KEY_BYTES || value.n % sizeof(uint32_t))
		return ERR_STORE_CORRUPT;
	for (uint32_t i = 0; i < value.n; i += sizeof(uint32_t)) {
		uint32_t number;

		memcpy(&number, value.p + i, sizeof(number));
		if (key.p[8] == SESSION_CHANGED)
			forget_session(x, number - (uint32_t)x->window.from);
		else
			forget_item(x, number);
	}
	return 0;
}

static int follow(struct session_index *x, uint64_t commit)
{
	unsigned char key[SESSION_CHANGES_KEY_BYTES];

	if (commit == x->commit)
		return 0;
	return snap_each_from(x->sn, TBL_SESSION_CHANGES, session_changes_key(x->commit + 1, 0, 0, key), take_changes,
			      x);
}

static int stamp_changed(struct session_index *x)
{
	int64_t hour = time_bucket(x->watermark_ms, MS_PER_HOUR);

	for (size_t i = 0; i < x->changed_n; i++) {
		struct session_place *p = &x->places[x->changed[i]];
		int rc = p->row == ROW_UNKNOWN ? look_up(x, p) : 0;

		if (rc)
			return rc;
		stamp_items(x, p);
	}
	if (x->hour != hour)
		x->stamp++;
	x->hour = hour;
	return 0;
}

static bool is_anew(const struct session_index *x, const struct session_state *state)
{
	return x->generation != snap_generation(x->sn) || x->base != snap_base_version(x->sn) ||
	       state->commit < x->commit || session_window_from(state->newest) != x->window.from;
}

int session_index_begin(struct session_index *x, struct snap *sn)
{
	struct session_state state;
	bool anew;
	int rc;

	x->sn = sn;
	if (x->kept.total > KEPT_MAX || x->places_n > PLACES_MAX)
		forget(x);
	if (x->seen == snap_version(sn) && x->generation == snap_generation(sn))
		return 0;
	x->seen = 0; /* unless this ends well */
	x->changed_n = 0;
	rc = session_state_get(sn, &state);
	if (rc)
		return rc;
	anew = is_anew(x, &state);
	if (anew)
		forget(x);
	x->watermark_ms = state.watermark_ms;
	rc = session_window_read(sn, state.newest, &x->window);
	if (!rc && !anew)
		rc = follow(x, state.commit);
	if (!rc)
		rc = stamp_changed(x);
	if (rc)
		return rc;
	x->last_min = x->watermark_ms == TIME_NONE ? 0 : last_of(x->watermark_ms - SESSION_KEEP_MS);
	x->generation = snap_generation(sn);
	x->base = snap_base_version(sn);
	x->commit = state.commit;
	x->seen = snap_version(sn);
	return 0;
}

/* ---- sessions ---- */

double session_age(const struct session_index *x, uint32_t number)
{
	return session_window_age(&x->window, number);
}

int session_at(struct session_index *x, uint32_t place, struct session *ret)
{
	struct session_place *p = &x->places[place];
	int rc = p->row == ROW_UNKNOWN ? look_up(x, p) : 0;

	if (rc)
		return rc;
	if (p->row == ROW_NONE || p->last < x->last_min)
		return ERR_NOT_FOUND;
	*ret = (struct session){ .number = p->number, .n = views_of(p), .items = row_of(p)->items };
	return 0;
}

int session_get(struct session_index *x, uint32_t number, struct session *ret)
{
	const struct kept_session *kept;
	uint32_t place;
	int rc;

	if (number == SESSION_NONE)
		return ERR_NOT_FOUND;
	place = meet(x, number);
	rc = session_at(x, place, ret);
	if (rc)
		return rc;
	kept = row_of(&x->places[place]);
	ret->actor = kept->actor;
	ret->views = kept->views;
	ret->last_ms = kept->last_ms;
	return 0;
}

void session_prefetch(const struct session_index *x, uint32_t place)
{
	__builtin_prefetch(&x->places[place]);
}

struct gathering {
	const struct session_index *x;
	uint32_t *v;
	size_t n, room;
};

static int gather(void *arg, struct str key, struct str value)
{
	struct gathering *g = arg;
	uint64_t number;

	(void)value;
	if (!session_number(key, &number))
		return ERR_STORE_CORRUPT;
	if (number <= g->x->window.from || number > g->x->window.newest)
		return 0;
	ARRAY_GROW(g->v, g->n, g->room, 64);
	g->v[g->n++] = (uint32_t)(number - g->x->window.from);
	return 0;
}

int session_all(struct session_index *x, uint32_t **ret, size_t *ret_n)
{
	struct gathering g = { .x = x };
	int rc = snap_each(x->sn, TBL_SESSIONS, (struct str){ NULL, 0 }, gather, &g);

	*ret = g.v;
	*ret_n = g.n;
	return rc;
}

/* ---- items ---- */

uint64_t session_stamp(const struct session_index *x, uint32_t item)
{
	return (uint64_t)x->stamp << 32 | x->stamps[item % ITEM_SLOTS];
}

static int gather_newest(struct session_index *x, uint32_t item, uint32_t max, struct item_slot *slot)
{
	static const uint32_t none[1];
	uint32_t *v, n;
	int rc;

	slot->item = 0;
	rc = session_numbers_get(x->sn, item, x->window.from + 1, x->window.newest, max, &x->numbers);
	if (rc)
		return rc;
	n = x->numbers.n;
	v = n ? arena_alloc(&x->kept, 2 * n * sizeof(*v)) : NULL;
	for (uint32_t i = 0; i < n; i++) {
		v[i] = (uint32_t)(x->numbers.v[i] - x->window.from);
		v[n + i] = meet(x, v[i]);
	}
	*slot = (struct item_slot){ .item = item + 1, .n = n, .max = max, .numbers = v ? v : none };
	return 0;
}

int session_newest(struct session_index *x, uint32_t item, uint32_t max, struct session_list *ret)
{
	struct item_slot *slot = &x->items[item % ITEM_SLOTS];
	int rc = 0;

	*ret = (struct session_list){ .n = 0 };
	if (item == ID_NONE || max == 0 || x->window.newest == SESSION_NONE)
		return 0;
	if (slot->item != item + 1 || (slot->n == slot->max && max > slot->max))
		rc = gather_newest(x, item, max, slot);
	if (!rc)
		*ret = (struct session_list){ .n = slot->n < max ? slot->n : max,
					      .numbers = slot->numbers,
					      .places = slot->numbers + slot->n };
	return rc;
}

/* ---- the session of somebody ---- */

int session_running(struct session_index *x, uint32_t actor, struct str session_id, uint32_t *ret)
{
	int64_t last_ms = 0;
	uint64_t number = SESSION_NONE;
	int rc = actor == ID_NONE ? ERR_NOT_FOUND : journal_session(x->sn, actor, session_id, &number, &last_ms);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (!session_id.n && x->watermark_ms > last_ms + SESSION_GAP_MS)
		number = SESSION_NONE;
	*ret = number > x->window.from ? (uint32_t)(number - x->window.from) : SESSION_NONE;
	return 0;
}
