#include "query/problem.h"
#include "schemas/scan.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const char *written(const struct problem *p, const char *instance)
{
	static char text[1024];
	struct json_out j = { 0 };

	problem_write(&j, p, str_of(instance));
	snprintf(text, sizeof(text), "%.*s", (int)j.n, j.p);
	json_out_fini(&j);
	return text;
}

Test(problem, members)
{
	struct problem p;

	problem_set(&p, PROBLEM_BAD_PARAMETER, "count", "'count' is 1 to %d", 100);
	cr_assert_str_eq(
		written(&p, "/v1/trending"),
		"{\"type\":\"urn:aisle:problem:bad-parameter\",\"title\":\"a parameter or field of the request is not "
		"valid\",\"status\":400,\"detail\":\"'count' is 1 to 100\",\"field\":\"count\",\"instance\":\"/v1/trending\"}");
	problem_set(&p, PROBLEM_METHOD, NULL, "%s", "");
	cr_assert_str_eq(written(&p, ""),
			 "{\"type\":\"urn:aisle:problem:method-not-allowed\",\"title\":\"the path does not take "
			 "this method\",\"status\":405}");
}

Test(problem, cut_between_characters)
{
	char name[80], field[64];
	struct problem p;

	for (unsigned shift = 0; shift < 3; shift++) {
		memset(name, 'x', shift);
		for (unsigned i = shift; i + 3 < sizeof(name); i += 3)
			memcpy(name + i, "\xe2\x82\xac", 4);
		memcpy(field, name, sizeof(field));
		field[shift + (63 - shift) / 3 * 3] = '\0';
		problem_set(&p, PROBLEM_UNKNOWN_PARAMETER, name, "%s%s%s", name, name, name);
		cr_assert_str_eq(p.field, field);
		cr_assert(utf8_valid(p.detail, strlen(p.detail)));
	}
}

Test(problem, errors_become_problems_by_their_class)
{
	struct error e = { 0 };
	struct problem p;

	error_set(&e, ERR_BAD_ID, "itemId", "itemId is empty");
	problem_from_error(&p, ERR_BAD_ID, &e);
	cr_assert(p.status == 400 && strcmp(p.slug, "bad-id") == 0 && strcmp(p.field, "itemId") == 0);
	problem_from_error(&p, ERR_PRODUCE, NULL);
	cr_assert(p.status == 503 && p.retry_after_s > 0);
	e = (struct error){ 0 };
	error_set(&e, ERR_STORE_IO, NULL, "/secret/path");
	problem_from_error(&p, ERR_STORE_IO, &e);
	cr_assert(p.status == 500 && !strstr(written(&p, ""), "secret"));
}

Test(problem, slugs_are_unique)
{
	static const char *const slugs[] = {
#define X(name, status, slug, title) slug,
		HTTP_PROBLEMS(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(slugs); i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_str_neq(slugs[i], slugs[k]);
}

Test(problem, of_h2o_statuses)
{
	cr_assert_eq(problem_of_status(413), PROBLEM_BODY_SIZE);
	cr_assert_eq(problem_of_status(400), PROBLEM_BAD_HTTP);
	cr_assert_eq(problem_of_status(417), PROBLEM_BAD_HTTP);
	cr_assert_eq(problem_of_status(502), PROBLEM_INTERNAL);
}
