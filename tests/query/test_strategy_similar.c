/* Items that are alike by their catalogue records. */
#include "query/similar_internal.h"
#include "tests/lib/query_shop.h"
#include "views/ids.h"
#include "views/view.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(similar, .init = open_shop, .fini = close_shop);

#define FOUR_SHOES \
	"{'itemId':'a','categories':['Shoes > Running'],'brand':'Fleet','attributes':{'color':'red'}}\n" \
	"{'itemId':'b','categories':['Shoes > Running'],'brand':'Fleet','attributes':{'color':['blue','red']}}\n" \
	"{'itemId':'c','categories':['Shoes > Running'],'brand':'Other'}\n" \
	"{'itemId':'d','categories':['Shoes > Boots'],'tags':['red']}\n"

static double idf(double records, double having)
{
	return log(1 + records / having);
}

Test(similar, likeness_is_weighted_jaccard)
{
	/* shared: Shoes 4 of 4, Running 3, Fleet 2, color red 2; a has nothing else, nobody shares Other, Boots, the tag */
	double shoes = idf(4, 4), running = idf(4, 3), fleet = idf(4, 2), red = idf(4, 2);
	double a = shoes + running + fleet + red, c = shoes + running, d = shoes;
	char expected[128];

	stall_records(&s, FOUR_SHOES);
	stall_rank(&s);
	snprintf(expected, sizeof(expected), "b=1 c=%.6g d=%.6g", c / a, d / a);
	stall_expect(&s, "similar-items; items=a", expected);
	cr_assert_str_eq(s.answer.items[0].reason, "alike in category, brand, specifications");
	cr_assert_str_eq(s.answer.items[2].reason, "alike in category");
	cr_assert_eq(s.answer.items[0].why.similar.shared[TERM_CATEGORY], 2);
	cr_assert_eq(s.answer.items[0].why.similar.shared[TERM_ATTRIBUTE], 1);
	cr_assert_float_eq(s.answer.items[1].why.similar.other_weight, c, 1e-6);
	cr_assert(str_eq(s.answer.items[1].why.with, STR("a")));
	/* several items add up; d's is about c */
	snprintf(expected, sizeof(expected), "b=%.6g d=%.6g", 1 + c / a, d / a + d / c);
	stall_expect(&s, "similar-items; items=a,c", expected);
	cr_assert(str_eq(s.answer.items[1].why.with, STR("c")));
}

Test(similar, it_needs_no_events_and_no_watermark)
{
	stall_records(&s, FOUR_SHOES);
	stall_rank(&s);
	stall_expect(&s, "similar-items; items=d; count=2", "c a");
	cr_assert_eq(s.answer.as_of_ms, TIME_NONE);
	stall_expect(&s, "similar-items; items=nobody-knows", "");
	stall_expect(&s, "similar-items; items=nobody-knows,a; count=1", "b");
}

Test(similar, what_may_not_be_shown_makes_room)
{
	stall_records(&s, FOUR_SHOES);
	stall_rank(&s);
	stall_stock(&s, "b", 0);
	stall_expect(&s, "similar-items; items=a; count=1", "c");
	stall_delete(&s, "c");
	stall_expect(&s, "similar-items; items=a; count=1", "d");
	stall_expect(&s, "similar-items; items=a; category=Shoes > Running", "");
	stall_stock(&s, "b", 1);
	stall_expect(&s, "similar-items; items=a; category=Shoes > Running", "b");
	stall_expect(&s, "similar-items; items=a; not=b", "d");
}

Test(similar, a_changed_record_counts_from_the_next_refresh)
{
	stall_records(&s, FOUR_SHOES);
	stall_rank(&s);
	stall_records(&s, "{'itemId':'e','brand':'Fleet','title':'A new one'}");
	stall_expect(&s, "similar-items; items=e", "");
	stall_rank(&s);
	stall_expect(&s, "similar-items; items=e", "a b");
	stall_delete(&s, "b");
	stall_rank(&s);
	stall_expect(&s, "similar-items; items=e", "a");
	stall_expect(&s, "similar-items; items=b", "");
}

Test(similar, variants_of_one_product_are_not_alike_but_the_same)
{
	stall_records(&s, "{'itemId':'red','groupId':'shirt','brand':'Fleet','price':10}\n"
			  "{'itemId':'blue','groupId':'shirt','brand':'Fleet','price':10}\n"
			  "{'itemId':'hat','groupId':'hat','brand':'Fleet','price':10}\n"
			  "{'itemId':'cap','brand':'Fleet','price':10}\n");
	stall_rank(&s);
	stall_expect(&s, "similar-items; items=red", "cap=1 hat=1");
	stall_expect(&s, "similar-items; items=cap", "blue=1 hat=1 red=1");
}

Test(similar, near_prices_share_a_band_wherever_the_borders_lie)
{
	for (int pence = 100; pence < 1000; pence += 7) {
		struct terms a, b, c;
		struct catalog_item item;
		unsigned near = 0, far = 0;

		catalog_item_init(&item);
		item.price_micros = pence * INT64_C(10000);
		terms_of(&item, &a);
		item.price_micros = pence * INT64_C(11500);
		terms_of(&item, &b);
		item.price_micros = pence * INT64_C(20000);
		terms_of(&item, &c);
		cr_assert_eq(a.n, 2);
		for (int i = 0; i < 4; i++) {
			near += a.v[i / 2].hash == b.v[i % 2].hash;
			far += a.v[i / 2].hash == c.v[i % 2].hash;
		}
		cr_assert_geq(near, 1, "%d", pence);
		cr_assert_eq(far, 0, "%d", pence);
	}
}

