#include "query/strategy.h"
#include "views/ids.h"

#include <math.h>
#include <stdlib.h>

struct due {
	const struct person_item *it;
	struct str item_id;
	double score, interval_days;
};

static double days_between(int64_t from_ms, int64_t to_ms)
{
	return (double)(to_ms - from_ms) / (double)MS_PER_DAY;
}

/* Items bought again come before those bought once: 1 + x against x < 1. Whoever is long overdue has gone elsewhere. */
static struct due due_of(struct asking *q, const struct person_item *it)
{
	struct due d = { .it = it, .item_id = snap_item_name(q->sn, it->item) };
	double since = days_between(it->last_buy_ms, q->watermark_ms);

	if (it->buys >= 2) {
		double due;

		d.interval_days = fmax(days_between(it->first_buy_ms, it->last_buy_ms) / (it->buys - 1), 1);
		due = since / d.interval_days;
		d.score = 1 + (due > 1 ? 1 / due : due);
	} else {
		d.score = since / (since + 30);
	}
	return d;
}

static int best_first(const void *pa, const void *pb)
{
	const struct due *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return str_cmp(a->item_id, b->item_id);
}

static int fill(struct asking *q)
{
	const struct person *p = &q->a->person;
	struct due *due;
	size_t n = 0;
	int rc = person_load(q);

	if (rc)
		return rc;
	due = xcalloc(p->n + 1, sizeof(*due));
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].buys && p->items[i].units > 0)
			due[n++] = due_of(q, &p->items[i]);
	qsort(due, n, sizeof(*due), best_first);
	rc = 1;
	for (size_t i = 0; i < n && rc > 0; i++) {
		struct explanation why = { .kind = EXPLAIN_PERSON,
					   .last_ms = due[i].it->last_buy_ms,
					   .times = due[i].it->buys,
					   .interval_days = due[i].interval_days };

		rc = shelf_offer(q, due[i].it->item, due[i].score, &why);
	}
	free(due);
	return rc < 0 ? rc : 0;
}

const struct strategy strategy_buy_it_again = {
	.slug = "buy-it-again",
	.meaning = "what the person bought and did not return, first what is due now; for things that are used up",
	.formula =
		"bought on two days or more: 1 + min(x, 1 / x), x the time since the last purchase / the mean time between them "
		"(at least a day; of each day the last one counts); bought on one day, d days ago: d / (d + 30); time is measured to "
		"the watermark; that of which as many pieces were returned as bought is left out",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.phrase = PHRASE_BOUGHT_BEFORE,
};
