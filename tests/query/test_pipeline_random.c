/*
 * Random shops and requests, 100,000 of them: whatever is asked, nothing stands on a page that is out of stock, deleted,
 * not available, not sold there, excluded, asked about, shown before, against the filter, or twice.
 */
#include "query/filter.h"
#include "views/idmap.h"
#include "tests/lib/draw.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOPS 20
#define REQUESTS 5000
#define CHANGES 25 /* requests between two changes of the shop */
#define ITEMS 48
#define PEOPLE 12
#define DEPTH_MAX 3

struct model {
	char id[8];
	bool has_record, deleted, has_stock, available;
	int stock, price, rating; /* price, rating: -1 none */
	const char *category, *brand, *region, *color;
	bool viewed_by[PEOPLE], bought_by[PEOPLE];
};

static const char *const categories[] = { NULL, "A", "A > B", "A > B > C", "A > D", "E", "E > F" };
static const char *const brands[] = { NULL, "x", "y", "z" };
static const char *const regions[] = { NULL, NULL, "DE", "FR" };
static const char *const colors[] = { NULL, "red", "blue" };

static struct stall s;
static struct model items[ITEMS];
static struct recommend_request rq;
static uint64_t state;

static unsigned below(unsigned n)
{
	return (unsigned)draw(&state, n);
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

/* ---- the shop ---- */

static void write_record(struct model *m)
{
	struct catalog_item item;
	char attributes[32];

	catalog_item_init(&item);
	item.item_id = str_of(m->id);
	if (!m->deleted) {
		item.brand = str_of(m->brand);
		item.price_micros = m->price < 0 ? PRICE_ABSENT : m->price * MICROS;
		item.rating_micros = m->rating < 0 ? PRICE_ABSENT : m->rating * MICROS;
		item.rating_count = m->rating < 0 ? -1 : 5;
		item.available_to_ms = m->available ? TIME_ABSENT : SHOP_START;
		if (m->category)
			item.categories = (struct str_list){ 1, { str_of(m->category) } };
		if (m->region)
			item.regions = (struct str_list){ 1, { str_of(m->region) } };
		snprintf(attributes, sizeof(attributes), "{\"color\":\"%s\"}", m->color ? m->color : "");
		item.attributes = m->color ? str_of(attributes) : (struct str){ 0 };
	}
	cr_assert_eq(fold_catalog(s.shop.fold, &item, m->deleted), 0);
}

static void write_stock(struct model *m)
{
	struct stock_record rec = { .item_id = str_of(m->id), .quantity = m->stock, .lead_time_hours = -1 };
	static int64_t t_ms = SHOP_START;

	cr_assert_eq(fold_stock(s.shop.fold, &rec, false, ++t_ms, NULL), 0);
}

static void change_item(struct model *m)
{
	if (below(8)) {
		m->has_record = true;
		m->deleted = below(8) == 0;
		m->available = below(8) != 0;
		m->price = (int)below(30) - 1;
		m->rating = (int)below(7) - 1;
		m->category = PICK(categories);
		m->brand = PICK(brands);
		m->region = PICK(regions);
		m->color = PICK(colors);
		write_record(m);
	}
	if (below(2)) {
		m->has_stock = true;
		m->stock = (int)below(4) * 3;
		write_stock(m);
	}
}

static void play_events(void)
{
	for (int i = 0; i < 300; i++) {
		unsigned item = below(ITEMS) * below(ITEMS) / ITEMS, other = below(ITEMS), person = below(PEOPLE);

		if (below(3) == 0) {
			shop_playf(&s.shop, "u%u buy %s,%s @%dm s=%d", person, items[item].id, items[other].id, i,
				   i / 9);
			items[item].bought_by[person] = items[other].bought_by[person] = true;
		} else {
			shop_playf(&s.shop, "u%u view %s @%dm s=%d", person, items[item].id, i, i / 9);
			items[item].viewed_by[person] = true;
		}
	}
}

static void open_shop(unsigned seed)
{
	state = seed;
	memset(items, 0, sizeof(items));
	stall_open(&s, "answers.minSupport=1", "answers.lowStock=3", NULL);
	for (unsigned i = 0; i < ITEMS; i++) {
		snprintf(items[i].id, sizeof(items[i].id), "p%u", i);
		items[i].price = items[i].rating = -1;
		items[i].available = true;
		change_item(&items[i]);
	}
	play_events();
	stall_rank(&s);
}

/* ---- conditions, as text and as what they should be true of ---- */

struct condition {
	char text[512];
	bool of[ITEMS];
};

static bool is_under(const struct model *m, const char *category)
{
	return m->category && category_is_under(str_of(m->category), str_of(category));
}

static bool is_live(const struct model *m)
{
	return m->has_record && !m->deleted;
}

static void draw_test(struct condition *c)
{
	unsigned which = below(7), n = below(30);
	const char *category = categories[1 + below(ARRAY_SIZE(categories) - 1)];

	static const char *const texts[] = { "price < %u", "rating >= %u", "stock > %u", "inStock", "lowStock" };

	if (which < 5)
		snprintf(c->text, sizeof(c->text), texts[which], which == 1 ? n % 6 : which == 2 ? n % 10 : n);
	else if (which == 5)
		snprintf(c->text, sizeof(c->text), "category in ('%s', 'Q')", category);
	else
		snprintf(c->text, sizeof(c->text), "attributes.color = 'red' or brand != 'x'");
	for (unsigned i = 0; i < ITEMS; i++) {
		const struct model *m = &items[i];

		c->of[i] = which == 0   ? is_live(m) && m->price >= 0 && m->price < (int)n
			   : which == 1 ? is_live(m) && m->rating >= 0 && m->rating >= (int)n % 6
			   : which == 2 ? m->has_stock && m->stock > (int)n % 10
			   : which == 3 ? !m->has_stock || m->stock > 0
			   : which == 4 ? m->has_stock && m->stock <= 3
			   : which == 5 ? is_live(m) && is_under(m, category)
					: !is_live(m) || (m->color && strcmp(m->color, "red") == 0) || !m->brand ||
						  strcmp(m->brand, "x") != 0;
	}
}

static void draw_condition(struct condition *c, unsigned depth)
{
	struct condition a, b;
	unsigned how = depth < DEPTH_MAX ? below(4) : 0;

	if (how == 0) {
		draw_test(c);
		return;
	}
	draw_condition(&a, depth + 1);
	draw_condition(&b, depth + 1);
	if (how == 3)
		snprintf(c->text, sizeof(c->text), "not (%.500s)", a.text);
	else
		snprintf(c->text, sizeof(c->text), "(%.240s) %s (%.240s)", a.text, how == 1 ? "and" : "or", b.text);
	for (unsigned i = 0; i < ITEMS; i++)
		c->of[i] = how == 1 ? a.of[i] && b.of[i] : how == 2 ? a.of[i] || b.of[i] : !a.of[i];
}

static struct condition limited; /* by a rule, to `limit` a page; ITEMS: there is none */
static unsigned limit, pins;

/* Rules of all requests until the items change again. */
static void change_rules(void)
{
	unsigned item = below(ITEMS - 1);
	char rule[640];

	limit = below(4) ? ITEMS : below(3);
	draw_condition(&limited, 1);
	snprintf(rule, sizeof(rule), "{'action':{'quota':{'filter':\"%s\",'max':%u}}}", limited.text, limit);
	stall_decide(&s, "rule/quota", limit < ITEMS ? rule : NULL);
	pins = below(4) ? 0 : 2;
	snprintf(rule, sizeof(rule), "{'action':{'pin':{'itemIds':['p%u','p%u'],'position':%u}}}", item, item + 1,
		 1 + below(12));
	stall_decide(&s, "rule/pin", pins ? rule : NULL);
}

/* ---- a request ---- */

static struct condition filter;
static struct idmap shown;
static int person; /* whose, or -1 */

static void draw_inputs(const struct scenario_info *info)
{
	static char user[16];

	rq.given = info->required & INPUT_PLACE;
	person = info->inputs & INPUT_USER_ID && (info->required & INPUT_USER_ID || below(2)) ? (int)below(PEOPLE) : -1;
	if (person >= 0) {
		snprintf(user, sizeof(user), "u%d", person);
		rq.user_id = str_of(user);
		rq.exclude_purchased = below(4) == 0;
		rq.exclude_viewed = below(4) == 0;
	}
	if (info->inputs & INPUT_ITEM_IDS && (info->required & INPUT_ITEM_IDS || below(2)))
		for (rq.item_count = 0; rq.item_count == 0 || below(2); rq.item_count++)
			rq.item_ids[rq.item_count] = str_of(items[below(ITEMS)].id);
	if (info->inputs & INPUT_SESSION_ITEMS && (info->required & INPUT_SESSION_ITEMS || below(4) == 0))
		rq.session_items[rq.session_item_count++] = str_of(items[below(ITEMS)].id);
	if (info->inputs & INPUT_QUERY && (info->required & INPUT_QUERY || below(2)))
		rq.query = STR("shoe");
	if (info->inputs & INPUT_CATEGORY && (info->required & INPUT_CATEGORY || below(3) == 0))
		rq.category = str_of(categories[1 + below(ARRAY_SIZE(categories) - 1)]);
}

static void draw_shape(void)
{
	rq.count = below(4) ? 1 + below(12) : 1 + below(RECOMMEND_COUNT_MAX);
	if (below(2)) {
		draw_condition(&filter, 0);
		rq.filter = str_of(filter.text);
	}
	if (rq.given & INPUT_PLACE || below(3) == 0)
		rq.country = str_of(PICK(((const char *const[]){ "DE", "FR", "ch" })));
	if (below(4) == 0)
		rq.boost = STR("brand = 'x' -> 3; price > 20 -> 0.2");
	rq.has_diversity = below(3) == 0;
	rq.diversity = below(11) / 10.0;
	if (below(3) == 0)
		rq.sort = (enum sort_order)below(6);
	if (below(4) == 0)
		rq.strict = (enum strictness)below(3);
	if (below(3) == 0)
		rq.fill = (enum fill_mode)below(rq.strict == STRICT_TRUE ? 3 : 4);
	rq.has_min_score = below(8) == 0;
	rq.min_score = 0.5;
	for (unsigned i = below(4) ? 0 : below(10); i > 0; i--)
		rq.exclude_ids[rq.exclude_count++] = str_of(items[below(ITEMS)].id);
	idmap_clear(&shown);
	for (unsigned i = below(4) ? 0 : below(10); i > 0; i--)
		idmap_put(&shown, shown_key(str_of(items[below(ITEMS)].id)), 0);
	rq.shown = below(2) ? &shown : NULL;
	rq.rank_before = below(2) * 7;
}

static void draw_request(void)
{
	struct scenario_info info;
	size_t n = 0;

	while (scenario_info(n, &info))
		n++;
	cr_assert(scenario_info(below((unsigned)n), &info));
	memset(&rq, 0, offsetof(struct recommend_request, item_ids));
	rq.scenario = str_of(info.slug);
	rq.max_staleness_ms = -1;
	draw_inputs(&info);
	draw_shape();
}

/* ---- what must hold ---- */

static bool has(const struct str *list, unsigned n, const struct model *m)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(list[i], str_of(m->id)))
			return true;
	return false;
}

