#include "processor/simulate.h"
#include "processor/simulate_answers.h"
#include "processor/simulate_random.h"
#include "processor/simulate_text.h"

#include <stdlib.h>

#define NEIGHBOURHOOD 16
#define RECENT 64            /* events a copy may be of */
#define SLOTS_MAX 65536      /* sessions at a time */
#define GAP_MS MS_PER_MINUTE /* mean time between two events of a session */
#define SKEW_MS 3000
#define VIEWS_MAX 11 /* of a session; 6 on average */

/* Chances in 1/10,000. */
#define P_COPY 200
#define P_SEARCH 1250   /* before a view */
#define P_CART_ADD 550  /* after a view */
#define P_PURCHASE 3090 /* after a cart-add: 1.7 of 5.5 */
#define P_CART_REMOVE 800
#define P_RETURN 600 /* after a purchase */
#define P_NEAR 6000  /* the next item is a neighbour */
#define P_GUEST 3300
#define P_LOGIN 2000 /* of guests */
#define P_MORE_LINES 4500

enum step { STEP_BROWSE, STEP_VIEW_FOUND, STEP_CART_ADD, STEP_CART_REMOVE, STEP_PURCHASE, STEP_RETURN };

/* One session under way. */
struct slot {
	enum step next;
	bool has_user, has_visitor, logs_in, tells_session;
	uint32_t user, visitor, item;
	uint32_t views_left, login_at;
	uint64_t session, order;
	int64_t skew_ms;
	uint32_t cart[SIMULATE_BASKET_MAX / 2], cart_n;
	bool viewed;
	struct simulate_answer answer;
};

struct recent {
	uint32_t key_n, value_n;
	char key[SIMULATE_KEY_MAX], value[SIMULATE_TEXT_MAX];
};

/* Walker's alias table: one draw, one comparison. */
struct alias {
	uint64_t keep; /* of 2^53 */
	uint32_t other;
};

struct simulation {
	struct simulate_options opt;
	struct simulate_random random;
	struct simulate_answers *answers; /* NULL: none */
	struct alias *zipf;
	struct slot *slots;
	uint32_t slot_count;
	uint64_t events_done, fresh, sessions, orders;
	uint32_t new_guests;
	uint32_t catalog_done; /* 2 for each item */
	struct recent *recent;
	char key[SIMULATE_KEY_MAX], value[SIMULATE_TEXT_MAX];
};

static uint64_t draw(struct simulation *sim)
{
	return simulate_draw(&sim->random);
}

static uint32_t below(struct simulation *sim, uint32_t n)
{
	return simulate_below(&sim->random, n);
}

static bool chance(struct simulation *sim, uint32_t of_10000)
{
	return simulate_chance(&sim->random, of_10000);
}

/* Weights 1/rank to an alias table (Vose 1991). */
static struct alias *zipf_new(uint32_t n)
{
	struct alias *table = xcalloc(n, sizeof(*table));
	double *share = xcalloc(n, sizeof(*share)), sum = 0;
	uint32_t *small = xcalloc(n, sizeof(*small)), *large = xcalloc(n, sizeof(*large));
	uint32_t small_n = 0, large_n = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += 1.0 / (i + 1);
	for (uint32_t i = 0; i < n; i++) {
		share[i] = n / (sum * (i + 1));
		if (share[i] < 1)
			small[small_n++] = i;
		else
			large[large_n++] = i;
	}
	while (small_n && large_n) {
		uint32_t less = small[--small_n], more = large[large_n - 1];

		table[less] = (struct alias){ (uint64_t)(share[less] * 0x1p53), more };
		share[more] -= 1 - share[less];
		if (share[more] < 1) {
			large_n--;
			small[small_n++] = more;
		}
	}
	while (large_n)
		table[large[--large_n]].keep = UINT64_C(1) << 53;
	while (small_n)
		table[small[--small_n]].keep = UINT64_C(1) << 53;
	free(share);
	free(small);
	free(large);
	return table;
}

static uint32_t popular_item(struct simulation *sim)
{
	uint32_t i = below(sim, sim->opt.items);

	return draw(sim) >> 11 < sim->zipf[i].keep ? i : sim->zipf[i].other;
}

static uint32_t near_item(struct simulation *sim, uint32_t item)
{
	uint32_t near = item - item % NEIGHBOURHOOD + below(sim, NEIGHBOURHOOD);

	return near < sim->opt.items ? near : item;
}

/* ---- sessions ---- */

