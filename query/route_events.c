#include "query/http_body.h"
#include "query/http_feed.h"
#include "query/http_publish.h"
#include "query/http_req.h"
#include "query/json_keys.h"

#include <stdlib.h>

/* In seconds the years 2001 to 2065, in milliseconds three weeks of 1970. */
#define SECONDS_FROM INT64_C(1000000000)
#define SECONDS_END INT64_C(3000000000)

/* One POST: the events' bytes and what was wrong with each. */
struct batch {
	size_t n;
	bool is_array;
	struct str *bytes;
	struct problem **why; /* NULL: sent */
	size_t sent;
};

/* ERR_ of class SKIP, or 0 with the actor in *ret_key. */
static int check(struct http_worker *w, struct str bytes, struct str *ret_key, struct error *e)
{
	const struct clock *clock = w->shared->clock;
	struct event ev;
	int rc;

	/* a MessagePack map must not come in as JSON */
	if (!bytes.n || bytes.p[0] != '{')
		return error_set(e, ERR_WRONG_TYPE, NULL, "an event is a JSON object");
	rc = decode_event(w->decoder, bytes.p, bytes.n, &ev, e);
	if (rc != 0)
		return rc;
	if (ev.has_time && ev.t_ms >= SECONDS_FROM && ev.t_ms < SECONDS_END)
		return error_set(
			e, ERR_BAD_TIME, "eventTime",
			"eventTime lies in January or February 1970: it is in milliseconds, was it sent in seconds?");
	if (ev.has_time && ev.t_ms > clock->wall_ms(clock) + TIME_AHEAD_MAX_MS)
		return error_set(e, ERR_TIME_IN_FUTURE, "eventTime", "eventTime is more than an hour from now");
	*ret_key = event_actor(&ev);
	return 0;
}

static void write_refused(struct json_out *j, size_t i, const struct problem *p)
{
	json_out_object(j);
	key_int(j, "index", (int64_t)i);
	key_int(j, "status", p->status);
	json_out_key(j, "error");
	problem_write(j, p, STR(""));
	json_out_end_object(j);
}

static void write_acked(struct json_out *j, size_t i, int32_t partition, int64_t offset)
{
	json_out_object(j);
	key_int(j, "index", (int64_t)i);
	key_int(j, "status", 202);
	key_int(j, "partition", partition);
	key_int(j, "offset", offset);
	json_out_end_object(j);
}

/* None is in the log: `p` is said of all of them, `b->why` of each. */
static void refuse_all(struct http_req *rq, const struct batch *b, const struct problem *p)
{
	struct json_out *j;

	if (!b->is_array) {
		http_problem(rq, b->why[0]);
		return;
	}
	j = http_problem_open(rq, p);
	json_out_key(j, "events");
	json_out_array(j);
	for (size_t i = 0; i < b->n; i++)
		write_refused(j, i, b->why[i]);
	json_out_end_array(j);
	http_problem_end(rq, p);
}

static void refuse_invalid(struct http_req *rq, const struct batch *b)
{
	struct problem p;

	problem_set(&p, PROBLEM_BAD_BODY, NULL, "none of the %zu events is valid", b->n);
	refuse_all(rq, b, &p);
}

static void write_one(struct json_out *j, int32_t partition, int64_t offset)
{
	json_out_object(j);
	key_text(j, "status", "accepted");
	key_int(j, "partition", partition);
	key_int(j, "offset", offset);
	json_out_end_object(j);
}

static void write_array(struct http_req *rq, const struct publish *p, const struct batch *b, size_t acked)
{
	struct json_out *j = &rq->w->out;
	struct problem lost;
	int32_t partition;
	int64_t offset;

	json_out_object(j);
	key_int(j, "accepted", (int64_t)acked);
	key_int(j, "refused", (int64_t)(b->n - acked));
	json_out_key(j, "events");
	json_out_array(j);
	for (size_t i = 0; i < b->n; i++) {
		if (b->why[i]) {
			write_refused(j, i, b->why[i]);
		} else if (publish_result(p, i, &partition, &offset) == PUBLISH_ACKED) {
			write_acked(j, i, partition, offset);
		} else {
			publish_problem(p, i, &lost);
			write_refused(j, i, &lost);
		}
	}
	json_out_end_array(j);
	json_out_end_object(j);
}

