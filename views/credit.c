#include "views/credit.h"
#include "views/answer_rows.h"
#include "views/ids.h"
#include "views/keys.h"
#include "views/labels.h"

#include <stdlib.h>
#include <xxhash.h>

struct credit_desk {
	unsigned char person_key[32];
	unsigned char token_key[TOKEN_KEY_BYTES];
	uint64_t refused[CREDIT_REFUSAL_COUNT];
	struct credits out;
	bool any; /* something was ever remembered of some actor */
	/* of the event at hand */
	struct answer_token_text text; /* its last id */
	struct str text_of;            /* the bytes it was read from */
	int text_fault;                /* why it is none, or -1 */
	struct actor_answers answers;
};

struct credit_desk *credit_desk_new(const unsigned char person_key[32])
{
	struct credit_desk *d = xcalloc(1, sizeof(*d));

	memcpy(d->person_key, person_key, sizeof(d->person_key));
	token_key_init(person_key, d->token_key);
	return d;
}

void credit_desk_free(struct credit_desk *d)
{
	if (!d)
		return;
	free(d->out.v);
	free(d);
}

static int found(void *arg, struct str key, struct str value)
{
	(void)key;
	(void)value;
	*(bool *)arg = true;
	return 1;
}

/* Who is credited first gets a label, in the same transaction; a walk over what is remembered would pass all there is of all actors. */
int credit_desk_look(struct credit_desk *d, struct snap *sn)
{
	int rc;

	d->any = false;
	rc = snap_each(sn, TBL_LABELS, (struct str){ NULL, 0 }, found, &d->any);
	return rc < 0 ? rc : 0;
}

const uint64_t *credit_refused(const struct credit_desk *d)
{
	return d->refused;
}

const char *credit_refusal_name(enum credit_refusal why)
{
	static const char *const names[] = {
#define X(name, label) label,
		CREDIT_REFUSALS(X)
#undef X
	};

	return names[why];
}

/* CREDIT_KINDS: of none. */
static enum credit_kind kind_of(enum event_type type)
{
	switch (type) {
	case EVENT_IMPRESSION:
		return CREDIT_IMPRESSION;
	case EVENT_CLICK:
		return CREDIT_CLICK;
	case EVENT_CART_ADD:
		return CREDIT_CART;
	case EVENT_PURCHASE:
		return CREDIT_ORDER;
	default:
		return CREDIT_KINDS;
	}
}

static struct str id_of_line(const struct event *ev, uint32_t i)
{
	return ev->items[i].recommendation_id.n ? ev->items[i].recommendation_id : ev->recommendation_id;
}

static bool has_id(const struct event *ev)
{
	for (uint32_t i = 0; i < ev->item_count; i++)
		if (id_of_line(ev, i).n)
			return true;
	return false;
}

/* ---- is it an id, and this actor's? ---- */

static bool is_for(const struct credit_desk *d, const struct event *ev)
{
	unsigned char person[ACTOR_HASH_BYTES];

	if (ev->user_id.n) {
		actor_hash(d->person_key, ACTOR_USER, ev->user_id, person);
		if (token_is_for(d->token_key, &d->text, person))
			return true;
	}
	if (ev->visitor_id.n) {
		actor_hash(d->person_key, ACTOR_VISITOR, ev->visitor_id, person);
		if (token_is_for(d->token_key, &d->text, person))
			return true;
	}
	return token_is_for(d->token_key, &d->text, NULL);
}

static bool is_in_time(const struct fold *f, const struct answer_token *t, int64_t t_ms, enum credit_kind kind)
{
	int64_t watermark = fold_lane_watermark(f), after = t_ms - t->t_ms;
	int64_t most = kind == CREDIT_IMPRESSION || kind == CREDIT_CLICK ? CREDIT_SOON_MS : CREDIT_LATE_MS;

	return after >= -CREDIT_SKEW_MS && after <= most &&
	       (watermark == TIME_NONE || watermark - t->t_ms <= CREDIT_KEPT_MS);
}

/* The id into d->text; -1, or why it counts for nothing. */
static int read_id(struct credit_desk *d, const struct fold *f, const struct event *ev, struct str id,
		   enum credit_kind kind)
{
	if (d->text_of.n && str_eq(id, d->text_of))
		return d->text_fault;
	d->text_of = id;
	if (!token_read(id, &d->text) || d->text.token.t_ms >= TIME_END_MS)
		d->text_fault = REFUSED_MALFORMED;
	else if (!is_for(d, ev))
		d->text_fault = REFUSED_SIGNATURE;
	else
		d->text_fault = is_in_time(f, &d->text.token, ev->t_ms, kind) ? -1 : REFUSED_EXPIRED;
	return d->text_fault;
}

