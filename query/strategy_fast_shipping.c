#include "query/strategy.h"
#include "schemas/stock_record.h"

struct place {
	struct str names[2]; /* region and country, as far as given */
	unsigned n;
};

/* The fastest location that ships there now. */
struct fastest {
	const struct place *place;
	int64_t hours; /* -1: none */
	int64_t quantity;
	struct str location; /* in the room */
	char room[STOCK_LOCATION_MAX];
};

static struct place place_of(const struct recommend_request *rq)
{
	struct place p = { .n = 0 };

	if (rq->region.n)
		p.names[p.n++] = rq->region;
	if (rq->country.n)
		p.names[p.n++] = rq->country;
	return p;
}

static int look(void *arg, const struct stock_row *row)
{
	struct fastest *f = arg;
	bool reaches = false;

	for (unsigned i = 0; i < f->place->n; i++)
		reaches |= stock_ships_to(row, f->place->names[i]);
	if (!reaches || row->quantity <= 0 || row->lead_time_hours < 0 ||
	    (f->hours >= 0 && row->lead_time_hours >= f->hours))
		return 0;
	f->hours = row->lead_time_hours;
	f->quantity = row->quantity;
	f->location = (struct str){ f->room, row->location.n <= sizeof(f->room) ? row->location.n : 0 };
	if (f->location.n)
		memcpy(f->room, row->location.p, f->location.n);
	return 0;
}

/* What the stock says now, not when the list was made. 1 while there is room for more, 0, or an error. */
static int offer(struct asking *q, const struct place *place, uint32_t item)
{
	struct fastest f = { .place = place, .hours = -1 };
	struct explanation why = { .kind = EXPLAIN_SHIPPING };
	int rc = stock_each(q->sn, item, look, &f);

	if (rc || f.hours < 0)
		return rc ? rc : 1;
	why.with = f.location;
	why.shipping.hours = f.hours;
	why.shipping.quantity = f.quantity;
	return shelf_offer(q, item, 1 / (1 + (double)f.hours), &why);
}

static int fill(struct asking *q)
{
	struct place place = place_of(q->rq);
	struct ship_walk walk;
	struct ship_row row;
	int rc = rankings_ready(q);

	if (rc)
		return rc;
	q->ranked = true;
	rankings_ship_begin(q->rankings, place.names, place.n, q->category, &walk);
	rc = 1;
	while (rc > 0 && rankings_ship_next(&walk, &row))
		rc = offer(q, &place, row.item);
	return rc < 0 ? rc : 0;
}

const struct strategy strategy_fast_shipping = {
	.slug = "fast-shipping",
	.meaning =
		"what reaches the shopper soonest, best sellers first among equals; for late gifts and impatient people",
	.formula =
		"1 / (1 + leadTimeHours) of the fastest location in stock that ships to context.region or context.country (no "
		"shipsTo: everywhere; of the shop's different shipsTo the first 4096); then units of the 29 days before today; a location without leadTimeHours is none",
	.inputs = INPUT_CATEGORY | INPUT_PLACE,
	.required = INPUT_PLACE,
	.without_events = true,
	.fill = fill,
	.phrase = PHRASE_SHIPS,
};
