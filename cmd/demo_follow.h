/*
 * demo_follow.h - the recommendations that people of the demo's last days were shown, and what they did about them.
 *
 * Asked of the store as it is when everything before those days is applied, each at the time of the visit: the same lists at
 * every start. One customer in six has seen the start page before an order, one product page in five and every second
 * basket show a list. Impressions, clicks, carts and the lines of orders then carry the answer's id. Thread: main.
 */
#ifndef AISLE_CMD_DEMO_FOLLOW_H
#define AISLE_CMD_DEMO_FOLLOW_H

#include "cmd/demo_events.h"
#include "config/settings.h"
#include "views/status.h"
#include "views/store.h"

/* Adds to the log's last days. */
int demo_log_follow(struct demo_log *log, struct store *store, struct status *status, const struct settings *settings,
		    struct error *e) MUST_CHECK;

#endif