/* May it be shown at all? Says why not. */
static const char *fault_of(const struct model *m)
{
	if (is_live(m) && !m->available)
		return "not available";
	if (m->deleted)
		return "deleted";
	if (m->has_stock && m->stock <= 0)
		return "out of stock";
	if (rq.country.n && is_live(m) && m->region && !str_eq(rq.country, str_of(m->region)))
		return "not sold there";
	if (has(rq.exclude_ids, rq.exclude_count, m))
		return "excluded";
	if (has(rq.item_ids, rq.item_count, m))
		return "asked about";
	if (rq.shown && idmap_get(&shown, shown_key(str_of(m->id))))
		return "shown before";
	if (person >= 0 &&
	    ((rq.exclude_purchased && m->bought_by[person]) || (rq.exclude_viewed && m->viewed_by[person])))
		return "the person's own";
	return NULL;
}

/* Does it meet what was asked for? Best sellers may fill a list with anything. */
static const char *mismatch_of(const struct recommended *r, const struct model *m)
{
	bool any = rq.fill == FILL_ANY || (rq.fill == FILL_DEFAULT && rq.strict == STRICT_FALSE);
	struct str category = s.answer.widened_to.n ? s.answer.widened_to : rq.category;

	if (any && strcmp(r->strategy, "best-sellers") == 0)
		return NULL;
	if (rq.filter.n && !filter.of[m - items])
		return "against the filter";
	if (category.n && !(is_live(m) && m->category && category_is_under(str_of(m->category), category)))
		return "of another category";
	if (rq.has_min_score && !r->promoted && r->score < rq.min_score)
		return "of too low a score";
	return NULL;
}

