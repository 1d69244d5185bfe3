#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <jansson.h>

static struct shopfront f;

static void setup(void)
{
	shopfront_open(&f, NULL);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_recommend, .init = setup, .fini = teardown, .timeout = 60);

/* What the stub was asked, for a GET of `path`, and by which name. */
static const struct {
	const char *path, *scenario, *asked;
} good[] = {
	{ "/v1/recommendations/home", "home", "u= v= s= c= w=0 n=0 items=0/ ses=0/ q= ex=0/000 p=0 e=0 m=-1 g=0" },
	{ "/v1/recommendations/home?userId=u%201&visitorId=v+2&sessionId=s&category=A%20%3E%20B", "home",
	  "u=u 1 v=v 2 s=s c=A > B w=0 n=0 items=0/ ses=0/ q= ex=0/000 p=0 e=0 m=-1 g=47" },
	{ "/v1/recommendations/cart?itemIds=a%2Cb,c&itemIds=d", "cart", "items=3/a,b ses=0/ q= ex=0/000" },
	{ "/v1/recommendations/x?sessionItems=a,b&query=red+shoe", "x", "ses=2/a q=red shoe" },
	{ "/v1/recommendations/cart?exclude=x,y&excludePurchased=true&excludeViewed=true&excludeInCart=false", "cart",
	  "ex=2/x101" },
	{ "/v1/recommendations/x?window=1h&count=100", "x", "w=1 n=100" },
	{ "/v1/recommendations/x?window=7d&&count=001", "x", "w=3 n=1" },
	{ "/v1/recommendations/x?%77indow=7%64&c%6Funt=1&userId=a%2541%26", "x", "u=a%41& v= s= c= w=3 n=1" },
	{ "/v1/recommendations/x?properties=title,price&explain=true&maxStalenessMs=5", "x", "p=2 e=1 m=5 g=200" },
	{ "/v1/recommendations/x?filter=price+%3C+5&boost=inStock+-%3E+2&sort=-price&fill=filtered", "x",
	  "f=price < 5 b=inStock -> 2 o=4 fi=2 st=0 d=0 min=0/0 at=/ after=0" },
	{ "/v1/recommendations/x?strictFiltering=false&diversity=0.25&minScore=-1e-3&country=DE&region=BY", "x",
	  "f= b= o=0 fi=0 st=2 d=0.25 min=1/-0.001 at=DE/BY" },
	{ "/v1/recommendations/x?strictFiltering=true&sort=newest&fill=any&diversity=1", "x", "o=5 fi=3 st=1 d=1 min" },
	{ "/v1/trending?filter=inStock&sort=popularity", "trending", "f=inStock b= o=1" },
	{ "/v1/items/p%2F1/also-bought?count=3", "also-bought", "n=3 items=1/p/1" },
	{ "/v1/items/p1/also-viewed", "also-viewed", "items=1/p1" },
	{ "/v1/items/p1/frequently-bought-together", "frequently-bought-together", "items=1/p1" },
	{ "/v1/items/p1/viewed-then-bought", "viewed-then-bought", "items=1/p1" },
	{ "/v1/items/p1/similar", "similar-items", "items=1/p1" },
	{ "/v1/items/p1/up-sell", "up-sell", "items=1/p1" },
	{ "/v1/new-arrivals?category=Shoes", "new-arrivals", "c=Shoes" },
	{ "/v1/trending?window=24h&language=de&category=Shoes", "trending", "c=Shoes w=2" },
	{ "/v1/best-sellers?category=Shoes", "best-sellers", "c=Shoes" },
	{ "/v1/users/%C3%A9/recently-viewed", "recently-viewed", "u=\xc3\xa9 v=" },
	{ "/v1/users/u1/buy-it-again?count=2", "buy-it-again", "u=u1 v= s= c= w=0 n=2" },
	{ "/v1/items/trending/also-bought", "also-bought", "items=1/trending" },
};

