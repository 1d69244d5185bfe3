/* Imported lists of people: the last one counts, and nothing of who is on it is told. */
#include "tests/lib/views_shop.h"
#include "views/config.h"
#include "views/segment_members.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(segment_members, .init = setup, .fini = teardown);

static int put(const char *segment, const char *list, struct error *e)
{
	int rc = fold_members(shop.fold, str_of(segment), list, list ? strlen(list) : 0, e);

	shop_commit(&shop);
	return rc;
}

static uint32_t members_of(const char *segment)
{
	struct str list;

	cr_assert_eq(members_get(shop.snap, str_of(segment), &list), 0);
	return list.n / ACTOR_HASH_BYTES;
}

static uint64_t version(void)
{
	uint64_t ret;

	cr_assert_eq(config_version(shop.snap, &ret), 0);
	return ret;
}

Test(segment_members, the_last_list_counts)
{
	uint64_t none = version(), one;

	cr_assert_eq(put("vip", "[\"a\",\"b\",\"a\",\"\\u0062\"]", NULL), 0);
	cr_expect_eq(members_of("vip"), 2, "each once");
	cr_expect_eq(members_of("vi"), 0);
	one = version();
	cr_expect_neq(one, none);
	cr_assert_eq(put("other", "[\"c\"]", NULL), 0);
	cr_expect_neq(version(), one);
	cr_assert_eq(put("other", NULL, NULL), 0);
	cr_expect_eq(version(), one, "as if it had never been");
	cr_assert_eq(put("vip", "[\"b\",\"a\"]", NULL), 0);
	cr_expect_eq(version(), one, "the same people");
	cr_assert_eq(put("vip", "[\"z\"]", NULL), 0);
	cr_expect_eq(members_of("vip"), 1);
	cr_assert_eq(put("vip", "[]", NULL), 0);
	cr_expect_eq(version(), none);
}

Test(segment_members, are_hashes)
{
	char *rows;

	cr_assert_eq(put("vip", "[\"alice\"]", NULL), 0);
	rows = shop_rows(&shop, "segment-members", NULL);
	cr_expect_eq(strncmp(rows, "{\"segment\":\"vip\",\"actor\":\"", 26), 0, "%s", rows);
	cr_expect_eq(strlen(rows), 26 + 32 + 2, "%s", rows);
	free(rows);
	cr_expect_eq(shop_stored(&shop, TBL_ACTOR_IDS), 0, "who never came is no actor");
}

static const struct {
	const char *list, *field;
} bad[] = {
	{ "{\"userIds\":[]}", "" }, { "[1]", "[0]" },   { "[\"a\",\"\"]", "[1]" },   { "[\"a\",null]", "[1]" },
	{ "[\"a\"] x", NULL },      { "[\"a\"", NULL }, { "[\"a\\u0000\"]", "[0]" }, { "\x91\xa1z", "" },
};

Test(segment_members, wrong_lists_change_nothing)
{
	cr_assert_eq(put("vip", "[\"a\",\"b\"]", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error e = { 0 };

		cr_expect_eq(put("vip", bad[i].list, &e), ERR_BAD_CONFIG, "%s", bad[i].list);
		cr_expect_eq(e.code, ERR_BAD_CONFIG);
		cr_expect(!bad[i].field || strcmp(e.field, bad[i].field) == 0, "%s: %s", bad[i].list, e.field);
		cr_expect_eq(members_of("vip"), 2, "%s", bad[i].list);
	}
}

Test(segment_members, are_at_most_so_many)
{
	size_t n = 1, room = 20001 * 9 + 2;
	char *list = xmalloc(room);
	struct error e = { 0 };

	list[0] = '[';
	for (int i = 0; i < 20000; i++)
		n += (size_t)snprintf(list + n, room - n, "%s\"u%d\"", i ? "," : "", i);
	snprintf(list + n, room - n, "]");
	cr_assert_eq(put("vip", list, &e), 0, "%s", e.text);
	cr_expect_eq(members_of("vip"), 20000);
	snprintf(list + n, room - n, ",\"x\"]");
	cr_expect_eq(put("vip", list, &e), ERR_BAD_CONFIG);
	cr_expect_str_eq(e.text, "a list has at most 20000 members");
	cr_expect_eq(members_of("vip"), 20000);
	free(list);
}
