#include "query/http_req.h"
#include "query/json_keys.h"

/* GET /v1/users/{userId}/segments */
void route_segments(struct http_req *rq)
{
	struct json_out *j = &rq->w->out;
	struct person_segments found;
	struct error e = { 0 };
	int rc;

	if (http_refuses_query(rq))
		return;
	if (!rq->params[0].n || rq->params[0].n > EVENT_ID_MAX) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "userId", "'userId' must have 1 to %d bytes", EVENT_ID_MAX);
		return;
	}
	rc = rq->w->shared->opt.answers->segments(rq->w->answerer, rq->params[0], &found, &e);
	if (rc) {
		http_refuse_error(rq, rc, &e);
		return;
	}
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "segments");
	json_out_array(j);
	for (int s = 0; s < SEGMENT_COUNT; s++)
		if (found.in >> s & 1) {
			json_out_object(j);
			key_text(j, "segment", segment_rules[s].slug);
			key_text(j, "meaning", segment_rules[s].meaning);
			json_out_end_object(j);
		}
	json_out_end_array(j);
	key_time(j, "asOf", found.as_of_ms);
	json_out_end_object(j);
	http_reply_json(rq, 200, j);
}
