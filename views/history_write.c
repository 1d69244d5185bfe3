/* Writing the history: duplicates, new entries, and what is let go. */
#include "views/history_entry.h"
#include "views/history_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

#define SPILL_BYTES 600   /* of newest entries, before they become a chunk */
#define COMPACT_EVENTS 64 /* come before what they push out is let go */
#define ROOM_LINES 8      /* lines that count as one more event */
#define ROOM_AT_FIRST (HISTORY_MAX + COMPACT_EVENTS)
/* Events with an eventId have at least 5 bytes; the last ones may come when there is no room any more. */
#define SPILLED_MAX (SPILL_BYTES / 5 + 1)
#define PRINTS_MAX (ROOM_AT_FIRST + SPILLED_MAX)

_Static_assert(SPILL_BYTES + HISTORY_ENTRY_BYTES_MAX <= HISTORY_CHUNK_MAX, "what is spilled is one chunk");
_Static_assert(sizeof(struct history_head) + SPILL_BYTES <= HISTORY_VALUE_MAX, "the value of an actor is not cut");
_Static_assert(PRINTS_MAX * sizeof(history_print) <= HISTORY_VALUE_MAX, "the prints of an actor are not cut");
/* Kept are the window and the entries of as many rows; an entry has at least 4 bytes. */
_Static_assert(HISTORY_MAX + ROOM_AT_FIRST + SPILL_BYTES / 4 + HISTORY_MAX / HISTORY_LINES_MAX <= HISTORY_ENTRIES_MAX,
	       "all entries of an actor can be read");

/* false: damaged, as the batch then knows. */
static bool load(struct fold *f, uint32_t actor, struct str row, struct history_set *ret)
{
	unsigned char buf[HISTORY_KEY_BYTES];
	int rc = history_load_head(ret, row);

	for (uint32_t i = 0; !rc && i < ret->head.chunks; i++) {
		uint32_t number = ret->head.first + i;

		rc = history_load_chunk(ret, number,
					fold_peek(f, TBL_HISTORY_OLD, history_chunk_key(actor, number, buf)));
	}
	if (!rc)
		rc = history_load_end(ret);
	if (rc)
		fold_damaged(f);
	return !rc;
}

/* ---- duplicates ---- */

static history_print print_of(struct str event_id)
{
	return (history_print)XXH3_64bits(event_id.p, event_id.n);
}

/* How many bytes of prints the events of a chunk add. */
static size_t prints_of(struct str entries, history_print ret[SPILLED_MAX])
{
	struct history_context ctx = { 0 };
	struct history_entry e;
	size_t n = 0;

	while (entries.n && n < SPILLED_MAX && history_entry_take(&entries, &ctx, &e))
		if (!e.more && e.event_id.n)
			ret[n++] = print_of(e.event_id);
	return n * sizeof(*ret);
}

static bool has_print(struct str prints, history_print print)
{
	history_print one;
	bool found = false;

	for (uint32_t i = 0; i < prints.n; i += sizeof(one)) {
		memcpy(&one, prints.p + i, sizeof(one));
		found |= one == print;
	}
	return found;
}

/* May it stand in these entries? They hold each eventId behind its length. */
static bool may_hold(struct str entries, struct str event_id)
{
	unsigned char text[VARINT_MAX + EVENT_EVENT_ID_MAX];
	size_t n = put_varint(text, event_id.n);

	memcpy(text + n, event_id.p, event_id.n);
	return memmem(entries.p, entries.n, text, n + event_id.n) != NULL;
}

/* Is it among the HISTORY_MAX newest events? */
static bool in_window(const struct history_set *s, struct str event_id)
{
	uint32_t events = 0;

	for (uint32_t i = 0; i < s->n && events < HISTORY_MAX; i++) {
		if (str_eq(s->newest_first[i]->event_id, event_id))
			return true;
		events += !s->newest_first[i]->more;
	}
	return false;
}

static bool is_duplicate(struct fold *f, uint32_t actor, struct str row, struct str event_id)
{
	struct str prints = { 0 }, entries;
	struct history_head head;
	struct history_set s;

	if (row.n == 0 || event_id.n == 0)
		return false;
	if (!history_head_read(row, &head, &entries))
		goto damaged;
	if (head.prints)
		prints = fold_peek_prints(f, actor);
	if (prints.n != head.prints * sizeof(history_print))
		goto damaged;
	if (!has_print(prints, print_of(event_id)) && !may_hold(entries, event_id))
		return false;
	return !load(f, actor, row, &s) || in_window(&s, event_id);
damaged:
	fold_damaged(f);
	return true;
}

