#include "tests/lib/views_stream.h"
#include "schemas/json_out.h"
#include "views/ids.h"

#include <stdio.h>
#include <stdlib.h>

static struct str text_of(char *buf, size_t size, const char *prefix, uint64_t n, int width)
{
	snprintf(buf, size, "%s%0*u", prefix, width, (unsigned)n);
	return str_of(buf);
}

static void generate_items(struct gen_event *g, bool rich, uint64_t *r)
{
	g->ev.item_count = g->ev.type == EVENT_SEARCH ? 0 : 1 + (uint32_t)draw(r, draw(r, 3) ? 1 : LINES_MAX);
	for (uint32_t i = 0; i < g->ev.item_count; i++) {
		g->items[i].id = text_of(g->item_ids[i], sizeof(g->item_ids[i]), "p", draw(r, 12), 1);
		g->items[i].quantity = rich ? EVENT_QUANTITY_MAX : 1 + (uint32_t)draw(r, 3);
		g->items[i].has_price = rich || draw(r, 2);
		if (g->items[i].has_price)
			g->items[i].price_micros = rich ? EVENT_PRICE_MAX_MICROS : (int64_t)draw(r, 5000000);
	}
}

/* ---- recommendationIds ---- */

static void make_answer(struct gen_answer *a, const struct event *ev, uint32_t nonce, uint64_t *r)
{
	static const char *const variants[] = { "", "layout/a", "layout/b,price/c" };
	struct answer_token t = { .scenario = "home", .nonce = nonce, .item_count = 3 };
	unsigned char key[TOKEN_KEY_BYTES], person[ACTOR_HASH_BYTES];
	bool is_user = ev->user_id.n && draw(r, 3);
	char names[3][8];
	struct str ids[3];

	token_key_init(SHOP_PERSON_KEY, key);
	a->first_item = draw(r, 10);
	for (unsigned i = 0; i < t.item_count; i++) {
		t.items[i].strategy = (uint8_t)draw(r, 2);
		ids[i] = text_of(names[i], sizeof(names[i]), "p", a->first_item + i, 1);
	}
	token_mark_items(key, &t, ids);
	snprintf(t.variant, sizeof(t.variant), "%s", variants[draw(r, 3)]);
	t.t_ms = ev->t_ms - (int64_t)draw(r, draw(r, 4) ? MS_PER_HOUR : 8 * MS_PER_DAY);
	if (is_user || ev->visitor_id.n)
		actor_hash(SHOP_PERSON_KEY, is_user ? ACTOR_USER : ACTOR_VISITOR,
			   is_user ? ev->user_id : ev->visitor_id, person);
	token_make(key, (is_user || ev->visitor_id.n) && draw(r, 4) ? person : NULL, &t, a->text);
}

/* Half of them make an event of an answer, an old or a new one. */
static void answer(struct stream *st, struct gen_event *g)
{
	static const enum event_type types[] = { EVENT_IMPRESSION, EVENT_IMPRESSION, EVENT_CLICK, EVENT_CART_ADD,
						 EVENT_PURCHASE };
	uint64_t *r = &st->random;
	const struct gen_answer *a;

	if (g->ev.type == EVENT_SEARCH || draw(r, 2))
		return;
	if (!st->answers_n || draw(r, 2)) {
		struct gen_answer *made = &st->answers[st->answers_n % ANSWERS_GIVEN];

		make_answer(made, &g->ev, st->answers_n++, r);
		a = made;
	} else {
		a = &st->answers[draw(r, st->answers_n < ANSWERS_GIVEN ? st->answers_n : ANSWERS_GIVEN)];
	}
	g->ev.type = types[draw(r, ARRAY_SIZE(types))];
	snprintf(g->answer, sizeof(g->answer), "%s", a->text);
	g->ev.recommendation_id = str_of(g->answer);
	for (uint32_t i = 0; i < g->ev.item_count; i++)
		if (draw(r, 5))
			g->items[i].id =
				text_of(g->item_ids[i], sizeof(g->item_ids[i]), "p", a->first_item + draw(r, 3), 1);
}

/* Fill *g, whose strings point into itself: it must not move. */
static void generate(struct gen_event *g, const struct kind *kind, size_t actor, size_t number, int64_t t, uint64_t *r)
{
	static const enum event_type types[] = { EVENT_VIEW,     EVENT_VIEW,      EVENT_VIEW,     EVENT_VIEW,
						 EVENT_PURCHASE, EVENT_PURCHASE,  EVENT_CART_ADD, EVENT_RETURN,
						 EVENT_SEARCH,   EVENT_IMPRESSION };

	*g = (struct gen_event){ .ev = { .has_time = true, .t_ms = t, .position = -1 } };
	g->ev.type = types[draw(r, ARRAY_SIZE(types))];
	if (g->ev.type == EVENT_SEARCH)
		g->ev.query = draw(r, 3) ? STR("cup") : STR("red cup");
	generate_items(g, kind->rich, r);
	if (actor % 2) {
		g->ev.user_id = text_of(g->user, sizeof(g->user), "a", actor, 1);
		if (draw(r, 4) == 0)
			g->ev.visitor_id = text_of(g->visitor, sizeof(g->visitor), "v", draw(r, 6), 1);
	} else {
		g->ev.visitor_id = text_of(g->visitor, sizeof(g->visitor), "a", actor, 1);
	}
	if (draw(r, 3) == 0)
		g->ev.session_id = text_of(g->session, sizeof(g->session), "s", draw(r, 3), kind->id_width);
	if (draw(r, 2) == 0)
		g->ev.order_id = text_of(g->order, sizeof(g->order), "o", draw(r, 5), kind->id_width);
	if (draw(r, 3) == 0)
		g->ev.country = draw(r, 2) ? STR("DE") : STR("at");
	if (draw(r, 3) == 0)
		g->ev.offer_id = draw(r, 2) ? STR("spring") : STR("SAVE 10");
	if (draw(r, 8))
		g->ev.event_id = text_of(g->event_id, sizeof(g->event_id), "e",
					 kind->event_ids ? draw(r, kind->event_ids) : number, kind->id_width);
}

