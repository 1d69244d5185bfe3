#include "query/http_body.h"
#include "query/http_query.h"
#include "query/routes.h"

#include <criterion/criterion.h>

static const struct {
	const char *in;
	bool plus;
	const char *out; /* NULL: refused */
} encoded[] = {
	{ "abc", false, "abc" },
	{ "", false, "" },
	{ "a+b", false, "a+b" },
	{ "a+b", true, "a b" },
	{ "%41%2f%2B", true, "A/+" },
	{ "%e2%82%ac", false, "\xe2\x82\xac" },
	{ "%f0%9f%98%80", false, "\xf0\x9f\x98\x80" },
	{ "%", false, NULL },
	{ "%4", false, NULL },
	{ "%4g", false, NULL },
	{ "%00", false, NULL },
	{ "%0a%7f", false, "\n\x7f" },
	{ "%c0%af", false, NULL },
	{ "%ed%a0%80", false, NULL },
	{ "%f4%90%80%80", false, NULL },
	{ "%e2%82", false, NULL },
	{ "\xff", false, NULL },
};

Test(http_parts, percent_decode)
{
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++) {
		char out[64];
		int n = percent_decode(str_of(encoded[i].in), encoded[i].plus, out);

		if (!encoded[i].out)
			cr_assert_eq(n, -1, "%s", encoded[i].in);
		else
			cr_assert(n >= 0 && str_eq((struct str){ out, (uint32_t)n }, str_of(encoded[i].out)), "%s",
				  encoded[i].in);
	}
}

static const struct {
	const char *list;
	int found; /* "3" in it; -1: not well formed */
} etags[] = {
	{ "\"3\"", 1 },
	{ "*", 1 },
	{ "\"2\", \"3\"", 1 },
	{ "\"2\",\"3\"", 1 },
	{ ",\"3\",", 1 },
	{ " \"3\" ", 1 },
	{ "\"2\"", 0 },
	{ "W/\"3\"", 0 },
	{ "\"03\"", 0 },
	{ "\"3,\"", 0 },
	{ "W/\"2\", \"3\"", 1 },
	{ "\"\"", 0 },
	{ "", -1 },
	{ ",", -1 },
	{ "3", -1 },
	{ "\"3", -1 },
	{ "\"", -1 },
	{ "W/", -1 },
	{ "\"2\" \"3\"", -1 },
	{ "\"2\", 3", -1 },
	{ "*, \"3\"", -1 },
	{ "'3'", -1 },
};

Test(http_parts, lists_of_etags)
{
	for (size_t i = 0; i < ARRAY_SIZE(etags); i++)
		cr_assert_eq(etags_have(str_of(etags[i].list), "\"3\""), etags[i].found, "%s", etags[i].list);
}

Test(http_parts, query_pairs)
{
	struct str rest = STR("a=1&&b&=x&c=d=e"), name, value;
	static const char *const expected[] = { "a", "1", "b", "", "", "x", "c", "d=e" };
	size_t i = 0;

	for (; query_next(&rest, &name, &value); i += 2) {
		cr_assert_lt(i, ARRAY_SIZE(expected));
		cr_assert(str_eq(name, str_of(expected[i])) && str_eq(value, str_of(expected[i + 1])), "%zu", i);
	}
	cr_assert_eq(i, ARRAY_SIZE(expected));
}

static const struct {
	const char *array;
	int64_t n;
	const char *second;
} arrays[] = {
	{ "[]", 0, NULL },       { " [ 1 , 2 ] ", 2, "2" }, { "[{\"a\":[1,2]},\"],[\\\"\"]", 2, "\"],[\\\"\"" },
	{ "[1,2,3,4]", 4, "2" }, { "[1,]", -1, NULL },      { "[,1]", -1, NULL },
	{ "[1", -1, NULL },      { "[1]]", -1, NULL },      { "[1] 2", -1, NULL },
	{ "{}", -1, NULL },      { "[", -1, NULL },         { "[\"a]", -1, NULL },
	{ "", -1, NULL },
};

Test(http_parts, array_elements)
{
	struct str v[3] = { { NULL, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		cr_assert_eq(body_elements(str_of(arrays[i].array), v, 3), arrays[i].n, "%s", arrays[i].array);
		if (arrays[i].second)
			cr_assert(str_eq(v[1], str_of(arrays[i].second)), "%s: %.*s", arrays[i].array, STR_FMT(v[1]));
	}
}

/* No two routes of one method match one path, or the later one could never be reached. */
Test(http_parts, every_route_finds_itself)
{
	for (unsigned i = 0; i < ROUTE_COUNT; i++) {
		struct str params[ROUTE_PARAMS_MAX];
		char memory[256];
		unsigned methods;
		bool bad;

		cr_assert_eq(route_find(str_of(route_table[i].pattern), route_table[i].method, memory, params, &methods,
					&bad),
			     &route_table[i], "%s", route_table[i].pattern);
	}
}
