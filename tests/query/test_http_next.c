/* Pages: the link of an answer leads to the next one, with the request and what was shown in it. */
#include "query/shown.h"
#include "tests/lib/query_http.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#define LINK_MAX_BYTES 8300

static struct shopfront f;

static void setup(void)
{
	shopfront_open(&f, NULL);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_next, .init = setup, .fini = teardown, .timeout = 60);

/* The link of an answer, "" for null. */
static const char *next_of(const struct reply *r, char ret[LINK_MAX_BYTES])
{
	json_t *v = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL), *next = json_object_get(v, "next");

	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert(next, "%s", r->body);
	snprintf(ret, LINK_MAX_BYTES, "%s", json_is_string(next) ? json_string_value(next) : "");
	json_decref(v);
	return ret;
}

Test(http_next, a_link_carries_the_request)
{
	char link[LINK_MAX_BYTES], again[LINK_MAX_BYTES], first[160];
	struct reply *r =
		ask(&f, "GET",
		    "/v1/recommendations/cart?itemIds=a%2Cb,c&userId=%C3%A9&count=1&exclude=x&filter=price+%3C+5"
		    "&sort=-price&excludePurchased=true&explain=true&minScore=-0.5&strictFiltering=false"
		    "&properties=title,price&category=A+%3E+B&country=DE&diversity=0.1&maxStalenessMs=7",
		    NULL);
	static const char *const asked[] = {
		"u=\xc3\xa9 v= s= c=A > B w=0 n=1 items=2/a,b ses=0/ q= ex=1/x100 p=2 e=1 m=7",
		"f=price < 5 b= o=4 fi=0 st=2 d=0.1 min=1/-0.5 at=DE/ after=",
	};

	next_of(r, link);
	cr_assert_eq(strncmp(link, "/v1/recommendations/id-of-cart/next?", 36), 0, "%s", link);
	r = ask(&f, "GET", link, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		cr_assert(strstr(r->body, asked[i]), "%s: %s", asked[i], r->body);
	cr_assert(strstr(r->body, "after=1"), "%s", r->body);
	snprintf(first, sizeof(first), "%.*s", 120, link);
	next_of(r, again);
	cr_assert_eq(strncmp(again, first, strlen(first)), 0, "%s", again);
	cr_assert_eq(strlen(again), strlen(link) + 5, "one more item: %s", again);
	cr_assert(strstr(ask(&f, "GET", again, NULL)->body, "after=2"));
}

Test(http_next, bodies_and_short_paths_have_links_too)
{
	char link[LINK_MAX_BYTES];

	next_of(ask(&f, "POST", "/v1/recommendations/x", "{\"count\":1,\"sessionItems\":[\"s\"],\"query\":\"a&b\"}"),
		link);
	cr_assert(strstr(ask(&f, "GET", link, NULL)->body, "ses=1/s q=a&b"));
	next_of(ask(&f, "GET", "/v1/items/p1/also-bought?count=1", NULL), link);
	cr_assert(strstr(ask(&f, "GET", link, NULL)->body, "items=1/p1"));
}

/* Expressions may be of several lines. */
Test(http_next, a_link_carries_what_only_a_body_can_write)
{
	char link[LINK_MAX_BYTES];

	next_of(ask(&f, "POST", "/v1/recommendations/x", "{\"count\":1,\"filter\":\"price < 5\\n\\tand inStock\"}"),
		link);
	cr_assert(strstr(ask(&f, "GET", link, NULL)->body, "f=price < 5\\n\\tand inStock"));
}

Test(http_next, there_is_none_after_the_last_page)
{
	static char body[20000];
	char link[LINK_MAX_BYTES];
	int n = snprintf(body, sizeof(body), "{\"count\":1,\"exclude\":{\"itemIds\":[\"i\"");

	cr_assert_str_eq(next_of(ask(&f, "GET", "/v1/recommendations/x?count=2", NULL), link), "");
	for (int i = 0; i < 100; i++)
		n += snprintf(body + n, sizeof(body) - (size_t)n, ",\"%0100d\"", i);
	snprintf(body + n, sizeof(body) - (size_t)n, "]}}");
	cr_assert_str_eq(next_of(ask(&f, "POST", "/v1/recommendations/x", body), link), "", "longer than a URL may be");
}

static const struct {
	const char *path;
	int status;
	const char *slug, *field;
} bad[] = {
	{ "/v1/recommendations/forged/next?shown=AAAAAA", 404, "unknown-recommendation", "recommendationId" },
	{ "/v1/recommendations/id-of-x/next?userId=somebody-else&shown=AAAAAA", 404, "unknown-recommendation",
	  "recommendationId" },
	{ "/v1/recommendations/id-of-x/next", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=A", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=AAAA", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=AAAA%22A", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=AAAAAA.1", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=AAAAAA.", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=.1", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=AAAAAA&shown=AAAAAA", 400, "bad-parameter", "shown" },
	{ "/v1/recommendations/id-of-x/next?shown=AAAAAA&usrId=a", 400, "unknown-parameter", "usrId" },
};

Test(http_next, wrong_links_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_problem(ask(&f, "GET", bad[i].path, NULL), bad[i].status, bad[i].slug, bad[i].field,
			       bad[i].path);
}

/* ---- with real answers ---- */

static struct shop shop;

static void setup_shop(void)
{
	shop_open(&shop);
	shop_play(&shop, "u1 buy a,b,c,d,e @0s; u2 buy a,b,c,d,e @1s");
	shopfront_prepare(&f, NULL);
	f.opt.store = shop.store;
	f.opt.answers = NULL;
	shopfront_start(&f);
}

static void teardown_shop(void)
{
	shopfront_close(&f);
	shop_close(&shop);
}

TestSuite(http_next_page, .init = setup_shop, .fini = teardown_shop, .timeout = 60);

static const char *const first_pages[] = {
	"/v1/recommendations/home?userId=u3&count=2",
	"/v1/recommendations/cart?itemIds=a&count=2&explain=true",
	"/v1/items/a/also-bought?count=2",
	"/v1/best-sellers?count=2",
};

Test(http_next_page, every_list_goes_on_without_repeats)
{
	for (size_t i = 0; i < ARRAY_SIZE(first_pages); i++) {
		char link[LINK_MAX_BYTES], seen[256] = "";
		const char *path = first_pages[i];
		unsigned n = 0;

		for (; *path; path = link) {
			struct reply *r = ask(&f, "GET", path, NULL);
			json_t *v, *item;
			size_t k;

			next_of(r, link);
			v = json_loads(r->body, 0, NULL);
			json_array_foreach(json_object_get(v, "items"), k, item)
			{
				const char *id = json_string_value(json_object_get(item, "itemId"));

				cr_assert_not(strchr(seen, *id), "%s: %s again after %s", path, id, seen);
				snprintf(seen + n, sizeof(seen) - n, "%s", id);
				n++;
			}
			json_decref(v);
		}
		cr_assert_geq(n, 4, "%s ended with %s", first_pages[i], seen);
	}
}

Test(http_next, what_was_shown_is_bounded)
{
	static struct answer a;
	char text[SHOWN_TEXT_MAX];
	struct shown s = { 0 };

	a.item_count = 100;
	for (unsigned i = 0; i < a.item_count; i++)
		a.items[i].item_id = STR("p1");
	for (unsigned pages = 1; pages < SHOWN_MAX / 100; pages++) {
		cr_assert(shown_write(&s, &a, text));
		cr_assert(shown_read(&s, str_of(text)));
		cr_assert_eq(s.n, pages * 100);
	}
	cr_assert_not(shown_write(&s, &a, text));
	cr_assert_eq(s.keys.n, 1);
	shown_fini(&s);
}
