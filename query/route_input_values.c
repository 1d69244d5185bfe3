#include "schemas/suggest.h"
#include "query/filter.h"
#include "query/http_query.h"
#include "query/route_answer.h"
#include "query/route_input_internal.h"
#include "schemas/event.h"
#include "schemas/scan.h"

#include <math.h>
#include <stdio.h>

#define STALENESS_MAX_MS (365 * MS_PER_DAY)
#define PLACE_NAME_MAX 64 /* bytes of context.country, context.region */

/* Where a value goes; a list also has the place of its length. */
#define LIST_AT(array, length) \
	offsetof(struct recommend_request, array), offsetof(struct recommend_request, length), NULL
#define AT(member) offsetof(struct recommend_request, member), 0, NULL
#define CHOICE_AT(member, choices) offsetof(struct recommend_request, member), 0, choices
#define BOTH (IN_QUERY | IN_BODY)

static const char *const windows[] = { "", "1h", "24h", "7d", NULL };
static const char *const languages[] = { "", "en", "de", NULL };
static const char *const orders[] = { "relevance", "popularity", "rating", "price", "-price", "newest", NULL };
static const char *const fills[] = { "", "none", "filtered", "any", NULL };

const struct input_field input_fields[] = {
	{ "userId", KIND_TEXT, INPUT_USER_ID, BOTH, EVENT_ID_MAX, AT(user_id) },
	{ "visitorId", KIND_TEXT, INPUT_VISITOR_ID, BOTH, EVENT_ID_MAX, AT(visitor_id) },
	{ "sessionId", KIND_TEXT, INPUT_SESSION_ID, BOTH, EVENT_ID_MAX, AT(session_id) },
	{ "itemIds", KIND_LIST, INPUT_ITEM_IDS, BOTH, RECOMMEND_ITEMS_MAX, LIST_AT(item_ids, item_count) },
	{ "sessionItems", KIND_LIST, INPUT_SESSION_ITEMS, BOTH, RECOMMEND_SESSION_MAX,
	  LIST_AT(session_items, session_item_count) },
	{ "query", KIND_TEXT, INPUT_QUERY, BOTH, EVENT_QUERY_MAX, AT(query) },
	{ "category", KIND_TEXT, INPUT_CATEGORY, BOTH, CATALOG_TEXT_MAX, AT(category) },
	{ "window", KIND_CHOICE, INPUT_WINDOW, BOTH, 0, CHOICE_AT(window, windows) },
	{ "count", KIND_COUNT, INPUT_COMMON, BOTH, 0, AT(count) },
	{ "filter", KIND_TEXT, INPUT_COMMON, BOTH, FILTER_TEXT_MAX, AT(filter) },
	{ "boost", KIND_TEXT, INPUT_COMMON, BOTH, FILTER_TEXT_MAX, AT(boost) },
	{ "sort", KIND_CHOICE, INPUT_COMMON, BOTH, 0, CHOICE_AT(sort, orders) },
	{ "diversity", KIND_SHARE, INPUT_COMMON, BOTH, 0, LIST_AT(diversity, has_diversity) },
	{ "minScore", KIND_SCORE, INPUT_COMMON, BOTH, 0, LIST_AT(min_score, has_min_score) },
	{ "strictFiltering", KIND_STRICT, INPUT_COMMON, BOTH, 0, AT(strict) },
	{ "fill", KIND_CHOICE, INPUT_COMMON, BOTH, 0, CHOICE_AT(fill, fills) },
	{ "country", KIND_TEXT, INPUT_COMMON, IN_QUERY | IN_CONTEXT, PLACE_NAME_MAX, AT(country) },
	{ "region", KIND_TEXT, INPUT_COMMON, IN_QUERY | IN_CONTEXT, PLACE_NAME_MAX, AT(region) },
	{ "context", KIND_OBJECT, INPUT_COMMON, IN_BODY, IN_CONTEXT, 0, 0, NULL },
	{ "exclude", KIND_LIST, INPUT_COMMON, IN_QUERY, RECOMMEND_EXCLUDE_MAX, LIST_AT(exclude_ids, exclude_count) },
	{ "exclude", KIND_OBJECT, INPUT_COMMON, IN_BODY, IN_EXCLUDE, 0, 0, NULL },
	{ "excludePurchased", KIND_FLAG, INPUT_COMMON, IN_QUERY, 0, AT(exclude_purchased) },
	{ "excludeInCart", KIND_FLAG, INPUT_COMMON, IN_QUERY, 0, AT(exclude_in_cart) },
	{ "excludeViewed", KIND_FLAG, INPUT_COMMON, IN_QUERY, 0, AT(exclude_viewed) },
	{ "properties", KIND_LIST, INPUT_COMMON, BOTH, RECOMMEND_PROPERTIES_MAX, LIST_AT(properties, property_count) },
	{ "explain", KIND_FLAG, INPUT_COMMON, BOTH, 0, AT(explain) },
	{ "language", KIND_CHOICE, INPUT_COMMON, BOTH, 0, CHOICE_AT(language, languages) },
	{ "maxStalenessMs", KIND_STALENESS, INPUT_COMMON, BOTH, 0, AT(max_staleness_ms) },
	{ "validateOnly", KIND_FLAG, INPUT_COMMON, BOTH, 0, AT(validate_only) },
	{ "shown", KIND_SHOWN, INPUT_SHOWN, IN_QUERY, 0, 0, 0, NULL },
	{ "itemIds", KIND_LIST, INPUT_COMMON, IN_EXCLUDE, RECOMMEND_EXCLUDE_MAX, LIST_AT(exclude_ids, exclude_count) },
	{ "purchased", KIND_FLAG, INPUT_COMMON, IN_EXCLUDE, 0, AT(exclude_purchased) },
	{ "inCart", KIND_FLAG, INPUT_COMMON, IN_EXCLUDE, 0, AT(exclude_in_cart) },
	{ "viewed", KIND_FLAG, INPUT_COMMON, IN_EXCLUDE, 0, AT(exclude_viewed) },
};
const size_t input_field_count = ARRAY_SIZE(input_fields);
_Static_assert(ARRAY_SIZE(input_fields) <= 64, "one bit each in what was seen");

