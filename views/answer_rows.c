#include "views/answer_rows.h"

static const struct answer_name none = { .t_ms = -1 };

static int compare(struct answer_name a, struct answer_name b)
{
	if (a.t_ms != b.t_ms)
		return a.t_ms < b.t_ms ? -1 : 1;
	return a.nonce < b.nonce ? -1 : a.nonce > b.nonce;
}

void answers_init(struct actor_answers *a)
{
	a->head = (struct answers_head){ .shown = none, .acted = none };
}

static size_t bits_bytes(const struct answer_seen *s)
{
	return (s->item_count + 7) / 8;
}

/* ---- stored: head, exposures, then of each answer: i64 t, u32 nonce, u8 n, the bits of each kind ---- */

#define ANSWER_FIXED 13

static const unsigned char *read_answer(const unsigned char *p, const unsigned char *end, struct answer_seen *ret)
{
	if (end - p < ANSWER_FIXED)
		return NULL;
	*ret = (struct answer_seen){ .item_count = p[12] };
	memcpy(&ret->name.t_ms, p, 8);
	memcpy(&ret->name.nonce, p + 8, 4);
	p += ANSWER_FIXED;
	if (ret->item_count > TOKEN_ITEMS_MAX || (size_t)(end - p) < CREDIT_KINDS * bits_bytes(ret))
		return NULL;
	for (int kind = 0; kind < CREDIT_KINDS; kind++) {
		memcpy(ret->bits[kind], p, bits_bytes(ret));
		p += bits_bytes(ret);
	}
	return p;
}

bool answers_read(struct str row, struct actor_answers *ret)
{
	const unsigned char *p = (const unsigned char *)row.p, *end = p + row.n;
	struct answers_head *h = &ret->head;
	size_t exposed;

	if (row.n < sizeof(*h))
		return false;
	memcpy(h, p, sizeof(*h));
	p += sizeof(*h);
	exposed = h->exposure_n * sizeof(*ret->exposures);
	if (!mark_is_good(&h->mark) || h->mark.items_n > ANSWERS_MAX || h->exposure_n > EXPOSURES_MAX ||
	    (size_t)(end - p) < exposed)
		return false;
	memcpy(ret->exposures, p, exposed);
	p += exposed;
	for (uint32_t i = 0; i < h->exposure_n; i++)
		if (ret->exposures[i].first_ms < 0 || ret->exposures[i].first_ms >= TIME_END_MS)
			return false;
	for (uint32_t i = 0; p && i < h->mark.items_n; i++)
		p = read_answer(p, end, &ret->answers[i]);
	return p == end;
}

bool answers_has_exposures(struct str row)
{
	struct answers_head h;

	if (row.n < sizeof(h))
		return row.n > 0;
	memcpy(&h, row.p, sizeof(h));
	return h.exposure_n > 0;
}

size_t answers_write(const struct actor_answers *a, unsigned char ret[ANSWERS_ROW_MAX])
{
	unsigned char *p = ret;

	memcpy(p, &a->head, sizeof(a->head));
	p += sizeof(a->head);
	memcpy(p, a->exposures, a->head.exposure_n * sizeof(*a->exposures));
	p += a->head.exposure_n * sizeof(*a->exposures);
	for (uint32_t i = 0; i < a->head.mark.items_n; i++) {
		const struct answer_seen *s = &a->answers[i];

		memcpy(p, &s->name.t_ms, 8);
		memcpy(p + 8, &s->name.nonce, 4);
		p[12] = (unsigned char)s->item_count;
		p += ANSWER_FIXED;
		for (int kind = 0; kind < CREDIT_KINDS; kind++) {
			memcpy(p, s->bits[kind], bits_bytes(s));
			p += bits_bytes(s);
		}
	}
	return (size_t)(p - ret);
}

/* ---- answers ---- */

struct answer_seen *answers_find(struct actor_answers *a, struct answer_name name)
{
	for (uint32_t i = 0; i < a->head.mark.items_n; i++)
		if (compare(a->answers[i].name, name) == 0)
			return &a->answers[i];
	return NULL;
}

bool answers_forgot(const struct actor_answers *a, struct answer_name name, enum credit_kind kind)
{
	return compare(name, a->head.acted) <= 0 || (kind == CREDIT_IMPRESSION && compare(name, a->head.shown) <= 0);
}

static bool was_acted_on(const struct answer_seen *s)
{
	for (int kind = CREDIT_CLICK; kind < CREDIT_KINDS; kind++)
		for (size_t i = 0; i < bits_bytes(s); i++)
			if (s->bits[kind][i])
				return true;
	return false;
}

/* Is a rather to go than b? */
static bool goes_before(const struct answer_seen *a, const struct answer_seen *b)
{
	if (was_acted_on(a) != was_acted_on(b))
		return was_acted_on(b);
	return compare(a->name, b->name) < 0;
}

/* The room of the one that goes. */
static struct answer_seen *make_room(struct actor_answers *a)
{
	struct answer_seen *out = &a->answers[0];
	struct answer_name *last;

	for (uint32_t i = 1; i < ANSWERS_MAX; i++)
		if (goes_before(&a->answers[i], out))
			out = &a->answers[i];
	last = was_acted_on(out) ? &a->head.acted : &a->head.shown;
	if (compare(out->name, *last) > 0)
		*last = out->name;
	return out;
}

struct answer_seen *answers_add(struct actor_answers *a, struct answer_name name, unsigned item_count)
{
	bool may_have_gone = compare(name, a->head.shown) <= 0; /* what makes room now does not say so */
	struct answer_seen *s;

	s = a->head.mark.items_n == ANSWERS_MAX ? make_room(a) : &a->answers[a->head.mark.items_n++];
	*s = (struct answer_seen){ .name = name, .item_count = item_count };
	if (may_have_gone)
		memset(s->bits[CREDIT_IMPRESSION], 0xff, sizeof(s->bits[CREDIT_IMPRESSION]));
	return s;
}
