#include "schemas/suggest.h"
#include "query/filter_internal.h"

#include <stdio.h>

#define AT(member) offsetof(struct catalog_item, member)

static const struct filter_field item_fields[] = {
	{ "price", FIELD_MICROS, AT(price_micros) },
	{ "category", FIELD_CATEGORY, AT(categories) },
	{ "brand", FIELD_TEXT, AT(brand) },
	{ "rating", FIELD_MICROS, AT(rating_micros) },
	{ "inStock", FIELD_IN_STOCK, 0 },
	{ "tags", FIELD_LIST, AT(tags) },
	{ "attributes", FIELD_ATTRIBUTE, AT(attributes) },
	{ "region", FIELD_REGION, AT(regions) },
	{ "categories", FIELD_CATEGORY, AT(categories) },
	{ "listPrice", FIELD_MICROS, AT(list_price_micros) },
	{ "margin", FIELD_MICROS, AT(margin_micros) },
	{ "currency", FIELD_TEXT, AT(currency) },
	{ "ratingCount", FIELD_COUNT, AT(rating_count) },
	{ "title", FIELD_TEXT, AT(title) },
	{ "groupId", FIELD_TEXT, AT(group_id) },
	{ "itemId", FIELD_ITEM_ID, 0 },
	{ "regions", FIELD_LIST, AT(regions) },
	{ "seasons", FIELD_LIST, AT(seasons) },
	{ "accessoriesOf", FIELD_LIST, AT(accessories_of) },
	{ "availableFrom", FIELD_TIME, AT(available_from_ms) },
	{ "availableTo", FIELD_TIME, AT(available_to_ms) },
	{ "stock", FIELD_STOCK, 0 },
	{ "lowStock", FIELD_LOW_STOCK, 0 },
};
const struct filter_fields filter__of_item = { item_fields, ARRAY_SIZE(item_fields), "price < 50" };

#undef AT
#define AT(member) offsetof(struct filter_person, member)

static const struct filter_field person_fields[] = {
	{ "orders", FIELD_REAL, AT(orders) },
	{ "spend", FIELD_REAL, AT(spend) },
	{ "averageOrder", FIELD_REAL, AT(average_order) },
	{ "units", FIELD_REAL, AT(units) },
	{ "daysSinceFirst", FIELD_REAL, AT(days_since_first) },
	{ "daysSinceLast", FIELD_REAL, AT(days_since_last) },
	{ "firstSeen", FIELD_TIME, AT(first_ms) },
	{ "lastSeen", FIELD_TIME, AT(last_ms) },
	{ "country", FIELD_PLACE, AT(country) },
	{ "viewedCategory", FIELD_CATEGORY, AT(viewed) },
	{ "boughtCategory", FIELD_CATEGORY, AT(bought) },
	{ "bigSpender", FIELD_FLAG, AT(is_big_spender) },
};
const struct filter_fields filter__of_person = { person_fields, ARRAY_SIZE(person_fields), "orders >= 3" };

#define FIELDS_MAX ARRAY_SIZE(item_fields)
_Static_assert(ARRAY_SIZE(person_fields) <= FIELDS_MAX, "names of either table fit");

const struct filter_field *filter__field(struct filter_parser *p)
{
	const char *names[FIELDS_MAX], *near;
	char given[SUGGEST_WORD_MAX + 1];

	for (size_t i = 0; i < p->fields->n; i++) {
		if (str_eq(p->text, str_of(p->fields->v[i].name)))
			return &p->fields->v[i];
		names[i] = p->fields->v[i].name;
	}
	snprintf(given, sizeof(given), "%.*s", STR_FMT(p->text));
	near = suggest_nearest(given, names, p->fields->n);
	if (near)
		snprintf(p->e->suggestion, sizeof(p->e->suggestion), "%s", near);
	else if (p->fields == &filter__of_item)
		near = "attributes.NAME";
	filter__fail(p, "there is no field '%s'%s%s%s", given, near ? "; did you mean '" : "", near ? near : "",
		     near ? "'?" : "");
	return NULL;
}
