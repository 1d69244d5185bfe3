#include "cmd/demo_shoppers.h"

#include "cmd/demo_events.h"
#include "config/clock.h"
#include "schemas/json_out.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHOPPERS 6  /* at a time */
#define STEPS_MAX 8 /* products one of them looks at */
#define PAUSE_MIN_MS 150
#define PAUSE_SPAN_MS 350 /* so about three events a second */

struct shopper {
	uint32_t number; /* 0: the next one comes in */
	const struct demo_order *order;
	uint32_t at, steps; /* the product of the order it looks at */
	bool in_basket;     /* that product was just put there */
	uint32_t basket[STEPS_MAX], basket_count;
};

struct demo_shoppers {
	const struct demo_shop *shop;
	const struct settings *settings;
	struct publisher *publisher;
	struct server *server;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool on, ended; /* under the lock */

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

static void put_item(struct demo_shoppers *s, uint32_t product)
{
	json_out_key(&s->json, "itemId");
	json_out_str(&s->json, s->shop->products[product].id);
}

static void put_basket(struct demo_shoppers *s, const struct shopper *who)
{
	struct json_out *j = &s->json;
	char order_id[DEMO_ID_MAX];

	snprintf(order_id, sizeof(order_id), "shopper-order-%" PRIu32, who->number);
	json_out_key(j, "orderId");
	json_out_str(j, str_of(order_id));
	json_out_key(j, "items");
	json_out_array(j);
	for (uint32_t i = 0; i < who->basket_count; i++) {
		json_out_object(j);
		put_item(s, who->basket[i]);
		json_out_key(j, "price");
		json_out_micros(j, s->shop->products[who->basket[i]].price_pence * (MICROS / 100));
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

/* Offered, not awaited: a shopper whose event the broker does not take was never there. */
static void publish(struct demo_shoppers *s, const struct shopper *who, const char *type, uint32_t product)
{
	struct json_out *j = &s->json;
	char visitor[DEMO_ID_MAX];
	int64_t now = clock_system.wall_ms(&clock_system);
	struct str json;

	snprintf(visitor, sizeof(visitor), "shopper-%" PRIu32, who->number);
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "type");
	json_out_str(j, str_of(type));
	json_out_key(j, "eventTime");
	json_out_int(j, now);
	json_out_key(j, "visitorId");
	json_out_str(j, str_of(visitor));
	if (strcmp(type, "purchase") == 0)
		put_basket(s, who);
	else
		put_item(s, product);
	json_out_key(j, "context");
	json_out_object(j);
	json_out_key(j, "channel");
	json_out_str(j, STR("simulated"));
	json_out_end_object(j);
	json_out_end_object(j);
	json = (struct str){ j->p, (uint32_t)j->n };
	if (!s->publisher->ops->send(s->publisher, setting_string(s->settings, SET_TOPIC_EVENTS), -1, str_of(visitor),
				     json.p, json.n, now, NULL, 0, NULL, NULL))
		server_feed(s->server, json);
}

static void step(struct demo_shoppers *s)
{
	struct shopper *who = &s->shoppers[demo_random(&s->dice) % SHOPPERS];
	uint64_t dice = demo_random(&s->dice);
	uint32_t product;

	if (!who->number)
		come_in(s, who);
	if (who->at == who->steps) {
		if (who->basket_count && dice % 3)
			publish(s, who, "purchase", 0);
		who->number = 0;
		return;
	}
	/* spread over the order, whose lines are sorted by product */
	product = who->order->lines[(size_t)who->at * who->order->line_count / who->steps].product;
	if (!who->in_basket) {
		publish(s, who, "view", product);
		who->in_basket = dice % 3 == 0;
		who->at += !who->in_basket;
		return;
	}
	publish(s, who, "cart-add", product);
	who->basket[who->basket_count++] = product;
	who->in_basket = false;
	who->at++;
}

static void *run(void *arg)
{
	struct demo_shoppers *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ended) {
		uint64_t pause = PAUSE_MIN_MS + demo_random(&s->dice) % PAUSE_SPAN_MS;
		struct timespec until;

		if (!s->on) {
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

void demo_shoppers_free(struct demo_shoppers *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	json_out_fini(&s->json);
	free(s);
}

void demo_shoppers_feed(struct demo_shoppers *s, struct server *server)
{
	s->server = server;
}

void demo_shoppers_set(void *arg, bool on)
{
	struct demo_shoppers *s = arg;

	pthread_mutex_lock(&s->lock);
	s->on = on;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}
