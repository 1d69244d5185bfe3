#include "cmd/demo_shoppers.h"

#include "cmd/demo_events.h"
#include "cmd/demo_shown.h"
#include "config/clock.h"
#include "schemas/json_keys.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHOPPERS 6  /* at a time */
#define STEPS_MAX 8 /* products of its order that one of them looks at */
#define BASKET_MAX (STEPS_MAX + DEMO_SHOWN_ITEMS)
#define PAUSE_MIN_MS 150
#define PAUSE_SPAN_MS 350 /* so about three events a second */

struct shopper {
	uint32_t number; /* 0: the next one comes in */
	const struct demo_order *order;
	uint32_t at, steps; /* the next product of the order, of how many */
	uint32_t product;   /* that it looks at */
	bool in_basket;     /* is about to be put there */
	uint32_t basket[BASKET_MAX], basket_count;
	struct demo_shown *shown; /* owned; NULL: no recommendations yet */
	unsigned clicks;          /* bits of its products that are still to be clicked */
};

struct demo_shoppers {
	const struct demo_shop *shop;
	const struct settings *settings;
	struct publisher *publisher;
	struct server *server;
	struct answerer *answerer;
	struct demo_asker *asker;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool on, ended; /* under the lock, as is whether there is an asker */

	/* the thread's own */
	struct shopper shoppers[SHOPPERS];
	uint32_t numbers;
	uint64_t dice;
	struct json_out json;
};

static void come_in(struct demo_shoppers *s, struct shopper *who)
{
	size_t recent = s->shop->order_count / 5; /* about 60 days of the busy end of the year */
	const struct demo_order *order;

	do {
		order = &s->shop->orders[s->shop->order_count - 1 - demo_random(&s->dice) % recent];
	} while (order->returned || order->line_count < 2);
	*who = (struct shopper){ .number = ++s->numbers, .order = order };
	who->steps = 2 + (uint32_t)(demo_random(&s->dice) % (STEPS_MAX - 1));
	if (who->steps > order->line_count)
		who->steps = order->line_count;
}

static void name_visitor(const struct shopper *who, char ret[DEMO_ID_MAX])
{
	snprintf(ret, DEMO_ID_MAX, "shopper-%" PRIu32, who->number);
}

static void put_item(struct demo_shoppers *s, const struct shopper *who, uint32_t product)
{
	const struct demo_shown *shown = demo_shown_clicked(who->shown, product);

	key_str(&s->json, "itemId", s->shop->products[product].id);
	if (shown)
		key_str(&s->json, "recommendationId", str_of(shown->id));
}

