/* Figures by segment, by hand. */
#include "query/figures.h"
#include "tests/lib/views_shop.h"
#include "views/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;
static struct json_out out;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	json_out_fini(&out);
	shop_close(&shop);
}

TestSuite(figures_segments, .init = setup, .fini = teardown);

static void put_segment(const char *key, const char *document)
{
	struct control_record rec;
	struct error e = { 0 };
	char json[256];
	int n = snprintf(json, sizeof(json), "{\"document\":%s}", document);

	cr_assert_eq(control_record_decode(str_of(key), json, (size_t)n, &rec, &e), 0, "%s", e.text);
	cr_assert_eq(fold_config(shop.fold, &rec, 1), 0);
}

static const char *made(double from_day, double to_day, bool csv)
{
	struct figures_ask ask = { .kind = FIGURES_SEGMENTS,
				   .from_ms = SHOP_START + (int64_t)(from_day * MS_PER_DAY),
				   .to_ms = SHOP_START + (int64_t)(to_day * MS_PER_DAY),
				   .csv = csv };
	static char text[4000];
	struct error e = { 0 };

	cr_assert_eq(figures_make(shop.snap, &ask, &out, &e), 0, "%s", e.text);
	snprintf(text, sizeof(text), "%.*s", (int)out.n, out.p);
	return text;
}

#define HEAD \
	"segment,people,buyers,sessions,orders,revenue,ordersPerSession,revenuePerOrder,impressions,clicks,ctr," \
	"recommendedOrders,recommendedRevenue,share\r\n"

Test(figures_segments, an_empty_store_has_them_all)
{
	cr_expect_str_eq(made(0, 1, true),
			 HEAD "new,0,0,0,0,0,,,0,0,,0,0,\r\nfirst-time-buyer,0,0,0,0,0,,,0,0,,0,0,\r\n"
			      "frequent,0,0,0,0,0,,,0,0,,0,0,\r\nlapsing,0,0,0,0,0,,,0,0,,0,0,\r\n"
			      "big-spender,0,0,0,0,0,,,0,0,,0,0,\r\n,0,0,0,0,0,,,0,0,,0,0,\r\n");
}

/* v1 becomes u1: what it was shown is u1's. */
static void play(void)
{
	char *to_visitor = shop_answer(&shop, "v1", "home a:trending,b:trending @0s");
	char *to_user = shop_answer(&shop, "u1", "home a:trending,c:trending @1h");

	shop_playf(
		&shop,
		"v1 show a,b @1s r=%s; v1 click a @2s r=%s; u1+v1 view a @1h; u1 show a,c @1h r=%s; u1 buy c @2h p=80 o=1 r=%s;"
		"u1 buy x @2h p=20 o=1; u2 view a @3h; u3 buy b @4h p=5 q=2 o=2; u3 return b @1d p=5 o=2; v4 show a @1d",
		to_visitor, to_visitor, to_user, to_user);
	free(to_visitor);
	free(to_user);
}

Test(figures_segments, people_are_in_all_that_is_true_of_them)
{
	play();
	cr_expect_str_eq(made(0, 2, true),
			 HEAD "new,1,0,1,0,0,0,,0,0,,0,0,\r\n"
			      "first-time-buyer,2,2,1,2,105,2,52.5,4,1,0.25,1,80,0.7619047619047619\r\n"
			      "frequent,0,0,0,0,0,,,0,0,,0,0,\r\nlapsing,0,0,0,0,0,,,0,0,,0,0,\r\n"
			      "big-spender,1,1,1,1,100,1,100,4,1,0.25,1,80,0.8\r\n"
			      ",0,0,0,0,0,,,0,0,,0,0,\r\n");
	cr_expect(strstr(made(0, 2, false), "\"total\":{\"people\":3,\"buyers\":2,\"sessions\":2,\"orders\":2,"
					    "\"revenue\":105,"),
		  "%s", made(0, 2, false));
	cr_expect(strstr(made(1, 2, true), "\r\nfirst-time-buyer,1,0,0,0,-5,,,0,0,,0,0,\r\n"), "%s", made(1, 2, true));
}

Test(figures_segments, documents_and_imported_lists)
{
	struct error e = { 0 };

	put_segment("segment/vip", "{\"members\":true}");
	put_segment("segment/spends", "{\"filter\":\"spend > 50\"}");
	put_segment("segment/new", "{\"filter\":\"orders > 100\"}");
	put_segment("segment/big-spender", "{\"filter\":\"orders = 0\",\"enabled\":false}");
	cr_assert_eq(fold_members(shop.fold, STR("vip"), "[\"u2\",\"nobody\"]", 15, &e), 0);
	play();
	cr_expect_str_eq(made(0, 1, true), HEAD "first-time-buyer,2,2,1,2,110,2,55,4,1,0.25,1,80,0.7272727272727273\r\n"
						"frequent,0,0,0,0,0,,,0,0,,0,0,\r\nlapsing,0,0,0,0,0,,,0,0,,0,0,\r\n"
						"new,0,0,0,0,0,,,0,0,,0,0,\r\n"
						"spends,1,1,1,1,100,1,100,4,1,0.25,1,80,0.8\r\n"
						"vip,1,0,1,0,0,0,,0,0,,0,0,\r\n,0,0,0,0,0,,,0,0,,0,0,\r\n");
}
