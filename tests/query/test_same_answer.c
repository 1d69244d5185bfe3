/*
 * Two nodes that folded the same log give the same answer, whatever numbers the ids of the shop got: one of them read its
 * partitions, each wholly before the next, its catalogue and its documents in another order.
 */
#include "query/route_explain.h"
#include "tests/lib/draw.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS 60
#define PEOPLE 40
#define EVENTS 2400
#define PARTITIONS 4
#define ASKED 16 /* requests of each scenario and strategy */
#define SEEDS 2
#define WHO 32
#define BATCH 100 /* events */

static const char *const categories[] = { "A", "A > B", "A > C", "D", "D > E", "F" };
static const char *const queries[] = { "red_shoes", "shoe", "hat", "blue_hat" };
static const char *const countries[] = { "DE", "FR", "CH" };

struct played {
	unsigned partition;
	char text[120];
};

static struct stall nodes[2];
static struct played log_of[PEOPLE + EVENTS];
static unsigned log_n, session_of[PEOPLE], sessions;
static uint64_t state;

static unsigned below(unsigned n)
{
	return (unsigned)draw(&state, n);
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

/* ---- the log ---- */

static const char *name_of(unsigned item)
{
	static char names[4][8];
	static unsigned at;

	at = (at + 1) % 4;
	snprintf(names[at], sizeof(names[at]), "p%02u", item * 37 % 100);
	return names[at];
}

/* Every fourth one is a visitor, whom the user after it turns out to be. */
static void who_is(unsigned person, bool linked, char ret[WHO])
{
	if (person % 4 == 0)
		snprintf(ret, WHO, "v%u", person);
	else if (linked && person % 4 == 1)
		snprintf(ret, WHO, "u%u+v%u", person, person - 1);
	else
		snprintf(ret, WHO, "u%u", person);
}

static struct played *append(unsigned person)
{
	struct played *p = &log_of[log_n++];

	p->partition = person % PARTITIONS;
	return p;
}

static void make_event(unsigned i)
{
	static const char *const others[] = { "add", "add", "buy", "buy", "remove", "return", "dislike" };
	unsigned person = below(PEOPLE), item = below(ITEMS) * below(ITEMS) / ITEMS, other = below(ITEMS);
	struct played *p = append(person);
	char who[WHO];

	who_is(person, below(3) == 0, who);
	if (below(10) == 0) {
		snprintf(p->text, sizeof(p->text), "%s search %s @%um s=%u l=%u", who, PICK(queries), i * 20,
			 session_of[person], p->partition);
	} else if (below(3)) {
		if (below(4) == 0 || !session_of[person])
			session_of[person] = ++sessions;
		snprintf(p->text, sizeof(p->text), "%s view %s @%um s=%u c=%s l=%u", who, name_of(item), i * 20,
			 session_of[person], PICK(countries), p->partition);
	} else {
		snprintf(p->text, sizeof(p->text), "%s %s %s,%s @%um s=%u q=%u p=%u l=%u", who, PICK(others),
			 name_of(item), name_of(other), i * 20, session_of[person], 1 + below(3), 5 + below(90),
			 p->partition);
	}
}

static void make_log(void)
{
	log_n = sessions = 0;
	memset(session_of, 0, sizeof(session_of));
	for (unsigned person = 0; person < PEOPLE; person++) {
		struct played *p = append(person);
		char who[WHO];

		who_is(person, false, who);
		snprintf(p->text, sizeof(p->text), "%s search %s @0s l=%u", who, queries[person % 4], p->partition);
	}
	for (unsigned i = 0; i < EVENTS; i++)
		make_event(i);
}

static void play_partition(struct stall *s, unsigned partition)
{
	static char text[BATCH * sizeof(log_of[0].text)];
	unsigned held = 0;
	size_t n = 0;

	for (unsigned i = 0; i < log_n; i++) {
		if (log_of[i].partition == partition) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", held ? ";" : "", log_of[i].text);
			held++;
		}
		if (held && (held == BATCH || i + 1 == log_n)) {
			shop_play(&s->shop, text);
			held = 0;
			n = 0;
		}
	}
}

static void play_log(struct stall *s, bool backwards)
{
	for (unsigned k = 0; k < PARTITIONS; k++)
		play_partition(s, backwards ? PARTITIONS - 1 - k : k);
}

