/* GET /v1/items?q=...: items by words. */
#include "query/find_items.h"
#include "query/http_later.h"
#include "query/http_query.h"
#include "views/searches.h"

#include <stdlib.h>

struct find_work {
	struct str query; /* freed with it */
	int64_t low;
	struct json_out out;
	int rc;
};

static void work(void *arg, struct snap *sn)
{
	struct find_work *w = arg;

	w->rc = find_items(sn, w->query, w->low, &w->out);
}

static void answer(struct http_req *rq, void *arg)
{
	struct find_work *w = arg;

	if (w->rc)
		http_refuse_error(rq, w->rc, NULL);
	else
		http_reply_json(rq, 200, &w->out);
}

static void drop(void *arg)
{
	struct find_work *w = arg;

	json_out_fini(&w->out);
	free((char *)w->query.p);
	free(w);
}

void route_items_find(struct http_req *rq)
{
	static const struct later_ops ops = { work, answer, drop };
	struct find_work *w;
	struct str value, q;
	char folded[SEARCH_QUERY_MAX], *text;
	int n;

	if (!http_only_parameter(rq, "q", &value))
		return;
	text = http_alloc(rq, value.n + 1);
	n = value.p ? percent_decode(value, true, text) : 0;
	q = (struct str){ text, n > 0 ? (uint32_t)n : 0 };
	if (q.n > SEARCH_QUERY_MAX || text_has_control(q) || search_normalise(q, folded) == 0) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "q",
			    "'q' must be words of a title, a brand or an id, at most %d bytes", SEARCH_QUERY_MAX);
		return;
	}
	w = xcalloc(1, sizeof(*w));
	w->query = (struct str){ xstrndup(q.p, q.n), q.n };
	w->low = setting_int(rq->w->shared->opt.settings, SET_ANSWER_LOW_STOCK);
	http_later(rq, &ops, w);
}
