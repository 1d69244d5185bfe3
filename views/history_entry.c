/*
 * An entry: type and flags, zigzag step of t from the entry before, eventId, orderId, number of lines, the lines,
 * sessionId. Lengths and numbers are varints. A session's id is written once in a row of entries.
 */
#include "views/history_entry.h"
#include "schemas/error.h"

#include <stdlib.h>

#define TYPE_BITS 0x0f
#define HAS_SESSION 0x10
#define SAME_SESSION 0x20
#define HAS_ORDER 0x40
#define MORE 0x80

_Static_assert(EVENT_TYPE_COUNT <= TYPE_BITS + 1, "the type has four bits");

/* A line's second number: quantity, and in two bits which price follows. */
enum price_kind { PRICE_NONE, PRICE_MICROS, PRICE_CENTS };
#define MICROS_PER_CENT (MICROS / 100)

/* ---- writing ---- */

static size_t put_text(unsigned char *p, struct str s)
{
	size_t n = put_varint(p, s.n);

	memcpy(p + n, s.p, s.n);
	return n + s.n;
}

size_t history_line_write(unsigned char *p, const struct history_line *line)
{
	enum price_kind kind = !line->has_price                            ? PRICE_NONE
			       : line->price_micros % MICROS_PER_CENT == 0 ? PRICE_CENTS
									   : PRICE_MICROS;
	size_t n = put_varint(p, line->item);

	n += put_varint(p + n, (uint64_t)line->quantity << 2 | kind);
	if (kind == PRICE_CENTS)
		n += put_varint(p + n, (uint64_t)(line->price_micros / MICROS_PER_CENT));
	else if (kind == PRICE_MICROS)
		n += put_varint(p + n, (uint64_t)line->price_micros);
	return n;
}

size_t history_entry_write(unsigned char *p, struct history_context *ctx, const struct history_entry *e)
{
	bool same = e->session_id.n && str_eq(e->session_id, ctx->session_id);
	bool own = e->session_id.n && !same;
	size_t n = 1;

	p[0] = (unsigned char)(e->type | (own ? HAS_SESSION : 0) | (same ? SAME_SESSION : 0) |
			       (e->order_id.n ? HAS_ORDER : 0) | (e->more ? MORE : 0));
	n += put_varint(p + n, zigzag(e->t_ms - ctx->t_ms));
	n += e->event_id.n ? put_text(p + n, e->event_id) : put_varint(p + n, 0);
	if (e->order_id.n)
		n += put_text(p + n, e->order_id);
	n += put_varint(p + n, e->lines_n);
	if (e->lines.n)
		memcpy(p + n, e->lines.p, e->lines.n);
	n += e->lines.n;
	if (own) {
		n += put_text(p + n, e->session_id);
		ctx->session_id = e->session_id;
	}
	ctx->t_ms = e->t_ms;
	return n;
}

/* ---- reading ---- */

/* p becomes NULL where the bytes make no sense. */
struct reader {
	const unsigned char *p, *end;
};

static inline __attribute__((always_inline)) uint64_t number(struct reader *r)
{
	uint64_t v = 0;

	if (r->p)
		r->p = get_varint(r->p, r->end, &v);
	return v;
}

static struct str text(struct reader *r, uint32_t max)
{
	uint64_t n = number(r);
	struct str ret = { (const char *)r->p, (uint32_t)n };

	if (!r->p || n > max || n > (uint64_t)(r->end - r->p)) {
		r->p = NULL;
		return (struct str){ NULL, 0 };
	}
	r->p += n;
	return n ? ret : (struct str){ NULL, 0 };
}

static struct history_line line(struct reader *r)
{
	struct history_line ret = { .item = (uint32_t)number(r) };
	uint64_t second = number(r);

	ret.quantity = (uint32_t)(second >> 2);
	ret.has_price = (second & 3) != PRICE_NONE;
	if (ret.has_price)
		ret.price_micros = (int64_t)(number(r) * ((second & 3) == PRICE_CENTS ? MICROS_PER_CENT : 1));
	return ret;
}

