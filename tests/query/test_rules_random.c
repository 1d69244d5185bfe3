/*
 * Random rules and requests: whatever people decide, nothing stands on a page that may not be shown at all, that a rule keeps
 * out, or that is too many of its kind; scores are the product of what lifts and lowers, however a rule is found.
 */
#include "tests/lib/draw.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define ITEMS 24
#define RULES 12
#define ROUNDS 25
#define REQUESTS 60 /* a round */

static const char *const categories[] = { "A", "A > B", "A > B > C", "D" };
static const char *const brands[] = { "x", "y", "z" };
static const char *const placements[] = { NULL, NULL, "best-sellers", "home", "category", "cart" };
static const char *const countries[] = { NULL, NULL, "DE", "FR" };

static struct {
	char id[8];
	unsigned category, brand, price;
	bool gone;
} items[ITEMS];

enum kind { KEEP, EXCLUDE, EXCLUDE_ITEM, BOOST, BURY, QUOTA, PIN, KINDS };

static struct rule {
	enum kind kind;
	bool of[ITEMS]; /* its condition is true of them; PIN, EXCLUDE_ITEM: the one it names */
	const char *placement, *category, *country;
	unsigned max;
} rules[RULES];

static struct stall s;
static struct answer plain;
static uint64_t state = 7;

static unsigned below(unsigned n)
{
	return (unsigned)draw(&state, n);
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

static void open_shop(void)
{
	char line[640];

	stall_open(&s, "answers.minSupport=1", NULL);
	for (unsigned i = 0; i < ITEMS; i++) {
		snprintf(items[i].id, sizeof(items[i].id), "p%u", i);
		items[i].category = below(ARRAY_SIZE(categories));
		items[i].brand = below(ARRAY_SIZE(brands));
		items[i].price = 1 + below(40);
		snprintf(line, sizeof(line), "{'itemId':'%s','categories':['%s'],'brand':'%s','price':%u}", items[i].id,
			 categories[items[i].category], brands[items[i].brand], items[i].price);
		stall_records(&s, line);
		shop_playf(&s.shop, "u%u buy %s,p%u @%us q=%u", below(6), items[i].id, below(i + 1), i, 1 + below(9));
	}
	stall_rank(&s);
}

static void change_stock(void)
{
	unsigned i = below(ITEMS);

	items[i].gone = below(3) == 0;
	stall_stock(&s, items[i].id, items[i].gone ? 0 : 5);
}

/* ---- rules, as text and as what they are true of ---- */

/* The same condition in a form that is found by an item, or in one that is tried on all. */
static void draw_condition(struct rule *r, char *ret, size_t size)
{
	const char *how = below(2) ? "" : "not not ";
	unsigned which = below(4), brand = below(ARRAY_SIZE(brands)), category = below(ARRAY_SIZE(categories));
	unsigned price = below(40), item = below(ITEMS);

	if (which == 0)
		snprintf(ret, size, "%sbrand in ('%s','Q')", how, brands[brand]);
	else if (which == 1)
		snprintf(ret, size, "%scategory in ('%s','A > B > C')", how, categories[category]);
	else if (which == 2)
		snprintf(ret, size, "%sprice < %u and brand = '%s'", how, price, brands[brand]);
	else
		snprintf(ret, size, "%sitemId = '%s' or price = %u", how, items[item].id, price);
	for (unsigned i = 0; i < ITEMS; i++) {
		struct str of = str_of(categories[items[i].category]);

		r->of[i] = which == 0 ? items[i].brand == brand
			   : which == 1
				   ? category_is_under(of, str_of(categories[category])) || str_eq(of, STR("A > B > C"))
			   : which == 2 ? items[i].price < price && items[i].brand == brand
					: i == item || items[i].price == price;
	}
}

static void write_action(struct rule *r, char *ret, size_t size)
{
	static const char *const names[] = {
		[EXCLUDE] = "exclude", [BOOST] = "boost", [BURY] = "bury", [QUOTA] = "quota"
	};
	unsigned item = below(ITEMS);
	char filter[120];

	draw_condition(r, filter, sizeof(filter));
	if (r->kind == EXCLUDE_ITEM || r->kind == PIN) {
		memset(r->of, 0, sizeof(r->of));
		r->of[item] = true;
	}
	if (r->kind == KEEP)
		snprintf(ret, size, "{'filter':\"%s\"}", filter);
	else if (r->kind == EXCLUDE_ITEM)
		snprintf(ret, size, "{'exclude':{'itemIds':['%s','none']}}", items[item].id);
	else if (r->kind == PIN)
		snprintf(ret, size, "{'pin':{'itemIds':['%s'],'position':%u}}", items[item].id, 1 + below(6));
	else
		snprintf(ret, size, "{'%s':{'filter':\"%s\"%s%s}}", names[r->kind], filter,
			 r->kind == EXCLUDE ? ""
			 : r->kind == BOOST ? ",'factor':4"
			 : r->kind == BURY  ? ",'factor':0.5"
					    : ",'max':",
			 r->kind == QUOTA ? (r->max == 1 ? "1" : "2") : "");
}

static void decide(unsigned number)
{
	struct rule *r = &rules[number];
	char key[16], text[400], action[240];
	size_t n;

	*r = (struct rule){ .kind = (enum kind)below(KINDS),
			    .placement = PICK(placements),
			    .country = PICK(countries) };
	r->category = below(2) ? PICK(categories) : NULL;
	r->max = 1 + below(2);
	if (r->kind == KEEP && below(2))
		r->kind = BOOST;
	write_action(r, action, sizeof(action));
	n = (size_t)snprintf(text, sizeof(text), "{'priority':%u,", below(20));
	if (r->placement)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "'placements':['%s'],", r->placement);
	if (r->category)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "'categories':['%s'],", r->category);
	if (r->country)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "'countries':['%s'],", r->country);
	snprintf(text + n, sizeof(text) - n, "'action':%s}", action);
	snprintf(key, sizeof(key), "rule/r%u", number);
	stall_decide(&s, key, text);
}