/* ---- what is remembered of the actor ---- */

/* Of one that has nothing, or whose row has ended: an empty one. */
static void load(struct credit_desk *d, struct fold *f, struct str row)
{
	if (row.n && !answers_read(row, &d->answers))
		fold_damaged(f);
	else if (row.n && !mark_has_ended(&d->answers.head.mark, fold_lane_watermark(f)))
		return;
	answers_init(&d->answers);
}

static void save(struct credit_desk *d, struct fold *f, const struct moment *m)
{
	unsigned char be[4], row[ANSWERS_ROW_MAX];

	d->any = true;
	mark_set(&d->answers.head.mark, f, m->t_ms);
	fold_put(f, TBL_ANSWERS, id_key(m->actor, be), row, answers_write(&d->answers, row));
}

/* ---- experiments ---- */

static int64_t epoch_of(const struct exposure_row *x)
{
	return time_bucket(x->first_ms, MS_PER_EPOCH);
}

/* Those whose rows have expired go, so that there is room for others. */
static void drop_old_exposures(struct actor_answers *a, int64_t watermark_ms)
{
	uint32_t n = 0;

	for (uint32_t i = 0; watermark_ms != TIME_NONE && i < a->head.exposure_n; i++)
		if (epoch_of(&a->exposures[i]) > time_bucket(watermark_ms, MS_PER_EPOCH) - EXPOSURE_EPOCHS)
			a->exposures[n++] = a->exposures[i];
	if (watermark_ms != TIME_NONE)
		a->head.exposure_n = n;
}

/* What the event adds to this one; found or made. */
static struct exposure *exposure_of(struct credits *out, const struct exposure_row *x)
{
	for (uint32_t i = 0; i < out->exposure_n; i++)
		if (out->exposures[i].label == x->label)
			return &out->exposures[i];
	out->exposures[out->exposure_n] = (struct exposure){ .label = x->label, .epoch = epoch_of(x) };
	out->exposures[out->exposure_n].add.first_ms = x->first_ms;
	return &out->exposures[out->exposure_n++];
}

/* NULL: the actor is in too many. */
static struct exposure *expose(struct credit_desk *d, uint32_t label, int64_t t_ms)
{
	struct actor_answers *a = &d->answers;
	struct exposure *ret;

	for (uint32_t i = 0; i < a->head.exposure_n; i++)
		if (a->exposures[i].label == label)
			return exposure_of(&d->out, &a->exposures[i]);
	if (a->head.exposure_n == EXPOSURES_MAX)
		return NULL;
	a->exposures[a->head.exposure_n] = (struct exposure_row){ .first_ms = t_ms, .label = label };
	ret = exposure_of(&d->out, &a->exposures[a->head.exposure_n++]);
	ret->is_new = true;
	ret->add.sessions = 1;
	return ret;
}

/* The actor met the variants of the id at hand. */
static void note_variants(struct credit_desk *d, struct fold *f, int64_t t_ms, enum credit_kind kind)
{
	const char *p = d->text.token.variant;

	while (*p) {
		size_t n = strcspn(p, ",");
		struct exposure *x =
			n ? expose(d, fold_label_of_variant(f, (struct str){ p, (uint32_t)n }), t_ms) : NULL;

		if (x && kind == CREDIT_IMPRESSION)
			x->add.impressions++;
		if (x && kind == CREDIT_CLICK)
			x->add.clicks++;
		p += n + (p[n] == ',');
	}
}

/* Has this session not been counted? One without an id is new when the journal says so. */
static bool note_session(struct actor_answers *a, const struct moment *m)
{
	uint32_t *known = a->head.sessions, hash;

	if (!m->ev->session_id.n)
		return m->new_session;
	hash = (uint32_t)XXH3_64bits(m->ev->session_id.p, m->ev->session_id.n);
	hash += !hash;
	for (unsigned i = 0; i < ANSWER_SESSIONS_MAX; i++)
		if (known[i] == hash)
			return false;
	memmove(known + 1, known, (ANSWER_SESSIONS_MAX - 1) * sizeof(*known));
	known[0] = hash;
	return true;
}

