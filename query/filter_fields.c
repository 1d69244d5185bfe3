#include "config/suggest.h"
#include "query/filter_internal.h"

#include <stdio.h>

#define AT(member) offsetof(struct catalog_item, member)

const struct filter_field filter__fields[] = {
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
const size_t filter__field_count = ARRAY_SIZE(filter__fields);

const struct filter_field *filter__field(struct filter_parser *p)
{
	const char *names[ARRAY_SIZE(filter__fields)], *near;
	char given[SUGGEST_WORD_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(filter__fields); i++) {
		if (str_eq(p->text, str_of(filter__fields[i].name)))
			return &filter__fields[i];
		names[i] = filter__fields[i].name;
	}
	snprintf(given, sizeof(given), "%.*s", STR_FMT(p->text));
	near = suggest_nearest(given, names, ARRAY_SIZE(names));
	if (near)
		snprintf(p->e->suggestion, sizeof(p->e->suggestion), "%s", near);
	filter__fail(p, "there is no field '%s'%s%s%s", given, near ? "; did you mean '" : "", near ? near : "",
		     near ? "'?" : "");
	return NULL;
}
