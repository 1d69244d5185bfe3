#include "query/http_req.h"

/* PUT and DELETE /demo/shoppers: the demo's switch for simulated shoppers. */
void route_shoppers(struct http_req *rq)
{
	const struct server_options *opt = &rq->w->shared->opt;
	bool on = rq->method == METHOD_PUT;

	if (!opt->shoppers) {
		http_refuse(rq, PROBLEM_UNKNOWN_ROUTE, NULL,
			    "there are no simulated shoppers here: they belong to aisle demo");
		return;
	}
	if (http_refuses_query(rq))
		return;
	opt->shoppers(opt->shoppers_arg, on);
	http_reply(rq, 200, "application/json", on ? STR("{\"shoppers\":true}") : STR("{\"shoppers\":false}"));
}
