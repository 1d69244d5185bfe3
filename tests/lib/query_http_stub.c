/* Answers that say what was asked: the first item's reason lists the whole request. */
#include "tests/lib/query_http.h"

#include "views/idmap.h"
#include "views/view.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct answerer {
	const struct clock *clock;
};

static int stub_open(const struct answerer_options *opt, struct answerer **ret, struct error *e)
{
	(void)e;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->clock = opt->clock;
	return 0;
}

static void stub_close(struct answerer *a)
{
	free(a);
}

static const struct scenario_info stub_infos[] = {
	{ .slug = "home",
	  .meaning = "the \"front\" page",
	  .inputs = INPUT_USER_ID | INPUT_COMMON,
	  .chain = { "trending", "best-sellers" } },
	{ .slug = "also-bought",
	  .is_strategy = true,
	  .meaning = "m",
	  .formula = "f",
	  .inputs = INPUT_ITEM_IDS | INPUT_COMMON,
	  .required = INPUT_ITEM_IDS },
	{ .slug = "trending", .is_strategy = true, .meaning = "m", .formula = "f", .inputs = ~0u },
};

static bool stub_info(size_t index, struct scenario_info *ret)
{
	if (index >= ARRAY_SIZE(stub_infos))
		return false;
	*ret = stub_infos[index];
	return true;
}

static void stub_reason(const struct recommend_request *rq, char *buf, size_t size)
{
	snprintf(
		buf, size,
		"u=%.*s v=%.*s s=%.*s c=%.*s w=%d n=%u items=%u/%.*s ses=%u/%.*s q=%.*s ex=%u/%.*s%d%d%d p=%u e=%d m=%lld g=%x shown=%zu",
		STR_FMT(rq->user_id), STR_FMT(rq->visitor_id), STR_FMT(rq->session_id), STR_FMT(rq->category),
		(int)rq->window, rq->count, rq->item_count, rq->item_count ? (int)rq->item_ids[0].n : 0,
		rq->item_count ? rq->item_ids[0].p : "", rq->session_item_count,
		rq->session_item_count ? (int)rq->session_items[0].n : 0,
		rq->session_item_count ? rq->session_items[0].p : "", STR_FMT(rq->query), rq->exclude_count,
		rq->exclude_count ? (int)rq->exclude_ids[0].n : 0, rq->exclude_count ? rq->exclude_ids[0].p : "",
		rq->exclude_purchased, rq->exclude_in_cart, rq->exclude_viewed, rq->property_count, rq->explain,
		(long long)rq->max_staleness_ms, rq->given, rq->shown ? rq->shown->n : 0);
}

static _Atomic unsigned gate_asked, gate_opened;

static uint64_t clock_ms(void)
{
	return clock_system.monotonic_ns(&clock_system) / 1000000;
}

static void wait_for(const _Atomic unsigned *count, unsigned n)
{
	uint64_t end = clock_ms() + WAIT_MS;

	while (atomic_load(count) < n)
		if (clock_ms() > end)
			abort();
}

void let_pass_ms(unsigned ms)
{
	uint64_t end = clock_ms() + ms;

	while (clock_ms() < end)
		;
}

void gate_wait(unsigned n)
{
	wait_for(&gate_asked, n);
}

void gate_open(unsigned n)
{
	atomic_store(&gate_opened, n);
}

/* The scenarios that take their time. */
static void take_time(struct str scenario)
{
	if (str_eq(scenario, STR("gate")))
		wait_for(&gate_opened, atomic_fetch_add(&gate_asked, 1) + 1);
	else if (str_eq(scenario, STR("slow")))
		let_pass_ms(20);
}

/* How the list shall look: as the item's strategy, when it is said. */
static const char *stub_shape(const struct recommend_request *rq)
{
	static _Thread_local char text[256]; /* for each loop */

	if (!rq->filter.n && !rq->boost.n && !rq->sort && !rq->fill && !rq->strict && rq->diversity <= 0 &&
	    !rq->has_min_score && !rq->country.n && !rq->region.n && !rq->shown)
		return "also-bought";
	snprintf(text, sizeof(text), "f=%.*s b=%.*s o=%d fi=%d st=%d d=%g min=%d/%g at=%.*s/%.*s after=%u",
		 STR_FMT(rq->filter), STR_FMT(rq->boost), (int)rq->sort, (int)rq->fill, (int)rq->strict, rq->diversity,
		 rq->has_min_score, rq->min_score, STR_FMT(rq->country), STR_FMT(rq->region), rq->rank_before);
	return text;
}