/* The object of a body that has such a member; NULL: none. */
static const char *object_with(struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(input_fields); i++)
		if (input_fields[i].where & (IN_EXCLUDE | IN_CONTEXT) && str_eq(name, str_of(input_fields[i].name)))
			return input_fields[i].where & IN_CONTEXT ? "context" : "exclude";
	return NULL;
}

const struct input_field *input_find(struct str name, unsigned where, unsigned allowed, struct problem *ret)
{
	const char *names[ARRAY_SIZE(input_fields)], *near, *inside;
	size_t n = 0;
	char given[64];

	for (size_t i = 0; i < ARRAY_SIZE(input_fields); i++) {
		if (!(input_fields[i].where & where) || !(input_fields[i].input & allowed))
			continue;
		if (str_eq(name, str_of(input_fields[i].name)))
			return &input_fields[i];
		names[n++] = input_fields[i].name;
	}
	utf8_print(given, sizeof(given), "%.*s", STR_FMT(name));
	near = suggest_nearest(given, names, n);
	inside = where == IN_BODY ? object_with(name) : NULL;
	problem_set(ret, PROBLEM_UNKNOWN_PARAMETER, given, "there is no '%s' here%s%s%s", given,
		    near     ? "; did you mean '"
		    : inside ? "; it stands inside '"
			     : "; /docs shows what there is",
		    near     ? near
		    : inside ? inside
			     : "",
		    near     ? "'?"
		    : inside ? "'"
			     : "");
	snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", near ? near : "");
	return NULL;
}

bool input_set_text(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	bool is_expression = f->at == offsetof(struct recommend_request, filter) ||
			     f->at == offsetof(struct recommend_request, boost);

	if (!v.n || v.n > f->max)
		return BAD(ret, f, "'%s' must have 1 to %u bytes", f->name, f->max);
	if (!is_expression && text_has_control(v))
		return BAD(ret, f, "'%s' may not have control characters", f->name);
	*(struct str *)input_place(ask, f->at) = v;
	return true;
}

