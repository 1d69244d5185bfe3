#include "query/filter_internal.h"
#include "schemas/scan.h"

#include <math.h>

static bool numbers_match(double a, enum compare compare, double b)
{
	switch (compare) {
	case COMPARE_EQUAL:
		return a == b;
	case COMPARE_UNEQUAL:
		return a != b;
	case COMPARE_LESS:
		return a < b;
	case COMPARE_MOST:
		return a <= b;
	case COMPARE_MORE:
		return a > b;
	case COMPARE_LEAST:
		return a >= b;
	}
	return false;
}

static bool values_match(const struct filter_pool *pool, const struct filter_step *s, int kind, double number,
			 struct str text)
{
	for (unsigned i = 0; i < s->value_n; i++) {
		const struct filter_value *v = &pool->values[s->first + i];

		if ((int)v->kind == kind &&
		    (kind == FILTER_TEXT ? str_eq(text, v->text) : numbers_match(number, s->compare, v->number)))
			return true;
	}
	return false;
}

static bool text_matches(const struct filter_pool *pool, const struct filter_step *s, struct str text)
{
	return text.n && values_match(pool, s, FILTER_TEXT, 0, text);
}

static bool number_matches(const struct filter_pool *pool, const struct filter_step *s, double number)
{
	return values_match(pool, s, FILTER_NUMBER, number, (struct str){ 0 });
}

static bool flag_matches(const struct filter_pool *pool, const struct filter_step *s, bool flag)
{
	return values_match(pool, s, FILTER_FLAG, flag, (struct str){ 0 });
}

static bool list_matches(const struct filter_pool *pool, const struct filter_step *s, const struct str_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (text_matches(pool, s, list->v[i]))
			return true;
	return false;
}

static bool category_matches(const struct filter_pool *pool, const struct filter_step *s, const struct str_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		for (unsigned k = 0; k < s->value_n; k++)
			if (pool->values[s->first + k].text.n &&
			    category_is_under(list->v[i], pool->values[s->first + k].text))
				return true;
	return false;
}

static bool region_matches(const struct filter_pool *pool, const struct filter_step *s, const struct str_list *list)
{
	for (unsigned k = 0; k < s->value_n; k++)
		if (region_sells(list, pool->values[s->first + k].text))
			return true;
	return false;
}

/* ---- attributes ---- */

static bool token_matches(const struct filter_pool *pool, const struct filter_step *s, int token,
			  const struct scan *scan)
{
	switch (token) {
	case TOKEN_STRING:
		return text_matches(pool, s, scan->text);
	case TOKEN_NUMBER:
		return number_matches(pool, s, number_to_double(&scan->number));
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		return flag_matches(pool, s, token == TOKEN_TRUE);
	}
	return false;
}

/* From a value on; an array matches with one of its values. */
static bool value_matches(const struct filter_pool *pool, const struct filter_step *s, struct scan *scan)
{
	int token = scan_value(scan);

	if (token != TOKEN_ARRAY)
		return token_matches(pool, s, token, scan);
	while (scan_item(scan) > 0) {
		token = scan_value(scan);
		if (token < 0)
			return false;
		if (token_matches(pool, s, token, scan))
			return true;
	}
	return false;
}

static bool attribute_matches(const struct filter_pool *pool, const struct filter_step *s, struct str attributes)
{
	char room[CATALOG_ATTRIBUTES_MAX]; /* as scan, left as it is: neither is filled but with what is read */
	struct scan scan;
	struct error e = { 0 };

	if (!attributes.n || attributes.n > sizeof(room))
		return false;
	scan_init(&scan, attributes.p, attributes.n, room, &e);
	if (scan_value(&scan) != TOKEN_OBJECT)
		return false;
	while (scan_key(&scan) > 0) {
		int token;

		if (str_eq(scan.text, s->name))
			return value_matches(pool, s, &scan);
		token = scan_value(&scan);
		if (token < 0 || scan_skip(&scan, token) < 0)
			return false;
	}
	return false;
}

/* ---- tests ---- */

static bool place_matches(const struct filter_pool *pool, const struct filter_step *s, struct str place)
{
	for (unsigned i = 0; place.n && i < s->value_n; i++)
		if (str_alike(pool->values[s->first + i].text, place))
			return true;
	return false;
}

