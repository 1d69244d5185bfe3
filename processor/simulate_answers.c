#include "processor/simulate_answers.h"

#include "processor/simulate_random.h"
#include "processor/simulate_truth.h"
#include "schemas/token.h"
#include "views/ids.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Chances in 1/10,000. */
#define P_ANSWER_FIRST 6000 /* of the first view of a session */
#define P_ANSWER 2500       /* of another one */
#define P_TROUBLE 300       /* an answer that is done has an event that must not count */
#define P_MORE 3000         /* an ordered line is of several units */

#define SOON_MS MS_PER_DAY
#define LATE_MS (7 * MS_PER_DAY)

enum { NEXT_NOTHING, NEXT_SHOW, NEXT_CLICK, NEXT_CART, NEXT_ORDER, NEXT_TROUBLE };

struct sim_actor {
	int64_t last_ms; /* time of its last answer: no two have the same */
	uint32_t answers;
	bool exposed; /* its variant's experiment counts what it does */
};

struct simulate_answers {
	struct simulate_random random;
	uint32_t items, users;
	unsigned char person_key[32], token_key[TOKEN_KEY_BYTES];
	struct sim_actor *actors; /* users, then visitors */
	struct truth truth;
	struct simulate_answer last, other;    /* the last two to different actors: the one is of no use to the other */
	char token[SIMULATE_ANSWER_TOKEN + 1]; /* a spoilt one, of the event at hand */
};

struct simulate_answers *simulate_answers_new(const struct simulate_options *opt)
{
	struct simulate_answers *a = xcalloc(1, sizeof(*a));

	assert(!opt->new_guests);
	for (size_t i = 0; i < ARRAY_SIZE(a->random.s); i++)
		a->random.s[i] = simulate_mix(~opt->seed * 4 + i);
	a->items = opt->items;
	a->users = opt->users;
	memcpy(a->person_key, opt->person_key, sizeof(a->person_key));
	token_key_init(a->person_key, a->token_key);
	a->actors = xcalloc((size_t)2 * opt->users, sizeof(*a->actors));
	a->truth.first_hour = time_bucket(opt->start_ms, MS_PER_HOUR);
	return a;
}

void simulate_answers_free(struct simulate_answers *a)
{
	if (!a)
		return;
	truth_fini(&a->truth);
	free(a->actors);
	free(a);
}

static uint32_t actor_of(const struct simulate_answers *a, const struct simulated_event *ev)
{
	return ev->has_user ? ev->user : a->users + ev->visitor;
}

static unsigned variant_of(uint32_t actor)
{
	unsigned of_10 = (unsigned)(simulate_mix(actor ^ UINT64_C(0xab00)) % 10);

	return of_10 < 2 ? VARIANT_NONE : of_10 < 6 ? VARIANT_CONTROL : VARIANT_FRESH;
}

/* ---- an answer ---- */

static void choose_items(struct simulate_answers *a, struct simulate_answer *answer)
{
	unsigned wanted = 4 + simulate_below(&a->random, SIMULATE_ANSWER_ITEMS - 3);

	/* small shops have fewer */
	for (unsigned tries = 0; answer->n < wanted && tries < 4 * SIMULATE_ANSWER_ITEMS; tries++) {
		uint64_t u = simulate_draw(&a->random) >> 32;
		uint32_t item = (uint32_t)((u * u >> 32) * a->items >> 32);

		if (id_among(answer->items, answer->n, item))
			continue;
		answer->strategies[answer->n] = simulate_below(&a->random, SIMULATE_STRATEGIES);
		answer->items[answer->n++] = item;
	}
}

static void sign(struct simulate_answers *a, struct simulate_answer *answer, const struct simulated_event *ev)
{
	struct answer_token t = { .t_ms = answer->t_ms,
				  .nonce = (uint32_t)simulate_draw(&a->random),
				  .item_count = answer->n };
	char ids[SIMULATE_ANSWER_ITEMS][SIMULATE_KEY_MAX] = { { 0 } }, key[SIMULATE_KEY_MAX], text[TOKEN_CHARS_MAX + 1];
	struct str item_ids[SIMULATE_ANSWER_ITEMS];
	unsigned char person[ACTOR_HASH_BYTES];
	size_t n;

	snprintf(t.scenario, sizeof(t.scenario), "%s", simulate_scenarios[answer->scenario]);
	snprintf(t.variant, sizeof(t.variant), "%s", simulate_variants[answer->variant]);
	for (unsigned i = 0; i < answer->n; i++) {
		const char *slug = simulate_strategies[answer->scenario][answer->strategies[i]];

		item_ids[i] = (struct str){ ids[i], simulate_item_key(answer->items[i], ids[i]) };
		t.items[i].strategy = strategy_number(str_of(slug));
	}
	token_mark_items(a->token_key, &t, item_ids);
	actor_hash(a->person_key, ev->has_user ? ACTOR_USER : ACTOR_VISITOR,
		   (struct str){ key, simulate_event_key(ev, key) }, person);
	n = token_make(a->token_key, person, &t, text);
	assert(n <= SIMULATE_ANSWER_TOKEN);
	memcpy(answer->token, text, n + 1);
}