Test(http_recommend, segments_of_a_user)
{
	struct reply *r = ask(&f, "GET", "/v1/users/u1/segments", NULL);

	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert(strstr(r->body, "{\"segments\":[{\"segment\":\"frequent\",\"meaning\":\""), "%s", r->body);
	cr_assert(strstr(r->body, "{\"segment\":\"big-spender\""), "%s", r->body);
	cr_assert(strstr(r->body, "\"filter\":\"orders > 0 and bigSpender\"}],\"facts\":{\"orders\":4,"), "%s",
		  r->body);
	cr_assert(strstr(r->body, "\"country\":\"DE\",\"viewedCategory\":[\"Shoes\"],\"boughtCategory\":[],"), "%s",
		  r->body);
	cr_assert_not(strstr(r->body, "averageOrder"), "%s", r->body);
	r = ask(&f, "GET", "/v1/users/nobody/segments", NULL);
	cr_assert(strstr(r->body, "{\"segments\":[],\"facts\":null,\"asOf\":\""), "%s", r->body);
	r = ask(&f, "GET", "/v1/users/u1/segments?count=3", NULL);
	cr_assert_eq(r->status, 400);
	r = ask(&f, "GET", "/v1/users/broken/segments", NULL);
	cr_assert_eq(r->status, 500);
	cr_assert_not(strstr(r->body, "secret"), "%s", r->body);
}

Test(http_recommend, offers_of_a_user)
{
	struct reply *r = ask(&f, "GET", "/v1/users/u1/offers", NULL);

	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert_str_eq(
		r->body,
		"{\"offers\":[{\"offerId\":\"spring\",\"kind\":\"offer\",\"discount\":{\"percent\":12.5},"
		"\"code\":\"SAVE\",\"segments\":[\"vip\"],\"oncePerPerson\":true,\"left\":7},"
		"{\"offerId\":\"winter\",\"kind\":\"promotion\",\"name\":\"Winter\",\"discount\":{\"amount\":5,"
		"\"currency\":\"EUR\"},\"itemIds\":[\"a\"],\"to\":\"2026-05-01T00:00:00.000Z\","
		"\"oncePerPerson\":false}],\"asOf\":null}");
	r = ask(&f, "GET", "/v1/users/nobody/offers", NULL);
	cr_assert_str_eq(r->body, "{\"offers\":[],\"asOf\":null}");
	r = ask(&f, "GET", "/v1/users/u1/offers?count=3", NULL);
	cr_assert_eq(r->status, 400);
	r = ask(&f, "GET", "/v1/users/broken/offers", NULL);
	cr_assert_eq(r->status, 500);
	cr_assert_not(strstr(r->body, "secret"), "%s", r->body);
}

Test(http_recommend, query_strings_become_requests)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct reply *r = ask(&f, "GET", good[i].path, NULL);
		char scenario[64];

		cr_assert_eq(r->status, 200, "%s: %d %s", good[i].path, r->status, r->body);
		snprintf(scenario, sizeof(scenario), "\"scenario\":\"%s\",", good[i].scenario);
		cr_assert(strstr(r->body, scenario), "%s: %s", good[i].path, r->body);
		cr_assert(strstr(r->body, good[i].asked), "%s: %s", good[i].path, r->body);
	}
}

