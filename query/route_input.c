#include "query/route_input.h"

#include "config/suggest.h"
#include "query/http_query.h"
#include "query/route_answer.h"
#include "schemas/event.h"

#include <jansson.h>
#include <stdio.h>

#define STALENESS_MAX_MS (365 * MS_PER_DAY)

enum kind { TEXT, LIST, WINDOW, LANGUAGE, COUNT, FLAG, STALENESS, OBJECT };
enum { IN_QUERY = 1, IN_BODY = 2, IN_EXCLUDE = 4 };

/* Where a list goes: its bound, and the places of its array and its length. */
#define LIST_AT(array, length) offsetof(struct recommend_request, array), offsetof(struct recommend_request, length)
#define AT(member) offsetof(struct recommend_request, member), 0

static const struct input_field {
	const char *name;
	enum kind kind;
	unsigned input, where, max; /* TEXT: bytes; LIST: entries */
	size_t at, count_at;
} fields[] = {
	{ "userId", TEXT, INPUT_USER_ID, IN_QUERY | IN_BODY, EVENT_ID_MAX, AT(user_id) },
	{ "visitorId", TEXT, INPUT_VISITOR_ID, IN_QUERY | IN_BODY, EVENT_ID_MAX, AT(visitor_id) },
	{ "sessionId", TEXT, INPUT_SESSION_ID, IN_QUERY | IN_BODY, EVENT_ID_MAX, AT(session_id) },
	{ "itemIds", LIST, INPUT_ITEM_IDS, IN_QUERY | IN_BODY, RECOMMEND_ITEMS_MAX, LIST_AT(item_ids, item_count) },
	{ "sessionItems", LIST, INPUT_SESSION_ITEMS, IN_QUERY | IN_BODY, RECOMMEND_SESSION_MAX,
	  LIST_AT(session_items, session_item_count) },
	{ "query", TEXT, INPUT_QUERY, IN_QUERY | IN_BODY, EVENT_QUERY_MAX, AT(query) },
	{ "category", TEXT, INPUT_CATEGORY, IN_QUERY | IN_BODY, CATALOG_TEXT_MAX, AT(category) },
	{ "window", WINDOW, INPUT_WINDOW, IN_QUERY | IN_BODY, 0, AT(window) },
	{ "count", COUNT, INPUT_COMMON, IN_QUERY | IN_BODY, 0, AT(count) },
	{ "exclude", LIST, INPUT_COMMON, IN_QUERY, RECOMMEND_EXCLUDE_MAX, LIST_AT(exclude_ids, exclude_count) },
	{ "exclude", OBJECT, INPUT_COMMON, IN_BODY, 0, 0, 0 },
	{ "excludePurchased", FLAG, INPUT_COMMON, IN_QUERY, 0, AT(exclude_purchased) },
	{ "excludeInCart", FLAG, INPUT_COMMON, IN_QUERY, 0, AT(exclude_in_cart) },
	{ "excludeViewed", FLAG, INPUT_COMMON, IN_QUERY, 0, AT(exclude_viewed) },
	{ "properties", LIST, INPUT_COMMON, IN_QUERY | IN_BODY, RECOMMEND_PROPERTIES_MAX,
	  LIST_AT(properties, property_count) },
	{ "explain", FLAG, INPUT_COMMON, IN_QUERY | IN_BODY, 0, AT(explain) },
	{ "language", LANGUAGE, INPUT_COMMON, IN_QUERY | IN_BODY, 0, AT(language) },
	{ "maxStalenessMs", STALENESS, INPUT_COMMON, IN_QUERY | IN_BODY, 0, AT(max_staleness_ms) },
	{ "validateOnly", FLAG, INPUT_COMMON, IN_QUERY | IN_BODY, 0, AT(validate_only) },
	{ "itemIds", LIST, INPUT_COMMON, IN_EXCLUDE, RECOMMEND_EXCLUDE_MAX, LIST_AT(exclude_ids, exclude_count) },
	{ "purchased", FLAG, INPUT_COMMON, IN_EXCLUDE, 0, AT(exclude_purchased) },
	{ "inCart", FLAG, INPUT_COMMON, IN_EXCLUDE, 0, AT(exclude_in_cart) },
	{ "viewed", FLAG, INPUT_COMMON, IN_EXCLUDE, 0, AT(exclude_viewed) },
};

void input_init(struct recommend_request *ask, struct str scenario)
{
	/* the arrays are large and their lengths say what is there: they are left as they are */
	memset(ask, 0, offsetof(struct recommend_request, item_ids));
	ask->scenario = scenario;
	ask->max_staleness_ms = -1;
}

