/* Is a request one that its scenario can answer? What is not read is refused, so that no caller believes it was. */
#include "query/strategy.h"

static unsigned given_inputs(const struct recommend_request *rq)
{
	return rq->given | (rq->user_id.n ? INPUT_USER_ID : 0) | (rq->visitor_id.n ? INPUT_VISITOR_ID : 0) |
	       (rq->session_id.n ? INPUT_SESSION_ID : 0) | (rq->item_count ? INPUT_ITEM_IDS : 0) |
	       (rq->session_item_count ? INPUT_SESSION_ITEMS : 0) | (rq->query.n ? INPUT_QUERY : 0) |
	       (rq->category.n ? INPUT_CATEGORY : 0) | (rq->window != WINDOW_DEFAULT ? INPUT_WINDOW : 0);
}

static const char *input_name(unsigned bit)
{
	switch (bit) {
	case INPUT_USER_ID:
		return "userId";
	case INPUT_VISITOR_ID:
		return "visitorId";
	case INPUT_SESSION_ID:
		return "sessionId";
	case INPUT_ITEM_IDS:
		return "itemIds";
	case INPUT_SESSION_ITEMS:
		return "sessionItems";
	case INPUT_QUERY:
		return "query";
	case INPUT_CATEGORY:
		return "category";
	case INPUT_WINDOW:
		return "window";
	}
	return "";
}

bool inputs_given(const struct recommend_request *rq, unsigned required)
{
	unsigned person = INPUT_USER_ID | INPUT_VISITOR_ID;

	if ((required & INPUT_ITEM_IDS) && rq->item_count == 0)
		return false;
	if ((required & INPUT_SESSION_ITEMS) && rq->session_item_count)
		return true;
	return !(required & person) || rq->user_id.n || rq->visitor_id.n;
}

/* The field of exclude{} that needs to know who asks, or NULL. */
static const char *personal_exclude(const struct recommend_request *rq)
{
	return rq->exclude_purchased ? "exclude.purchased"
	       : rq->exclude_in_cart ? "exclude.inCart"
	       : rq->exclude_viewed  ? "exclude.viewed"
				     : NULL;
}

static int check_required(const struct recommend_request *rq, const struct scenario *sc, struct error *e)
{
	const char *field = personal_exclude(rq);
	bool is_session = rq->session_item_count && !rq->exclude_purchased && !rq->exclude_in_cart;

	if (field && !rq->user_id.n && !rq->visitor_id.n && !is_session)
		return error_set(e, ERR_BAD_REQUEST, field, "needs userId or visitorId: whose items are left out?");
	if (inputs_given(rq, sc->required))
		return 0;
	if ((sc->required & INPUT_ITEM_IDS) && rq->item_count == 0)
		return error_set(e, ERR_BAD_REQUEST, "itemIds", "'%s' needs at least one item", sc->slug);
	if (sc->required & INPUT_SESSION_ITEMS)
		return error_set(e, ERR_BAD_REQUEST, "sessionItems", "'%s' needs sessionItems, or userId or visitorId",
				 sc->slug);
	return error_set(e, ERR_BAD_REQUEST, "userId", "'%s' needs userId or visitorId", sc->slug);
}

int request_check(const struct recommend_request *rq, struct scenario *ret, struct error *e)
{
	unsigned unread, reads;

	if (!scenario_find(rq->scenario, ret))
		return error_set(e, ERR_NOT_FOUND, "scenario", "there is no scenario or strategy '%.*s'",
				 STR_FMT(rq->scenario));
	reads = ret->inputs | (personal_exclude(rq) ? INPUT_USER_ID | INPUT_VISITOR_ID : 0);
	unread = given_inputs(rq) & ~reads & ~(unsigned)INPUT_COMMON;
	if (unread)
		return error_set(e, ERR_BAD_REQUEST, input_name(unread & -unread),
				 "'%s' does not read it; GET /v1/strategies says what it reads", ret->slug);
	if (rq->count > RECOMMEND_COUNT_MAX)
		return error_set(e, ERR_BAD_REQUEST, "count", "at most %d", RECOMMEND_COUNT_MAX);
	if (rq->item_count > RECOMMEND_ITEMS_MAX)
		return error_set(e, ERR_BAD_REQUEST, "itemIds", "at most %d", RECOMMEND_ITEMS_MAX);
	if (rq->exclude_count > RECOMMEND_EXCLUDE_MAX)
		return error_set(e, ERR_BAD_REQUEST, "exclude.itemIds", "at most %d", RECOMMEND_EXCLUDE_MAX);
	return check_required(rq, ret, e);
}
