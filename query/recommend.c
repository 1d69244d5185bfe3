#include "query/control_internal.h"
#include "views/ids.h"
#include "views/status.h"
#include "views/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define GENERATION_TRIES 3

int answerer_new(const struct answerer_options *opt, struct answerer **ret, struct error *e)
{
	struct answerer *a = xcalloc(1, sizeof(*a));
	int rc;

	assert(opt->store && opt->status && opt->ranker && opt->settings);
	a->opt = *opt;
	a->clock = opt->clock ? opt->clock : &clock_system;
	a->min_support = setting_int(opt->settings, SET_ANSWER_MIN_SUPPORT);
	a->low_stock = setting_int(opt->settings, SET_ANSWER_LOW_STOCK);
	a->up_sell_ratio = setting_number(opt->settings, SET_ANSWER_UP_SELL_RATIO);
	a->catalog_required = setting_bool(opt->settings, SET_ANSWER_CATALOG_REQUIRED);
	a->language = strcmp(setting_string(opt->settings, SET_ANSWER_LANGUAGE), "de") == 0 ? LANGUAGE_GERMAN
											    : LANGUAGE_ENGLISH;
	next_options_of(opt->settings, &a->next_options);
	a->next_cart_weight = setting_number(opt->settings, SET_NEXT_CART_WEIGHT);
	a->next_purchase_weight = setting_number(opt->settings, SET_NEXT_PURCHASE_WEIGHT);
	a->sessions = session_index_new();
	a->pairing.kept = neighbours_new(a->clock);
	token_key_init(store_person_key(opt->store), a->token_key);
	rc = snap_open(opt->store, &a->snap);
	if (rc) {
		answerer_free(a);
		return error_set(e, rc, "", "cannot read the store: %s", error_text(rc));
	}
	snap_park(a->snap);
	snap_remember_items(a->snap);
	*ret = a;
	return 0;
}

void answerer_free(struct answerer *a)
{
	if (!a)
		return;
	answerer_rest(a);
	session_index_free(a->sessions);
	next_work_fini(&a->next);
	snap_close(a->snap);
	idmap_fini(&a->hidden);
	idmap_fini(&a->listed);
	person_fini(&a->person);
	person_facts_fini(&a->facts);
	pairing_fini(&a->pairing);
	search_items_fini(&a->found);
	votes_fini(&a->votes);
	votes_fini(&a->counted);
	votes_fini(&a->tastes);
	similar_search_fini(&a->similar);
	arena_fini(&a->arena);
	rules_fini(&a->rules);
	control_set_release(a->set);
	free(a);
}

/* How fresh the views are, from the processor's page. */
static int check_freshness(struct asking *q, struct error *e)
{
	struct status_page *page = status_page(q->a->opt.status);
	int64_t most = q->rq->max_staleness_ms;

	q->ret->lag_ms = status_lag_ms(page, q->a->clock);
	q->ret->stale = STATUS_GET(page, stopped_partitions) > 0;
	if (most < 0)
		return 0;
	if (q->ret->stale)
		return error_set(e, ERR_TOO_STALE, "maxStalenessMs", "a partition of the log is not read any more");
	if (q->ret->lag_ms > most)
		return error_set(e, ERR_TOO_STALE, "maxStalenessMs", "the views are %lld ms behind the log",
				 (long long)q->ret->lag_ms);
	return 0;
}

/* The candidates, and the list out of them. */
static int gather(struct asking *q)
{
	int rc;

	q->pin_n = q->list_n = 0;
	q->category = q->a->conditions.category;
	q->filter_lifted = q->category_shown = false;
	q->ret->out_of_stock = 0;
	q->ret->widened_to = (struct str){ NULL, 0 };
	rc = shelf_open(q);
	return rc ? rc : chain_run(q);
}

void answerer_rest(struct answerer *a)
{
	if (a->snap)
		snap_park(a->snap);
	rankings_release(a->rankings);
	a->rankings = NULL;
	a->is_looking = false;
}

/* The snapshot and the lists of the answer before, or new ones. */
static int look(struct asking *q)
{
	struct answerer *a = q->a;
	int rc = 0;

	if (!a->is_looking || q->start_ns - a->since_ns >= a->opt.look_ns) {
		answerer_rest(a);
		a->rankings = ranker_acquire(a->opt.ranker);
		a->since_ns = q->start_ns;
		rc = snap_renew(a->snap);
		a->is_looking = !rc;
	}
	q->rankings = a->rankings;
	return rc;
}

/* The list, out of the snapshot and the lists that were taken for it. */
static int answer_looking(struct asking *q)
{
	int rc = snap_watermark(q->sn, &q->watermark_ms);

	q->ret->generation = snap_generation(q->sn);
	q->ret->as_of_ms = q->watermark_ms;
	if (!rc)
		rc = rules_match(q);
	if (!rc)
		rc = gather(q);
	if (!rc && q->a->rules.dropped && page_missing(q)) {
		q->is_deep = true;
		rc = gather(q);
	}
	if (!rc)
		rc = page_fill(q);
	if (!rc)
		rc = segments_of_asking(q);
	if (q->ranked && q->rankings && rankings_watermark_ms(q->rankings) < q->ret->as_of_ms)
		q->ret->as_of_ms = rankings_watermark_ms(q->rankings);
	return rc ? rc : snap_failure(q->sn);
}

static int answer_once(struct asking *q)
{
	int rc;

	q->ranked = q->lists_missing = q->is_deep = false;
	q->a->person.loaded = false;
	q->person_is_found = false;
	q->ret->item_count = 0;
	q->ret->fallback = false;
	rc = look(q);
	if (!rc)
		rc = answer_looking(q);
	if (rc || !q->a->opt.look_ns || q->lists_missing)
		answerer_rest(q->a);
	return rc;
}