/* Some come much more often than others: the square of a uniform number. */
static uint32_t some_actor(struct simulation *sim)
{
	uint64_t u = draw(sim) >> 32;

	return (uint32_t)((u * u >> 32) * sim->opt.users >> 32);
}

static void start_session(struct simulation *sim, struct slot *s)
{
	uint32_t actor = some_actor(sim);
	bool guest = chance(sim, P_GUEST);

	*s = (struct slot){ .views_left = 1 + below(sim, VIEWS_MAX), .skew_ms = below(sim, SKEW_MS) };
	s->session = ++sim->sessions;
	s->item = popular_item(sim);
	s->user = actor;
	s->visitor = actor;
	if (guest && sim->opt.new_guests && below(sim, 100) < sim->opt.new_guests)
		s->visitor = sim->opt.users + sim->new_guests++;
	s->has_user = !guest;
	s->has_visitor = guest;
	s->logs_in = guest && chance(sim, P_LOGIN);
	s->login_at = s->views_left / 2;
	s->tells_session = actor % 2 == 0;
}

static void add_line(struct simulated_event *ev, uint32_t item, uint32_t quantity)
{
	for (uint32_t i = 0; i < ev->line_count; i++)
		if (ev->lines[i].item == item)
			return;
	if (ev->line_count < SIMULATE_BASKET_MAX)
		ev->lines[ev->line_count++] = (struct simulated_line){ .item = item, .quantity = quantity };
}

static void buy(struct simulation *sim, struct slot *s, struct simulated_event *ev)
{
	ev->type = EVENT_PURCHASE;
	ev->order = s->order = ++sim->orders;
	for (uint32_t i = 0; i < s->cart_n; i++)
		add_line(ev, s->cart[i], chance(sim, 8000) ? 1 : 2 + below(sim, 4));
	while (chance(sim, P_MORE_LINES))
		add_line(ev, near_item(sim, s->item), 1);
	s->cart_n = 0;
	s->next = chance(sim, P_RETURN) ? STEP_RETURN : STEP_BROWSE;
}

static void view(struct simulation *sim, struct slot *s, struct simulated_event *ev)
{
	ev->type = EVENT_VIEW;
	ev->item = s->item;
	s->views_left -= s->views_left > 0;
	if (s->logs_in && s->views_left <= s->login_at)
		s->has_user = true;
	s->next = chance(sim, P_CART_ADD) ? STEP_CART_ADD : STEP_BROWSE;
}

static void browse(struct simulation *sim, struct slot *s, struct simulated_event *ev)
{
	if (chance(sim, P_SEARCH)) {
		ev->type = EVENT_SEARCH;
		ev->item = s->item = popular_item(sim);
		s->next = STEP_VIEW_FOUND;
		return;
	}
	s->item = chance(sim, P_NEAR) ? near_item(sim, s->item) : popular_item(sim);
	view(sim, s, ev);
}

static void add_to_cart(struct simulation *sim, struct slot *s, struct simulated_event *ev)
{
	ev->type = EVENT_CART_ADD;
	ev->item = s->item;
	if (s->cart_n < ARRAY_SIZE(s->cart))
		s->cart[s->cart_n++] = s->item;
	s->next = chance(sim, P_PURCHASE) ? STEP_PURCHASE : chance(sim, P_CART_REMOVE) ? STEP_CART_REMOVE : STEP_BROWSE;
}

static void take_step(struct simulation *sim, struct slot *s, struct simulated_event *ev)
{
	switch (s->next) {
	case STEP_BROWSE:
		browse(sim, s, ev);
		break;
	case STEP_VIEW_FOUND:
		view(sim, s, ev);
		break;
	case STEP_CART_ADD:
		add_to_cart(sim, s, ev);
		break;
	case STEP_CART_REMOVE:
		ev->type = EVENT_CART_REMOVE;
		ev->item = s->cart[--s->cart_n];
		s->next = STEP_BROWSE;
		break;
	case STEP_PURCHASE:
		buy(sim, s, ev);
		break;
	case STEP_RETURN:
		ev->type = EVENT_RETURN;
		ev->order = s->order;
		add_line(ev, s->item, 1);
		s->next = STEP_BROWSE;
		break;
	}
}

static void set_persons(const struct slot *s, struct simulated_event *ev)
{
	ev->has_user = s->has_user;
	ev->has_visitor = s->has_visitor;
	ev->user = s->user;
	ev->visitor = s->visitor;
	ev->session = s->tells_session ? s->session : 0;
}

