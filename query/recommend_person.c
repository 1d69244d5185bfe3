/* What the person who asks did: the histories of its actors, newest first, and one line an item. */
#include "query/strategy.h"

#include <math.h>
#include <stdlib.h>

#define HALF_LIFE_DAYS 30.0

/* Interest in an item: the sum over what was done with it of a weight that halves every HALF_LIFE_DAYS. */
static const double weights[EVENT_TYPE_COUNT] = {
	[EVENT_VIEW] = 1, [EVENT_CART_ADD] = 3, [EVENT_CART_REMOVE] = -2, [EVENT_PURCHASE] = 8, [EVENT_RETURN] = -8,
};

struct person_event {
	int64_t t_ms;
	uint32_t order; /* of arrival here: actors in their order, each newest first */
	uint32_t item;
	uint32_t quantity;
	enum event_type type;
};

#define EVENTS_MAX (PERSON_ACTORS_MAX * HISTORY_MAX)

void person_fini(struct person *p)
{
	free(p->items);
	free(p->viewed);
	free(p->events);
	free(p->rows);
	idmap_fini(&p->places);
	*p = (struct person){ 0 };
}

static int newest_first(const void *pa, const void *pb)
{
	const struct person_event *a = pa, *b = pb;

	if (a->t_ms != b->t_ms)
		return a->t_ms > b->t_ms ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int read_events(struct asking *q, size_t *ret_n)
{
	struct person *p = &q->a->person;
	int count = person_actors(q->sn, q->rq->user_id, q->rq->visitor_id, p->actors);
	size_t n = 0;

	p->actor_n = count;
	if (!p->rows) {
		p->rows = xcalloc(HISTORY_MAX, sizeof(*p->rows));
		p->events = xcalloc(EVENTS_MAX, sizeof(*p->events));
	}
	for (int i = 0; i < count; i++) {
		int rows = history_get(q->sn, p->actors[i], p->rows);

		if (rows < 0)
			return rows;
		for (int k = 0; k < rows; k++, n++) {
			const struct history_row *r = &p->rows[k];

			p->events[n] = (struct person_event){ r->t_ms, (uint32_t)n, r->item, r->quantity, r->type };
		}
	}
	if (count > 1)
		qsort(p->events, n, sizeof(*p->events), newest_first);
	*ret_n = n;
	return count < 0 ? count : 0;
}

static struct person_item *item_of(struct person *p, uint32_t item)
{
	uint32_t place = *idmap_put(&p->places, item, (uint32_t)p->n);

	if (place == p->n) {
		if (p->n == p->room) {
			p->room = p->room ? p->room * 2 : 64;
			p->items = xrealloc(p->items, p->room * sizeof(*p->items));
		}
		p->items[p->n++] = (struct person_item){ .item = item };
	}
	return &p->items[place];
}

static void viewed(struct person *p, struct person_item *it, int64_t t_ms)
{
	if (it->views++)
		return;
	it->last_view_ms = t_ms;
	if (p->viewed_n == p->viewed_room) {
		p->viewed_room = p->viewed_room ? p->viewed_room * 2 : 64;
		p->viewed = xrealloc(p->viewed, p->viewed_room * sizeof(*p->viewed));
	}
	p->viewed[p->viewed_n++] = (uint32_t)(it - p->items);
}

static void bought(struct person_item *it, const struct person_event *ev)
{
	it->units += ev->quantity;
	if (it->buys && time_bucket(it->first_buy_ms, MS_PER_DAY) == time_bucket(ev->t_ms, MS_PER_DAY))
		return; /* of the same day: not once more because the last one was used up */
	if (it->buys++ == 0)
		it->last_buy_ms = ev->t_ms;
	it->first_buy_ms = ev->t_ms; /* newest first: the last one seen is the first */
}

double person_interest(const struct asking *q, enum event_type type, int64_t t_ms)
{
	return weights[type] * exp2(-(double)(q->watermark_ms - t_ms) / (double)MS_PER_DAY / HALF_LIFE_DAYS);
}

static void add_event(struct asking *q, const struct person_event *ev)
{
	struct person *p = &q->a->person;
	struct person_item *it = item_of(p, ev->item);
	bool cart = ev->type == EVENT_CART_ADD || ev->type == EVENT_CART_REMOVE || ev->type == EVENT_PURCHASE;

	it->interest += person_interest(q, ev->type, ev->t_ms);
	it->disliked |= ev->type == EVENT_DISLIKE;
	if (cart && !it->cart_known) {
		it->cart_known = true;
		it->in_cart = ev->type == EVENT_CART_ADD;
	}
	if (ev->type == EVENT_VIEW)
		viewed(p, it, ev->t_ms);
	else if (ev->type == EVENT_PURCHASE)
		bought(it, ev);
	else if (ev->type == EVENT_RETURN)
		it->units -= ev->quantity;
}

int person_load(struct asking *q)
{
	struct person *p = &q->a->person;
	size_t n = 0;
	int rc;

	if (p->loaded)
		return 0;
	p->n = p->viewed_n = 0;
	idmap_clear(&p->places);
	rc = read_events(q, &n);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		add_event(q, &p->events[i]);
	p->loaded = true;
	return 0;
}

const struct person_item *person_item_of(const struct person *p, uint32_t item)
{
	const uint32_t *place = idmap_get(&p->places, item);

	return place ? &p->items[*place] : NULL;
}

bool person_is(const struct person *p, uint32_t actor)
{
	for (int i = 0; i < p->actor_n; i++)
		if (p->actors[i] == actor)
			return true;
	return false;
}