/* ---- requests ---- */

struct asked {
	char text[120];
	const char *scenario, *category, *country;
	unsigned count;
};

static void draw_request(struct asked *a)
{
	static const char *const scenarios[] = { "best-sellers", "home", "category", "cart" };

	*a = (struct asked){ .scenario = PICK(scenarios), .country = PICK(countries), .count = 1 + below(12) };
	if (below(3) || strcmp(a->scenario, "category") == 0)
		a->category = PICK(categories);
	snprintf(a->text, sizeof(a->text), "%s; count=%u%s%s%s%s%s; strict=true; explain", a->scenario, a->count,
		 a->category ? "; category=" : "", a->category ? a->category : "", a->country ? "; country=" : "",
		 a->country ? a->country : "", strcmp(a->scenario, "cart") == 0 ? "; items=p0" : "");
}

static bool holds(const struct rule *r, const struct asked *a)
{
	return (!r->placement || strcmp(r->placement, a->scenario) == 0) &&
	       (!r->category || (a->category && category_is_under(str_of(a->category), str_of(r->category)))) &&
	       (!r->country || (a->country && strcmp(r->country, a->country) == 0));
}

static unsigned number_of(struct str item_id)
{
	for (unsigned i = 0; i < ITEMS; i++)
		if (str_eq(item_id, str_of(items[i].id)))
			return i;
	cr_assert_fail("no item '%.*s'", STR_FMT(item_id));
	return 0;
}

static void check_item(const struct asked *a, const struct recommended *r)
{
	unsigned i = number_of(r->item_id), touched = 0;
	bool is_pinned = false;

	cr_assert_not(items[i].gone, "%s: %s is out of stock", a->text, items[i].id);
	if (a->category)
		cr_assert(category_is_under(str_of(categories[items[i].category]), str_of(a->category)));
	for (unsigned k = 0; k < RULES; k++) {
		const struct rule *rule = &rules[k];

		if (!holds(rule, a))
			continue;
		cr_assert(rule->kind != KEEP || rule->of[i], "%s: r%u keeps %s out", a->text, k, items[i].id);
		cr_assert((rule->kind != EXCLUDE && rule->kind != EXCLUDE_ITEM) || !rule->of[i], "%s: r%u excludes %s",
			  a->text, k, items[i].id);
		touched += rule->of[i] && (rule->kind == BOOST || rule->kind == BURY);
		is_pinned |= rule->of[i] && rule->kind == PIN;
	}
	cr_assert_eq(r->promoted, is_pinned, "%s: %s", a->text, items[i].id);
	if (!is_pinned)
		cr_assert_eq(r->effect_n, touched < RULE_EFFECTS_MAX ? touched : RULE_EFFECTS_MAX);
}

static void check_quotas(const struct asked *a)
{
	for (unsigned k = 0; k < RULES; k++) {
		unsigned in = 0, pinned = 0;

		if (rules[k].kind != QUOTA || !holds(&rules[k], a))
			continue;
		for (unsigned i = 0; i < s.answer.item_count; i++) {
			const struct recommended *r = &s.answer.items[i];

			in += rules[k].of[number_of(r->item_id)];
			pinned += r->promoted && rules[k].of[number_of(r->item_id)];
		}
		cr_assert_leq(in, rules[k].max > pinned ? rules[k].max : pinned, "%s: %u under r%u", a->text, in, k);
	}
}

/* Of a list by one strategy each score is that without any rule, times what touches the item. */
static void check_scores(const struct asked *a)
{
	if (strcmp(a->scenario, "best-sellers") != 0)
		return;
	for (unsigned i = 0; i < s.answer.item_count; i++) {
		const struct recommended *r = &s.answer.items[i];
		double factor = 1;

		for (unsigned k = 0; k < RULES; k++)
			if (holds(&rules[k], a) && rules[k].of[number_of(r->item_id)])
				factor *= rules[k].kind == BOOST ? 4 : rules[k].kind == BURY ? 0.5 : 1;
		for (unsigned n = 0; n < plain.item_count && !r->promoted; n++)
			if (plain.items[n].item == r->item)
				cr_assert_float_eq(r->score, plain.items[n].score * factor, 1e-9, "%s", a->text);
	}
}

Test(rules_random, nothing_that_may_not_be_shown_is)
{
	unsigned answered = 0;
	struct asked a;

	open_shop();
	cr_assert_eq(stall_ask(&s, "best-sellers; count=100"), 0);
	plain = s.answer;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < RULES; i++)
			if (round == 0 || below(3) == 0)
				decide(i);
		change_stock();
		for (unsigned k = 0; k < REQUESTS; k++) {
			draw_request(&a);
			cr_assert_eq(stall_ask(&s, a.text), 0, "%s: %s %s", a.text, s.e.field, s.e.text);
			cr_assert_leq(s.answer.item_count, a.count);
			for (unsigned i = 0; i < s.answer.item_count; i++)
				check_item(&a, &s.answer.items[i]);
			check_quotas(&a);
			check_scores(&a);
			answered += s.answer.item_count;
		}
	}
	stall_close(&s);
	cr_assert_gt(answered, ROUNDS * REQUESTS, "there was something to check: %u", answered);
}