/* Sessions and purchases of an actor that is in experiments. */
static void follow(struct credit_desk *d, const struct moment *m)
{
	bool new_session = note_session(&d->answers, m);
	int64_t paid = m->ev->type == EVENT_PURCHASE ? moment_revenue(m, 1) : 0;

	for (uint32_t i = 0; i < d->answers.head.exposure_n; i++) {
		struct exposure *x;

		if (!new_session && m->ev->type != EVENT_PURCHASE)
			continue;
		x = exposure_of(&d->out, &d->answers.exposures[i]);
		x->add.sessions += new_session && !x->is_new;
		x->add.orders += m->new_order;
		x->add.revenue_micros = wrapping_add(x->add.revenue_micros, paid);
	}
}

/* ---- items ---- */

static bool bit_get(const unsigned char *bits, unsigned i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static void bit_set(unsigned char *bits, unsigned i)
{
	bits[i / 8] |= (unsigned char)(1u << (i % 8));
}

/* Where the item stands in the answer; below 0: it does not. */
static int place_in(const struct credit_desk *d, struct str item_id)
{
	const struct answer_token *t = &d->text.token;
	uint16_t mark = token_mark(d->token_key, t->nonce, item_id);

	for (unsigned i = 0; i < t->item_count; i++)
		if (t->items[i].mark == mark)
			return (int)i;
	return -1;
}

static void add_credit(struct credits *out, const struct credit *c)
{
	ARRAY_GROW(out->v, out->n, out->room, 16);
	out->v[out->n++] = *c;
}

/* -1: it counts, and will not again; or why not. */
static int claim(struct credit_desk *d, const struct moment_item *mi, enum credit_kind kind, int place)
{
	const struct answer_token *t = &d->text.token;
	struct answer_name name = { .t_ms = t->t_ms, .nonce = t->nonce };
	struct answer_seen *seen = answers_find(&d->answers, name);

	if (!seen && answers_forgot(&d->answers, name, kind))
		return REFUSED_FORGOTTEN;
	if ((seen && bit_get(seen->bits[kind], (unsigned)place)) || (kind == CREDIT_ORDER && !mi->first_in_order))
		return REFUSED_REPEAT;
	if (!seen)
		seen = answers_add(&d->answers, name, t->item_count);
	bit_set(seen->bits[kind], (unsigned)place);
	return -1;
}

/* -1: it was credited; or why not. */
static int credit_item(struct credit_desk *d, struct fold *f, const struct moment *m, uint32_t i, enum credit_kind kind)
{
	const struct moment_item *mi = &m->items[i];
	struct credit c = { .item = mi->item, .kind = kind };
	int why = read_id(d, f, m->ev, id_of_line(m->ev, i), kind), place;

	if (why >= 0)
		return why;
	place = place_in(d, mi->line->id);
	if (place < 0)
		return REFUSED_ITEM;
	why = claim(d, mi, kind, place);
	if (why >= 0)
		return why;
	c.label = fold_label_of_answer(f, &d->text.token, d->text.token.items[place].strategy);
	if (kind == CREDIT_ORDER) {
		c.units = mi->line->quantity;
		c.revenue_micros = c.units * mi->line->price_micros;
	}
	add_credit(&d->out, &c);
	note_variants(d, f, m->t_ms, kind);
	return -1;
}

static void credit_items(struct credit_desk *d, struct fold *f, const struct moment *m, enum credit_kind kind)
{
	for (uint32_t i = 0; i < m->item_count; i++) {
		int why;

		if (!id_of_line(m->ev, i).n)
			continue;
		why = credit_item(d, f, m, i, kind);
		if (why >= 0)
			d->refused[why]++;
	}
}

void credit_take(struct credit_desk *d, struct fold *f, struct moment *m)
{
	enum credit_kind kind = kind_of(m->ev->type);
	bool ids = kind != CREDIT_KINDS && has_id(m->ev), follows;
	unsigned char be[4];
	struct str row;

	d->out.n = d->out.exposure_n = 0;
	m->credits = &d->out;
	if (!ids && (!d->any || (!m->new_session && m->ev->type != EVENT_PURCHASE)))
		return;
	row = fold_peek(f, TBL_ANSWERS, id_key(m->actor, be));
	if (!ids && !answers_has_exposures(row))
		return;
	load(d, f, row);
	drop_old_exposures(&d->answers, fold_lane_watermark(f));
	d->text_of = (struct str){ NULL, 0 };
	if (ids)
		credit_items(d, f, m, kind);
	follows = d->answers.head.exposure_n && (d->out.n || m->new_session || m->ev->type == EVENT_PURCHASE);
	if (follows)
		follow(d, m);
	if (follows || d->out.n)
		save(d, f, m);
}