#define BAD(ret, f, ...) (problem_set(ret, PROBLEM_BAD_PARAMETER, (f)->name, __VA_ARGS__), false)

static void *place(struct recommend_request *ask, size_t at)
{
	return (char *)ask + at;
}

static const struct input_field *find(struct str name, unsigned where, unsigned allowed, struct problem *ret)
{
	const char *names[ARRAY_SIZE(fields)], *near;
	size_t n = 0;
	char given[64];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!(fields[i].where & where) || !(fields[i].input & allowed))
			continue;
		if (str_eq(name, str_of(fields[i].name)))
			return &fields[i];
		names[n++] = fields[i].name;
	}
	snprintf(given, sizeof(given), "%.*s", text_is_utf8(name) && name.n < sizeof(given) ? (int)name.n : 0, name.p);
	near = suggest_nearest(given, names, n);
	problem_set(ret, PROBLEM_UNKNOWN_PARAMETER, given, "there is no '%s' here%s%s%s", given,
		    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", near ? near : "");
	return NULL;
}

static bool set_text(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	if (!v.n || v.n > f->max)
		return BAD(ret, f, "'%s' must have 1 to %u bytes", f->name, f->max);
	*(struct str *)place(ask, f->at) = v;
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
	snprintf(given, sizeof(given), "%.*s", v.n < sizeof(given) ? (int)v.n : 0, v.p);
	near = suggest_nearest(given, answer_properties, n);
	problem_set(ret, PROBLEM_BAD_PARAMETER, "properties", "there is no catalogue field '%s'", given);
	snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", near ? near : "");
	return false;
}

static bool add_entry(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	unsigned *count = place(ask, f->count_at);
	struct str *list = place(ask, f->at);

	if (!v.n || v.n > EVENT_ID_MAX)
		return BAD(ret, f, "an entry of '%s' must have 1 to %d bytes", f->name, EVENT_ID_MAX);
	if (*count == f->max)
		return BAD(ret, f, "'%s' takes at most %u entries", f->name, f->max);
	if (list == ask->properties && !check_property(ask, v, ret))
		return false;
	list[(*count)++] = v;
	return true;
}

static bool set_window(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	static const char *const names[] = { [WINDOW_1H] = "1h", [WINDOW_24H] = "24h", [WINDOW_7D] = "7d" };

	for (int i = WINDOW_1H; i <= WINDOW_7D; i++) {
		if (str_eq(v, str_of(names[i]))) {
			ask->window = (enum window)i;
			return true;
		}
	}
	return BAD(ret, f, "'window' is 1h, 24h or 7d");
}

static bool set_language(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	if (str_eq(v, STR("en")))
		ask->language = LANGUAGE_ENGLISH;
	else if (str_eq(v, STR("de")))
		ask->language = LANGUAGE_GERMAN;
	else
		return BAD(ret, f, "'language' is en or de");
	return true;
}

static bool set_number(const struct input_field *f, struct recommend_request *ask, int64_t v, struct problem *ret)
{
	if (f->kind == COUNT) {
		if (v < 1 || v > RECOMMEND_COUNT_MAX)
			return BAD(ret, f, "'count' is 1 to %d", RECOMMEND_COUNT_MAX);
		ask->count = (unsigned)v;
		return true;
	}
	if (v < 0 || v > STALENESS_MAX_MS)
		return BAD(ret, f, "'maxStalenessMs' is 0 to %lld", (long long)STALENESS_MAX_MS);
	ask->max_staleness_ms = v;
	return true;
}

bool input_id(struct recommend_request *ask, const char *field, struct str id, struct problem *ret)
{
	const struct input_field *f = find(str_of(field), IN_QUERY, ~0u, ret);

	ask->given |= f->input;
	return f->kind == LIST ? add_entry(f, ask, id, ret) : set_text(f, ask, id, ret);
}

/* ---- query strings ---- */

static bool decode_value(struct http_req *rq, const struct input_field *f, struct str raw, struct str *v,
			 struct problem *ret)
{
	char *memory = http_alloc(rq, raw.n);
	int n = percent_decode(raw, true, memory);

	if (n < 0)
		return BAD(ret, f, "the value of '%s' is not percent-encoded UTF-8 without control characters",
			   f->name);
	*v = (struct str){ memory, (uint32_t)n };
	return true;
}

static bool set_list(struct http_req *rq, const struct input_field *f, struct recommend_request *ask, struct str raw,
		     struct problem *ret)
{
	struct str part, v;