/* Right after the start there are no lists, and those of the generation before are of no use after a swap: wait for them. */
static int answer_from_snapshot(struct asking *q)
{
	int rc = answer_once(q);

	for (int i = 0; i < GENERATION_TRIES && q->lists_missing; i++) {
		rc = ranker_follow(q->a->opt.ranker);
		if (!rc)
			rc = answer_once(q);
	}
	return rc;
}

/* The keyed hash of whom the answer is for; NULL: nobody. */
static const unsigned char *request_person(struct answerer *a, const struct recommend_request *rq,
					   unsigned char ret[ACTOR_HASH_BYTES])
{
	if (!rq->user_id.n && !rq->visitor_id.n)
		return NULL;
	if (rq->user_id.n)
		actor_hash(store_person_key(a->opt.store), ACTOR_USER, rq->user_id, ret);
	else
		actor_hash(store_person_key(a->opt.store), ACTOR_VISITOR, rq->visitor_id, ret);
	return ret;
}

/* The recommendationId of what stands on the page. */
static void sign(struct asking *q)
{
	struct answer *ret = q->ret;
	const unsigned char *key = q->a->token_key;
	unsigned char person[ACTOR_HASH_BYTES];
	struct str ids[RECOMMEND_COUNT_MAX];
	struct answer_token t;

	t.t_ms = q->now_ms;
	t.nonce = token_nonce();
	t.item_count = ret->item_count;
	assert(strlen(ret->scenario) <= TOKEN_SCENARIO_MAX);
	memcpy(t.scenario, ret->scenario, strlen(ret->scenario) + 1);
	memcpy(t.variant, q->counted, sizeof(t.variant));
	for (unsigned i = 0; i < ret->item_count; i++) {
		t.items[i].strategy = i && ret->items[i].strategy == ret->items[i - 1].strategy
					      ? t.items[i - 1].strategy
					      : strategy_number(str_of(ret->items[i].strategy));
		ids[i] = ret->items[i].item_id;
	}
	token_mark_items(key, &t, ids);
	token_make(key, request_person(q->a, q->rq, person), &t, ret->recommendation_id);
}

/* The one before is kept until now, since the last answer's strings are its. */
static const struct control_set *take_set(struct answerer *a, const struct recommend_request *rq)
{
	control_set_release(a->set);
	a->set = rq->set ? control_set__ref(rq->set) : control_set_acquire(a->opt.control);
	return a->set;
}

/* What the request does not say is as the scenario has it. */
static void take_shape(struct asking *q)
{
	const struct recommend_request *rq = q->rq;
	const struct scenario *sc = q->scenario;

	q->count = rq->count ? rq->count : sc->count ? sc->count : RECOMMEND_COUNT_DEFAULT;
	q->diversity = rq->has_diversity ? rq->diversity : sc->diversity;
	q->has_min_score = rq->has_min_score || sc->has_min_score;
	q->min_score = rq->has_min_score ? rq->min_score : sc->min_score;
	q->fill = rq->fill;
	if (q->fill == FILL_DEFAULT && rq->strict == STRICT_FALSE)
		q->fill = FILL_ANY;
	if (q->fill == FILL_DEFAULT)
		q->fill = sc->fill;
	if (q->fill == FILL_ANY && rq->strict == STRICT_TRUE)
		q->fill = FILL_FILTERED;
	q->ret->count = q->count;
}

int recommend(struct answerer *a, const struct recommend_request *rq, struct answer *ret, struct error *e)
{
	struct scenario sc;
	struct asking q = { .a = a, .rq = rq, .scenario = &sc, .set = take_set(a, rq), .sn = a->snap, .ret = ret };
	int rc;

	q.start_ns = a->clock->monotonic_ns(a->clock);
	q.now_ms = a->clock->wall_ms(a->clock);
	rc = request_check(&q, &sc, e);
	if (!rc)
		rc = conditions_parse(&q, e);
	if (rc)
		return rc;
	q.language = rq->language ? rq->language : a->language;
	take_shape(&q);
	ret->recommendation_id[0] = '\0';
	ret->scenario = sc.slug;
	ret->widened_to = (struct str){ NULL, 0 };
	ret->fallback = false;
	ret->item_count = ret->out_of_stock = 0;
	ret->segments = 0;
	ret->as_of_ms = TIME_NONE;
	rc = check_freshness(&q, e);
	if (rc)
		return rc;
	if (!rq->validate_only) {
		rc = answer_from_snapshot(&q);
		if (rc)
			return error_set(e, rc, "", "cannot read the store: %s", error_text(rc));
		sign(&q);
	}
	ret->took_ns = a->clock->monotonic_ns(a->clock) - q.start_ns;
	return 0;
}

bool recommendation_scenario(struct str recommendation_id, char ret[TOKEN_SCENARIO_MAX + 1])
{
	struct answer_token_text t;

	if (!token_read(recommendation_id, &t))
		return false;
	memcpy(ret, t.token.scenario, sizeof(t.token.scenario));
	return true;
}

bool recommendation_given(struct answerer *a, struct str recommendation_id, const struct recommend_request *rq)
{
	unsigned char person[ACTOR_HASH_BYTES];
	struct answer_token_text t;

	return token_read(recommendation_id, &t) &&
	       (token_is_for(a->token_key, &t, request_person(a, rq, person)) || token_is_for(a->token_key, &t, NULL));
}