static const struct {
	const char *path;
	int status;
	const char *slug, *field, *also;
} bad[] = {
	{ "/v1/recommendations/nowhere", 404, "unknown-scenario", "scenario", "" },
	{ "/v1/recommendations/home?itemIds=a", 400, "bad-request", "itemIds", "" },
	{ "/v1/recommendations/home?limit=5", 400, "unknown-parameter", "limit", "did you mean 'count'?" },
	{ "/v1/recommendations/home?maximum=5", 400, "unknown-parameter", "maximum", "; /docs shows what there is" },
	{ "/v1/recommendations/home?usrId=a", 400, "unknown-parameter", "usrId", "\"suggestion\":\"userId\"" },
	{ "/v1/recommendations/home?userId=a&userId=b", 400, "bad-parameter", "userId", "twice" },
	{ "/v1/recommendations/home?userId=", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?userId", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?userId=%00", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?userId=%zz", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?userId=%4", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?userId=%ff", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?userId=%ed%a0%80", 400, "bad-parameter", "userId", "" },
	{ "/v1/recommendations/home?itemIds=a,,b", 400, "bad-parameter", "itemIds", "" },
	{ "/v1/recommendations/home?count=0", 400, "bad-parameter", "count", "" },
	{ "/v1/recommendations/home?count=101", 400, "bad-parameter", "count", "" },
	{ "/v1/recommendations/home?count=-1", 400, "bad-parameter", "count", "" },
	{ "/v1/recommendations/home?count=1e1", 400, "bad-parameter", "count", "" },
	{ "/v1/recommendations/home?count=99999999999999999999999", 400, "bad-parameter", "count", "" },
	{ "/v1/recommendations/home?window=2h", 400, "bad-parameter", "window", "" },
	{ "/v1/recommendations/home?language=fr", 400, "bad-parameter", "language", "" },
	{ "/v1/recommendations/home?explain=yes", 400, "bad-parameter", "explain", "" },
	{ "/v1/recommendations/home?properties=titel", 400, "bad-parameter", "properties", "\"suggestion\":\"title\"" },
	{ "/v1/recommendations/home?properties=title,title", 400, "bad-parameter", "properties", "" },
	{ "/v1/recommendations/home?sort=prise", 400, "bad-parameter", "sort", "\"suggestion\":\"price\"" },
	{ "/v1/recommendations/home?sort=", 400, "bad-parameter", "sort", "relevance, popularity, rating" },
	{ "/v1/recommendations/home?fill=", 400, "bad-parameter", "fill", "none, filtered, any" },
	{ "/v1/recommendations/home?diversity=1.01", 400, "bad-parameter", "diversity", "0 to 1" },
	{ "/v1/recommendations/home?diversity=.5", 400, "bad-parameter", "diversity", "" },
	{ "/v1/recommendations/home?diversity=nan", 400, "bad-parameter", "diversity", "" },
	{ "/v1/recommendations/home?minScore=1e999", 400, "bad-parameter", "minScore", "" },
	{ "/v1/recommendations/home?minScore=5x", 400, "bad-parameter", "minScore", "" },
	{ "/v1/recommendations/home?strictFiltering=1", 400, "bad-parameter", "strictFiltering", "" },
	{ "/v1/recommendations/home?filter=", 400, "bad-parameter", "filter", "" },
	{ "/v1/recommendations/home?shown=AAAA", 400, "unknown-parameter", "shown", "" },
	{ "/v1/recommendations/home?maxStalenessMs=0", 503, "too-stale", "maxStalenessMs", "" },
	{ "/v1/recommendations/of-nobody?excludeInCart=true", 400, "bad-request", "excludeInCart", "" },
	{ "/v1/recommendations/broken", 500, "store-io", NULL, "" },
	{ "/v1/items/a/also-bought?itemIds=b", 400, "unknown-parameter", "itemIds", "" },
	{ "/v1/items/a/also-bought?window=1h", 400, "unknown-parameter", "window", "" },
	{ "/v1/trending?userId=u", 400, "unknown-parameter", "userId", "" },
	{ "/v1/users/u/recently-viewed?visitorId=v", 400, "unknown-parameter", "visitorId", "" },
	{ "/v1/strategies?x=1", 400, "unknown-parameter", "x", "" },
	{ "/v1/items//also-bought", 404, "unknown-route", NULL, "lists them\",\"instance\"" },
	{ "/v1/items/%/also-bought", 400, "bad-parameter", "path", "" },
	{ "/v1/items/%ff/also-bought", 400, "bad-parameter", "path", "" },
	{ "/v1/recommendations/home/", 404, "unknown-route", NULL, "\"suggestion\":\"/v1/recommendations/home\"" },
	{ "/v1/trending/", 404, "unknown-route", NULL, "\"suggestion\":\"/v1/trending\"" },
	{ "/v1/analytics", 404, "unknown-route", NULL, "lists them\",\"instance\"" },
	{ "/v2/recommendations/home", 404, "unknown-route", NULL, "\"suggestion\":\"/v1/recommendations/home\"" },
	{ "/v1/item/p1/also-bougth", 404, "unknown-route", NULL, "" },
	{ "/", 404, "unknown-route", NULL, "" },
	{ "/a/b/c/d/e/f/g/h/i/j", 404, "unknown-route", NULL, "" },
	{ "/../../etc/passwd", 404, "unknown-route", NULL, "" },
	{ "/demo/feed", 404, "unknown-route", NULL, "" },
};

Test(http_recommend, bad_query_strings_name_the_field)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct reply *r = ask(&f, "GET", bad[i].path, NULL);

		expect_problem(r, bad[i].status, bad[i].slug, bad[i].field, bad[i].path);
		cr_assert(strstr(r->body, bad[i].also), "%s: %s", bad[i].path, r->body);
	}
	cr_assert_not(strstr(ask(&f, "GET", "/v1/recommendations/broken", NULL)->body, "secret"));
	expect_problem(ask(&f, "POST", "/v1/recommendations/of-nobody", "{\"exclude\":{\"inCart\":true}}"), 400,
		       "bad-request", "exclude.inCart", "a body");
}