static void fresh_event(struct simulation *sim, struct simulated_event *ev)
{
	struct slot *s = &sim->slots[below(sim, sim->slot_count)];
	unsigned __int128 passed = (unsigned __int128)sim->events_done * (uint64_t)sim->opt.span_ms;

	if (s->views_left == 0 && s->next == STEP_BROWSE && !s->answer.next)
		start_session(sim, s);
	*ev = (struct simulated_event){ .t_ms = sim->opt.start_ms + (int64_t)(passed / sim->opt.events) + s->skew_ms };
	ev->id = simulate_mix(simulate_mix(sim->opt.seed) + sim->fresh++);
	set_persons(s, ev);
	if (sim->answers && s->answer.next) {
		ev->order = sim->orders + 1;
		if (simulate_answers_step(sim->answers, &s->answer, ev)) {
			sim->orders += ev->type == EVENT_PURCHASE;
			simulate_answers_count(sim->answers, ev);
			return;
		}
		ev->order = 0;
	}
	take_step(sim, s, ev);
	set_persons(s, ev); /* it may have logged in */
	if (!sim->answers)
		return;
	simulate_answers_count(sim->answers, ev);
	if (ev->type == EVENT_VIEW)
		simulate_answers_view(sim->answers, &s->answer, ev, !s->viewed);
	s->viewed |= ev->type == EVENT_VIEW;
}

/* ---- the stream ---- */

struct simulation *simulation_new(const struct simulate_options *opt)
{
	struct simulation *sim = xcalloc(1, sizeof(*sim));
	uint64_t slots;

	sim->opt = *opt;
	if (!sim->opt.span_ms)
		sim->opt.span_ms = (int64_t)(opt->events * (uint64_t)MS_PER_DAY / SIMULATE_EVENTS_A_DAY);
	for (size_t i = 0; i < ARRAY_SIZE(sim->random.s); i++)
		sim->random.s[i] = simulate_mix(opt->seed * 4 + i);
	if (opt->recommendations)
		sim->answers = simulate_answers_new(&sim->opt);
	sim->zipf = zipf_new(opt->items);
	slots = sim->opt.span_ms ? opt->events * (uint64_t)GAP_MS / (uint64_t)sim->opt.span_ms : SLOTS_MAX;
	sim->slot_count = slots < 1 ? 1 : slots > SLOTS_MAX ? SLOTS_MAX : (uint32_t)slots;
	sim->slots = xcalloc(sim->slot_count, sizeof(*sim->slots));
	sim->recent = xcalloc(RECENT, sizeof(*sim->recent));
	return sim;
}

void simulation_free(struct simulation *sim)
{
	if (!sim)
		return;
	simulate_answers_free(sim->answers);
	free(sim->zipf);
	free(sim->slots);
	free(sim->recent);
	free(sim);
}

static void next_catalog(struct simulation *sim, struct simulated *ret)
{
	uint32_t item = sim->catalog_done / 2;

	ret->topic = sim->catalog_done % 2 ? TOPIC_STOCK : TOPIC_CATALOG;
	ret->key = (struct str){ sim->key, simulate_item_key(item, sim->key) };
	ret->value.p = sim->value;
	ret->value.n = ret->topic == TOPIC_STOCK ? simulate_stock_text(item, sim->opt.start_ms, sim->value)
						 : simulate_catalog_text(item, sim->value);
	sim->catalog_done++;
}

bool simulation_next(struct simulation *sim, struct simulated *ret)
{
	struct simulated_event ev;
	struct recent *r;

	if (sim->opt.catalog && sim->catalog_done < 2 * sim->opt.items) {
		next_catalog(sim, ret);
		return true;
	}
	if (sim->events_done == sim->opt.events)
		return false;
	if (sim->fresh >= RECENT && chance(sim, P_COPY)) {
		r = &sim->recent[below(sim, RECENT)];
	} else {
		r = &sim->recent[sim->fresh % RECENT];
		fresh_event(sim, &ev);
		r->key_n = simulate_event_key(&ev, r->key);
		r->value_n = simulate_event_text(&ev, r->value);
	}
	sim->events_done++;
	*ret = (struct simulated){ TOPIC_EVENTS, { r->key, r->key_n }, { r->value, r->value_n } };
	return true;
}

void simulation_truth(const struct simulation *sim, struct json_out *j)
{
	if (sim->answers)
		simulate_answers_write(sim->answers, j);
}
