#include "query/http_req.h"

/* /demo/shoppers: PUT and DELETE are the demo's switch for simulated shoppers, GET says how it stands. */
void route_shoppers(struct http_req *rq)
{
	const struct server_options *opt = &rq->w->shared->opt;
	const struct error no_body = { .text = "this path takes no body: PUT lets them in, DELETE sends them home" };
	bool on;

	if (!opt->shoppers) {
		http_refuse(rq, PROBLEM_UNKNOWN_ROUTE, NULL,
			    "there are no simulated shoppers here: they belong to aisle demo");
		return;
	}
	if (http_refuses_query(rq))
		return;
	if (rq->body.n) {
		http_refuse_error(rq, ERR_BAD_REQUEST, &no_body);
		return;
	}
	if (rq->method != METHOD_GET)
		opt->shoppers(opt->shoppers_arg, rq->method == METHOD_PUT);
	on = opt->shoppers_are_in(opt->shoppers_arg);
	http_reply(rq, 200, "application/json", on ? STR("{\"shoppers\":true}") : STR("{\"shoppers\":false}"));
}