Test(http_recommend, a_get_with_a_body_is_refused)
{
	static const char body[] = "{\"visitorId\":\"me\"}";

	expect_problem(ask(&f, "GET", "/v1/recommendations/home", body), 400, "bad-request", NULL, "a list");
	cr_assert_eq(ask(&f, "HEAD", "/v1/recommendations/home", body)->status, 400);
	cr_assert_eq(ask(&f, "GET", "/v1/recommendations/home", "")->status, 200);
	cr_assert_eq(ask(&f, "POST", "/v1/recommendations/home", body)->status, 200);
}

Test(http_recommend, long_ids_and_urls)
{
	static char path[20000];
	int n = snprintf(path, sizeof(path), "/v1/recommendations/home?userId=");

	memset(path + n, 'u', 129);
	expect_problem(ask(&f, "GET", path, NULL), 400, "bad-parameter", "userId", "129 bytes");
	path[n + 128] = '\0';
	cr_assert_eq(ask(&f, "GET", path, NULL)->status, 200);
	memset(path + n, 'u', 9000);
	expect_problem(ask(&f, "GET", path, NULL), 414, "url-too-long", NULL, "9000 bytes");
}

static const struct {
	const char *body, *asked;
} good_bodies[] = {
	{ "{}", "u= v= s= c= w=0 n=0 items=0/ ses=0/ q= ex=0/000 p=0 e=0 m=-1 g=0" },
	{ " {\"userId\":\"\\u00e9\",\"count\":3,\"explain\":true} \n", "u=\xc3\xa9 v= s= c= w=0 n=3" },
	{ "{\"exclude\":{\"itemIds\":[\"a\",\"b\"],\"purchased\":true,\"inCart\":true,\"viewed\":true}}", "ex=2/a111" },
	{ "{\"filter\":\"inStock\",\"strictFiltering\":false,\"diversity\":0.5,\"minScore\":2,\"sort\":\"rating\","
	  "\"context\":{\"country\":\"DE\",\"region\":\"BY\"}}",
	  "f=inStock b= o=2 fi=0 st=2 d=0.5 min=1/2 at=DE/BY" },
	{ "{\"properties\":[\"*\"],\"maxStalenessMs\":1000,\"category\":\"A\",\"window\":\"7d\"}", "c=A w=3" },
	{ "{\"count\":5.0,\"maxStalenessMs\":1e3}", "n=5 items=0/ ses=0/ q= ex=0/000 p=0 e=0 m=1000" },
};

Test(http_recommend, bodies_become_requests)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_bodies); i++) {
		struct reply *r = ask(&f, "POST", "/v1/recommendations/home", good_bodies[i].body);

		cr_assert_eq(r->status, 200, "%s: %s", good_bodies[i].body, r->body);
		cr_assert(strstr(r->body, good_bodies[i].asked), "%s: %s", good_bodies[i].body, r->body);
	}
}