void simulate_answers_view(struct simulate_answers *a, struct simulate_answer *answer, const struct simulated_event *ev,
			   bool first)
{
	uint32_t actor = actor_of(a, ev);
	struct sim_actor *who = &a->actors[actor];

	if (answer->next || !simulate_chance(&a->random, first ? P_ANSWER_FIRST : P_ANSWER))
		return;
	*answer = (struct simulate_answer){ .next = NEXT_SHOW,
					    .scenario = first ? SCENARIO_HOME : SCENARIO_PRODUCT_PAGE,
					    .variant = variant_of(actor),
					    .actor = actor,
					    .t_ms = ev->t_ms > who->last_ms ? ev->t_ms : who->last_ms + 1 };
	choose_items(a, answer);
	answer->number = ++who->answers;
	who->last_ms = answer->t_ms;
	sign(a, answer, ev);
	if (a->last.actor != actor)
		a->other = a->last;
	a->last = *answer;
	a->truth.answers++;
}

/* ---- what comes of it ---- */

static struct simulate_chances chances_of(const struct simulate_answer *answer, unsigned at)
{
	return simulate_chances_of(answer->scenario, answer->strategies[at], answer->variant);
}

static bool is_expired(struct simulate_answers *a, const struct simulate_answer *answer,
		       const struct simulated_event *ev, int64_t late_ms)
{
	int64_t age = ev->t_ms - answer->t_ms;
	bool ret = age > late_ms || age < -MS_PER_HOUR;

	a->truth.refused[TRUTH_EXPIRED] += ret;
	return ret;
}

/* Where an event about the item at `at` counts; NULL: it does not. */
static int64_t *place_of(struct simulate_answers *a, const struct simulate_answer *answer, unsigned at,
			 const struct simulated_event *ev, int64_t late_ms)
{
	if (is_expired(a, answer, ev, late_ms))
		return NULL;
	if (answer->variant && !a->actors[answer->actor].exposed) {
		a->actors[answer->actor].exposed = true;
		a->truth.people[answer->variant].people++;
	}
	return truth_hour(&a->truth, ev->t_ms)->credited[answer->scenario][answer->strategies[at]][answer->variant];
}

static void about_item(struct simulated_event *ev, enum event_type type, uint32_t item, const char *token)
{
	ev->type = type;
	ev->item = item;
	ev->recommendation = token;
}

static void go_on(struct simulate_answers *a, struct simulate_answer *answer)
{
	if (answer->clicked)
		answer->next = NEXT_CLICK;
	else
		answer->next = simulate_chance(&a->random, P_TROUBLE) ? NEXT_TROUBLE : NEXT_NOTHING;
}

static void show(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev)
{
	ev->type = EVENT_IMPRESSION;
	ev->recommendation = answer->token;
	for (unsigned i = 0; i < answer->n; i++) {
		int64_t *place = place_of(a, answer, i, ev, SOON_MS);

		ev->lines[ev->line_count++] = (struct simulated_line){ .item = answer->items[i], .quantity = 1 };
		if (place) {
			place[TRUTH_IMPRESSIONS]++;
			a->truth.people[answer->variant].impressions++;
		}
		if (simulate_chance(&a->random, chances_of(answer, i).click))
			answer->clicked |= 1u << i;
	}
	go_on(a, answer);
}

static void click(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev)
{
	int64_t *place;

	answer->at = (unsigned)__builtin_ctz(answer->clicked);
	answer->clicked &= answer->clicked - 1;
	about_item(ev, EVENT_CLICK, answer->items[answer->at], answer->token);
	place = place_of(a, answer, answer->at, ev, SOON_MS);
	if (place) {
		place[TRUTH_CLICKS]++;
		a->truth.people[answer->variant].clicks++;
	}
	if (simulate_chance(&a->random, chances_of(answer, answer->at).cart))
		answer->next = NEXT_CART;
	else
		go_on(a, answer);
}

static void put_in_cart(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev)
{
	int64_t *place = place_of(a, answer, answer->at, ev, LATE_MS);

	about_item(ev, EVENT_CART_ADD, answer->items[answer->at], answer->token);
	if (place)
		place[TRUTH_CARTS]++;
	if (simulate_chance(&a->random, chances_of(answer, answer->at).order))
		answer->next = NEXT_ORDER;
	else
		go_on(a, answer);
}

