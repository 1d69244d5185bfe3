/*
 * A thread's way to the sessions. What it has looked up it keeps: where a row lies in base, which stays there until base
 * is written again; copies of rows in young levels, whose commits tell what they change (session-changes); and the newest
 * sessions of items. A session's slot is one of four in a cache line, which its number says; the oldest makes room.
 */
#include "views/arena.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/session_rows.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SET_BITS 18 /* of four slots: 16 MB, of which pages that are used take memory */
#define SET_SLOTS 4
#define SESSION_SLOTS (SET_SLOTS << SET_BITS)
#define ITEM_SLOTS (UINT32_C(1) << 17) /* 2 MB */
#define KEPT_MAX (32 << 20)            /* bytes of copies and lists; beyond it they are begun anew */
#define LAST_SHIFT 12                  /* a last view is kept to 4 s */
#define VIEWS_SHIFT 56                 /* addresses have fewer bits */

struct session_slot {
	uint32_t number; /* less session_index.from; SESSION_NONE: free */
	uint32_t last;
	uint64_t row; /* its address, and in the upper bits how many views it has */
};

struct item_slot {
	uint32_t item; /* less 1; 0: free */
	uint32_t n;
	uint32_t max; /* it was cut there */
	uint32_t unused;
	const uint32_t *numbers;
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
	uint32_t last_min; /* as session_slot.last: what is below is forgotten */
	struct session_slot *sessions;
	struct item_slot *items;
	uint32_t *stamps;  /* of items, by their last bits */
	uint32_t stamp;    /* of all */
	int64_t hour;      /* of the watermark */
	uint32_t *changed; /* sessions, since the last begin */
	size_t changed_n, changed_room;
	struct arena kept; /* what slots point to outside base */
	struct session_numbers numbers;
};

#define SESSIONS_BYTES (SESSION_SLOTS * sizeof(struct session_slot))
#define ITEMS_BYTES (ITEM_SLOTS * sizeof(struct item_slot))
#define STAMPS_BYTES (ITEM_SLOTS * sizeof(uint32_t))

struct session_index *session_index_new(void)
{
	struct session_index *x = xcalloc(1, sizeof(*x));

	x->sessions = xpages(SESSIONS_BYTES);
	x->items = xpages(ITEMS_BYTES);
	x->stamps = xpages(STAMPS_BYTES);
	return x;
}

void session_index_free(struct session_index *x)
{
	if (!x)
		return;
	munmap(x->sessions, SESSIONS_BYTES);
	munmap(x->items, ITEMS_BYTES);
	munmap(x->stamps, STAMPS_BYTES);
	free(x->changed);
	arena_fini(&x->kept);
	session_numbers_fini(&x->numbers);
	free(x);
}

/* Nothing is at hand any more; the pages are zeros again. */
static void forget(struct session_index *x)
{
	madvise(x->sessions, SESSIONS_BYTES, MADV_DONTNEED);
	madvise(x->items, ITEMS_BYTES, MADV_DONTNEED);
	x->stamp++;
	arena_reset(&x->kept);
}

/* ---- rows ---- */

static uint32_t last_of(int64_t t_ms)
{
	return t_ms < 0 ? 0 : (uint32_t)(t_ms >> LAST_SHIFT);
}

static struct session_slot *set_of(const struct session_index *x, uint32_t number)
{
	return x->sessions + (size_t)(number * UINT32_C(0x9e3779b1) >> (32 - SET_BITS)) * SET_SLOTS;
}

/* NULL: it is not at hand. */
static struct session_slot *slot_of(const struct session_index *x, uint32_t number)
{
	struct session_slot *set = set_of(x, number);

	for (int i = 0; i < SET_SLOTS; i++)
		if (set[i].number == number)
			return &set[i];
	return NULL;
}

/* For one that is not at hand: a free slot, or that of the oldest. */
static struct session_slot *make_room(const struct session_index *x, uint32_t number)
{
	struct session_slot *set = set_of(x, number), *oldest = set;

	for (int i = 1; i < SET_SLOTS; i++)
		if (set[i].number < oldest->number)
			oldest = &set[i];
	return oldest;
}

static int look_up(struct session_index *x, uint32_t number, struct session_slot *slot)
{
	unsigned char be[SESSION_KEY_BYTES];
	struct session_head h;
	struct str row;
	bool stays;
	int rc = snap_get_staying(x->sn, TBL_SESSIONS, id_key64(x->window.from + number, be), &row, &stays);

	*slot = (struct session_slot){ .number = number };
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (!rc && !session_row_read(row, &h, NULL, NULL))
		rc = ERR_STORE_CORRUPT;
	if (rc) {
		slot->number = SESSION_NONE;
		return rc;
	}
	if (!stays) { /* without the times, which are not asked for */
		size_t n = sizeof(h) + h.mark.items_n * sizeof(uint32_t);

		row.p = memcpy(arena_alloc(&x->kept, n), row.p, n);
	}
	slot->last = last_of(h.mark.last_ms);
	slot->row = (uint64_t)(uintptr_t)row.p | (uint64_t)h.mark.items_n << VIEWS_SHIFT;
	return 0;
}