static void put_shown(struct demo_shoppers *s, const struct demo_shown *shown)
{
	struct json_out *j = &s->json;

	key_str(j, "recommendationId", str_of(shown->id));
	json_out_key(j, "items");
	json_out_array(j);
	for (unsigned i = 0; i < shown->n; i++) {
		json_out_object(j);
		key_str(j, "itemId", s->shop->products[shown->products[i]].id);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

static void put_basket(struct demo_shoppers *s, const struct shopper *who)
{
	struct json_out *j = &s->json;
	char order_id[DEMO_ID_MAX];

	snprintf(order_id, sizeof(order_id), "shopper-order-%" PRIu32, who->number);
	key_str(j, "orderId", str_of(order_id));
	json_out_key(j, "items");
	json_out_array(j);
	for (uint32_t i = 0; i < who->basket_count; i++) {
		json_out_object(j);
		put_item(s, who, who->basket[i]);
		key_micros(j, "price", s->shop->products[who->basket[i]].price_pence * (MICROS / 100));
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

/* Offered, not awaited: a shopper whose event the broker does not take was never there. */
static void publish(struct demo_shoppers *s, const struct shopper *who, const char *type)
{
	struct json_out *j = &s->json;
	char visitor[DEMO_ID_MAX];
	int64_t now = clock_system.wall_ms(&clock_system);
	struct str json;

	name_visitor(who, visitor);
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "type", str_of(type));
	key_int(j, "eventTime", now);
	key_str(j, "visitorId", str_of(visitor));
	if (strcmp(type, "purchase") == 0)
		put_basket(s, who);
	else if (strcmp(type, "impression") == 0)
		put_shown(s, who->shown);
	else
		put_item(s, who, who->product);
	json_out_key(j, "context");
	json_out_object(j);
	key_str(j, "channel", STR("simulated"));
	json_out_end_object(j);
	json_out_end_object(j);
	json = (struct str){ j->p, (uint32_t)j->n };
	if (!s->publisher->ops->send(s->publisher, setting_string(s->settings, SET_TOPIC_EVENTS), -1, str_of(visitor),
				     json.p, json.n, now, NULL, 0, NULL, NULL))
		server_feed(s->server, json);
}

/* The page of the product has a list. One that cannot be had now is not shown. */
static void show_list(struct demo_shoppers *s, struct shopper *who)
{
	char visitor[DEMO_ID_MAX];
	struct demo_question q = { .scenario = "product-page", .product = who->product, .order = who->order };
	struct error e = { 0 };

	name_visitor(who, visitor);
	q.person = str_of(visitor);
	if (demo_asker_ask(s->asker, &q, &s->dice, &who->shown, &e) || !who->shown)
		return;
	who->clicks = who->shown->clicked;
	publish(s, who, "impression");
}

static bool has_in_basket(const struct shopper *who, uint32_t product)
{
	for (uint32_t i = 0; i < who->basket_count; i++)
		if (who->basket[i] == product)
			return true;
	return false;
}

static void look_at(struct demo_shoppers *s, struct shopper *who)
{
	publish(s, who, "view");
	if (!who->shown)
		show_list(s, who);
	who->in_basket = demo_random(&s->dice) % 3 == 0 && !has_in_basket(who, who->product);
}

static void step(struct demo_shoppers *s)
{
	struct shopper *who = &s->shoppers[demo_random(&s->dice) % SHOPPERS];

	if (!who->number)
		come_in(s, who);
	if (who->in_basket) {
		publish(s, who, "cart-add");
		who->basket[who->basket_count++] = who->product;
		who->in_basket = false;
	} else if (who->clicks) {
		who->product = who->shown->products[__builtin_ctz(who->clicks)];
		who->clicks &= who->clicks - 1;
		publish(s, who, "click");
		look_at(s, who);
	} else if (who->at < who->steps) {
		/* spread over the order, whose lines are sorted by product */
		who->product = who->order->lines[(size_t)who->at++ * who->order->line_count / who->steps].product;
		look_at(s, who);
	} else {
		if (who->basket_count && demo_random(&s->dice) % 3)
			publish(s, who, "purchase");
		free(who->shown);
		*who = (struct shopper){ 0 };
	}
}

static void *run(void *arg)
{
	struct demo_shoppers *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ended) {
		uint64_t pause = PAUSE_MIN_MS + demo_random(&s->dice) % PAUSE_SPAN_MS;
		struct timespec until;

		if (!s->on || !s->asker) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += (long)pause * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&s->changed, &s->lock, &until);
		if (!s->on || s->ended)
			continue;
		pthread_mutex_unlock(&s->lock);
		step(s);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct demo_shoppers *demo_shoppers_new(const struct demo_shop *shop, const struct settings *settings,
					struct publisher *publisher)
{
	struct demo_shoppers *s = xcalloc(1, sizeof(*s));

	s->shop = shop;
	s->settings = settings;
	s->publisher = publisher;
	s->dice = 60;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	if (pthread_create(&s->thread, NULL, run, s)) {
		pthread_mutex_destroy(&s->lock);
		pthread_cond_destroy(&s->changed);
		free(s);
		return NULL;
	}
	return s;
}

void demo_shoppers_stop(struct demo_shoppers *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	demo_asker_free(s->asker);
	answerer_free(s->answerer);
}

void demo_shoppers_free(struct demo_shoppers *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	for (unsigned i = 0; i < SHOPPERS; i++)
		free(s->shoppers[i].shown);
	json_out_fini(&s->json);
	free(s);
}

int demo_shoppers_serve(struct demo_shoppers *s, struct server *server, struct error *e)
{
	int r = server_answerer(server, &s->answerer, e);

	if (r)
		return r;
	pthread_mutex_lock(&s->lock);
	s->server = server;
	s->asker = demo_asker_new(s->answerer, s->shop);
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

void demo_shoppers_set(void *arg, bool on)
{
	struct demo_shoppers *s = arg;

	pthread_mutex_lock(&s->lock);
	s->on = on;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

bool demo_shoppers_are_in(void *arg)
{
	struct demo_shoppers *s = arg;
	bool on;

	pthread_mutex_lock(&s->lock);
	on = s->on;
	pthread_mutex_unlock(&s->lock);
	return on;
}
