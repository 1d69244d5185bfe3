/* What the person who asks did: the histories of its actors, newest first, and one line an item. */
#include "query/strategy.h"

#include <math.h>
#include <stdlib.h>

#define HALF_LIFE_DAYS 30.0

/* Interest in an item: the sum over what was done with it of a weight that halves every HALF_LIFE_DAYS. */
static const double weights[EVENT_TYPE_COUNT] = {
	[EVENT_VIEW] = 1, [EVENT_CART_ADD] = 3, [EVENT_CART_REMOVE] = -2, [EVENT_PURCHASE] = 8, [EVENT_RETURN] = -8,
};

void person_fini(struct person *p)
{
	free(p->items);
	free(p->viewed);
	free(p->events);
	idmap_fini(&p->places);
	*p = (struct person){ 0 };
}

static int read_events(struct asking *q)
{
	struct person *p = &q->a->person;
	int rows, count = person_actors(q->sn, q->rq->user_id, q->rq->visitor_id, p->actors);

	p->actor_n = count;
	p->event_n = 0;
	if (count < 0)
		return count;
	if (!p->events)
		p->events = xcalloc(HISTORY_PERSON_ROOM(PERSON_ACTORS_MAX), sizeof(*p->events));
	rows = history_of_person(q->sn, p->actors, (unsigned)count, p->events);
	if (rows < 0)
		return rows;
	p->event_n = (size_t)rows;
	return 0;
}

static struct person_item *item_of(struct person *p, uint32_t item)
{
	uint32_t place = *idmap_put(&p->places, item, (uint32_t)p->n);

	if (place == p->n) {
		ARRAY_GROW(p->items, p->n, p->room, 64);
		p->items[p->n++] = (struct person_item){ .item = item };
	}
	return &p->items[place];
}

static void viewed(struct person *p, struct person_item *it, int64_t t_ms)
{
	if (it->views++)
		return;
	it->last_view_ms = t_ms;
	ARRAY_GROW(p->viewed, p->viewed_n, p->viewed_room, 64);
	p->viewed[p->viewed_n++] = (uint32_t)(it - p->items);
}

static void bought(struct person_item *it, const struct history_row *ev)
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

void person_find_interests(struct asking *q)
{
	struct person *p = &q->a->person;

	for (size_t i = 0; i < p->event_n && !p->has_interests; i++) {
		const struct history_row *ev = &p->events[i];

		p->items[*idmap_get(&p->places, ev->item)].interest += person_interest(q, ev->type, ev->t_ms);
	}
	p->has_interests = true;
}

static void add_event(struct person *p, const struct history_row *ev)
{
	struct person_item *it = item_of(p, ev->item);
	bool cart = ev->type == EVENT_CART_ADD || ev->type == EVENT_CART_REMOVE || ev->type == EVENT_PURCHASE;

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
	int rc;

	if (p->loaded)
		return 0;
	p->n = p->viewed_n = 0;
	p->has_interests = false;
	idmap_clear(&p->places);
	rc = read_events(q);
	if (rc)
		return rc;
	for (size_t i = 0; i < p->event_n; i++)
		add_event(p, &p->events[i]);
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