static const struct {
	const char *body;
	const char *slug, *field;
} bad_bodies[] = {
	{ "", "bad-body", NULL },
	{ "  ", "bad-body", NULL },
	{ "[]", "bad-body", NULL },
	{ "{", "bad-body", NULL },
	{ "{} x", "bad-body", NULL },
	{ "{\"count\":1,\"count\":2}", "bad-body", NULL },
	{ "{\"userId\":\"\xff\"}", "bad-body", NULL },
	{ "{\"userId\":\"a\\u0000b\"}", "bad-body", NULL },
	{ "{\"userId\":\"a\\u0001b\"}", "bad-parameter", "userId" },
	{ "{\"itemIds\":[\"a\\nb\"]}", "bad-parameter", "itemIds" },
	{ "{\"userIdOfThePersonWhoAsksForIt_userIdOfThePersonWhoAsksForIt_userId\":1}", "unknown-parameter",
	  "userIdOfThePersonWhoAsksForIt_userIdOfThePersonWhoAsksForIt_use" },
	{ "{\"user_id\":\"a\"}", "unknown-parameter", "user_id" },
	{ "{\"excludePurchased\":true}", "unknown-parameter", "excludePurchased" },
	{ "{\"userId\":5}", "bad-parameter", "userId" },
	{ "{\"userId\":\"\"}", "bad-parameter", "userId" },
	{ "{\"count\":null}", "bad-parameter", "count" },
	{ "{\"itemIds\":\"a\"}", "bad-parameter", "itemIds" },
	{ "{\"itemIds\":[1]}", "bad-parameter", "itemIds" },
	{ "{\"itemIds\":[\"\"]}", "bad-parameter", "itemIds" },
	{ "{\"count\":2.5}", "bad-parameter", "count" },
	{ "{\"count\":\"2\"}", "bad-parameter", "count" },
	{ "{\"count\":1e300}", "bad-parameter", "count" },
	{ "{\"maxStalenessMs\":-1e18}", "bad-parameter", "maxStalenessMs" },
	{ "{\"count\":0}", "bad-parameter", "count" },
	{ "{\"explain\":1}", "bad-parameter", "explain" },
	{ "{\"window\":\"1d\"}", "bad-parameter", "window" },
	{ "{\"language\":\"EN\"}", "bad-parameter", "language" },
	{ "{\"language\":1}", "bad-parameter", "language" },
	{ "{\"exclude\":[]}", "bad-parameter", "exclude" },
	{ "{\"exclude\":{\"purchased\":1}}", "bad-parameter", "exclude.purchased" },
	{ "{\"exclude\":{\"seen\":true}}", "unknown-parameter", "exclude.seen" },
	{ "{\"context\":{\"land\":\"DE\"}}", "unknown-parameter", "context.land" },
	{ "{\"context\":{\"country\":5}}", "bad-parameter", "context.country" },
	{ "{\"country\":\"DE\"}", "unknown-parameter", "country" },
	{ "{\"diversity\":2}", "bad-parameter", "diversity" },
	{ "{\"diversity\":\"1\"}", "bad-parameter", "diversity" },
	{ "{\"strictFiltering\":1}", "bad-parameter", "strictFiltering" },
	{ "{\"sort\":5}", "bad-parameter", "sort" },
	{ "{\"filter\":5}", "bad-parameter", "filter" },
	{ "{\"shown\":\"AAAA\"}", "unknown-parameter", "shown" },
	{ "{\"maxStalenessMs\":-5}", "bad-parameter", "maxStalenessMs" },
};

static const struct {
	const char *body, *detail;
} no_json[] = {
	{ "null", "\"a request for a list is a JSON object\"" },
	{ "{", "\"line 1 column 1: the body ends before the JSON does\"" },
	{ "{\n\"\xc3\xbc\":1 x}", "\"line 2 column 7: the body is not JSON\"" },
	{ "{} x", "\"line 1 column 4: the body has something behind the JSON\"" },
	{ "{\"count\":1,\"count\":2}", "names a key of an object twice\"" },
	{ "{\"a\":1e999}", "the body has a number that is too large\"" },
	{ "{\"userId\":\"\xff\"}", "the body is not UTF-8" },
	{ "{\"a\\u0000b\":1}", "the body has \\\\u0000 in a text, which none may have\"" },
	{ "{\"userId\":\"a\\u0000b\"}", "the body has \\\\u0000 in a text, which none may have\"" },
};

Test(http_recommend, what_is_no_json_is_told_in_our_words)
{
	for (size_t i = 0; i < ARRAY_SIZE(no_json); i++) {
		struct reply *r = ask(&f, "POST", "/v1/recommendations/home", no_json[i].body);

		expect_problem(r, 400, "bad-body", NULL, no_json[i].body);
		cr_expect(strstr(r->body, no_json[i].detail), "%s", r->body);
	}
	expect_problem(ask(&f, "POST", "/v1/recommendations/batch", "[]"), 400, "bad-body", NULL,
		       "the colon is missing");
	cr_expect(strstr(ask(&f, "POST", "/v1/recommendations/batch", "[{}]")->body, "/v1/recommendations:batch"));
}

Test(http_recommend, null_is_nobody)
{
	const char *body = "{\"userId\":null,\"visitorId\":null,\"sessionId\":null}";

	cr_assert_eq(ask(&f, "POST", "/v1/recommendations/home", body)->status, 200);
}

