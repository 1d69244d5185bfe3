#include "cmd/demo_follow.h"

#include "config/clock.h"
#include "query/control_set.h"
#include "query/ranker.h"

#include <stdlib.h>

#define HOME_IN 6 /* of so many, one */
#define PAGE_IN 5
#define CART_IN 2
#define HOME_BEFORE_MS (20 * MS_PER_MINUTE) /* an order */
#define SHOW_AFTER_MS MS_PER_SECOND
#define CLICK_AFTER_MS (8 * MS_PER_SECOND)
#define CART_AFTER_MS (15 * MS_PER_SECOND)

/* Whoever answers believes to live at the time of the visit. */
struct visit_clock {
	struct clock base;
	int64_t now_ms;
};

struct follow {
	struct demo_log *log;
	struct demo_asker *asker;
	struct visit_clock clock;
	uint64_t dice;
	struct demo_shown **of_order; /* by its number: the last list that it came from */
};

static int64_t visit_ms(const struct clock *c)
{
	return ((const struct visit_clock *)(const void *)c)->now_ms;
}

static uint64_t system_ns(const struct clock *c)
{
	(void)c;
	return clock_now_ns();
}

static void keep(struct demo_log *log, struct demo_shown *shown)
{
	ARRAY_GROW(log->shown, log->shown_count, log->shown_room, 1024);
	log->shown[log->shown_count++] = shown;
}

static void add(struct follow *f, const struct demo_event *like, int64_t t_ms, enum demo_act act, uint32_t product,
		const struct demo_shown *shown)
{
	struct demo_event *ev = demo_log_add(f->log);

	ev->t_ms = t_ms;
	ev->visitor = like->visitor;
	ev->order = like->order;
	ev->act = act;
	ev->product = product;
	ev->shown = shown;
}

/* Somebody sees a list of `scenario` at t_ms. `ev` is a copy: the log's events move. */
static int show(struct follow *f, struct demo_event ev, const char *scenario, uint32_t product, int64_t t_ms,
		struct error *e)
{
	const struct demo_order *order = ev.visitor ? NULL : ev.order;
	struct demo_question q = { .scenario = scenario, .product = product, .order = order };
	struct demo_shown *shown = NULL;
	char key[DEMO_ID_MAX];
	int r;

	q.person = demo_event_actor(&ev, key, &q.is_user);
	f->clock.now_ms = t_ms;
	r = demo_asker_ask(f->asker, &q, &f->dice, &shown, e);
	if (r || !shown)
		return r;
	keep(f->log, shown);
	add(f, &ev, t_ms + SHOW_AFTER_MS, DEMO_SHOW, 0, shown);
	for (unsigned i = 0; i < shown->n; i++) {
		if (!(shown->clicked & 1u << i))
			continue;
		add(f, &ev, t_ms + CLICK_AFTER_MS, DEMO_CLICK, shown->products[i], shown);
		if (order && demo_order_has(order, shown->products[i]))
			add(f, &ev, t_ms + CART_AFTER_MS, DEMO_CART_ADD, shown->products[i], shown);
	}
	if (order) {
		shown->before = f->of_order[order->number];
		f->of_order[order->number] = shown;
	}
	return 0;
}

static bool one_in(struct follow *f, unsigned n)
{
	return demo_random(&f->dice) % n == 0;
}

static int follow_event(struct follow *f, const struct demo_event *ev, struct error *e)
{
	int64_t home_ms = ev->t_ms - HOME_BEFORE_MS;

	switch (ev->act) {
	case DEMO_VIEW:
		return one_in(f, PAGE_IN) ? show(f, *ev, "product-page", ev->product, ev->t_ms, e) : 0;
	case DEMO_CART_ADD:
		return one_in(f, CART_IN) ? show(f, *ev, "cart", ev->product, ev->t_ms, e) : 0;
	case DEMO_ORDER:
		if (ev->order->returned || home_ms < f->log->shown_from_ms || !one_in(f, HOME_IN))
			return 0;
		return show(f, *ev, "home", DEMO_NO_PRODUCT, home_ms, e);
	default:
		return 0;
	}
}

static int follow_all(struct follow *f, struct error *e)
{
	struct demo_log *log = f->log;
	size_t n = log->event_count, from = demo_log_shown_from(log);
	int r = 0;

	for (size_t i = from; i < n && !r; i++)
		r = follow_event(f, &log->events[i], e);
	for (size_t i = from; i < n; i++)
		if (log->events[i].act == DEMO_ORDER)
			log->events[i].shown = f->of_order[log->events[i].order->number];
	demo_log_sort(log, from);
	return r;
}

int demo_log_follow(struct demo_log *log, struct store *store, struct status *status, const struct settings *settings,
		    struct error *e)
{
	struct follow f = { .log = log, .clock.base = { visit_ms, system_ns }, .dice = 1209 };
	struct answerer_options opt = {
		.store = store, .status = status, .settings = settings, .clock = &f.clock.base
	};
	struct answerer *answerer = NULL;
	int r;

	f.of_order = xcalloc(log->shop->order_count + 1, sizeof(struct demo_shown *));
	r = ranker_start(store, settings, &opt.ranker, e);
	if (!r)
		r = ranker_refresh(opt.ranker);
	if (!r)
		r = control_watch_start(store, &opt.control, e);
	if (!r)
		r = answerer_new(&opt, &answerer, e);
	if (!r) {
		f.asker = demo_asker_new(answerer, log->shop);
		r = follow_all(&f, e);
	}
	if (r)
		error_set(e, r, "", "cannot answer the demo's visitors: %s", error_text(r));
	demo_asker_free(f.asker);
	answerer_free(answerer);
	control_watch_stop(opt.control);
	ranker_stop(opt.ranker);
	free(f.of_order);
	return r;
}