/* ---- the catalogue ---- */

/* Some items have only events, some only stock. */
static void make_record(unsigned item, char *ret, size_t size)
{
	static const char *const words[] = { "red", "blue", "shoe", "hat", "large", "small" };

	snprintf(ret, size,
		 "{'itemId':'%s','title':'%s %s','categories':['%s','%s'],'brand':'b%u','price':%u.%02u,"
		 "'currency':'EUR','rating':%u.%u,'ratingCount':%u,'attributes':{'color':'%s'},'tags':['%s'],"
		 "'availableFrom':%lld,'seasons':['christmas']}",
		 name_of(item), PICK(words), PICK(words), PICK(categories), PICK(categories), below(4), 5 + below(40),
		 below(100), below(5), below(10), below(30), PICK(words), PICK(words),
		 (long long)(SHOP_START - (int64_t)below(20) * MS_PER_DAY));
}

static void fill_shelves(const char records[ITEMS][400], const unsigned *stock)
{
	for (unsigned i = 0; i < ITEMS; i++) {
		unsigned at[2] = { i, ITEMS - 1 - i };

		for (unsigned node = 0; node < 2; node++) {
			unsigned item = at[node];

			if (records[item][0])
				stall_records(&nodes[node], records[item]);
			if (stock[item]) {
				stall_stock_at(&nodes[node], name_of(item), "north", stock[item] % 7,
					       stock[item] % 3 * 24, stock[item] % 2 ? "DE" : NULL);
				stall_stock_at(&nodes[node], name_of(item), "south", 3, 48, NULL);
			}
		}
	}
}