Test(http_recommend, bad_bodies_name_the_field)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_bodies); i++)
		expect_problem(ask(&f, "POST", "/v1/recommendations/home", bad_bodies[i].body), 400, bad_bodies[i].slug,
			       bad_bodies[i].field, bad_bodies[i].body);
	cr_expect(strstr(ask(&f, "POST", "/v1/recommendations/home?count=1", "{}")->body, "beside a body this path"));
	expect_problem(ask(&f, "POST", "/v1/recommendations/home?count=1", "{}"), 400, "unknown-parameter", "count",
		       "both");
	expect_problem(ask_with(&f, "POST", "/v1/recommendations/home", "Content-Type: text/plain\r\n", "{}"), 415,
		       "unsupported-media-type", "content-type", "text/plain");
	expect_problem(ask_with(&f, "POST", "/v1/recommendations/home", "Content-Type: application/jsonp\r\n", "{}"),
		       415, "unsupported-media-type", "content-type", "jsonp");
	cr_assert_eq(ask_with(&f, "POST", "/v1/recommendations/home",
			      "Content-Type: Application/JSON; charset=utf-8\r\n", "{}")
			     ->status,
		     200);
}

Test(http_recommend, too_many_entries)
{
	static char body[1 << 16];
	int n = snprintf(body, sizeof(body), "{\"itemIds\":[\"i\"");

	for (int i = 0; i < RECOMMEND_ITEMS_MAX; i++)
		n += snprintf(body + n, sizeof(body) - (size_t)n, ",\"i%d\"", i);
	snprintf(body + n, sizeof(body) - (size_t)n, "]}");
	expect_problem(ask(&f, "POST", "/v1/recommendations/x", body), 400, "bad-parameter", "itemIds", "101 items");
}

Test(http_recommend, answer_has_the_fields_of_the_contract)
{
	struct reply *r = ask(&f, "GET", "/v1/recommendations/also-bought?explain=true", NULL);
	json_t *v = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL),
	       *item = json_array_get(json_object_get(v, "items"), 0);
	const char *id, *scenario, *as_of, *item_id, *level, *measure;
	int lag, rank, together, quantity, fallback, promoted, low;
	double took, score;
	json_t *variant, *next;

	cr_assert_eq(json_unpack_ex(v, NULL, JSON_STRICT, "{s:s,s:s,s:o,s:o,s:b,s:o,s:s,s:i,s:F}", "recommendationId",
				    &id, "scenario", &scenario, "variant", &variant, "items", &item, "fallback",
				    &fallback, "next", &next, "asOf", &as_of, "lagMs", &lag, "tookMs", &took),
		     0, "%s", r->body);
	item = json_array_get(item, 0);
	cr_assert_eq(json_unpack(item, "{s:s,s:F,s:i,s:b,s:{s:s,s:i,s:b},s:{},s:{s:i,s:s}}", "itemId", &item_id,
				 "score", &score, "rank", &rank, "promoted", &promoted, "stock", "level", &level,
				 "quantity", &quantity, "lowStock", &low, "properties", "explain", "together",
				 &together, "measure", &measure),
		     0, "%s", r->body);
	cr_assert_str_eq(item_id, "p\"1");
	cr_assert_str_eq(level, "low");
	cr_assert_str_eq(measure, "jaccard");
	cr_assert_str_eq(as_of, "2011-12-09T12:50:00.000Z");
	cr_assert(took > 0 && took < 1000 && score == 0.25 && json_is_null(variant) && json_is_null(next));
	cr_assert_str_eq(id, "id-of-also-bought");
	json_decref(v);
	cr_assert(strstr(r->body, "\"urgency\":{\"unitsLeft\":3,\"soldToday\":12}"), "%s", r->body);
	cr_assert_not(strstr(ask(&f, "GET", "/v1/recommendations/also-bought", NULL)->body, "\"explain\""));
	r = ask(&f, "POST", "/v1/recommendations/home", "{\"validateOnly\":true}");
	cr_assert_str_eq(r->body, "{\"valid\":true}");
}

Test(http_recommend, strategies_are_listed)
{
	struct reply *r = ask(&f, "GET", "/v1/strategies", NULL);
	json_t *v = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL);

	cr_assert_eq(json_array_size(json_object_get(v, "strategies")), 2, "%s", r->body);
	cr_assert_eq(json_array_size(json_object_get(v, "scenarios")), 1);
	cr_assert(strstr(r->body, "\"chain\":[\"trending\",\"best-sellers\"]"), "%s", r->body);
	cr_assert(strstr(r->body, "\"required\":[\"itemIds\"]"), "%s", r->body);
	json_decref(v);
}
