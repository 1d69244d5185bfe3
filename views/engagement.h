/*
 * engagement.h - what answers led to: impressions, clicks, carts, orders, units and revenue of what was recommended, by
 * scenario, strategy, variant and hour, and of each item by day. Seen from a snapshot.
 *
 * Counted is what carries a valid recommendationId (credit.h), each once for one actor, answer, item and kind. A count
 * stands in the hour and day of its own event, not of the answer. `orders` are lines: an item in an order. Returns are
 * not taken off.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_ENGAGEMENT_H
#define AISLE_VIEWS_ENGAGEMENT_H

#include "schemas/token.h"
#include "views/store.h"

#define ENGAGEMENT_DAYS_KEPT 400 /* behind the watermark's day, it included; of hours too */

/* Of what an answer showed. */
enum credit_kind { CREDIT_IMPRESSION, CREDIT_CLICK, CREDIT_CART, CREDIT_ORDER, CREDIT_KINDS };

struct engagement {
	int64_t counts[CREDIT_KINDS]; /* impressions, clicks, carts, orders */
	int64_t units, revenue_micros;
};

struct engagement_label {
	struct str scenario, variant;     /* borrowed from the snapshot until the next call */
	char strategy[STRATEGY_SLUG_MAX]; /* slug; "strategy-N" when this program does not know it */
};

typedef int (*engagement_each)(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e);
/* label: labels.h says what it stands for. */
typedef int (*engagement_item_each)(void *arg, int64_t day, uint32_t label, uint32_t item, const struct engagement *e);

/*
 * Rows of hours first..last (floor(t / hour)), or days, as far as they are kept, ascending by hour, or by (day, label,
 * item); items are below snap_items. Stops on non-zero and returns it.
 */
int engagement_scan(struct snap *sn, int64_t first, int64_t last, engagement_each each, void *arg);
int engagement_items_scan(struct snap *sn, int64_t first, int64_t last, engagement_item_each each, void *arg);

#endif
