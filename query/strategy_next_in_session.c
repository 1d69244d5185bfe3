#include "query/strategy.h"
#include "views/ids.h"

void next_options_of(const struct settings *set, struct next_options *ret)
{
	static const struct {
		const char *name;
		unsigned part;
	} parts[] = { { "before", NEXT_NO_BEFORE }, { "bigram", NEXT_NO_BIGRAM },     { "order2", NEXT_NO_ORDER2 },
		      { "step", NEXT_NO_STEP },     { "revisits", NEXT_NO_REVISITS }, { "context", NEXT_NO_CONTEXT } };
	const char *without = setting_string(set, SET_NEXT_WITHOUT);

	*ret = (struct next_options){ .kappa = setting_number(set, SET_NEXT_KAPPA),
				      .ring_max = (unsigned)setting_int(set, SET_ITEM_SESSIONS),
				      .touched_max = (unsigned)setting_int(set, SET_NEXT_SESSIONS),
				      .neighbours_max = (unsigned)setting_int(set, SET_NEXT_NEIGHBOURS) };
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(without, parts[i].name) == 0)
			ret->without |= parts[i].part;
}

/* ---- the running session ---- */

/* The store's session of an actor; the newer one when both ids are given and have one. */
static int find_running(struct asking *q, struct session_index *index, struct session *ret)
{
	const struct recommend_request *rq = q->rq;
	const uint32_t actors[] = { rq->user_id.n ? snap_actor(q->sn, ACTOR_USER, rq->user_id) : ID_NONE,
				    rq->visitor_id.n ? snap_actor(q->sn, ACTOR_VISITOR, rq->visitor_id) : ID_NONE };

	*ret = (struct session){ .number = SESSION_NONE };
	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		struct session s;
		uint32_t number = SESSION_NONE;
		int rc = actors[i] == ID_NONE ? 0 : session_running(index, actors[i], rq->session_id, &number);

		if (!rc && number != SESSION_NONE)
			rc = session_get(index, number, &s);
		if (rc && rc != ERR_NOT_FOUND)
			return rc;
		if (!rc && number != SESSION_NONE && (ret->number == SESSION_NONE || s.last_ms > ret->last_ms))
			*ret = s;
	}
	return 0;
}

/* The last ones, oldest first; items that the store does not know say nothing. */
static size_t inline_views(struct asking *q, uint32_t ret[SESSION_VIEWS_MAX])
{
	size_t n = 0;

	for (unsigned i = q->rq->session_item_count; i-- > 0 && n < SESSION_VIEWS_MAX;) {
		uint32_t item = snap_item(q->sn, q->rq->session_items[i]);

		if (item != ID_NONE)
			ret[SESSION_VIEWS_MAX - ++n] = item;
	}
	memmove(ret, ret + SESSION_VIEWS_MAX - n, n * sizeof(*ret));
	return n;
}

/* The work is begun with it; ret_self: its own number. *ret_found false: there is none, or nothing is known of it. */
static int open_session(struct asking *q, struct next_source *src, bool *ret_found)
{
	uint32_t views[SESSION_VIEWS_MAX];
	struct session running;
	size_t n = inline_views(q, views);
	int rc = find_running(q, src->index, &running);

	if (rc)
		return rc;
	src->self = running.number;
	if (q->rq->session_item_count == 0 && running.number != SESSION_NONE)
		for (; n < running.n; n++)
			views[n] = session_item(&running, (uint32_t)n);
	*ret_found = n > 0;
	if (n > 0)
		next_begin(&q->a->next, views, n);
	return 0;
}

/* What was put into the cart, or bought after the last look at it, says more or less than a view. */
static int weigh(struct asking *q)
{
	const struct answerer *a = q->a;
	struct next_work *w = &q->a->next;
	int rc;

	if ((!q->rq->user_id.n && !q->rq->visitor_id.n) || (a->next_cart_weight == 1 && a->next_purchase_weight == 1))
		return 0;
	rc = person_load(q);
	for (unsigned y = 0; y < w->d_n && !rc; y++) {
		const struct person_item *it = person_item_of(&a->person, w->d[y]);

		if (it && it->in_cart)
			w->weight[y] = a->next_cart_weight;
		else if (it && it->buys && it->last_buy_ms >= it->last_view_ms)
			w->weight[y] = a->next_purchase_weight;
	}
	return rc;
}

/* ---- the list ---- */

static int offer_best(struct asking *q, const struct next_source *src)
{
	struct next_work *w = &q->a->next;
	const struct next_candidate *c;
	int rc = 1;

	for (unsigned i = 0; i < w->best_n; i++)
		snap_expect_item(q->sn, w->v[w->best[i].at].item);
	while (rc > 0 && (c = next_take(w, src)) && c->score > 0) {
		struct explanation why = { .kind = EXPLAIN_SESSION,
					   .sessions = c->neighbours,
					   .sessions_of = w->heap_n,
					   .shared = c->shared,
					   .followed = c->c1,
					   .share = c->share,
					   .back = c->rate };

		rc = shelf_offer(q, c->item, c->score, &why);
	}
	return rc < 0 ? rc : 0;
}

/* Asked alone, a session that says nothing, or nothing more on a later page, gets what trends. */
static int fill_empty(struct asking *q)
{
	if (q->shelf_n > 0 || !str_eq(q->rq->scenario, str_of(strategy_next_in_session.slug)))
		return 0;
	q->strategy = &strategy_trending;
	q->ret->fallback = true;
	return strategy_trending.fill(q);
}

static int fill(struct asking *q)
{
	struct answerer *a = q->a;
	struct next_source src = { .index = a->sessions, .sn = q->sn };
	bool found = false;
	int rc = rankings_ready(q);

	if (rc)
		return rc;
	src.totals = rankings_all_totals(q->rankings, &src.totals_n);
	src.rates = rankings_revisits(q->rankings);
	rc = session_index_begin(a->sessions, q->sn);
	if (!rc)
		rc = sessions_total(q->sn, &src.sessions);
	if (!rc)
		rc = open_session(q, &src, &found);
	if (!rc && found)
		rc = weigh(q);
	if (!rc && found)
		rc = next_score(&a->next, &src, &a->next_options);
	if (!rc && found)
		rc = offer_best(q, &src);
	return rc ? rc : fill_empty(q);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	if (why->kind != EXPLAIN_SESSION)
		strategy_trending.reason(q, why, ret);
	else
		phrase_say(q,
			   why->back >= 0  ? PHRASE_NEXT_BACK
			   : why->sessions ? PHRASE_NEXT_NEIGHBOURS
					   : PHRASE_NEXT_BESIDE,
			   why, ret);
}

const struct strategy strategy_next_in_session = {
	.slug = "next-in-session",
	.meaning =
		"what the visitor will look at next, from the views of this session; use it on every page of a visit",
	.formula =
		"kappa x (A + 0.06 B + 0.6 C) for a new item: A clicks of the 150 sessions most like this one, by their distance "
		"from the item in common; B what followed the current item, with back-off; C what lies one view further; "
		"an item of the session: kappa x (A + ...) x 0.4 (0.1 the current one) + 0.85 x how often people go back "
		"(session neighbours: Garg et al. 2019, Ludewig et al. 2020, Kersbergen et al. 2022)",
	.inputs = INPUT_SESSION_ITEMS | INPUT_SESSION_ID | INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_SESSION_ITEMS | INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.reason = reason,
};