struct history_line history_line_take(struct str *lines)
{
	struct reader r = { (const unsigned char *)lines->p, (const unsigned char *)lines->p + lines->n };
	struct history_line ret = line(&r); /* was read before, so it is whole */

	lines->n -= (uint32_t)(r.p - (const unsigned char *)lines->p);
	lines->p = (const char *)r.p;
	return ret;
}

static void read_lines(struct reader *r, struct history_entry *ret)
{
	const unsigned char *from;
	uint64_t n = number(r);

	from = r->p;
	if (n > HISTORY_LINES_MAX)
		r->p = NULL;
	for (uint64_t i = 0; i < n && r->p; i++)
		line(r);
	if (r->p && n) {
		ret->lines_n = (uint32_t)n;
		ret->lines = (struct str){ (const char *)from, (uint32_t)(r->p - from) };
	}
}

bool history_entry_take(struct str *entries, struct history_context *ctx, struct history_entry *ret)
{
	const unsigned char *from = (const unsigned char *)entries->p;
	struct reader reader = { from + 1, from + entries->n }, *r = &reader;
	unsigned flags = *from;

	*ret = (struct history_entry){ .type = flags & TYPE_BITS, .more = (flags & MORE) != 0 };
	ctx->t_ms = (int64_t)((uint64_t)ctx->t_ms + (uint64_t)unzigzag(number(r)));
	ret->t_ms = ctx->t_ms;
	ret->event_id = text(r, EVENT_EVENT_ID_MAX);
	if (flags & HAS_ORDER)
		ret->order_id = text(r, EVENT_ID_MAX);
	read_lines(r, ret);
	if (flags & HAS_SESSION)
		ctx->session_id = text(r, EVENT_ID_MAX);
	if (flags & (HAS_SESSION | SAME_SESSION))
		ret->session_id = ctx->session_id;
	if (!r->p || ret->type >= EVENT_TYPE_COUNT || ret->t_ms < 0 || ret->t_ms >= TIME_END_MS)
		return false;
	entries->p = (const char *)r->p;
	entries->n = (uint32_t)(r->end - r->p);
	return true;
}

static bool read_entries(struct history_set *s, struct str bytes, uint16_t chunk)
{
	struct history_context ctx = { 0 };

	if (bytes.n > HISTORY_CHUNK_MAX)
		return false;
	while (bytes.n) {
		if (s->n == s->head.entries || !history_entry_take(&bytes, &ctx, &s->entries[s->n]))
			return false;
		s->entries[s->n++].chunk = chunk;
	}
	return true;
}

/* ---- rows alone ---- */

void history_skim_begin(struct history_skim *s)
{
	s->n = s->entries = 0;
	s->is_late = s->is_hard = false;
	s->t_ms = 0;
	s->event_id = (struct str){ NULL, 0 };
}

/* Of an entry that has rows. */
static void place(struct history_skim *s, int64_t t_ms, struct str event_id)
{
	if (t_ms < s->t_ms) {
		s->is_late = true;
		return;
	}
	s->is_hard |= t_ms == s->t_ms && str_cmp(event_id, s->event_id) < 0;
	s->t_ms = t_ms;
	s->event_id = event_id;
}

static void skim_lines(struct history_skim *s, struct reader *r, int64_t t_ms, enum event_type type)
{
	uint64_t n = number(r);

	if (n > HISTORY_LINES_MAX)
		r->p = NULL;
	for (; n > 0 && r->p; n--) {
		struct history_line l = line(r);

		if (s->n == HISTORY_SKIM_MAX)
			s->is_hard = true;
		else
			s->rows[s->n++] = (struct history_row){ t_ms, l.item, l.quantity, type };
	}
}

