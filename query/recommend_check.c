/* Is a request one that its scenario can answer? What is not read is refused, so that no caller believes it was. */
#include "query/control_internal.h"
#include "views/searches.h"

#include <stdio.h>

_Static_assert(CONTROL_BOOSTS_MAX <= BOOST_RULES_MAX, "a scenario's boosts fit");

static unsigned given_inputs(const struct recommend_request *rq)
{
	return rq->given | (rq->user_id.n ? INPUT_USER_ID : 0) | (rq->visitor_id.n ? INPUT_VISITOR_ID : 0) |
	       (rq->session_id.n ? INPUT_SESSION_ID : 0) | (rq->item_count ? INPUT_ITEM_IDS : 0) |
	       (rq->session_item_count ? INPUT_SESSION_ITEMS : 0) | (rq->query.n ? INPUT_QUERY : 0) |
	       (rq->category.n ? INPUT_CATEGORY : 0) | (rq->window != WINDOW_DEFAULT ? INPUT_WINDOW : 0);
}

const char *const input_names[] = { "userId", "visitorId", "sessionId", "itemIds", "sessionItems",
				    "query",  "category",  "window",    "context", NULL };

unsigned input_bit(struct str name)
{
	for (unsigned i = 0; input_names[i]; i++)
		if (str_eq(name, str_of(input_names[i])))
			return 1u << i;
	return 0;
}

bool inputs_given(const struct recommend_request *rq, unsigned required)
{
	unsigned person = INPUT_USER_ID | INPUT_VISITOR_ID;

	if ((required & INPUT_ITEM_IDS) && rq->item_count == 0)
		return false;
	if ((required & INPUT_QUERY) && rq->query.n == 0)
		return false;
	if ((required & INPUT_PLACE) && !rq->country.n && !rq->region.n)
		return false;
	if ((required & INPUT_CATEGORY) && rq->category.n == 0)
		return false;
	if ((required & INPUT_SESSION_ITEMS) && rq->session_item_count)
		return true;
	return !(required & person) || rq->user_id.n || rq->visitor_id.n;
}

/* ---- the texts ---- */

int conditions_parse(struct asking *q, struct error *e)
{
	const struct recommend_request *rq = q->rq;
	struct conditions *c = &q->a->conditions;
	int rc = 0;

	filter_space_clear(&c->space);
	c->boost.n = c->own_boost.n = 0;
	c->own = c->asked = (struct filter){ 0 };
	c->category = category_join(rq->category, c->category_room);
	if (q->scenario->filter.n)
		rc = filter_parse(&c->space.pool, "scenario", q->scenario->filter, &c->own, e);
	for (unsigned i = 0; i < q->scenario->boost_n && !rc; i++) {
		c->own_boost.rules[i].factor = q->scenario->boost[i].factor;
		rc = filter_parse(&c->space.pool, "scenario", q->scenario->boost[i].filter, &c->own_boost.rules[i].when,
				  e);
		c->own_boost.n++;
	}
	if (!rc && rq->filter.n)
		rc = filter_parse(&c->space.pool, "filter", rq->filter, &c->asked, e);
	if (!rc && rq->boost.n)
		rc = boost_parse(&c->space.pool, rq->boost, &c->boost, e);
	return rc;
}

/* ---- the inputs ---- */

/* As the caller knows it. */
static const char *named(const struct recommend_request *rq, const char *in_body, const char *in_query)
{
	return rq->by_query ? in_query : in_body;
}

/* The field of exclude{} that needs to know who asks, or NULL. */
static const char *personal_exclude(const struct recommend_request *rq)
{
	return rq->exclude_purchased ? named(rq, "exclude.purchased", "excludePurchased")
	       : rq->exclude_in_cart ? named(rq, "exclude.inCart", "excludeInCart")
	       : rq->exclude_viewed  ? named(rq, "exclude.viewed", "excludeViewed")
				     : NULL;
}