/* ---- compaction ---- */

/* The union of the last HISTORY_MAX events and those of the last HISTORY_MAX rows, which alone need their lines. */
static void mark(struct history_set *s, uint32_t *ret_events)
{
	uint32_t events = 0, rows = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		struct history_entry *e = s->newest_first[i];

		e->in_window = events < HISTORY_MAX && !e->more;
		e->shown = e->lines_n && rows < HISTORY_MAX;
		events += !e->more;
		rows += e->lines_n;
	}
	*ret_events = events < HISTORY_MAX ? events : HISTORY_MAX;
}

static bool stays_as_it_is(const struct history_entry *e)
{
	return e->shown || (e->in_window && !e->lines_n);
}

struct packs {
	struct pack {
		size_t n;
		unsigned char bytes[HISTORY_CHUNK_MAX + HISTORY_ENTRY_BYTES_MAX];
	} * v;
	uint32_t n;
	struct history_context ctx;
};

static void pack_entry(struct packs *packs, const struct history_entry *e)
{
	struct history_entry bare = { .t_ms = e->t_ms, .event_id = e->event_id, .type = e->type };
	struct pack *p = &packs->v[packs->n - 1];
	size_t bytes;

	if (!e->shown)
		e = &bare;
	bytes = history_entry_write(p->bytes + p->n, &packs->ctx, e);
	if (p->n + bytes > HISTORY_CHUNK_MAX) {
		packs->n++;
		packs->ctx = (struct history_context){ 0 };
		*++p = (struct pack){ 0 };
		bytes = history_entry_write(p->bytes, &packs->ctx, e);
	}
	p->n += bytes;
}

/*
 * The chunks up to the last one that loses something are packed anew and keep their last numbers. There are never more
 * of them than before, as each alone could be packed into its own.
 */
static void rewrite(struct fold *f, uint32_t actor, const struct history_set *s, uint16_t chunks,
		    struct history_head *head)
{
	struct packs packs = { .v = xmalloc((chunks + 1) * sizeof(*packs.v)), .n = 1 };
	unsigned char buf[HISTORY_KEY_BYTES];
	uint32_t end = head->first + chunks;

	packs.v[0].n = 0;
	for (uint32_t i = 0; i < s->n && s->entries[i].chunk < chunks; i++)
		if (s->entries[i].shown || s->entries[i].in_window)
			pack_entry(&packs, &s->entries[i]);
	if (packs.v[packs.n - 1].n == 0)
		packs.n--;
	assert(packs.n <= chunks);
	for (uint32_t i = packs.n; i < chunks; i++)
		fold_delete(f, TBL_HISTORY_OLD, history_chunk_key(actor, end - 1 - i, buf));
	head->first = end - packs.n;
	head->chunks = (uint16_t)(head->chunks - chunks + packs.n);
	for (uint32_t i = 0; i < packs.n; i++)
		fold_put(f, TBL_HISTORY_OLD, history_chunk_key(actor, head->first + i, buf), packs.v[i].bytes,
			 packs.v[i].n);
	free(packs.v);
}

/* All entries are in chunks. */
static void compact(struct fold *f, uint32_t actor, struct history_head *head)
{
	history_print prints[HISTORY_MAX];
	struct history_set s;
	uint16_t chunks = 0;
	unsigned char be[4];
	uint32_t events;

	if (!load(f, actor, (struct str){ (char *)head, sizeof(*head) }, &s))
		return;
	mark(&s, &events);
	for (uint32_t i = 0; i < s.n; i++)
		if (!stays_as_it_is(&s.entries[i]))
			chunks = s.entries[i].chunk + 1;
	head->entries = head->prints = 0;
	for (uint32_t i = 0; i < s.n; i++) {
		head->entries += s.entries[i].shown || s.entries[i].in_window;
		if (s.entries[i].in_window && s.entries[i].event_id.n)
			prints[head->prints++] = print_of(s.entries[i].event_id);
	}
	head->room = (uint16_t)(ROOM_AT_FIRST - events);
	fold_put(f, TBL_HISTORY_PRINTS, id_key(actor, be), prints, head->prints * sizeof(*prints));
	if (chunks)
		rewrite(f, actor, &s, chunks, head);
}

/* ---- new entries ---- */