bool history_skim(struct history_skim *s, struct str entries)
{
	const unsigned char *from = (const unsigned char *)entries.p;
	struct reader reader = { from, from + entries.n }, *r = &reader;
	int64_t t_ms = 0;

	if (entries.n > HISTORY_CHUNK_MAX)
		return false;
	while (r->p < r->end) {
		unsigned flags = *r->p++;
		uint32_t n = s->n;
		struct str event_id;

		t_ms = (int64_t)((uint64_t)t_ms + (uint64_t)unzigzag(number(r)));
		event_id = text(r, EVENT_EVENT_ID_MAX);
		if (flags & HAS_ORDER)
			text(r, EVENT_ID_MAX);
		skim_lines(s, r, t_ms, (enum event_type)(flags & TYPE_BITS));
		if (flags & HAS_SESSION)
			text(r, EVENT_ID_MAX);
		if (!r->p || (flags & TYPE_BITS) >= EVENT_TYPE_COUNT || t_ms < 0 || t_ms >= TIME_END_MS)
			return false;
		if (s->n > n)
			place(s, t_ms, event_id);
		s->entries++;
	}
	return true;
}

bool history_skim_sort(struct history_skim *s)
{
	if (s->is_hard || !s->is_late)
		return !s->is_hard;
	for (uint32_t i = 1; i < s->n; i++) {
		struct history_row row = s->rows[i];
		uint32_t to = i;

		for (; to && s->rows[to - 1].t_ms > row.t_ms; to--)
			s->rows[to] = s->rows[to - 1];
		s->rows[to] = row;
		if (to != i && to && s->rows[to - 1].t_ms == row.t_ms)
			return false;
	}
	return true;
}

/* ---- all of an actor ---- */

struct str history_chunk_key(uint32_t actor, uint32_t number, unsigned char *buf)
{
	put_be32(buf, actor);
	put_be32(buf + 4, number);
	return (struct str){ (char *)buf, HISTORY_KEY_BYTES };
}

bool history_head_read(struct str row, struct history_head *ret, struct str *ret_entries)
{
	if (row.n < sizeof(*ret))
		return false;
	memcpy(ret, row.p, sizeof(*ret));
	*ret_entries = (struct str){ row.p + sizeof(*ret), row.n - (uint32_t)sizeof(*ret) };
	if (ret->profile.first_ms < 0 || ret->profile.first_ms > HISTORY_PROFILE_NONE || ret->profile.last_ms < 0 ||
	    ret->profile.last_ms >= TIME_END_MS)
		return false;
	return ret->last_ms >= 0 && ret->last_ms < TIME_END_MS && ret->entries <= HISTORY_ENTRIES_MAX &&
	       ret->session_at + (uint32_t)ret->session_n <= ret_entries->n;
}

/* Equal ones: the later arrival is the newer. */
static int newest_first(const void *pa, const void *pb)
{
	const struct history_entry *a = *(struct history_entry *const *)pa, *b = *(struct history_entry *const *)pb;
	int c;

	if (a->t_ms != b->t_ms)
		return a->t_ms > b->t_ms ? -1 : 1;
	c = str_cmp(b->event_id, a->event_id);
	return c ? c : a > b ? -1 : a < b;
}

static void sort(struct history_set *s)
{
	bool sorted = true; /* as most are */

	for (uint32_t i = 0; i < s->n; i++) {
		s->newest_first[s->n - 1 - i] = &s->entries[i];
		if (i && sorted) {
			const struct history_entry *newer = &s->entries[i], *older = newer - 1;

			sorted = newest_first(&newer, &older) < 0;
		}
	}
	if (!sorted)
		qsort(s->newest_first, s->n, sizeof(s->newest_first[0]), newest_first);
}

int history_load_head(struct history_set *s, struct str row)
{
	s->n = 0;
	s->chunks = 0;
	return history_head_read(row, &s->head, &s->newest) ? 0 : ERR_STORE_CORRUPT;
}

int history_load_chunk(struct history_set *s, uint32_t number, struct str chunk)
{
	if (s->chunks == s->head.chunks || number != s->head.first + s->chunks || !read_entries(s, chunk, s->chunks))
		return ERR_STORE_CORRUPT;
	s->chunks++;
	return 0;
}

int history_load_end(struct history_set *s)
{
	if (s->chunks != s->head.chunks || !read_entries(s, s->newest, s->chunks) || s->n != s->head.entries)
		return ERR_STORE_CORRUPT;
	sort(s);
	return 0;
}
