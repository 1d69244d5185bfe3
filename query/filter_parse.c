/* Recursive descent; `and` and `or` become skips over what need not be looked at any more. */
#include "query/filter_internal.h"
#include "schemas/decode.h"
#include "schemas/scan.h"

#include <assert.h>

static bool parse_level(struct filter_parser *p, bool is_or);

void filter_space_clear(struct filter_space *space)
{
	space->pool = (struct filter_pool){ .steps = space->steps, .values = space->values, .text = space->text };
}

static void move_text(struct str *s, const struct filter_pool *from, const struct filter_pool *to)
{
	if (s->n)
		s->p = to->text + (s->p - from->text);
}

struct filter_pool *filter_pool_pack(const struct filter_pool *pool)
{
	size_t steps = pool->step_n * sizeof(*pool->steps), values = pool->value_n * sizeof(*pool->values);
	struct filter_pool *ret = xmalloc(sizeof(*ret) + steps + values + pool->text_n);

	*ret = *pool;
	ret->steps = (struct filter_step *)(ret + 1);
	ret->values = (struct filter_value *)(ret->steps + pool->step_n);
	ret->text = (char *)(ret->values + pool->value_n);
	memcpy(ret->steps, pool->steps, steps);
	memcpy(ret->values, pool->values, values);
	memcpy(ret->text, pool->text, pool->text_n);
	for (unsigned i = 0; i < ret->step_n; i++)
		move_text(&ret->steps[i].name, pool, ret);
	for (unsigned i = 0; i < ret->value_n; i++)
		move_text(&ret->values[i].text, pool, ret);
	return ret;
}

static bool emit(struct filter_parser *p, struct filter_step step)
{
	if (p->pool->step_n == FILTER_STEPS_MAX)
		return filter__fail(p, "the conditions have more than %d steps", FILTER_STEPS_MAX);
	p->pool->steps[p->pool->step_n++] = step;
	return true;
}

static bool keep_text(struct filter_parser *p, struct str *ret)
{
	char *room = filter__text_room(p, p->text.n);

	if (!room)
		return false;
	if (p->text.n)
		memmove(room, p->text.p, p->text.n);
	*ret = (struct str){ room, p->text.n };
	return true;
}

/* ---- values ---- */

static bool wants_text(enum field_kind kind)
{
	return kind == FIELD_TEXT || kind == FIELD_LIST || kind == FIELD_CATEGORY || kind == FIELD_REGION ||
	       kind == FIELD_ITEM_ID || kind == FIELD_TIME || kind == FIELD_PLACE;
}

static bool wants_number(enum field_kind kind)
{
	return kind == FIELD_MICROS || kind == FIELD_COUNT || kind == FIELD_STOCK || kind == FIELD_REAL;
}

static bool wants_flag(enum field_kind kind)
{
	return kind == FIELD_IN_STOCK || kind == FIELD_LOW_STOCK || kind == FIELD_FLAG;
}

static bool check_kind(struct filter_parser *p, const struct filter_field *f, const struct filter_value *v)
{
	if (wants_text(f->kind) && v->kind != FILTER_TEXT)
		return filter__fail(p, "'%s' is compared with a text in quotes", f->name);
	if (wants_number(f->kind) && v->kind != FILTER_NUMBER)
		return filter__fail(p, "'%s' is compared with a number", f->name);
	if (wants_flag(f->kind) && v->kind != FILTER_FLAG)
		return filter__fail(p, "'%s' is true or false", f->name);
	return true;
}

/* Times become numbers, categories are written as the catalogue has them. */
static bool convert(struct filter_parser *p, const struct filter_field *f, struct filter_value *v)
{
	int64_t t_ms;
	char *room;

	if (f->kind == FIELD_TIME) {
		if (!parse_rfc3339(v->text, &t_ms))
			return filter__fail(p, "'%s' is compared with a time like \"2026-05-01T00:00:00Z\"", f->name);
		*v = (struct filter_value){ .kind = FILTER_NUMBER, .number = (double)t_ms };
	} else if (f->kind == FIELD_CATEGORY) {
		room = filter__text_room(p, CATEGORY_JOINED_MAX(v->text.n));
		if (!room)
			return false;
		v->text = category_join(v->text, room);
	}
	return true;
}