static void add_prints(struct fold *f, uint32_t actor, struct history_head *head, struct str entries)
{
	history_print prints[SPILLED_MAX];
	size_t bytes = prints_of(entries, prints), n;
	unsigned char be[4], *row;

	if (bytes == 0)
		return;
	row = fold_edit(f, TBL_HISTORY_PRINTS, id_key(actor, be), bytes, &n);
	memcpy(row + n, prints, bytes);
	fold_edited(f, TBL_HISTORY_PRINTS, id_key(actor, be), n + bytes);
	head->prints = (uint16_t)((n + bytes) / sizeof(*prints));
}

/* The newest entries become a chunk. */
static void spill(struct fold *f, uint32_t actor, struct history_head *head, struct str entries)
{
	unsigned char buf[HISTORY_KEY_BYTES];

	fold_put(f, TBL_HISTORY_OLD, history_chunk_key(actor, head->first + head->chunks, buf), entries.p, entries.n);
	add_prints(f, actor, head, entries);
	head->chunks++;
	head->last_ms = 0;
	head->session_at = head->session_n = 0;
	if (!head->room)
		compact(f, actor, head);
}

/* `now` is the actor's value; returns what it has become. */
static struct str append(struct fold *f, uint32_t actor, struct str now, const struct history_entry *e)
{
	unsigned char be[4], bytes[HISTORY_ENTRY_BYTES_MAX], *row;
	struct history_head head = { .room = ROOM_AT_FIRST, .profile.first_ms = HISTORY_PROFILE_NONE };
	struct str key = id_key(actor, be), entries = { 0 };
	struct history_context ctx = { 0 };
	uint16_t cost = (uint16_t)(!e->more + e->lines_n / ROOM_LINES);
	size_t n, size;

	if (now.n && !history_head_read(now, &head, &entries)) {
		fold_damaged(f);
		return now;
	}
	ctx.t_ms = head.last_ms;
	if (head.session_n)
		ctx.session_id = (struct str){ entries.p + head.session_at, head.session_n };
	size = history_entry_write(bytes, &ctx, e);
	if (ctx.session_id.n && ctx.session_id.p == e->session_id.p) { /* written, at the end */
		head.session_n = (uint16_t)e->session_id.n;
		head.session_at = (uint16_t)(entries.n + size - head.session_n);
	}
	head.last_ms = e->t_ms;
	head.entries++;
	head.room = head.room > cost ? head.room - cost : 0;
	row = fold_edit(f, TBL_HISTORY, key, sizeof(head) + size, &n);
	n = n ? n : sizeof(head);
	memcpy(row + n, bytes, size);
	n += size;
	if (n - sizeof(head) >= SPILL_BYTES) {
		spill(f, actor, &head, (struct str){ (char *)row + sizeof(head), (uint32_t)(n - sizeof(head)) });
		n = sizeof(head);
	}
	memcpy(row, &head, sizeof(head));
	fold_edited(f, TBL_HISTORY, key, n);
	return (struct str){ (char *)row, (uint32_t)n };
}

/* The last HISTORY_MAX lines of an event are what a history may show. */
static uint32_t first_line(const struct event *ev)
{
	if (ev->type == EVENT_IMPRESSION)
		return ev->item_count;
	return ev->item_count > HISTORY_MAX ? ev->item_count - HISTORY_MAX : 0;
}

bool history_remember(struct fold *f, uint32_t actor, const struct event *ev)
{
	unsigned char be[4], lines[HISTORY_LINES_MAX * HISTORY_LINE_BYTES_MAX];
	struct history_entry e = { .t_ms = ev->t_ms, .event_id = ev->event_id, .type = (uint8_t)ev->type };
	struct str now = fold_get(f, TBL_HISTORY, id_key(actor, be));
	uint32_t i = first_line(ev);

	if (is_duplicate(f, actor, now, ev->event_id))
		return false;
	if (i < ev->item_count) {
		e.session_id = ev->session_id;
		e.order_id = ev->order_id;
	}
	do {
		e.lines = (struct str){ (char *)lines, 0 };
		for (e.lines_n = 0; i < ev->item_count && e.lines_n < HISTORY_LINES_MAX; i++, e.lines_n++) {
			const struct event_item *it = &ev->items[i];
			struct history_line line = { fold_item(f, it->id), it->quantity, it->has_price,
						     it->price_micros };

			e.lines.n += (uint32_t)history_line_write(lines + e.lines.n, &line);
		}
		now = append(f, actor, now, &e);
		e.more = true;
	} while (i < ev->item_count);
	return true;
}