/* Of all that was sent nothing is in the log. Sending it again may help as soon as that is so for one event. */
static void refuse_lost(struct http_req *rq, const struct publish *p, struct batch *b)
{
	const struct problem *of_all = NULL;

	for (size_t i = 0; i < b->n; i++) {
		struct problem *lost;

		if (b->why[i])
			continue;
		lost = http_alloc(rq, sizeof(*lost));
		publish_problem(p, i, lost);
		b->why[i] = lost;
		if (!of_all || of_all->status == 413)
			of_all = lost;
	}
	refuse_all(rq, b, of_all);
}

static void finish(struct http_req *rq, struct publish *p, void *arg)
{
	struct batch *b = arg;
	size_t acked = 0;
	int32_t partition = 0;
	int64_t offset = 0;

	for (size_t i = 0; i < b->n; i++)
		if (publish_result(p, i, &partition, &offset) == PUBLISH_ACKED) {
			feed_publish(rq->w->shared->feed, b->bytes[i]);
			acked++;
		}
	if (!acked) {
		refuse_lost(rq, p, b);
		return;
	}
	json_out_reset(&rq->w->out);
	if (b->is_array)
		write_array(rq, p, b, acked);
	else
		write_one(&rq->w->out, partition, offset);
	http_reply_json(rq, !b->is_array ? 202 : acked == b->n ? 200 : 207, &rq->w->out);
}

/* False when the request was answered. */
static bool cut(struct http_req *rq, struct batch *b)
{
	int64_t max = setting_int(rq->w->shared->opt.settings, SET_HTTP_EVENTS_MAX), n = 1;
	struct str body = body_trim(rq->body);

	if (!body.n) {
		http_refuse(rq, PROBLEM_BAD_BODY, NULL, "the body is empty: send an event or an array of events");
		return false;
	}
	b->is_array = body.p[0] == '[';
	b->bytes = http_alloc(rq, (b->is_array ? (size_t)max : 1) * sizeof(b->bytes[0]));
	if (b->is_array)
		n = body_elements(body, b->bytes, (size_t)max);
	else
		b->bytes[0] = body;
	if (n < 0)
		body_refuse_array(rq, "a JSON array of events");
	else if (n > max)
		http_refuse(rq, PROBLEM_BODY_SIZE, NULL, "%lld events, at most %lld in one request", (long long)n,
			    (long long)max);
	else if (n == 0)
		http_refuse(rq, PROBLEM_BAD_BODY, NULL, "the array is empty");
	else
		b->n = (size_t)n;
	return b->n > 0;
}

static struct problem *bad_event(struct http_req *rq, int code, const struct error *e)
{
	struct problem *p = http_alloc(rq, sizeof(*p));

	problem_from_error(p, code, e);
	return p;
}

void route_events_post(struct http_req *rq)
{
	const char *topic = setting_string(rq->w->shared->opt.settings, SET_TOPIC_EVENTS);
	struct batch *b = http_alloc(rq, sizeof(*b));
	struct str *keys;

	*b = (struct batch){ 0 };
	if (http_refuses_query(rq) || !publish_possible(rq) || !cut(rq, b))
		return;
	b->why = http_alloc(rq, b->n * sizeof(b->why[0]));
	keys = http_alloc(rq, b->n * sizeof(keys[0]));
	for (size_t i = 0; i < b->n; i++) {
		struct error e = { 0 };
		struct str key = { NULL, 0 };
		int rc = check(rq->w, b->bytes[i], &key, &e);

		b->why[i] = rc ? bad_event(rq, rc, &e) : NULL;
		if (rc != 0)
			continue;
		/* the key may be the decoder's memory, which the next event takes */
		keys[i] = (struct str){ memcpy(http_alloc(rq, key.n), key.p, key.n), key.n };
		b->sent++;
	}
	if (!b->sent) {
		refuse_invalid(rq, b);
		return;
	}
	struct publish *p = publish_new(rq, b->n, finish, b);

	for (size_t i = 0; i < b->n; i++)
		if (!b->why[i])
			publish_send(p, i, topic, keys[i], b->bytes[i].p, b->bytes[i].n);
	publish_wait(p);
}