#define EXPECT(condition, ...) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%.*s count=%u filter=%.*s fill=%d strict=%d: ", STR_FMT(rq.scenario), \
				rq.count, STR_FMT(rq.filter), (int)rq.fill, (int)rq.strict); \
			fprintf(stderr, __VA_ARGS__); \
			cr_assert_fail("see above"); \
		} \
	} while (0)

static const struct model *model_of(struct str id)
{
	for (unsigned i = 0; i < ITEMS; i++)
		if (str_eq(id, str_of(items[i].id)))
			return &items[i];
	cr_assert_fail("'%.*s' is no item", STR_FMT(id));
	return NULL;
}

static void check_order(void)
{
	double before = 0;
	bool is_first = true;

	if (rq.sort != SORT_PRICE)
		return;
	for (unsigned i = 0; i < s.answer.item_count; i++) {
		const struct recommended *r = &s.answer.items[i];
		const struct model *m = model_of(r->item_id);
		double price = is_live(m) && m->price >= 0 ? m->price : 1e9;

		if (r->promoted)
			continue;
		EXPECT(is_first || price >= before, "%s is not in order of price\n", m->id);
		before = price;
		is_first = false;
	}
}

static void check_answer(void)
{
	bool seen[ITEMS] = { false };
	unsigned in_quota = 0, pinned = 0;

	EXPECT(s.answer.item_count <= rq.count, "%u items\n", s.answer.item_count);
	for (unsigned i = 0; i < s.answer.item_count; i++) {
		const struct recommended *r = &s.answer.items[i];
		const struct model *m = model_of(r->item_id);
		size_t number = (size_t)(m - items);

		EXPECT(!seen[number], "%s twice\n", m->id);
		seen[number] = true;
		EXPECT(!fault_of(m), "%s is %s\n", m->id, fault_of(m));
		EXPECT(!mismatch_of(r, m), "%s is %s\n", m->id, mismatch_of(r, m));
		EXPECT(r->rank == rq.rank_before + i + 1, "rank %u\n", r->rank);
		EXPECT(r->reason[0], "%s has no reason\n", m->id);
		in_quota += limited.of[number];
		pinned += r->promoted;
	}
	EXPECT(pinned <= pins, "%u pinned\n", pinned);
	EXPECT(in_quota <= limit + pinned, "%u in the quota\n", in_quota);
	check_order();
}

