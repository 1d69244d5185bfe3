/*
 * actor_days.h - what an actor did on a day, and what of it recommendations led to: what figures by segment are made of.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_ACTOR_DAYS_H
#define AISLE_VIEWS_ACTOR_DAYS_H

#include "views/store.h"

#define ACTOR_DAYS_KEPT 400 /* behind the watermark's day, it included */

struct actor_day {
	int64_t impressions, clicks;                    /* credited to answers: engagement.h */
	int64_t recommended_orders, recommended_micros; /* lines of orders, returns not taken off; the same */
	int64_t came;                                   /* 1: traffic.h counts it among the actors of this day */
	int64_t sessions, orders, revenue_micros;       /* as in traffic.h */
};

typedef int (*actor_day_each)(void *arg, int64_t day, uint32_t actor, const struct actor_day *d);

/* Rows of days first..last, as far as they are kept, by (day, actor). Stops on non-zero and returns it. */
int actor_days_scan(struct snap *sn, int64_t first, int64_t last, actor_day_each each, void *arg) MUST_CHECK;

void actor_day_add(struct actor_day *sum, const struct actor_day *d);

#endif
