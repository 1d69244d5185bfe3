#include "schemas/suggest.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static const char *const names[] = { "run",     "process", "serve",    "demo",        "replay",
				     "inspect", "dlq",     "simulate", "check-config" };

struct word {
	char word[80], wanted[32]; /* "": no suggestion */
};

ParameterizedTestParameters(suggest, nearest)
{
	static struct word words[] = {
		{ "inspct", "inspect" },
		{ "insepct", "inspect" },
		{ "Inspect", "inspect" },
		{ "rnu", "run" },
		{ "sim", "simulate" },
		{ "chekc-config", "check-config" },
		{ "check", "check-config" },
		{ "proces", "process" },
		{ "xyzzy", "" },
		{ "r", "" },
		{ "", "" },
		{ "s", "" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "" },
	};

	return cr_make_param_array(struct word, words, ARRAY_SIZE(words));
}

ParameterizedTest(struct word *w, suggest, nearest)
{
	const char *got = suggest_nearest(w->word, names, ARRAY_SIZE(names));

	cr_expect_str_eq(got ? got : "", w->wanted, "%s gave %s", w->word, got ? got : "nothing");
}

Test(suggest, what_others_call_it)
{
	static const char *const fields[] = { "count", "itemIds", NULL, "userId" };

	cr_expect_str_eq(suggest_nearest("limit", fields, ARRAY_SIZE(fields)), "count");
	cr_expect_str_eq(suggest_nearest("ProductId", fields, ARRAY_SIZE(fields)), "itemIds");
	cr_expect_null(suggest_nearest("orderBy", fields, ARRAY_SIZE(fields)), "none of these");
}

Test(suggest, distance_counts_edits_and_swaps)
{
	cr_expect_eq(suggest_distance("", ""), 0);
	cr_expect_eq(suggest_distance("abc", ""), 3);
	cr_expect_eq(suggest_distance("", "ab"), 2);
	cr_expect_eq(suggest_distance("kitten", "sitting"), 3);
	cr_expect_eq(suggest_distance("ab", "ba"), 1);
	cr_expect_eq(suggest_distance("abcd", "acbd"), 1);
	cr_expect_eq(suggest_distance("ca", "abc"), 3, "a swapped pair is not edited again");
	cr_expect_eq(suggest_distance("ABC", "abc"), 0);
}