/* Of the ranked list, which has every item that sold, none is missing while there is room. */
static void check_completeness(void)
{
	struct recommend_request all = { .scenario = STR("best-sellers"),
					 .count = RECOMMEND_COUNT_MAX,
					 .max_staleness_ms = -1 };
	unsigned possible = 0, got = s.answer.item_count;
	struct error e = { 0 };

	if (!str_eq(rq.scenario, STR("best-sellers")) || rq.category.n || rq.has_min_score || limit < ITEMS || pins ||
	    rq.fill == FILL_ANY || rq.strict == STRICT_FALSE)
		return;
	cr_assert_eq(recommend(s.answerer, &all, &s.answer, &e), 0, "%s", e.text);
	for (unsigned i = 0; i < s.answer.item_count; i++) {
		const struct model *m = model_of(s.answer.items[i].item_id);

		possible += !fault_of(m) && (!rq.filter.n || filter.of[m - items]);
	}
	EXPECT(got == (possible < rq.count ? possible : rq.count), "%u items, of %u possible\n", got, possible);
}

Test(pipeline_random, nothing_that_may_not_be_shown_is, .timeout = 600)
{
	uint64_t answered = 0;

	for (unsigned shop = 0; shop < SHOPS; shop++) {
		open_shop(shop + 1);
		change_rules();
		for (unsigned i = 0; i < REQUESTS; i++) {
			struct error e = { 0 };

			if (i % CHANGES == CHANGES - 1) {
				change_item(&items[below(ITEMS)]);
				cr_assert_eq(fold_commit(s.shop.fold, NULL), 0);
				change_rules();
			}
			if (i % 1000 == 999)
				stall_rank(&s);
			draw_request();
			cr_assert_eq(recommend(s.answerer, &rq, &s.answer, &e), 0, "%.*s: %s %s", STR_FMT(rq.scenario),
				     e.field, e.text);
			answered += s.answer.item_count;
			check_answer();
			check_completeness();
		}
		stall_close(&s);
	}
	idmap_fini(&shown);
	cr_assert_gt(answered, 100000, "there was something to check: %llu", (unsigned long long)answered);
}
