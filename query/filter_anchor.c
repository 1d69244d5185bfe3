/* The values that an item must have one of for a condition to be true of it. */
#include "query/filter_internal.h"

static bool anchor_of(const struct filter_step *s, enum filter_anchor *ret)
{
	static const struct {
		const char *field;
		enum filter_anchor anchor;
	} anchors[] = { { "itemId", ANCHOR_ITEM_ID },
			{ "brand", ANCHOR_BRAND },
			{ "category", ANCHOR_CATEGORY },
			{ "categories", ANCHOR_CATEGORY },
			{ "tags", ANCHOR_TAG } };
	const char *name = filter__of_item.v[s->field].name;

	for (size_t i = 0; s->compare == COMPARE_EQUAL && i < ARRAY_SIZE(anchors); i++)
		if (strcmp(name, anchors[i].field) == 0) {
			*ret = anchors[i].anchor;
			return true;
		}
	return false;
}

/* The tests of a conjunction end with a skip to its end, but for the last one; a negated one has a step of its own behind it. */
bool filter_anchored(const struct filter_pool *pool, struct filter f, enum filter_anchor *ret,
		     const struct filter_value **ret_values, unsigned *ret_n)
{
	for (unsigned i = f.first; i < f.end; i += 2) {
		const struct filter_step *s = &pool->steps[i];
		bool is_last = i + 1 == f.end;

		if (s->kind != FILTER_TEST)
			return false;
		if (!is_last && !(s[1].kind == FILTER_SKIP_IF_FALSE && s[1].to == f.end))
			return false;
		if (anchor_of(s, ret)) {
			*ret_values = &pool->values[s->first];
			*ret_n = s->value_n;
			return true;
		}
	}
	return false;
}
