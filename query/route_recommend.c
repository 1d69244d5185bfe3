#include "query/answered.h"
#include "query/control_set.h"
#include "query/http_body.h"
#include "query/json_keys.h"
#include "query/route_answer.h"
#include "query/route_input.h"
#include "query/route_recommend.h"
#include "query/served.h"

#include <jansson.h>
#include <stdio.h>

void recommend_refusal(struct http_req *rq, int code, const struct error *e, struct problem *ret)
{
	if (code == ERR_NOT_FOUND && strcmp(e->field, "scenario") == 0) {
		problem_set(ret, PROBLEM_UNKNOWN_SCENARIO, "scenario", "%s%s", e->text,
			    *e->suggestion ? "" : "; see /v1/strategies");
		snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", e->suggestion);
	} else if (code == ERR_TOO_STALE) {
		problem_set(ret, PROBLEM_TOO_STALE, "maxStalenessMs", "%s", e->text);
	} else {
		http_error_problem(rq, code, e, ret);
	}
}

bool recommend_append(struct http_req *rq, uint64_t started_ns, const struct shown *before, struct json_out *out,
		      uint64_t *ret_hash, struct problem *ret)
{
	struct http_worker *w = rq->w;
	const struct clock *clock = w->shared->clock;
	struct error e = { 0 };
	int rc = w->shared->opt.answers->recommend(w->answerer, &w->ask, &w->answer, &e);

	if (rc != 0) {
		recommend_refusal(rq, rc, &e, ret);
		return false;
	}
	*ret_hash = 0;
	if (w->ask.validate_only) {
		json_out_object(out);
		key_bool(out, "valid", true);
		json_out_end_object(out);
	} else {
		uint64_t took_ns = http_now_ns(w) - started_ns;

		answered_count(w->metrics->answered, &w->answer, took_ns);
		served_tell(w->shared->served, &w->answer, clock->wall_ms(clock));
		*ret_hash = answer_write(out, &w->ask, &w->answer, before, took_ns);
	}
	return true;
}

/* An answer about no person is the same for everybody who asks this URL. */
static bool is_shared(const struct http_req *rq)
{
	unsigned personal = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_SESSION_ID | INPUT_SESSION_ITEMS;

	return rq->method == METHOD_GET && !(rq->w->ask.given & personal);
}

void recommend_reply(struct http_req *rq)
{
	struct json_out *out = &rq->w->out;
	const struct shown *before = rq->w->ask.shown ? &rq->w->shown : NULL;
	struct problem p;
	uint64_t hash;

	json_out_reset(out);
	if (!recommend_append(rq, rq->started_ns, before, out, &hash, &p))
		http_problem(rq, &p);
	else if (hash && is_shared(rq))
		http_reply_shared(rq, out, hash);
	else
		http_reply_json(rq, 200, out);
}

static void answer_query(struct http_req *rq, unsigned allowed)
{
	struct problem p;

	if (input_from_query(rq, allowed, &rq->w->ask, &p))
		recommend_reply(rq);
	else
		http_problem(rq, &p);
}

void route_recommend_get(struct http_req *rq)
{
	input_init(&rq->w->ask, rq->params[0]);
	answer_query(rq, INPUT_ALL);
}

void route_recommend_post(struct http_req *rq)
{
	struct problem p;
	json_t *body;

	if (http_refuses_query(rq))
		return;
	if (rq->body.n > RECOMMEND_BODY_MAX) {
		http_refuse(rq, PROBLEM_BODY_SIZE, NULL, "a request for a list has at most %d bytes",
			    RECOMMEND_BODY_MAX);
		return;
	}
	input_init(&rq->w->ask, rq->params[0]);
	body = body_json(rq->body, rq->body, &p);
	if (json_is_array(body))
		http_refuse(rq, PROBLEM_BAD_BODY, NULL,
			    "one request is an object; an array goes to /v1/recommendations:batch");
	else if (body && input_from_json(body, &rq->w->ask, &p))
		recommend_reply(rq);
	else
		http_problem(rq, &p);
	json_decref(body);
}

/* The strategy a path names is its last segment, but for one that has a longer name. */
static struct str strategy_of(const char *pattern)
{
	const char *segment = strrchr(pattern, '/') + 1;

	return strcmp(segment, "similar") == 0 ? STR("similar-items") : str_of(segment);
}

static void answer_about(struct http_req *rq, const char *field)
{
	struct problem p;

	input_init(&rq->w->ask, strategy_of(rq->route->pattern));
	if (input_id(&rq->w->ask, field, rq->params[0], &p))
		answer_query(rq, INPUT_COMMON);
	else
		http_problem(rq, &p);
}

void route_item_neighbours(struct http_req *rq)
{
	answer_about(rq, "itemIds");
}

void route_user_list(struct http_req *rq)
{
	answer_about(rq, "userId");
}

void route_shop_list(struct http_req *rq)
{
	input_init(&rq->w->ask, strategy_of(rq->route->pattern));
	answer_query(rq, INPUT_CATEGORY | INPUT_WINDOW | INPUT_COMMON);
}

static void write_chain(struct json_out *j, const struct scenario_info *info)
{
	json_out_key(j, "chain");
	json_out_array(j);
	for (size_t i = 0; info->chain[i]; i++)
		json_out_text(j, info->chain[i]);
	json_out_end_array(j);
	json_out_key(j, "shares");
	json_out_array(j);
	for (size_t i = 0; info->chain[i]; i++)
		json_out_int(j, info->shares[i]);
	json_out_end_array(j);
	if (info->filter)
		key_text(j, "filter", info->filter);
}

static void write_scenario(struct json_out *j, const struct scenario_info *info)
{
	json_out_object(j);
	key_text(j, "slug", info->slug);
	key_text(j, "kind", info->is_strategy ? "strategy" : "scenario");
	key_text(j, "meaning", info->meaning ? info->meaning : "");
	if (info->is_strategy && info->formula)
		key_text(j, "formula", info->formula);
	key_inputs(j, "inputs", info->inputs);
	key_inputs(j, "required", info->required);
	if (!info->is_strategy)
		write_chain(j, info);
	json_out_end_object(j);
}

static bool is_decided(const struct control_set *set, const char *slug)
{
	struct scenario_info info;

	for (size_t i = 0; scenario_decided(set, i, &info); i++)
		if (strcmp(info.slug, slug) == 0)
			return true;
	return false;
}

static void write_scenarios(struct json_out *j, const struct answer_ops *answers, const struct control_set *set)
{
	struct scenario_info info;

	for (size_t i = 0; answers->info(i, &info); i++)
		if (!info.is_strategy && !is_decided(set, info.slug))
			write_scenario(j, &info);
	for (size_t i = 0; scenario_decided(set, i, &info); i++)
		write_scenario(j, &info);
}

/* GET /v1/strategies; a shipped scenario that was replaced is as it is now. */
void route_strategies(struct http_req *rq)
{
	const struct answer_ops *answers = rq->w->shared->opt.answers;
	const struct control_set *set;
	struct json_out *j = &rq->w->out;
	struct scenario_info info;

	if (http_refuses_query(rq))
		return;
	set = control_set_newest(rq->w->shared->control);
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "strategies");
	json_out_array(j);
	for (size_t i = 0; answers->info(i, &info); i++)
		if (info.is_strategy)
			write_scenario(j, &info);
	json_out_end_array(j);
	json_out_key(j, "scenarios");
	json_out_array(j);
	write_scenarios(j, answers, set);
	json_out_end_array(j);
	json_out_end_object(j);
	control_set_release(set);
	http_reply_json(rq, 200, j);
}