static bool parse_value(struct filter_parser *p, const struct filter_field *f)
{
	struct filter_pool *pool = p->pool;
	struct filter_value v = { 0 };

	if (p->kind == LEX_NUMBER)
		v = (struct filter_value){ .kind = FILTER_NUMBER, .number = p->number };
	else if (p->kind == LEX_TEXT)
		v = (struct filter_value){ .kind = FILTER_TEXT, .text = p->text };
	else if (filter__is_word(p, "true") || filter__is_word(p, "false"))
		v = (struct filter_value){ .kind = FILTER_FLAG, .number = filter__is_word(p, "true") };
	else
		return filter__fail(p, "a value is expected here: a number, a text in quotes, true or false");
	if (!check_kind(p, f, &v) || !convert(p, f, &v))
		return false;
	if (pool->value_n == FILTER_VALUES_MAX)
		return filter__fail(p, "the conditions have more than %d values", FILTER_VALUES_MAX);
	pool->values[pool->value_n++] = v;
	filter__next(p);
	return p->kind != LEX_BAD;
}

/* ---- tests ---- */

static bool is_ordered(const struct filter_parser *p, const struct filter_field *f)
{
	return f->kind == FIELD_TIME || wants_number(f->kind) ||
	       (f->kind == FIELD_ATTRIBUTE && p->pool->values[p->pool->value_n - 1].kind == FILTER_NUMBER);
}

static bool parse_compare(struct filter_parser *p, const struct filter_field *f, struct filter_step *step)
{
	bool is_negative = p->compare == COMPARE_UNEQUAL;
	const char *at = p->at;

	step->compare = (uint8_t)(is_negative ? COMPARE_EQUAL : p->compare);
	filter__next(p);
	if (!parse_value(p, f))
		return false;
	step->value_n = 1;
	if (step->compare != COMPARE_EQUAL && !is_ordered(p, f)) {
		p->at = at;
		return filter__fail(p, "'%s' has no order here: it takes '=', '!=' and 'in'", f->name);
	}
	return emit(p, *step) && (!is_negative || emit(p, (struct filter_step){ .kind = FILTER_NOT }));
}

static bool parse_in(struct filter_parser *p, const struct filter_field *f, struct filter_step *step)
{
	bool is_negative = filter__is_word(p, "not");

	if (is_negative) {
		filter__next(p);
		if (!filter__is_word(p, "in"))
			return filter__fail(p, "'in' is expected after 'not'");
	}
	filter__next(p);
	if (p->kind != LEX_OPEN)
		return filter__fail(p, "'in' takes values in parentheses: %s in (...)", f->name);
	do {
		filter__next(p);
		if (!parse_value(p, f))
			return false;
		step->value_n++;
	} while (p->kind == LEX_COMMA);
	if (p->kind != LEX_CLOSE)
		return filter__fail(p, "a comma or ')' is expected here");
	filter__next(p);
	return emit(p, *step) && (!is_negative || emit(p, (struct filter_step){ .kind = FILTER_NOT }));
}

static bool parse_attribute_name(struct filter_parser *p, struct filter_step *step)
{
	if (p->kind != LEX_DOT)
		return filter__fail(p, "an attribute is written attributes.NAME");
	filter__next_name(p);
	if (p->kind != LEX_TEXT || !keep_text(p, &step->name))
		return false;
	filter__next(p);
	return p->kind != LEX_BAD;
}

static bool parse_test(struct filter_parser *p)
{
	struct filter_pool *pool = p->pool;
	struct filter_step step = { .kind = FILTER_TEST, .first = (uint16_t)pool->value_n };
	const struct filter_field *f = filter__field(p);

	if (!f)
		return false;
	step.field = (uint8_t)(f - p->fields->v);
	filter__next(p);
	if (f->kind == FIELD_ATTRIBUTE && !parse_attribute_name(p, &step))
		return false;
	if (p->kind == LEX_COMPARE)
		return parse_compare(p, f, &step);
	if (filter__is_word(p, "in") || filter__is_word(p, "not"))
		return parse_in(p, f, &step);
	if (!wants_flag(f->kind))
		return filter__fail(p, "an operator or 'in' is expected after '%s'", f->name);
	if (pool->value_n == FILTER_VALUES_MAX)
		return filter__fail(p, "the conditions have more than %d values", FILTER_VALUES_MAX);
	pool->values[pool->value_n++] = (struct filter_value){ .kind = FILTER_FLAG, .number = 1 };
	step.value_n = 1;
	return emit(p, step);
}

/* ---- expressions ---- */

static bool parse_negation(struct filter_parser *p)
{
	bool ok;

	if (p->kind != LEX_OPEN && p->kind != LEX_WORD)
		return filter__fail(p, "a condition is expected here, like %s", p->fields->example);
	if (p->kind != LEX_OPEN && !filter__is_word(p, "not"))
		return parse_test(p);
	if (p->depth == FILTER_DEPTH_MAX)
		return filter__fail(p, "nested deeper than %d", FILTER_DEPTH_MAX);
	p->depth++;
	if (p->kind == LEX_OPEN) {
		filter__next(p);
		ok = parse_level(p, true);
		if (ok && p->kind != LEX_CLOSE)
			ok = filter__fail(p, "'and', 'or' or ')' is expected here");
		filter__next(p);
	} else {
		filter__next(p);
		ok = parse_negation(p) && emit(p, (struct filter_step){ .kind = FILTER_NOT });
	}
	p->depth--;
	return ok;
}

