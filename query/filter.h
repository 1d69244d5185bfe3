/*
 * filter.h - conditions on an item (`filter` and `boost` of a request) or on a person (`filter` of a segment), parsed once
 * into a bounded program.
 *
 *     expression  = conjunction { "or" conjunction }
 *     conjunction = negation { "and" negation }
 *     negation    = "not" negation | "(" expression ")" | test
 *     test        = FLAG | FIELD operator value | FIELD [ "not" ] "in" "(" value { "," value } ")"
 *     operator    = "=" | "!=" | "<" | "<=" | ">" | ">="
 *     value       = number | "text" | 'text' | true | false        a quote or a backslash in a text: \" \' \\
 *     boost       = expression "->" factor { ";" expression "->" factor }
 *
 * Words are told apart without case; names of fields are as in the catalogue (filter_fields.c has the tables).
 *
 * A test is true when one of the item's values stands in the relation: a list holds the value, a category is the value
 * or under it, `region` is sold there (no regions: everywhere). A field that the item does not have makes every test
 * false. `!=` and `not in` are the opposites of `=` and `in`: they are true of an item without the field.
 *
 * Bounded: FILTER_TEXT_MAX bytes an expression, FILTER_DEPTH_MAX levels of parentheses and `not`; steps go forward
 * only, so that a program ends after at most FILTER_STEPS_MAX of them.
 *
 * Errors: BAD_REQUEST, whose text begins with the place ("character 12: ...") and which suggests a near name.
 * Thread: any; a pool is its owner's.
 */
#ifndef AISLE_QUERY_FILTER_H
#define AISLE_QUERY_FILTER_H

#include "schemas/catalog_item.h"
#include "views/stock.h"

#define FILTER_TEXT_MAX 4096 /* bytes of one expression */
#define FILTER_DEPTH_MAX 32
#define FILTER_STEPS_MAX 512
#define FILTER_VALUES_MAX 512
#define FILTER_POOL_TEXT_MAX 16384 /* bytes of all texts in the expressions of a pool */
#define BOOST_RULES_MAX 16
#define BOOST_FACTOR_MAX 1000

struct filter_value {
	enum { FILTER_NUMBER, FILTER_TEXT, FILTER_FLAG } kind;
	double number; /* of flags: 0 or 1; of times: ms */
	struct str text;
};

struct filter_step {
	enum { FILTER_TEST, FILTER_NOT, FILTER_SKIP_IF_TRUE, FILTER_SKIP_IF_FALSE } kind;
	uint8_t field, compare;  /* TEST */
	uint16_t first, value_n; /* TEST: its values */
	uint16_t to;             /* SKIP */
	struct str name;         /* TEST of attributes.NAME */
};

/* Programs; they are parsed into a filter_space and may be packed from there. */
struct filter_pool {
	unsigned step_n, value_n, text_n;
	struct filter_step *steps;
	struct filter_value *values;
	char *text;
};

/* A pool with room for whatever may be asked: those of one request. Not to be moved. */
struct filter_space {
	struct filter_pool pool;
	struct filter_step steps[FILTER_STEPS_MAX];
	struct filter_value values[FILTER_VALUES_MAX];
	char text[FILTER_POOL_TEXT_MAX];
};

/* One condition in a pool; all-zero is true of every item. */
struct filter {
	uint16_t first, end; /* steps */
};

struct boost {
	unsigned n;
	struct {
		struct filter when;
		double factor;
	} rules[BOOST_RULES_MAX];
};

/* What is known of the item. */
struct filter_item {
	struct str item_id;
	const struct catalog_item *record; /* NULL: none */
	struct stock_level stock;
	int64_t low_stock; /* stock at or below it is low */
};

/* What is known of a person. NAN, TIME_ABSENT and n = 0: not known. */
struct filter_person {
	double orders, units, spend, average_order; /* units and spend less returns; spend and average in whole money */
	double days_since_first, days_since_last;   /* to the watermark */
	int64_t first_ms, last_ms;
	struct str country;
	struct str_list viewed, bought; /* categories */
	bool is_big_spender;
};

/* Empty, for the first time or again. */
void filter_space_clear(struct filter_space *space);
/* A copy in one piece of memory without any room left, to free(); filters mean the same in it. */
struct filter_pool *filter_pool_pack(const struct filter_pool *pool);

/* `field` names the text in errors. The text need not outlive the call. */
int filter_parse(struct filter_pool *pool, const char *field, struct str text, struct filter *ret,
		 struct error *e) MUST_CHECK;
bool filter_matches(const struct filter_pool *pool, struct filter f, const struct filter_item *item);

/* The same of a person. A program that was parsed for the one means nothing for the other. */
int filter_parse_person(struct filter_pool *pool, const char *field, struct str text, struct filter *ret,
			struct error *e) MUST_CHECK;
bool filter_matches_person(const struct filter_pool *pool, struct filter f, const struct filter_person *person);
/* What it asks for beside the profile, which takes further looks. */
enum {
	FILTER_READS_COUNTRY = 1 << 0,
	FILTER_READS_CATEGORIES = 1 << 1 /* the history, and records */
};
unsigned filter_reads(const struct filter_pool *pool, struct filter f);

/*
 * What an item must be for a condition to be true of it: one that begins "brand = 'x' and ..." is true of no other brand.
 * So conditions are found by an item instead of being tried on each. False: it may be true of any item.
 */
enum filter_anchor { ANCHOR_ITEM_ID, ANCHOR_BRAND, ANCHOR_CATEGORY, ANCHOR_TAG };
bool filter_anchored(const struct filter_pool *pool, struct filter f, enum filter_anchor *ret,
		     const struct filter_value **ret_values, unsigned *ret_n);

int boost_parse(struct filter_pool *pool, struct str text, struct boost *ret, struct error *e) MUST_CHECK;
/* The product of the factors whose condition matches; 1 when none does. */
double boost_of(const struct filter_pool *pool, const struct boost *b, const struct filter_item *item);

#endif