/* Beside it something that nobody recommended. */
static void order(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev)
{
	uint32_t item = answer->items[answer->at], quantity = 1, other = simulate_below(&a->random, a->items);
	int64_t *place = place_of(a, answer, answer->at, ev, LATE_MS);

	if (simulate_chance(&a->random, P_MORE))
		quantity = 2 + simulate_below(&a->random, 3);
	ev->type = EVENT_PURCHASE;
	ev->lines[ev->line_count++] = (struct simulated_line){ item, quantity, answer->token };
	if (other != item)
		ev->lines[ev->line_count++] = (struct simulated_line){ .item = other, .quantity = 1 };
	if (place) {
		place[TRUTH_ORDERS]++;
		place[TRUTH_UNITS] += quantity;
		place[TRUTH_REVENUE] += quantity * simulate_price_micros(item);
	}
	go_on(a, answer);
}

static bool is_marked(struct simulate_answers *a, const struct simulate_answer *answer, uint32_t item)
{
	struct answer_token_text text;
	char id[SIMULATE_KEY_MAX];
	uint16_t mark;

	if (!token_read(str_of(answer->token), &text))
		return true;
	mark = token_mark(a->token_key, text.token.nonce, (struct str){ id, simulate_item_key(item, id) });
	for (unsigned i = 0; i < answer->n; i++)
		if (text.token.items[i].mark == mark)
			return true;
	return false;
}

/* An event that must count nowhere. */
static void trouble(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev)
{
	uint32_t item = simulate_below(&a->random, a->items);
	const struct simulate_answer *other;
	size_t n = strlen(answer->token);

	answer->next = NEXT_NOTHING;
	about_item(ev, EVENT_CLICK, answer->items[0], a->token);
	memcpy(a->token, answer->token, sizeof(a->token));
	switch (simulate_below(&a->random, 4)) {
	case 0: /* forged: a letter of the signature is another */
		a->token[n - 5] = a->token[n - 5] == 'A' ? 'B' : 'A';
		a->truth.refused[TRUTH_SIGNATURE]++;
		return;
	case 1: /* somebody else's */
		other = a->last.actor == answer->actor ? &a->other : &a->last;
		if (!other->n)
			break;
		memcpy(a->token, other->token, sizeof(a->token));
		ev->item = other->items[0];
		ev->has_visitor = ev->has_visitor && !ev->has_user; /* its other id may be whom that was for */
		a->truth.refused[TRUTH_SIGNATURE]++;
		return;
	case 2: /* of another item */
		if (is_marked(a, answer, item))
			break;
		ev->item = item;
		if (!is_expired(a, answer, ev, SOON_MS))
			a->truth.refused[TRUTH_ITEM]++;
		return;
	default:
		break;
	}
	ev->type = EVENT_IMPRESSION; /* shown again */
	if (place_of(a, answer, 0, ev, SOON_MS))
		a->truth.refused[TRUTH_REPEAT]++;
}

bool simulate_answers_step(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev)
{
	static void (*const steps[])(struct simulate_answers *, struct simulate_answer *, struct simulated_event *) = {
		[NEXT_SHOW] = show,   [NEXT_CLICK] = click,     [NEXT_CART] = put_in_cart,
		[NEXT_ORDER] = order, [NEXT_TROUBLE] = trouble,
	};
	uint32_t actor = actor_of(a, ev);

	if (answer->next && (answer->actor != actor || answer->number != a->actors[actor].answers))
		answer->next = NEXT_NOTHING;
	if (!answer->next)
		return false;
	steps[answer->next](a, answer, ev);
	return true;
}

/* ---- the truth ---- */

void simulate_answers_count(struct simulate_answers *a, const struct simulated_event *ev)
{
	int64_t units = 0, revenue = 0, sign = ev->type == EVENT_RETURN ? -1 : 1;
	struct truth_hour *hour = truth_hour(&a->truth, ev->t_ms);
	uint32_t actor = actor_of(a, ev);

	hour->views += ev->type == EVENT_VIEW;
	hour->carts += ev->type == EVENT_CART_ADD;
	if (ev->type != EVENT_PURCHASE && ev->type != EVENT_RETURN)
		return;
	for (uint32_t i = 0; i < ev->line_count; i++) {
		units += ev->lines[i].quantity;
		revenue += ev->lines[i].quantity * simulate_price_micros(ev->lines[i].item);
	}
	hour->orders += ev->type == EVENT_PURCHASE;
	hour->units += sign * units;
	hour->revenue_micros += sign * revenue;
	if (ev->type == EVENT_PURCHASE && a->actors[actor].exposed) {
		a->truth.people[variant_of(actor)].orders++;
		a->truth.people[variant_of(actor)].revenue_micros += revenue;
	}
}

void simulate_answers_write(const struct simulate_answers *a, struct json_out *j)
{
	truth_write(&a->truth, j);
}