/* What it starts from, but for who asks. */
static int check_subject(const struct recommend_request *rq, const struct scenario *sc, struct error *e)
{
	const struct {
		unsigned bit;
		const char *field, *what;
	} subjects[] = {
		{ INPUT_ITEM_IDS, "itemIds", "at least one item" },
		{ INPUT_QUERY, "query", "what was searched for" },
		{ INPUT_CATEGORY, "category", "a category" },
		{ INPUT_PLACE, named(rq, "context", "country"),
		  named(rq, "context.country or context.region", "country or region") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (!inputs_given(rq, sc->required & subjects[i].bit))
			return error_set(e, ERR_BAD_REQUEST, subjects[i].field, "'%s' needs %s", sc->slug,
					 subjects[i].what);
	return 0;
}

static int check_required(const struct recommend_request *rq, const struct scenario *sc, struct error *e)
{
	const char *field = personal_exclude(rq);
	bool is_session = rq->session_item_count && !rq->exclude_purchased && !rq->exclude_in_cart;
	int rc = check_subject(rq, sc, e);

	if (field && !rq->user_id.n && !rq->visitor_id.n && !is_session)
		return error_set(e, ERR_BAD_REQUEST, field, "needs userId or visitorId: whose items are left out?");
	if (rc)
		return rc;
	if (inputs_given(rq, sc->required))
		return rq->session_id.n && !rq->user_id.n && !rq->visitor_id.n
			       ? error_set(e, ERR_BAD_REQUEST, "sessionId",
					   "needs userId or visitorId: whose session is it?")
			       : 0;
	if (sc->required & INPUT_SESSION_ITEMS)
		return error_set(e, ERR_BAD_REQUEST, "sessionItems", "'%s' needs sessionItems, or userId or visitorId",
				 sc->slug);
	return error_set(e, ERR_BAD_REQUEST, "userId", "'%s' needs userId or visitorId", sc->slug);
}

/* What the list shall look like. */
static int check_shape(const struct recommend_request *rq, struct error *e)
{
	char room[CATEGORY_JOINED_MAX(CATALOG_TEXT_MAX)], words[SEARCH_QUERY_MAX];

	if (rq->category.n > CATALOG_TEXT_MAX)
		return error_set(e, ERR_BAD_REQUEST, "category", "at most %d bytes", CATALOG_TEXT_MAX);
	if (rq->category.n && !category_join(rq->category, room).n)
		return error_set(e, ERR_BAD_REQUEST, "category", "a category has a name");
	if (rq->query.n && !search_normalise(rq->query, words))
		return error_set(e, ERR_BAD_REQUEST, "query", "a query has words");
	if (!(rq->diversity >= 0 && rq->diversity <= 1))
		return error_set(e, ERR_BAD_REQUEST, "diversity", "is a number of 0 to 1");
	if (rq->strict == STRICT_TRUE && rq->fill == FILL_ANY)
		return error_set(e, ERR_BAD_REQUEST, "fill", "'any' contradicts strictFiltering");
	return 0;
}

static int refuse_unread(const struct recommend_request *rq, const struct scenario *sc, unsigned reads,
			 const char *input, struct error *e)
{
	char names[160] = "";
	size_t n = 0;

	for (unsigned i = 0; input_names[i]; i++)
		if (reads >> i & 1 && n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
					      1u << i == INPUT_PLACE ? named(rq, input_names[i], "country, region")
								     : input_names[i]);
	return error_set(e, ERR_BAD_REQUEST, input, "'%s' does not read '%s', it reads %s", sc->slug, input,
			 n ? names : "none of the kind");
}

static int refuse_scenario(struct str slug, struct error *e)
{
	const char *near = scenario_near(slug);

	if (near && e)
		snprintf(e->suggestion, sizeof(e->suggestion), "%s", near);
	return error_set(e, ERR_NOT_FOUND, "scenario", "there is no scenario or strategy '%.*s'%s%s%s", STR_FMT(slug),
			 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int request_check(struct asking *q, struct scenario *ret, struct error *e)
{
	const struct recommend_request *rq = q->rq;
	unsigned unread, reads;
	int rc;

	if (!scenario_find(q->set, rq->scenario, ret))
		return refuse_scenario(rq->scenario, e);
	experiments_apply(q, ret);
	reads = ret->inputs | (personal_exclude(rq) ? INPUT_USER_ID | INPUT_VISITOR_ID : 0);
	unread = given_inputs(rq) & ~reads & ~(unsigned)INPUT_COMMON;
	if (unread)
		return refuse_unread(rq, ret, reads, input_names[__builtin_ctz(unread)], e);
	if (rq->count > RECOMMEND_COUNT_MAX)
		return error_set(e, ERR_BAD_REQUEST, "count", "at most %d", RECOMMEND_COUNT_MAX);
	if (rq->item_count > RECOMMEND_ITEMS_MAX)
		return error_set(e, ERR_BAD_REQUEST, "itemIds", "at most %d", RECOMMEND_ITEMS_MAX);
	if (rq->exclude_count > RECOMMEND_EXCLUDE_MAX)
		return error_set(e, ERR_BAD_REQUEST, named(rq, "exclude.itemIds", "exclude"), "at most %d",
				 RECOMMEND_EXCLUDE_MAX);
	rc = check_shape(rq, e);
	return rc ? rc : check_required(rq, ret, e);
}