static void decide(void)
{
	static const char *const documents[][2] = {
		{ "rule/dear", "{'action':{'boost':{'filter':'price > 30','factor':3}}}" },
		{ "rule/few", "{'action':{'quota':{'filter':\"brand = 'b1'\",'max':2}}}" },
		{ "rule/cheap", "{'action':{'bury':{'filter':'price < 20','factor':0.5}}}" },
		{ "segment/fans", "{'filter':'orders > 3'}" },
		{ "segment/lookers", "{'filter':'orders <= 3'}" },
		{ "promotion/a", "{'discount':{'percent':5},'segments':['fans']}" },
		{ "experiment/x", "{'status':'running','variants':[{'name':'a','weight':1},"
				  "{'name':'b','weight':1,'scenario':{'count':3}}]}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		for (unsigned node = 0; node < 2; node++) {
			const char *const *of = documents[node ? ARRAY_SIZE(documents) - 1 - i : i];

			stall_decide(&nodes[node], of[0], of[1]);
		}
}

static void open_nodes(unsigned seed)
{
	static char records[ITEMS][400];
	unsigned stock[ITEMS];
	state = seed;
	make_log();
	for (unsigned i = 0; i < ITEMS; i++) {
		records[i][0] = '\0';
		if (below(6))
			make_record(i, records[i], sizeof(records[i]));
		stock[i] = below(4) ? below(50) : 0;
	}
	for (unsigned node = 0; node < 2; node++)
		stall_open(&nodes[node], "answers.minSupport=1", NULL);
	fill_shelves(records, stock);
	decide();
	for (unsigned node = 0; node < 2; node++) {
		play_log(&nodes[node], node == 1);
		stall_rank(&nodes[node]);
	}
}

/* ---- asking ---- */

static void make_request(const struct scenario_info *info, char *ret, size_t size)
{
	unsigned person = below(PEOPLE);
	size_t n = (size_t)snprintf(ret, size, "%s; explain; count=%u", info->slug, below(3) ? 10 : 1 + below(40));

	if (info->inputs & INPUT_USER_ID)
		n += (size_t)snprintf(ret + n, size - n, "; %s=%c%u", person % 4 ? "user" : "visitor",
				      person % 4 ? 'u' : 'v', person);
	if (info->inputs & INPUT_ITEM_IDS) {
		n += (size_t)snprintf(ret + n, size - n, "; items=%s", name_of(below(ITEMS)));
		while (below(2))
			n += (size_t)snprintf(ret + n, size - n, ",%s", name_of(below(ITEMS)));
	}
	if (info->inputs & INPUT_SESSION_ITEMS && below(3))
		n += (size_t)snprintf(ret + n, size - n, "; seen=%s,%s", name_of(below(ITEMS)), name_of(below(ITEMS)));
	if (info->inputs & INPUT_SESSION_ID && below(2))
		n += (size_t)snprintf(ret + n, size - n, "; session=%u", session_of[person]);
	if (info->inputs & INPUT_QUERY)
		n += (size_t)snprintf(ret + n, size - n, "; query=hat");
	if (info->required & INPUT_CATEGORY || (info->inputs & INPUT_CATEGORY && below(4) == 0))
		n += (size_t)snprintf(ret + n, size - n, "; category=%s", PICK(categories));
	if (info->required & INPUT_PLACE)
		n += (size_t)snprintf(ret + n, size - n, "; country=%s", PICK(countries));
	if (below(4) == 0)
		snprintf(ret + n, size - n, "; diversity=0.5");
}

/* All that is said; scores to the last bit. */
static void write_answer(struct stall *s, const char *request, struct json_out *j)
{
	int rc = stall_ask(s, request);

	cr_assert_eq(rc, 0, "%s: %s %s", request, s->e.field, s->e.text);
	json_out_reset(j);
	json_out_array(j);
	for (unsigned i = 0; i < s->answer.item_count; i++) {
		const struct recommended *r = &s->answer.items[i];
		char score[32];

		snprintf(score, sizeof(score), "%.17g", r->score);
		json_out_str(j, r->item_id);
		json_out_text(j, score);
		json_out_text(j, r->strategy);
		json_out_text(j, r->reason);
		explanation_write(j, r);
	}
	json_out_end_array(j);
	json_out_text(j, s->answer.variant);
	json_out_str(j, s->answer.widened_to);
	json_out_bool(j, s->answer.fallback);
	json_out_int(j, s->answer.as_of_ms);
}

static unsigned compare(const char *request)
{
	struct json_out said[2] = { 0 };
	bool same;

	for (unsigned node = 0; node < 2; node++)
		write_answer(&nodes[node], request, &said[node]);
	same = said[0].n == said[1].n && memcmp(said[0].p, said[1].p, said[0].n) == 0;
	if (!same)
		fprintf(stderr, "%s\n  %.*s\n  %.*s\n", request, (int)said[0].n, said[0].p, (int)said[1].n, said[1].p);
	for (unsigned node = 0; node < 2; node++)
		json_out_fini(&said[node]);
	return !same;
}

Test(same_answer, whatever_the_numbers_of_ids, .timeout = 600)
{
	unsigned different = 0, items = 0;

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		struct scenario_info info;

		open_nodes(seed);
		for (size_t i = 0; scenario_info(i, &info); i++)
			for (unsigned k = 0; k < ASKED; k++) {
				char request[512];

				make_request(&info, request, sizeof(request));
				different += compare(request);
				items += nodes[0].answer.item_count;
			}
		for (unsigned node = 0; node < 2; node++)
			stall_close(&nodes[node]);
		cr_expect_eq(different, 0, "seed %u: %u answers differ", seed, different);
	}
	cr_assert_gt(items, 1000);
}

/* More items have the rarest shared term than are looked at: which ones those are is up to their ids. */
Test(same_answer, of_more_items_alike_than_are_looked_at, .timeout = 600)
{
	enum { ALIKE = SIMILAR_POSTINGS_MAX + 500, LINE = 64 };
	char *lines = xmalloc(ALIKE * LINE);

	for (unsigned node = 0; node < 2; node++) {
		size_t n = 0;

		for (unsigned i = 0; i < ALIKE; i++)
			n += (size_t)snprintf(lines + n, LINE, "{'itemId':'a%u','brand':'b'}\n",
					      node ? ALIKE - 1 - i : i);
		stall_open(&nodes[node], NULL);
		stall_records(&nodes[node], lines);
		stall_rank(&nodes[node]);
	}
	cr_expect_eq(compare("similar-items; explain; count=100; items=a7"), 0);
	cr_expect_eq(nodes[0].answer.item_count, 100);
	for (unsigned node = 0; node < 2; node++)
		stall_close(&nodes[node]);
	free(lines);
}