static int stub_recommend(struct answerer *a, const struct recommend_request *rq, struct answer *ret, struct error *e)
{
	static _Thread_local char slug[128]; /* for each loop */
	struct recommended *r = &ret->items[0];

	(void)a;
	if (str_eq(rq->scenario, STR("nowhere")))
		return error_set(e, ERR_NOT_FOUND, "scenario", "there is no scenario 'nowhere'");
	if (str_eq(rq->scenario, STR("home")) && rq->item_count)
		return error_set(e, ERR_BAD_REQUEST, "itemIds", "'home' does not read itemIds");
	if (str_eq(rq->scenario, STR("of-nobody")) && rq->exclude_in_cart)
		return error_set(e, ERR_BAD_REQUEST, rq->by_query ? "excludeInCart" : "exclude.inCart",
				 "needs userId or visitorId");
	if (rq->max_staleness_ms == 0)
		return error_set(e, ERR_TOO_STALE, "maxStalenessMs", "the lag is 5 ms");
	if (str_eq(rq->scenario, STR("broken")))
		return error_set(e, ERR_STORE_IO, NULL, "secret path");
	take_time(rq->scenario);
	snprintf(slug, sizeof(slug), "%.*s", STR_FMT(rq->scenario));
	memset(ret, 0, offsetof(struct answer, items) + sizeof(*r));
	ret->scenario = slug;
	snprintf(ret->recommendation_id, sizeof(ret->recommendation_id), "id-of-%.64s", slug);
	ret->as_of_ms = 1323435000000;
	ret->lag_ms = 12;
	ret->item_count = 1;
	ret->count = rq->count ? rq->count : RECOMMEND_COUNT_DEFAULT;
	*r = (struct recommended){ .item = 1,
				   .item_id = STR("p\"1"),
				   .score = 0.25,
				   .rank = 1,
				   .strategy = stub_shape(rq),
				   .stock = { true, 3 },
				   .low_stock = true,
				   .urgency = { .units_left = 3, .sold_today = 12 },
				   .why = { .kind = EXPLAIN_PAIR,
					    .together = 3,
					    .item_total = 5,
					    .other_total = 7,
					    .measure = "jaccard",
					    .pair_score = 0.25 } };
	stub_reason(rq, r->reason, sizeof(r->reason));
	while (str_eq(rq->scenario, STR("large")) && ret->item_count < RECOMMEND_COUNT_MAX)
		ret->items[ret->item_count++] = *r;
	return 0;
}

static bool stub_scenario_of(struct str id, char ret[TOKEN_SCENARIO_MAX + 1])
{
	struct str start = STR("id-of-");

	if (id.n <= start.n || memcmp(id.p, start.p, start.n) != 0)
		return false;
	snprintf(ret, TOKEN_SCENARIO_MAX + 1, "%.*s", (int)(id.n - start.n), id.p + start.n);
	return true;
}

static bool stub_given(struct answerer *a, struct str id, const struct recommend_request *rq)
{
	(void)a;
	(void)id;
	return !str_eq(rq->user_id, STR("somebody-else"));
}

static int stub_segments(struct answerer *a, struct str user_id, struct person_segments *ret, struct error *e)
{
	if (str_eq(user_id, STR("broken")))
		return error_set(e, ERR_STORE_IO, "", "secret path");
	*ret = (struct person_segments){ .set = segments_shipped(), .as_of_ms = a->clock->wall_ms(a->clock) };
	if (str_eq(user_id, STR("u1"))) {
		ret->in = 1u << segment_find(ret->set, STR("frequent")) |
			  1u << segment_find(ret->set, STR("big-spender"));
		ret->is_known = true;
		ret->facts = (struct filter_person){ .orders = 4, .average_order = NAN, .country = STR("DE") };
		ret->facts.viewed = (struct str_list){ 1, { STR("Shoes") } };
	}
	return 0;
}

static int stub_offers(struct answerer *a, struct str user_id, struct person_offers *ret, struct error *e)
{
	static struct offer spring = { .id = "spring" }, winter = { .id = "winter" };
	static struct control *made[2];
	static const char *const documents[] = {
		"{\"discount\":{\"percent\":12.5},\"code\":\"SAVE\",\"segments\":[\"vip\"],\"budget\":9,\"oncePerPerson\":true}",
		"{\"name\":\"Winter\",\"discount\":{\"amount\":5,\"currency\":\"EUR\"},\"itemIds\":[\"a\"],"
		"\"to\":\"2026-05-01T00:00:00Z\"}"
	};

	(void)a;
	ret->n = 0;
	ret->set = NULL;
	ret->as_of_ms = TIME_NONE;
	if (str_eq(user_id, STR("broken")))
		return error_set(e, ERR_STORE_IO, "", "secret path");
	if (!made[0] && (control_parse(CONTROL_OFFER, str_of(documents[0]), &made[0], e) ||
			 control_parse(CONTROL_PROMOTION, str_of(documents[1]), &made[1], e)))
		return e->code;
	spring.is = made[0];
	winter.is = made[1];
	if (!str_eq(user_id, STR("u1")))
		return 0;
	ret->n = 2;
	ret->v[0].is = &spring;
	ret->v[0].left = 7;
	ret->v[1].is = &winter;
	ret->v[1].left = -1;
	return 0;
}

static void stub_rest(struct answerer *a)
{
	(void)a;
}

const struct answer_ops stub_answers = { stub_open,        stub_close, stub_rest,     stub_recommend, stub_info,
					 stub_scenario_of, stub_given, stub_segments, stub_offers };
