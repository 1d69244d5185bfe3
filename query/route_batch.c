/* POST /v1/recommendations:batch: an array of requests in, an array of answers out, each with its own status. */
#include "query/http_body.h"
#include "query/http_stream.h"
#include "query/json_keys.h"
#include "query/route_input.h"
#include "query/route_recommend.h"

#include <jansson.h>
#include <stdio.h>

struct batch {
	struct str *requests;
	size_t n, next;
	uint64_t end_ns;
	bool distinct;
	struct shown shown; /* distinct: the items of the lists so far */
};

static void remember(struct batch *b, const struct answer *a)
{
	for (unsigned i = 0; i < a->item_count; i++) {
		uint32_t key = shown_key(a->items[i].item_id);

		idmap_put(&b->shown.keys, key, 0);
		if (b->shown.n < SHOWN_MAX)
			b->shown.order[b->shown.n] = key;
		b->shown.n++; /* beyond SHOWN_MAX links hold no more */
	}
	b->shown.others = b->shown.n;
}

/* One element into the worker's `ask`; its strings point into *ret_body, which is the caller's in any case. */
static bool read_request(struct http_req *rq, struct str element, json_t **ret_body, struct problem *p)
{
	struct recommend_request *ask = &rq->w->ask;
	json_t *scenario;
	struct str name;

	*ret_body = NULL;
	if (element.n > RECOMMEND_BODY_MAX) {
		problem_set(p, PROBLEM_BODY_SIZE, NULL, "a request for a list has at most %d bytes",
			    RECOMMEND_BODY_MAX);
		return false;
	}
	*ret_body = body_json(rq->body, element, p);
	if (!*ret_body)
		return false;
	scenario = json_object_get(*ret_body, "scenario");
	if (json_is_object(*ret_body) && !json_is_string(scenario)) {
		problem_set(p, PROBLEM_BAD_PARAMETER, "scenario", "'scenario' must be there, a string");
		return false;
	}
	name = body_text(scenario);
	input_init(ask, (struct str){ name.n ? memcpy(http_alloc(rq, name.n), name.p, name.n) : "", name.n });
	json_object_del(*ret_body, "scenario");
	return input_from_json(*ret_body, ask, p);
}

static bool answer_one(struct http_req *rq, struct batch *b, struct json_out *out, struct problem *p)
{
	uint64_t now_ns = http_now_ns(rq->w);
	json_t *body = NULL;
	uint64_t hash;
	bool good;

	/* the first one is as if it came alone */
	if (b->next && now_ns > b->end_ns) {
		problem_set(p, PROBLEM_OVERLOADED, NULL, "the batch took longer than http.batchTimeout");
		return false;
	}
	good = read_request(rq, b->requests[b->next], &body, p);
	if (good) {
		rq->w->ask.shown = b->distinct ? &b->shown.keys : NULL;
		json_out_key(out, "recommendations");
		good = recommend_append(rq, now_ns, b->distinct ? &b->shown : NULL, out, &hash, p);
	}
	if (good && b->distinct && !rq->w->ask.validate_only)
		remember(b, &rq->w->answer);
	json_decref(body);
	return good;
}

static void open_entry(struct json_out *out, size_t index, int status)
{
	json_out_object(out);
	key_int(out, "index", (int64_t)index);
	key_int(out, "status", status);
}

/* The next element of the answer. */
static bool fill(struct http_req *rq, struct json_out *out, void *arg)
{
	struct batch *b = arg;
	struct json_out before;
	struct problem p;

	if (b->next == 0)
		json_out_array(out);
	before = *out;
	open_entry(out, b->next, 200);
	if (!answer_one(rq, b, out, &p)) {
		/* back to where the entry began: an answer is appended whole or not at all */
		out->n = before.n;
		out->comma = before.comma;
		open_entry(out, b->next, p.status);
		json_out_key(out, "error");
		problem_write(out, &p, STR(""));
	}
	json_out_end_object(out);
	if (++b->next < b->n)
		return true;
	json_out_end_array(out);
	return false;
}

static void ended(void *arg)
{
	shown_fini(&((struct batch *)arg)->shown);
}

/* False when the request was answered. */
static bool cut(struct http_req *rq, struct batch *b)
{
	int64_t max = setting_int(rq->w->shared->opt.settings, SET_HTTP_BATCH_MAX), n = 0;

	b->requests = http_alloc(rq, (size_t)max * sizeof(b->requests[0]));
	if (rq->body.n)
		n = body_elements(rq->body, b->requests, (size_t)max);
	if (n > max)
		http_refuse(rq, PROBLEM_BODY_SIZE, NULL, "%lld requests, at most %lld in one batch", (long long)n,
			    (long long)max);
	else if (n <= 0)
		body_refuse_array(rq, "a JSON array of requests");
	else
		b->n = (size_t)n;
	return b->n > 0;
}

void route_recommend_batch(struct http_req *rq)
{
	struct batch *b = http_alloc(rq, sizeof(*b));

	*b = (struct batch){ 0 };
	if (!http_only_flag(rq, "distinct", &b->distinct) || !cut(rq, b))
		return;
	b->end_ns =
		rq->started_ns + (uint64_t)setting_int(rq->w->shared->opt.settings, SET_HTTP_BATCH_TIMEOUT) * 1000000u;
	http_stream(rq, "application/json", fill, ended, b);
}
