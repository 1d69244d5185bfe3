/* 100,000 recommendationIds that are not what they should be: none counts. */
#include "tests/lib/views_shop.h"
#include "tests/lib/views_stream.h"
#include "views/credit.h"
#include "views/ids.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define EACH 16667
#define NOW (SHOP_START + 100 * MS_PER_DAY)

static struct shop shop;
static unsigned char key[TOKEN_KEY_BYTES], u1[ACTOR_HASH_BYTES];
static uint64_t random_state = 7;

static void setup(void)
{
	shop_open(&shop);
	token_key_init(SHOP_PERSON_KEY, key);
	actor_hash(SHOP_PERSON_KEY, ACTOR_USER, STR("u1"), u1);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(forgery, .init = setup, .fini = teardown);

static struct answer_token good(int64_t t_ms)
{
	struct answer_token t = { .scenario = "home", .variant = "layout/b", .t_ms = t_ms, .item_count = 1 };
	struct str p1 = STR("p1");

	t.nonce = (uint32_t)draw(&random_state, UINT32_MAX);
	token_mark_items(key, &t, &p1);
	return t;
}

/* ---- ways to forge: each writes the n-th of its kind ---- */

static void another_character(char *ret)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct answer_token t = good(NOW);
	size_t n = token_make(key, u1, &t, ret), at = draw(&random_state, n);
	char was = ret[at];

	while (ret[at] == was)
		ret[at] = letters[draw(&random_state, 64)];
}

static void another_key(char *ret)
{
	unsigned char person_key[32], other[TOKEN_KEY_BYTES];
	struct answer_token t = good(NOW);

	for (size_t i = 0; i < sizeof(person_key); i++)
		person_key[i] = (unsigned char)draw(&random_state, 256);
	token_key_init(person_key, other);
	token_make(other, draw(&random_state, 2) ? u1 : NULL, &t, ret);
}

static void of_another_user(char *ret)
{
	unsigned char person[ACTOR_HASH_BYTES];
	struct answer_token t = good(NOW);
	char name[16];
	int n = snprintf(name, sizeof(name), "u%u", 2 + (unsigned)draw(&random_state, 1000000));

	actor_hash(SHOP_PERSON_KEY, ACTOR_USER, (struct str){ name, (uint32_t)n }, person);
	token_make(key, person, &t, ret);
}

static void old(char *ret)
{
	struct answer_token t = good(NOW - MS_PER_DAY - 1 - (int64_t)draw(&random_state, 90 * MS_PER_DAY));

	token_make(key, u1, &t, ret);
}

static void cut_or_longer(char *ret)
{
	static const char more[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct answer_token t = good(NOW);
	size_t n = token_make(key, u1, &t, ret);

	if (draw(&random_state, 2))
		ret[draw(&random_state, n - 1) + 1] = '\0';
	else
		snprintf(ret + n, TOKEN_CHARS_MAX + 1 - n, "%.*s", 1 + (int)draw(&random_state, 60), more);
}

static char replayed[TOKEN_CHARS_MAX + 1];

static void used_before(char *ret)
{
	memcpy(ret, replayed, sizeof(replayed));
}

static const struct {
	const char *name;
	void (*forge)(char *ret);
	unsigned reasons; /* 1 << that it may be refused for */
} ways[] = {
	{ "another character", another_character, 1u << REFUSED_MALFORMED | 1u << REFUSED_SIGNATURE },
	{ "another key", another_key, 1u << REFUSED_SIGNATURE },
	{ "of another user", of_another_user, 1u << REFUSED_SIGNATURE },
	{ "old", old, 1u << REFUSED_EXPIRED },
	{ "cut or longer", cut_or_longer, 1u << REFUSED_MALFORMED | 1u << REFUSED_SIGNATURE },
	{ "used before", used_before, 1u << REFUSED_REPEAT },
};

/* Impressions of as many lines as an event has, each with an id of its own. */
static void play(unsigned n, void (*forge)(char *ret))
{
	static char texts[EVENT_ITEMS_MAX][TOKEN_CHARS_MAX + 1];
	static struct event_item items[EVENT_ITEMS_MAX];

	while (n) {
		struct event ev = { .type = EVENT_IMPRESSION, .has_time = true, .t_ms = NOW, .user_id = STR("u1") };

		while (n && ev.item_count < EVENT_ITEMS_MAX) {
			char *text = texts[ev.item_count];

			forge(text);
			items[ev.item_count++] = (struct event_item){ .id = STR("p1"),
								      .quantity = 1,
								      .recommendation_id = str_of(text) };
			n--;
		}
		ev.items = items;
		cr_assert_eq(fold_event(shop.fold, &ev, -1, NULL), 0);
	}
}

static int count_shown(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	(void)hour;
	(void)of;
	*(int64_t *)arg += e->counts[CREDIT_IMPRESSION];
	return 0;
}

static int64_t shown(void)
{
	int64_t n = 0;

	shop_commit(&shop);
	cr_assert_eq(engagement_scan(shop.snap, 0, INT64_MAX, count_shown, &n), 0);
	return n;
}

static void really_good(char *ret)
{
	struct answer_token t = good(NOW);

	token_make(key, u1, &t, ret);
	memcpy(replayed, ret, sizeof(replayed));
}

Test(forgery, none_of_100000_counts)
{
	uint64_t before[CREDIT_REFUSAL_COUNT];
	const uint64_t *refused = fold_credit_refused(shop.fold);

	play(1, really_good);
	cr_assert_eq(shown(), 1, "what is good counts");
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		uint64_t n = 0;

		memcpy(before, refused, sizeof(before));
		play(EACH, ways[w].forge);
		for (int why = 0; why < CREDIT_REFUSAL_COUNT; why++) {
			n += refused[why] - before[why];
			cr_expect(ways[w].reasons >> why & 1 || refused[why] == before[why], "%s: %s", ways[w].name,
				  credit_refusal_name(why));
		}
		cr_expect_eq(n, EACH, "%s", ways[w].name);
	}
	cr_assert_eq(shown(), 1, "nothing else does");
}