void stream_make(struct stream *st, const struct kind *kind, uint64_t seed)
{
	int64_t t = SHOP_START;

	*st = (struct stream){ .random = seed };
	st->events = xcalloc(kind->events, sizeof(*st->events));
	for (int p = 0; p < PARTITIONS; p++)
		st->records[p] = xcalloc(kind->events, sizeof(*st->records[p]));
	for (size_t i = 0; i < kind->events; i++) {
		size_t actor = draw(&st->random, kind->actors), p = actor % PARTITIONS;
		int64_t back = draw(&st->random, 10) ? 0 : (int64_t)draw(&st->random, 3 * MS_PER_DAY);

		t += (int64_t)draw(&st->random,
				   draw(&st->random, kind->jumps) ? 20 * MS_PER_MINUTE : kind->days * MS_PER_DAY);
		generate(&st->events[i], kind, actor, i, t - back, &st->random);
		answer(st, &st->events[i]);
		st->events[i].partition = p;
		st->records[p][st->n[p]++] = &st->events[i];
	}
	st->n_events = kind->events;
}

void stream_free(struct stream *st)
{
	for (int p = 0; p < PARTITIONS; p++)
		free(st->records[p]);
	free(st->events);
}

void stream_keep(struct stream *st, const bool *kept)
{
	memset(st->n, 0, sizeof(st->n));
	for (size_t i = 0; i < st->n_events; i++) {
		size_t p = st->events[i].partition;

		if (kept[i])
			st->records[p][st->n[p]++] = &st->events[i];
	}
}

/* ---- printing ---- */

static void print_id(struct json_out *j, const char *name, struct str id)
{
	if (!id.n)
		return;
	json_out_key(j, name);
	json_out_str(j, id);
}

static void print_event(struct json_out *j, const struct gen_event *g)
{
	json_out_object(j);
	json_out_key(j, "type");
	json_out_text(j, event_type_name(g->ev.type));
	json_out_key(j, "eventTime");
	json_out_int(j, g->ev.t_ms);
	print_id(j, "userId", g->ev.user_id);
	print_id(j, "visitorId", g->ev.visitor_id);
	print_id(j, "sessionId", g->ev.session_id);
	print_id(j, "orderId", g->ev.order_id);
	print_id(j, "eventId", g->ev.event_id);
	print_id(j, "query", g->ev.query);
	print_id(j, "recommendationId", g->ev.recommendation_id);
	print_id(j, "offerId", g->ev.offer_id);
	if (g->ev.country.n) {
		json_out_key(j, "context");
		json_out_object(j);
		print_id(j, "country", g->ev.country);
		json_out_end_object(j);
	}
	json_out_key(j, "items");
	json_out_array(j);
	for (uint32_t i = 0; i < g->ev.item_count; i++) {
		json_out_object(j);
		print_id(j, "itemId", g->items[i].id);
		json_out_key(j, "quantity");
		json_out_int(j, g->items[i].quantity);
		if (g->items[i].has_price) {
			json_out_key(j, "price");
			json_out_micros(j, g->items[i].price_micros);
		}
		json_out_end_object(j);
	}
	json_out_end_array(j);
	json_out_end_object(j);
}

char *stream_text(const struct stream *st)
{
	struct json_out j = { 0 };
	size_t n = 0;
	char *ret;
	FILE *f = open_memstream(&ret, &n);

	for (int p = 0; p < PARTITIONS; p++) {
		for (size_t i = 0; i < st->n[p]; i++) {
			json_out_reset(&j);
			print_event(&j, st->records[p][i]);
			fprintf(f, "partition %d: %.*s\n", p, (int)j.n, j.p);
		}
	}
	fclose(f);
	json_out_fini(&j);
	return ret;
}

/* ---- shrinking ---- */

/* Without the kept ones of number first .. first + n - 1. */
static size_t drop(size_t total, bool *kept, size_t first, size_t n)
{
	size_t number = 0, dropped = 0;

	for (size_t i = 0; i < total; i++) {
		if (!kept[i])
			continue;
		if (number >= first && number < first + n) {
			kept[i] = false;
			dropped++;
		}
		number++;
	}
	return dropped;
}

size_t shrink(size_t n, bool *kept, bool (*fails)(void *arg, const bool *kept), void *arg, size_t tries_max)
{
	bool *before = xmalloc(n);
	size_t left = n, tries = 0;

	for (size_t piece = left / 2; piece > 0; piece = piece > left / 2 ? left / 2 : piece / 2) {
		bool again = true;

		/* single ones until none can go: what went may have been all that another was needed for */
		while (again && tries < tries_max) {
			again = false;
			for (size_t at = 0; at < left && tries < tries_max; tries++) {
				size_t dropped;

				memcpy(before, kept, n);
				dropped = drop(n, kept, at, piece);
				if (fails(arg, kept)) {
					left -= dropped;
					again = piece == 1;
				} else {
					memcpy(kept, before, n);
					at += piece;
				}
			}
		}
	}
	free(before);
	return left;
}
