/* What was answered is told in the log, as far as the setting says. */
#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

static struct shopfront f;

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(served, .fini = teardown, .timeout = 60);

static const char *metric(const char *name)
{
	return strstr(ask(&f, "GET", "/metrics", NULL)->body, name);
}

Test(served, each_answer_is_a_record)
{
	const struct fake_record *r;
	json_t *j;

	shopfront_open(&f, "served.sample=1", "topics.served=audit", NULL);
	cr_assert_eq(ask(&f, "GET", "/v1/recommendations/home?userId=u1", NULL)->status, 200);
	cr_assert_eq(fake_count(&f.publisher), 1);
	r = &f.publisher.v[0];
	cr_expect_str_eq(r->topic, "audit");
	cr_expect(str_eq(r->key, STR("id-of-home")));
	cr_expect_null(memmem(r->value.p, r->value.n, "u1\"", 3), "a person is named");
	j = json_loadb(r->value.p, r->value.n, 0, NULL);
	cr_assert(j);
	cr_expect_str_eq(json_string_value(json_object_get(j, "recommendationId")), "id-of-home");
	cr_expect_str_eq(json_string_value(json_object_get(j, "scenario")), "home");
	cr_expect_gt(json_array_size(json_object_get(j, "items")), 0);
	json_decref(j);
	ask(&f, "POST", "/v1/recommendations:batch", "[{\"scenario\":\"home\"},{\"scenario\":\"cart\"}]");
	cr_expect_eq(fake_count(&f.publisher), 3);
	ask(&f, "POST", "/v1/recommendations/home", "{\"validateOnly\":true}");
	cr_expect_eq(fake_count(&f.publisher), 3);
}

Test(served, nothing_by_default)
{
	shopfront_open(&f, NULL);
	cr_assert_eq(ask(&f, "GET", "/v1/recommendations/home", NULL)->status, 200);
	cr_expect_eq(fake_count(&f.publisher), 0);
}

/* Whether an answer is in the sample depends on its id alone; the stub's are of its scenario. */
Test(served, a_sample)
{
	char path[64];
	size_t first;

	shopfront_open(&f, "served.sample=0.3", NULL);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 60; i++) {
			snprintf(path, sizeof(path), "/v1/recommendations/s%d", i);
			cr_assert_eq(ask(&f, "GET", path, NULL)->status, 200);
		}
		if (round == 0)
			first = fake_count(&f.publisher);
	}
	cr_expect(first > 5 && first < 35, "%zu of 60", first);
	cr_expect_eq(fake_count(&f.publisher), 2 * first);
}

Test(served, a_broker_that_takes_nothing_is_counted)
{
	shopfront_open(&f, "served.sample=1", NULL);
	fake_set(&f.publisher, FAKE_REFUSE);
	cr_expect_eq(ask(&f, "GET", "/v1/recommendations/home", NULL)->status, 200);
	cr_expect(metric("aisle_served_lost_total 1"));
	fake_set(&f.publisher, FAKE_HOLD);
	cr_expect_eq(ask(&f, "GET", "/v1/recommendations/home", NULL)->status, 200, "nobody waits");
	cr_expect(metric("aisle_served_total 0"));
}
