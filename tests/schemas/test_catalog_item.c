/* The packed catalogue item, and categories. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "schemas/catalog_item.h"

static unsigned char packed[CATALOG_PACKED_MAX];
static struct catalog_item item, again;

static void fill(struct str_list *l, uint32_t n, struct str s)
{
	l->n = n;
	for (uint32_t i = 0; i < n; i++)
		l->v[i] = s;
}

static size_t pack_some(void)
{
	catalog_item_init(&item);
	item.title = STR("title");
	item.attributes = STR("{\"a\":1}");
	item.price_micros = 2550000;
	item.margin_micros = -1;
	item.rating_count = 0;
	item.available_to_ms = INT64_C(253402300799999);
	fill(&item.categories, 2, STR("Shoes > Running"));
	fill(&item.seasons, 1, STR("winter"));
	return catalog_item_pack(&item, packed);
}

Test(catalog_item, round_trip)
{
	size_t n = pack_some();

	memset(&again, 0xaa, sizeof(again));
	cr_assert_eq(catalog_item_unpack(packed, n, &again), 0);
	cr_expect(!again.item_id.n && !again.brand.n && !again.tags.n);
	cr_expect(str_eq(again.title, item.title) && str_eq(again.attributes, item.attributes));
	cr_expect_eq(again.price_micros, 2550000);
	cr_expect_eq(again.list_price_micros, PRICE_ABSENT);
	cr_expect_eq(again.margin_micros, -1);
	cr_expect_eq(again.rating_count, 0);
	cr_expect_eq(again.available_from_ms, TIME_ABSENT);
	cr_expect_eq(again.available_to_ms, INT64_C(253402300799999));
	cr_assert_eq(again.categories.n, 2);
	cr_expect(str_eq(again.categories.v[1], STR("Shoes > Running")));
	cr_expect(str_eq(again.seasons.v[0], STR("winter")));
	cr_expect((const unsigned char *)again.title.p > packed && (const unsigned char *)again.title.p < packed + n);
}

Test(catalog_item, nothing_packs_to_a_few_bytes)
{
	size_t n;

	catalog_item_init(&item);
	n = catalog_item_pack(&item, packed);
	cr_expect_lt(n, 8);
	cr_expect_eq(catalog_item_unpack(packed, n, &again), 0);
	cr_expect_eq(again.rating_count, -1);
}

Test(catalog_item, the_largest_fits)
{
	static char text[CATALOG_ATTRIBUTES_MAX];
	struct str longest = { text, 2 * CATALOG_TEXT_MAX }, usual = { text, CATALOG_TEXT_MAX };
	size_t n;

	memset(text, 'x', sizeof(text));
	catalog_item_init(&item);
	item.title = (struct str){ text, CATALOG_TITLE_MAX };
	item.brand = item.currency = item.group_id = usual;
	item.url = item.image_url = (struct str){ text, CATALOG_URL_MAX };
	item.attributes = (struct str){ text, CATALOG_ATTRIBUTES_MAX };
	item.price_micros = item.list_price_micros = item.margin_micros = item.rating_micros = INT64_MIN + 1;
	item.rating_count = item.available_from_ms = item.available_to_ms = INT64_MAX;
	fill(&item.categories, CATALOG_LIST_MAX, longest);
	fill(&item.tags, CATALOG_LIST_MAX, usual);
	fill(&item.accessories_of, CATALOG_LIST_MAX, usual);
	fill(&item.regions, CATALOG_LIST_MAX, usual);
	fill(&item.seasons, CATALOG_LIST_MAX, usual);
	n = catalog_item_pack(&item, packed);
	cr_assert_leq(n, CATALOG_PACKED_MAX);
	cr_assert_eq(catalog_item_unpack(packed, n, &again), 0);
	cr_expect_eq(again.margin_micros, INT64_MIN + 1);
	cr_expect_eq(again.available_to_ms, INT64_MAX);
	cr_expect_eq(again.seasons.n, CATALOG_LIST_MAX);
}

Test(catalog_item, damage_is_noticed)
{
	size_t n = pack_some();

	for (size_t cut = 0; cut < n; cut++) {
		void *copy = xmalloc(cut); /* exactly as long: a sanitizer sees a read behind it */

		memcpy(copy, packed, cut);
		cr_expect_eq(catalog_item_unpack(copy, cut, &again), ERR_STORE_CORRUPT, "cut at %zu", cut);
		free(copy);
	}
	cr_expect_eq(catalog_item_unpack(packed, n + 1, &again), ERR_STORE_CORRUPT);
	packed[0] ^= 1;
	cr_expect_eq(catalog_item_unpack(packed, n, &again), ERR_STORE_CORRUPT);
	packed[0] ^= 1;
	packed[4] ^= 0x80;
	cr_expect_eq(catalog_item_unpack(packed, n, &again), ERR_STORE_CORRUPT);
}

Test(catalog_item, categories_and_their_ancestors)
{
	const struct str trail = STR("Shoes > Running > Trail");
	const char *const walk[] = { "Shoes > Running > Trail", "Shoes", "Shoes > Running" };
	struct str at = { 0 }, none = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(walk); i++)
		cr_expect(category_next(trail, &at) && str_eq(at, str_of(walk[i])), "%s", walk[i]);
	cr_expect(!category_next(trail, &at));
	at = STR("Shoes > ");
	cr_expect(!category_next(STR("Shoes > "), &at));
	cr_expect(!category_next(STR(""), &none));
	cr_expect(category_is_under(STR("Shoes > Running"), STR("Shoes > Running")));
	cr_expect(category_is_under(STR("Shoes > Running > Trail"), STR("Shoes")));
	cr_expect(category_is_under(STR("Shoes > Running > Trail"), STR("Shoes > Running")));
	cr_expect(!category_is_under(STR("Shoes"), STR("Shoes > Running")));
	cr_expect(!category_is_under(STR("Shoes > Running"), STR("Running")));
	cr_expect(!category_is_under(STR("Shoeshine > Kits"), STR("Shoes")));
	cr_expect(!category_is_under(STR("Shoes > "), STR("Shoes")));
}