static const unsigned char *row_of(const struct session_slot *s)
{
	return (const unsigned char *)(uintptr_t)(s->row & ((UINT64_C(1) << VIEWS_SHIFT) - 1));
}

/* At hand from now on; one that there is not has no row. */
static int find(struct session_index *x, uint32_t number, const struct session_slot **ret)
{
	struct session_slot *slot = slot_of(x, number);
	int rc = 0;

	if (!slot) {
		slot = make_room(x, number);
		rc = look_up(x, number, slot);
	}
	*ret = slot;
	return rc;
}

/* ---- what has changed ---- */

static void stamp_items(struct session_index *x, const struct session_slot *s)
{
	const unsigned char *row = row_of(s);

	for (uint64_t n = s->row >> VIEWS_SHIFT; n-- > 0;) {
		uint32_t item;

		memcpy(&item, row + sizeof(struct session_head) + n * sizeof(item), sizeof(item));
		x->stamps[item % ITEM_SLOTS]++;
	}
}

/* The items that it had are stamped now, those that it has later (stamp_changed). */
static void forget_session(struct session_index *x, uint32_t number)
{
	struct session_slot *s;

	if (number == SESSION_NONE) /* it lies before the window */
		return;
	s = slot_of(x, number);
	if (s) {
		stamp_items(x, s);
		s->number = SESSION_NONE;
	}
	if (x->changed_n == x->changed_room) {
		x->changed_room = x->changed_room ? x->changed_room * 2 : 256;
		x->changed = xrealloc(x->changed, x->changed_room * sizeof(*x->changed));
	}
	x->changed[x->changed_n++] = number;
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
		const struct session_slot *slot;
		int rc = find(x, x->changed[i], &slot);

		if (rc)
			return rc;
		stamp_items(x, slot);
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
	if (x->kept.total > KEPT_MAX)
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

static int find_living(struct session_index *x, uint32_t number, const struct session_slot **ret)
{
	int rc = number == SESSION_NONE ? ERR_NOT_FOUND : find(x, number, ret);

	if (rc)
		return rc;
	return (*ret)->row && (*ret)->last >= x->last_min ? 0 : ERR_NOT_FOUND;
}

int session_peek(struct session_index *x, uint32_t number, struct session *ret)
{
	const struct session_slot *slot;
	int rc = find_living(x, number, &slot);

	if (!rc)
		*ret = (struct session){ .number = number,
					 .n = (uint32_t)(slot->row >> VIEWS_SHIFT),
					 .items = row_of(slot) + sizeof(struct session_head) };
	return rc;
}

int session_get(struct session_index *x, uint32_t number, struct session *ret)
{
	const struct session_slot *slot;
	const unsigned char *row;
	struct session_head h;
	int rc = find_living(x, number, &slot);

	if (rc)
		return rc;
	row = row_of(slot);
	memcpy(&h, row, sizeof(h));
	*ret = (struct session){ .number = number,
				 .actor = h.actor,
				 .n = h.mark.items_n,
				 .views = h.views,
				 .last_ms = h.mark.last_ms,
				 .items = row + sizeof(h) };
	return 0;
}

void session_prefetch(const struct session_index *x, uint32_t number)
{
	__builtin_prefetch(set_of(x, number));
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
	if (g->n == g->room) {
		g->room = g->room * 2 + 64;
		g->v = xrealloc(g->v, g->room * sizeof(*g->v));
	}
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

int session_newest(struct session_index *x, uint32_t item, uint32_t max, const uint32_t **ret, uint32_t *ret_n)
{
	static const uint32_t none[1];
	struct item_slot *slot = &x->items[item % ITEM_SLOTS];
	uint32_t *numbers;
	int rc;

	*ret = none;
	*ret_n = 0;
	if (item == ID_NONE || max == 0 || x->window.newest == SESSION_NONE)
		return 0;
	if (slot->item != item + 1 || (slot->n == slot->max && max > slot->max)) {
		slot->item = 0;
		rc = session_numbers_get(x->sn, item, x->window.from + 1, x->window.newest, max, &x->numbers);
		if (rc)
			return rc;
		numbers = x->numbers.n ? arena_alloc(&x->kept, x->numbers.n * sizeof(*numbers)) : NULL;
		for (uint32_t i = 0; i < x->numbers.n; i++)
			numbers[i] = (uint32_t)(x->numbers.v[i] - x->window.from);
		*slot = (struct item_slot){
			.item = item + 1, .n = x->numbers.n, .max = max, .numbers = numbers ? numbers : none
		};
	}
	*ret = slot->numbers;
	*ret_n = slot->n < max ? slot->n : max;
	return 0;
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
