/*
 * figures_service.h - how this process has answered since its start: the answer of /v1/analytics/service. It is counted by
 * the process (answered.h), so unlike other figures it is of one node and begins anew with it.
 * Thread: any; too slow for an event loop.
 */
#ifndef AISLE_QUERY_FIGURES_SERVICE_H
#define AISLE_QUERY_FIGURES_SERVICE_H

#include "query/answered.h"
#include "query/figures.h"

struct service_source {
	struct answered **loops;
	unsigned loop_n;
	int64_t started_ms;
	const struct status_page *page;
	const struct clock *clock;
};

/* ask->by: BY_SCENARIO or BY_STRATEGY. 0, or an error of the store. */
int figures_service(struct snap *sn, const struct figures_ask *ask, const struct service_source *from,
		    struct json_out *ret) MUST_CHECK;

#endif