Test(similar, hostile_records_are_bounded)
{
	static struct terms terms;
	char attributes[16000], title[512];
	struct catalog_item item;
	size_t n = 0;

	catalog_item_init(&item);
	attributes[n++] = '{';
	for (int i = 0; n < sizeof(attributes) - 64; i++)
		n += (size_t)snprintf(attributes + n, sizeof(attributes) - n, "%s\"k%d\":[1,%d]", i ? "," : "", i, i);
	attributes[n++] = '}';
	item.attributes = (struct str){ attributes, (uint32_t)n };
	terms_of(&item, &terms);
	cr_assert_eq(terms.n, TERMS_MAX);
	/* what a damaged row may hold */
	static const char *const broken[] = { "{",          "[]",         "{\"a\":{\"b\":1},\"c\":2}",
					      "{\"a\":[[[", "{\"a\":[1,", "{\"a\"" };
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		item.attributes = str_of(broken[i]);
		terms_of(&item, &terms);
		cr_assert_leq(terms.n, 1, "%s", broken[i]);
	}
	item.attributes = (struct str){ NULL, 0 };
	for (size_t i = 0; i < sizeof(title); i++)
		title[i] = "aB \xff"[i * i % 4];
	item.title = (struct str){ title, sizeof(title) };
	terms_of(&item, &terms);
	cr_assert_leq(terms.n, TERMS_TITLE_MAX);
	item.title = STR("RED red Red, a Caf\xc3\xa9");
	terms_of(&item, &terms);
	cr_assert_eq(terms.n, 2, "words differ by ASCII case only, one letter is none");
}

Test(similar, a_term_that_everybody_has_is_cut_not_followed)
{
	size_t items = SIMILAR_POSTINGS_MAX + 300, n = 0;
	char *lines = xmalloc(items * 64);

	for (size_t i = 0; i < items; i++)
		n += (size_t)snprintf(lines + n, 64, "{'itemId':'i%04zu','categories':['All'],'brand':'%s'}\n", i,
				      i % 2000 == 7 ? "rare" : "common");
	stall_records(&s, lines);
	free(lines);
	stall_rank(&s);
	stall_expect(&s, "similar-items; items=i0007; count=3", "i2007 i4007"); /* All weighs too little */
	stall_expect(&s, "similar-items; items=i0008; count=2", "i0000 i0001");
}

/* ---- against a reference that compares everything with everything ---- */

#define RECORDS 80

struct fact {
	char kind;
	int value;
};

static struct fact facts[RECORDS][8];
static int fact_n[RECORDS];

static void add_fact(int i, char kind, int value)
{
	facts[i][fact_n[i]++] = (struct fact){ kind, value };
}

static void make_record(int i)
{
	int leaf = rand() % 6, brand = rand() % 5, color = rand() % 4;
	char line[256];

	fact_n[i] = 0;
	add_fact(i, 'c', leaf / 3);
	add_fact(i, 'l', leaf);
	add_fact(i, 'b', brand);
	snprintf(line, sizeof(line), "{'itemId':'r%02d','categories':['C%d > L%d'],'brand':'b%d'%s", i, leaf / 3, leaf,
		 brand, color ? "" : "}");
	if (color) {
		add_fact(i, 'a', color);
		snprintf(line + strlen(line), sizeof(line) - strlen(line), ",'attributes':{'color':%d}}", color);
	}
	stall_records(&s, line);
}

static bool has(int i, struct fact f)
{
	for (int k = 0; k < fact_n[i]; k++)
		if (facts[i][k].kind == f.kind && facts[i][k].value == f.value)
			return true;
	return false;
}

static double weight(struct fact f)
{
	int n = 0;

	for (int i = 0; i < RECORDS; i++)
		n += has(i, f);
	return n > 1 ? idf(RECORDS, n) : 0;
}

static double reference(int a, int b)
{
	double wa = 0, wb = 0, shared = 0;

	for (int k = 0; k < fact_n[a]; k++) {
		wa += weight(facts[a][k]);
		shared += has(b, facts[a][k]) ? weight(facts[a][k]) : 0;
	}
	for (int k = 0; k < fact_n[b]; k++)
		wb += weight(facts[b][k]);
	return shared / (wa + wb - shared);
}

static int number_of(struct str id)
{
	return (id.p[1] - '0') * 10 + id.p[2] - '0';
}

Test(similar, a_random_catalogue_scores_as_compared_one_by_one)
{
	char request[64];

	srand(5);
	for (int i = 0; i < RECORDS; i++)
		make_record(i);
	stall_rank(&s);
	for (int a = 0; a < RECORDS; a++) {
		double last = INFINITY;
		unsigned likes = 0;

		snprintf(request, sizeof(request), "similar-items; items=r%02d; count=100", a);
		cr_assert_eq(stall_ask(&s, request), 0);
		for (unsigned i = 0; i < s.answer.item_count; i++) {
			const struct recommended *r = &s.answer.items[i];

			cr_assert_float_eq(r->score, reference(a, number_of(r->item_id)), 1e-6);
			cr_assert_leq(r->score, last);
			last = r->score;
		}
		for (int b = 0; b < RECORDS; b++)
			likes += b != a && reference(a, b) >= SIMILAR_SCORE_MIN;
		cr_assert_eq(s.answer.item_count, likes);
	}
}