	while (split_next(&raw, ',', &part))
		if (!decode_value(rq, f, part, &v, ret) || !add_entry(f, ask, v, ret))
			return false;
	return true;
}

static bool set_from_text(struct http_req *rq, const struct input_field *f, struct recommend_request *ask,
			  struct str raw, struct problem *ret)
{
	struct str v;
	int64_t number = -1;

	if (f->kind == LIST)
		return set_list(rq, f, ask, raw, ret);
	if (!decode_value(rq, f, raw, &v, ret))
		return false;
	switch (f->kind) {
	case WINDOW:
		return set_window(f, ask, v, ret);
	case LANGUAGE:
		return set_language(f, ask, v, ret);
	case COUNT:
	case STALENESS:
		if (!parse_count(v, INT64_MAX, &number))
			return BAD(ret, f, "'%s' must be a whole number", f->name);
		return set_number(f, ask, number, ret);
	case FLAG:
		return parse_flag(v, place(ask, f->at)) || BAD(ret, f, "'%s' is true or false", f->name);
	default:
		return set_text(f, ask, v, ret);
	}
}

bool input_from_query(struct http_req *rq, unsigned allowed, struct recommend_request *ask, struct problem *ret)
{
	struct str rest = rq->query, name, value;
	uint64_t seen = 0;

	while (query_next(&rest, &name, &value)) {
		const struct input_field *f = find(name, IN_QUERY, allowed, ret);
		uint64_t bit;

		if (!f)
			return false;
		bit = UINT64_C(1) << (f - fields);
		if ((seen & bit) && f->kind != LIST)
			return BAD(ret, f, "'%s' is given twice", f->name);
		seen |= bit;
		ask->given |= f->input;
		if (!set_from_text(rq, f, ask, value, ret))
			return false;
	}
	return true;
}

/* ---- bodies ---- */

static struct str str_of_json(const json_t *v)
{
	return (struct str){ json_string_value(v), (uint32_t)json_string_length(v) };
}

/* jansson has checked the UTF-8 and refuses NUL. */
static bool add_array(const struct input_field *f, struct recommend_request *ask, const json_t *v, struct problem *ret)
{
	size_t i;
	json_t *entry;

	if (!json_is_array(v))
		return BAD(ret, f, "'%s' must be an array", f->name);
	json_array_foreach(v, i, entry)
	{
		if (!json_is_string(entry))
			return BAD(ret, f, "'%s' must be an array of strings", f->name);
		if (!add_entry(f, ask, str_of_json(entry), ret))
			return false;
	}
	return true;
}

static bool set_object(const json_t *object, unsigned where, struct recommend_request *ask, struct problem *ret);

static bool set_from_json(const struct input_field *f, struct recommend_request *ask, const json_t *v,
			  struct problem *ret)
{
	switch (f->kind) {
	case OBJECT:
		if (!json_is_object(v))
			return BAD(ret, f, "'%s' must be an object", f->name);
		return set_object(v, IN_EXCLUDE, ask, ret);
	case LIST:
		return add_array(f, ask, v, ret);
	case COUNT:
	case STALENESS:
		if (!json_is_integer(v))
			return BAD(ret, f, "'%s' must be a whole number", f->name);
		return set_number(f, ask, json_integer_value(v), ret);
	case FLAG:
		if (!json_is_boolean(v))
			return BAD(ret, f, "'%s' is true or false", f->name);
		*(bool *)place(ask, f->at) = json_is_true(v);
		return true;
	default:
		if (!json_is_string(v))
			return BAD(ret, f, "'%s' must be a string", f->name);
		return f->kind == WINDOW     ? set_window(f, ask, str_of_json(v), ret)
		       : f->kind == LANGUAGE ? set_language(f, ask, str_of_json(v), ret)
					     : set_text(f, ask, str_of_json(v), ret);
	}
}

static bool set_object(const json_t *object, unsigned where, struct recommend_request *ask, struct problem *ret)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)object, name, v)
	{
		const struct input_field *f = find(str_of(name), where, ~0u, ret);

		if (!f)
			return false;
		ask->given |= f->input;
		if (!set_from_json(f, ask, v, ret)) {
			if (where == IN_EXCLUDE)
				snprintf(ret->field, sizeof(ret->field), "exclude.%s", f->name);
			return false;
		}
	}
	return true;
}

bool input_from_json(const struct json_t *body, struct recommend_request *ask, struct problem *ret)
{
	if (!json_is_object(body)) {
		problem_set(ret, PROBLEM_BAD_BODY, NULL, "the body must be a JSON object");
		return false;
	}
	return set_object(body, IN_BODY, ask, ret);
}
