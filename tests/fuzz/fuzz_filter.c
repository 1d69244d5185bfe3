/* fuzz_filter - filter and boost: what is taken is true or false of any item or person, and its negation is the opposite. */
#include "query/filter.h"
#include "tests/fuzz/fuzz.h"

static struct filter_space space;

static void check_filter(struct str text, const struct filter_item *item)
{
	struct error e = { 0 };
	struct filter f, opposite;
	struct filter_pool *packed;
	char *longer;
	bool is_true;
	int rc;

	filter_space_clear(&space);
	rc = filter_parse(&space.pool, "filter", text, &f, &e);
	if (rc) {
		expect_error(rc, &e);
		assert(rc == ERR_BAD_REQUEST);
		return;
	}
	assert(f.first < f.end && f.end <= space.pool.step_n);
	is_true = filter_matches(&space.pool, f, item);
	assert(filter_matches(&space.pool, f, item) == is_true);
	packed = filter_pool_pack(&space.pool);
	assert(filter_matches(packed, f, item) == is_true);
	free(packed);
	longer = xmalloc(text.n + 6);
	memcpy(longer, "not (", 5);
	memcpy(longer + 5, text.p, text.n);
	longer[5 + text.n] = ')';
	/* it may be too long, too deep or have one step too many */
	if (filter_parse(&space.pool, "filter", (struct str){ longer, text.n + 6 }, &opposite, &e) == 0)
		assert(filter_matches(&space.pool, opposite, item) == !is_true);
	free(longer);
}

static void check_person(struct str text, const struct filter_person *person)
{
	struct error e = { 0 };
	struct filter f;
	int rc;

	filter_space_clear(&space);
	rc = filter_parse_person(&space.pool, "filter", text, &f, &e);
	if (rc) {
		expect_error(rc, &e);
		assert(rc == ERR_BAD_REQUEST);
		return;
	}
	assert(filter_matches_person(&space.pool, f, person) == filter_matches_person(&space.pool, f, person));
	assert(filter_reads(&space.pool, f) <= (FILTER_READS_COUNTRY | FILTER_READS_CATEGORIES));
}

static void check_boost(struct str text, const struct filter_item *item)
{
	struct error e = { 0 };
	struct boost b;
	int rc;

	filter_space_clear(&space);
	rc = boost_parse(&space.pool, text, &b, &e);
	if (rc) {
		expect_error(rc, &e);
		return;
	}
	assert(b.n >= 1 && b.n <= BOOST_RULES_MAX);
	assert(boost_of(&space.pool, &b, item) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct bytes in = { bytes, n };
	uint8_t how = take_byte(&in);
	struct catalog_item record;
	struct filter_item item = { STR("p1"), how & 1 ? &record : NULL, { how & 2, how >> 4 }, 5 };
	struct filter_person person = { .orders = 3,
					.spend = how,
					.first_ms = TIME_ABSENT,
					.country = STR("DE"),
					.viewed = { 1, { STR("A > B") } } };
	struct str attributes = take_bytes(&in, how & 4 ? take_byte(&in) : 0);
	char *json = exact_copy(attributes.p, attributes.n), *text = exact_copy(in.p, in.n);

	catalog_item_init(&record);
	record.brand = STR("Acme");
	record.price_micros = 5000000;
	record.categories = (struct str_list){ 1, { STR("A > B") } };
	record.attributes = how & 4 ? (struct str){ json, attributes.n } : STR("{\"a\":[1,\"x\",true]}");
	if (how & 8)
		check_boost((struct str){ text, (uint32_t)in.n }, &item);
	else
		check_filter((struct str){ text, (uint32_t)in.n }, &item);
	check_person((struct str){ text, (uint32_t)in.n }, &person);
	free(json);
	free(text);
	return 0;
}