/* The skips of one level all lead to its end: until that is known, `to` is the one before it, plus one. */
static bool parse_level(struct filter_parser *p, bool is_or)
{
	struct filter_pool *pool = p->pool;
	unsigned last = 0;

	for (;;) {
		struct filter_step skip = { .kind = is_or ? FILTER_SKIP_IF_TRUE : FILTER_SKIP_IF_FALSE,
					    .to = (uint16_t)last };

		if (!(is_or ? parse_level(p, false) : parse_negation(p)))
			return false;
		if (!filter__is_word(p, is_or ? "or" : "and"))
			break;
		if (!emit(p, skip))
			return false;
		last = pool->step_n;
		filter__next(p);
	}
	while (last) {
		struct filter_step *skip = &pool->steps[last - 1];

		last = skip->to;
		skip->to = (uint16_t)pool->step_n;
	}
	return p->kind != LEX_BAD;
}

static bool parse_expression(struct filter_parser *p, struct filter *ret)
{
	unsigned first = p->pool->step_n;

	if (!parse_level(p, true))
		return false;
	*ret = (struct filter){ (uint16_t)first, (uint16_t)p->pool->step_n };
	return true;
}

/* `e` takes the suggestion too. */
static int begin(struct filter_parser *p, const struct filter_fields *fields, struct filter_pool *pool,
		 const char *field, struct str text, struct error *e)
{
	assert(e);
	if (text.n > FILTER_TEXT_MAX)
		return error_set(e, ERR_BAD_REQUEST, field, "at most %d bytes, it has %u", FILTER_TEXT_MAX, text.n);
	if (!utf8_valid(text.p, text.n))
		return error_set(e, ERR_BAD_REQUEST, field, "is not UTF-8");
	*p = (struct filter_parser){ .pool = pool,
				     .fields = fields,
				     .field = field,
				     .begin = text.p,
				     .p = text.p,
				     .end = text.p + text.n,
				     .at = text.p,
				     .e = e };
	filter__next(p);
	return p->kind == LEX_BAD ? ERR_BAD_REQUEST : 0;
}

static int parse_whole(const struct filter_fields *fields, struct filter_pool *pool, const char *field, struct str text,
		       struct filter *ret, struct error *e)
{
	struct filter_parser p;
	struct filter made;
	int rc = begin(&p, fields, pool, field, text, e);

	if (rc)
		return rc;
	if (!parse_expression(&p, &made) ||
	    (p.kind != LEX_END && !filter__fail(&p, "'and', 'or' or the end is expected here")))
		return ERR_BAD_REQUEST;
	*ret = made;
	return 0;
}

int filter_parse(struct filter_pool *pool, const char *field, struct str text, struct filter *ret, struct error *e)
{
	return parse_whole(&filter__of_item, pool, field, text, ret, e);
}

int filter_parse_person(struct filter_pool *pool, const char *field, struct str text, struct filter *ret,
			struct error *e)
{
	return parse_whole(&filter__of_person, pool, field, text, ret, e);
}

static bool parse_factor(struct filter_parser *p, double *ret)
{
	if (p->kind != LEX_ARROW)
		return filter__fail(p, "'and', 'or' or '-> FACTOR' is expected here");
	filter__next(p);
	if (p->kind != LEX_NUMBER || p->number < 0 || p->number > BOOST_FACTOR_MAX)
		return filter__fail(p, "the factor is a number of 0 to %d", BOOST_FACTOR_MAX);
	*ret = p->number;
	filter__next(p);
	return p->kind == LEX_SEMICOLON || p->kind == LEX_END || filter__fail(p, "';' or the end is expected here");
}

int boost_parse(struct filter_pool *pool, struct str text, struct boost *ret, struct error *e)
{
	struct filter_parser p;
	int rc = begin(&p, &filter__of_item, pool, "boost", text, e);

	if (rc)
		return rc;
	ret->n = 0;
	for (;;) {
		if (ret->n == BOOST_RULES_MAX && !filter__fail(&p, "at most %d rules", BOOST_RULES_MAX))
			return ERR_BAD_REQUEST;
		if (!parse_expression(&p, &ret->rules[ret->n].when) || !parse_factor(&p, &ret->rules[ret->n].factor))
			return ERR_BAD_REQUEST;
		ret->n++;
		if (p.kind == LEX_SEMICOLON)
			filter__next(&p);
		if (p.kind == LEX_END)
			return 0;
	}
}
