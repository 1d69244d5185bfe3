/* Event names: ours, other systems', and the schema's list of them. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "schemas/vocabulary.h"

static struct vocabulary v;

static void expect(const char *name, enum event_type type)
{
	enum event_type found;

	cr_assert(vocabulary_find(&v, str_of(name), &found), "%s", name);
	cr_expect_eq(found, type, "%s", name);
}

Test(vocabulary, names)
{
	enum event_type type;

	cr_assert_eq(vocabulary_init(&v, NULL, NULL), 0);
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		expect(event_type_name(i), i);
	expect("view_item", EVENT_VIEW);
	expect("refund", EVENT_RETURN);
	expect("Product Viewed", EVENT_VIEW);
	expect("Order Completed", EVENT_PURCHASE);
	expect("detail-page-view", EVENT_VIEW);
	expect("purchase-complete", EVENT_PURCHASE);
	cr_expect(!vocabulary_find(&v, STR("home-page-view"), &type));
	cr_expect(!vocabulary_find(&v, STR("VIEW"), &type));
	cr_expect(!vocabulary_find(&v, STR(""), &type));
}

Test(vocabulary, only_those_chosen)
{
	struct error e = { 0 };
	enum event_type type;

	cr_assert_eq(vocabulary_init(&v, " segment , ga4 ", &e), 0);
	expect("Product Viewed", EVENT_VIEW);
	expect("view_item", EVENT_VIEW);
	cr_expect(!vocabulary_find(&v, STR("detail-page-view"), &type));
	cr_assert_eq(vocabulary_init(&v, "", &e), 0);
	expect("view", EVENT_VIEW);
	cr_expect(!vocabulary_find(&v, STR("view_item"), &type));
	cr_assert_eq(vocabulary_init(&v, "ga4,ga5", &e), ERR_BAD_SETTING);
	cr_expect(strstr(e.text, "'ga5'"), "%s", e.text);
}

/* Both ways: each name of the schema is known, and the schema has each name. */
Test(vocabulary, is_the_enum_of_the_schema)
{
	json_t *schema = json_load_file("schemas/event.schema.json", 0, NULL);
	json_t *names, *name;
	size_t i, known = 0;

	cr_assert(schema, "run from the top of the tree");
	names = json_object_get(json_object_get(json_object_get(schema, "properties"), "type"), "enum");
	cr_assert_eq(vocabulary_init(&v, NULL, NULL), 0);
	json_array_foreach(names, i, name)
	{
		enum event_type type;

		cr_expect(vocabulary_find(&v, str_of(json_string_value(name)), &type), "%s", json_string_value(name));
	}
	for (i = 0; i < VOCABULARY_SLOTS; i++)
		known += v.slot[i].name.n > 0;
	cr_expect_eq(known, json_array_size(names));
	json_decref(schema);
}