/* `of` is what has the field. */
static bool field_matches(const struct filter_pool *pool, const struct filter_step *s, const struct filter_field *f,
			  const void *of)
{
	const void *at = (const char *)of + f->at;
	int64_t number;
	double real;

	switch (f->kind) {
	case FIELD_TEXT:
		return text_matches(pool, s, *(const struct str *)at);
	case FIELD_MICROS:
		number = *(const int64_t *)at;
		return number != PRICE_ABSENT && number_matches(pool, s, (double)number / (double)MICROS);
	case FIELD_COUNT:
		number = *(const int64_t *)at;
		return number >= 0 && number_matches(pool, s, (double)number);
	case FIELD_TIME:
		number = *(const int64_t *)at;
		return number != TIME_ABSENT && number_matches(pool, s, (double)number);
	case FIELD_LIST:
		return list_matches(pool, s, at);
	case FIELD_CATEGORY:
		return category_matches(pool, s, at);
	case FIELD_REGION:
		return region_matches(pool, s, at);
	case FIELD_ATTRIBUTE:
		return attribute_matches(pool, s, *(const struct str *)at);
	case FIELD_REAL:
		real = *(const double *)at;
		return !isnan(real) && number_matches(pool, s, real);
	case FIELD_PLACE:
		return place_matches(pool, s, *(const struct str *)at);
	case FIELD_FLAG:
		return flag_matches(pool, s, *(const bool *)at);
	default:
		return false;
	}
}

static bool person_test(const struct filter_pool *pool, const struct filter_step *s, const void *person)
{
	return field_matches(pool, s, &filter__of_person.v[s->field], person);
}

static bool item_test(const struct filter_pool *pool, const struct filter_step *s, const void *subject)
{
	const struct filter_item *item = subject;
	const struct filter_field *f = &filter__of_item.v[s->field];
	const struct stock_level *stock = &item->stock;

	switch (f->kind) {
	case FIELD_ITEM_ID:
		return text_matches(pool, s, item->item_id);
	case FIELD_STOCK:
		return stock->known && number_matches(pool, s, (double)stock->quantity);
	case FIELD_IN_STOCK:
		return flag_matches(pool, s, !stock->known || stock->quantity > 0);
	case FIELD_LOW_STOCK:
		return flag_matches(pool, s, stock->known && stock->quantity <= item->low_stock);
	default:
		return item->record && field_matches(pool, s, f, item->record);
	}
}

typedef bool (*test)(const struct filter_pool *pool, const struct filter_step *s, const void *subject);

static bool run(const struct filter_pool *pool, struct filter f, test test_matches, const void *subject)
{
	bool is_true = true;

	for (unsigned i = f.first; i < f.end;) {
		const struct filter_step *s = &pool->steps[i++];

		switch (s->kind) {
		case FILTER_TEST:
			is_true = test_matches(pool, s, subject);
			break;
		case FILTER_NOT:
			is_true = !is_true;
			break;
		case FILTER_SKIP_IF_TRUE:
			i = is_true ? s->to : i;
			break;
		case FILTER_SKIP_IF_FALSE:
			i = is_true ? i : s->to;
			break;
		}
	}
	return is_true;
}

bool filter_matches(const struct filter_pool *pool, struct filter f, const struct filter_item *item)
{
	return run(pool, f, item_test, item);
}

bool filter_matches_person(const struct filter_pool *pool, struct filter f, const struct filter_person *person)
{
	return run(pool, f, person_test, person);
}

unsigned filter_reads(const struct filter_pool *pool, struct filter f)
{
	unsigned ret = 0;

	for (unsigned i = f.first; i < f.end; i++) {
		enum field_kind kind = filter__of_person.v[pool->steps[i].field].kind;

		if (pool->steps[i].kind != FILTER_TEST)
			continue;
		ret |= kind == FIELD_PLACE ? FILTER_READS_COUNTRY : 0;
		ret |= kind == FIELD_CATEGORY ? FILTER_READS_CATEGORIES : 0;
	}
	return ret;
}

double boost_of(const struct filter_pool *pool, const struct boost *b, const struct filter_item *item)
{
	double factor = 1;

	for (unsigned i = 0; i < b->n; i++)
		if (filter_matches(pool, b->rules[i].when, item))
			factor *= b->rules[i].factor;
	return factor;
}