/* A catalogue field or "*", each once: twice would be one key twice in the answer. */
static bool check_property(const struct recommend_request *ask, struct str v, struct problem *ret)
{
	char given[64];
	const char *near;
	size_t n = 0;

	for (unsigned i = 0; i < ask->property_count; i++) {
		if (str_eq(v, ask->properties[i])) {
			problem_set(ret, PROBLEM_BAD_PARAMETER, "properties", "a field is asked for twice");
			return false;
		}
	}
	for (; answer_properties[n]; n++)
		if (str_eq(v, str_of(answer_properties[n])))
			return true;
	if (str_eq(v, STR("*")))
		return true;
	utf8_print(given, sizeof(given), "%.*s", STR_FMT(v));
	near = suggest_nearest(given, answer_properties, n);
	problem_set(ret, PROBLEM_BAD_PARAMETER, "properties", "there is no catalogue field '%s'", given);
	snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", near ? near : "");
	return false;
}

bool input_add_entry(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	unsigned *count = input_place(ask, f->count_at);
	struct str *list = input_place(ask, f->at);

	if (!v.n || v.n > EVENT_ID_MAX)
		return BAD(ret, f, "an entry of '%s' must have 1 to %d bytes", f->name, EVENT_ID_MAX);
	if (text_has_control(v))
		return BAD(ret, f, "an entry of '%s' may not have control characters", f->name);
	if (*count == f->max)
		return BAD(ret, f, "'%s' takes at most %u entries", f->name, f->max);
	if (list == ask->properties && !check_property(ask, v, ret))
		return false;
	list[(*count)++] = v;
	return true;
}

bool input_set_choice(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	char all[120] = "";
	const char *near;
	char given[16];
	size_t n = 0, at = 0;

	for (; f->choices[n]; n++)
		if (v.n && str_eq(v, str_of(f->choices[n]))) {
			*(unsigned *)input_place(ask, f->at) = (unsigned)n;
			return true;
		}
	for (size_t i = 0; i < n; i++)
		if (f->choices[i][0])
			at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", at ? ", " : "", f->choices[i]);
	snprintf(given, sizeof(given), "%.*s", text_is_utf8(v) && v.n < sizeof(given) ? (int)v.n : 0, v.p);
	near = *given ? suggest_nearest(given, f->choices, n) : NULL;
	problem_set(ret, PROBLEM_BAD_PARAMETER, f->name, "'%s' is one of %s", f->name, all);
	snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", near ? near : "");
	return false;
}

bool input_set_whole(const struct input_field *f, struct recommend_request *ask, int64_t v, struct problem *ret)
{
	if (f->kind == KIND_COUNT) {
		if (v < 1 || v > RECOMMEND_COUNT_MAX)
			return BAD(ret, f, "'%s' is 1 to %d", f->name, RECOMMEND_COUNT_MAX);
		ask->count = (unsigned)v;
		return true;
	}
	if (v < 0 || v > STALENESS_MAX_MS)
		return BAD(ret, f, "'%s' is 0 to %lld", f->name, (long long)STALENESS_MAX_MS);
	ask->max_staleness_ms = v;
	return true;
}

bool input_set_real(const struct input_field *f, struct recommend_request *ask, double v, struct problem *ret)
{
	if (!isfinite(v) || (f->kind == KIND_SHARE && (v < 0 || v > 1)))
		return BAD(ret, f, f->kind == KIND_SHARE ? "'%s' is 0 to 1" : "'%s' is a number", f->name);
	*(double *)input_place(ask, f->at) = v;
	*(bool *)input_place(ask, f->count_at) = true;
	return true;
}

void input_set_flag(const struct input_field *f, struct recommend_request *ask, bool v)
{
	if (f->kind == KIND_STRICT)
		ask->strict = v ? STRICT_TRUE : STRICT_FALSE;
	else
		*(bool *)input_place(ask, f->at) = v;
}
