/* The config view: what is applied, what is refused, what is kept. */
#include "tests/lib/views_stream.h"
#include "views/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;

static void open_shop(void)
{
	shop_open(&shop);
}

static void close_shop(void)
{
	shop_close(&shop);
}

TestSuite(config, .init = open_shop, .fini = close_shop);

/* The record of change number `change`; priority tells documents apart, -1 deletes. Committed; returns what fold_config did. */
static int put(const char *key, int64_t replaces, unsigned change, int priority)
{
	struct control_record rec;
	struct error e = { 0 };
	char json[256], doc[96] = "null";
	int n, rc;

	if (priority >= 0)
		snprintf(doc, sizeof(doc), "{ \"action\": {\"filter\": \"inStock\"}, \"priority\": %d}", priority);
	n = snprintf(json, sizeof(json), "{\"changeId\":\"%016x\",\"changedBy\":\"ann\",\"document\":%s", change, doc);
	if (replaces >= 0)
		n += snprintf(json + n, sizeof(json) - (size_t)n, ",\"replaces\":%lld", (long long)replaces);
	n += snprintf(json + n, sizeof(json) - (size_t)n, "}");
	cr_assert_eq(control_record_decode(str_of(key), json, (size_t)n, &rec, &e), 0, "%s", e.text);
	rc = fold_config(shop.fold, &rec, 1000 + change);
	shop_commit(&shop);
	return rc;
}

/* The other store folds what a row of this one would be sent again as. */
static void send_again(const char *id, struct shop *other)
{
	struct control_record rec;
	struct json_out j = { 0 };
	struct config_row row;
	char key[64];

	snprintf(key, sizeof(key), "rule/%s", id);
	cr_assert_eq(config_find(shop.snap, CONTROL_RULE, str_of(id), &row), 0);
	config_write_record(&j, &row);
	cr_assert_eq(control_record_decode(str_of(key), j.p, j.n, &rec, NULL), 0);
	cr_assert_geq(fold_config(other->fold, &rec, 5000), 0);
	cr_assert_eq(fold_commit(other->fold, NULL), 0);
	cr_assert_eq(snap_renew(other->snap), 0);
	json_out_fini(&j);
}

static unsigned last_change;

/* A change of one of few documents by this random number; every fifth is the one before once more. */
static void put_random(uint64_t random)
{
	static const char *const keys[] = { "rule/a", "rule/b", "rule/c" };

	if (random % 5)
		last_change = (unsigned)(random >> 8 & 0xffff) + 1;
	put(keys[random >> 32 & 1   ? 0
		 : random >> 33 & 1 ? 1
				    : 2],
	    (int64_t)(random >> 40 & 7) - 1, last_change, (int)(random >> 48 & 15) - 3);
}

/* "revision:change" of a rule, with ! when unsettled; "-" when there is none, "x" when it was deleted. */
static const char *state(const char *id)
{
	static char text[64];
	struct config_row row;
	int rc = config_find(shop.snap, CONTROL_RULE, str_of(id), &row);

	if (rc == ERR_NOT_FOUND)
		return "-";
	cr_assert_eq(rc, 0);
	snprintf(text, sizeof(text), "%llu:%llu%s%s", (unsigned long long)row.revision,
		 (unsigned long long)row.change_id, row.document.n ? "" : "x", row.unsettled ? "!" : "");
	return text;
}

static uint64_t version(void)
{
	uint64_t v;

	cr_assert_eq(config_version(shop.snap, &v), 0);
	return v;
}

Test(config, an_edit_replaces_the_revision_it_was_made_from)
{
	uint64_t at_first = version(), before;

	cr_expect_eq(put("rule/r", 0, 1, 5), 0);
	cr_expect_str_eq(state("r"), "1:1");
	before = version();
	cr_expect_neq(before, at_first);
	cr_expect_eq(put("rule/r", 0, 2, 6), 1);
	cr_expect_str_eq(state("r"), "1:1!");
	cr_expect_eq(version(), before);
	cr_expect_eq(put("rule/r", 1, 3, 6), 0);
	cr_expect_str_eq(state("r"), "2:3");
	cr_expect_neq(version(), before);
}

/* Compaction left the refused record alone while no node was there to send the right one behind it. */
Test(config, what_is_sent_again_overrules_what_a_new_store_began_with)
{
	struct shop old, fresh = { 0 };

	put("rule/r", 0, 1, 5);
	cr_expect_eq(put("rule/r", 0, 2, 6), 1);
	cr_expect_eq(put("rule/r", 0, 3, 7), 1);
	cr_expect_str_eq(state("r"), "1:1!");
	old = shop;
	shop_open(&fresh);
	shop = fresh;
	cr_expect_eq(put("rule/r", 0, 3, 7), 0);
	cr_expect_str_eq(state("r"), "1:3");
	fresh = shop;
	shop = old;
	send_again("r", &fresh);
	send_again("r", &shop);
	cr_expect_str_eq(state("r"), "1:1");
	shop = fresh;
	cr_expect_str_eq(state("r"), "1:1");
	shop = old;
	shop_close(&fresh);
}

Test(config, without_replaces_it_is_forced)
{
	put("rule/r", 0, 1, 5);
	cr_expect_eq(put("rule/r", -1, 2, 6), 0);
	cr_expect_str_eq(state("r"), "1003:2", "as in a store that has read this record alone");
	cr_expect_eq(put("rule/r", 1, 3, 6), 1);
	cr_expect_eq(put("rule/r", 1003, 4, 6), 0);
	cr_expect_str_eq(state("r"), "1004:4");
}

Test(config, a_repeated_record_changes_nothing_but_settles)
{
	uint64_t before;

	put("rule/r", 0, 1, 5);
	before = version();
	cr_expect_eq(put("rule/r", 0, 1, 5), 1);
	cr_expect_str_eq(state("r"), "1:1");
	put("rule/r", 7, 2, 6);
	cr_expect_str_eq(state("r"), "1:1!");
	cr_expect_eq(put("rule/r", 0, 1, 5), 1);
	cr_expect_str_eq(state("r"), "1:1");
	cr_expect_eq(version(), before);
}

/* As it comes: nothing is added. Committed. */
static void put_raw(const char *json, int64_t record_ts_ms)
{
	struct control_record rec;
	struct error e = { 0 };
	int rc = control_record_decode(STR("rule/r"), json, json ? strlen(json) : 0, &rec, &e);

	cr_assert_eq(rc, 0, "%s", e.text);
	cr_assert_geq(fold_config(shop.fold, &rec, record_ts_ms), 0);
	shop_commit(&shop);
}

/* All of these, and the last one alone in another store: the rows are the same. */
static void expect_last_is_enough(const char *const *records, int n)
{
	char *all, *last;
	uint64_t before;

	for (int i = 0; i < n; i++)
		put_raw(records[i], 1000 + i);
	all = shop_rows(&shop, "config", NULL);
	before = version();
	cr_expect_not(strchr(state("r"), '!'), "%s", state("r"));
	shop_close(&shop);
	shop_open(&shop);
	put_raw(records[n - 1], 1000 + n - 1);
	last = shop_rows(&shop, "config", NULL);
	cr_expect_str_eq(all, last);
	cr_expect_eq(version(), before);
	free(all);
	free(last);
}

Test(config, the_same_bytes_at_another_time_are_another_change)
{
	static const char same[] = "{\"document\":{\"action\":{\"filter\":\"inStock\"}}}";

	expect_last_is_enough((const char *const[]){ same, same }, 2);
	cr_expect_eq(strncmp(state("r"), "1002:", 5), 0, "%s", state("r"));
}

Test(config, a_change_id_that_was_there_hides_no_other_document)
{
	expect_last_is_enough(
		(const char *const[]){
			"{\"changeId\":\"0000000000000001\",\"document\":{\"action\":{\"filter\":\"inStock\"}}}",
			"{\"changeId\":\"0000000000000001\",\"document\":null}" },
		2);
	put_raw("{\"changeId\":\"0000000000000001\",\"replaces\":7,\"document\":null}", 2000);
	cr_expect_str_eq(state("r"), "1002:1x!");
}

Test(config, another_document_is_another_version_whatever_its_change_id)
{
	uint64_t before;

	put_raw("{\"changeId\":\"0000000000000001\",\"document\":{\"action\":{\"filter\":\"inStock\"}}}", 1);
	before = version();
	put_raw("{\"changeId\":\"0000000000000001\",\"document\":{\"action\":{\"filter\":\"price > 1\"}}}", 1);
	cr_expect_neq(version(), before);
	put_raw("{\"changeId\":\"0000000000000001\",\"document\":{\"action\":{\"filter\":\"inStock\"}}}", 1);
	cr_expect_eq(version(), before);
}

Test(config, a_tombstone_is_no_repeat)
{
	expect_last_is_enough(
		(const char *const[]){
			"{\"changeId\":\"0000000000000000\",\"document\":{\"action\":{\"filter\":\"inStock\"}}}",
			NULL },
		2);
}

Test(config, a_deletion_whose_change_id_is_0_is_no_tombstone)
{
	put_raw("{\"changeId\":\"0000000000000001\",\"document\":{\"action\":{\"filter\":\"inStock\"}}}", 1);
	put_raw("{\"changeId\":\"0000000000000000\",\"document\":null}", 6);
	cr_expect_eq(put("rule/r", 1, 2, 5), 1, "its revision is 7");
	cr_expect_eq(put("rule/r", 7, 2, 5), 0);
}

Test(config, what_cannot_be_read_leaves_its_row_unsettled)
{
	fold_config_unreadable(shop.fold, CONTROL_RULE, STR("r"));
	put("rule/r", 0, 1, 5);
	cr_expect_str_eq(state("r"), "1:1");
	fold_config_unreadable(shop.fold, CONTROL_RULE, STR("r"));
	shop_commit(&shop);
	cr_expect_str_eq(state("r"), "1:1!");
	put("rule/r", 0, 1, 5);
	cr_expect_str_eq(state("r"), "1:1");
}

Test(config, a_deletion_keeps_its_revision)
{
	struct config_row row;

	put("rule/r", 0, 1, 5);
	cr_expect_eq(put("rule/r", 1, 2, -1), 0);
	cr_expect_str_eq(state("r"), "2:2x");
	cr_expect_eq(config_get(shop.snap, CONTROL_RULE, STR("r"), &row), ERR_NOT_FOUND);
	cr_expect_eq(version(), 0, "as if it had never been");
	cr_expect_eq(put("rule/r", 1, 3, 6), 1);
	cr_expect_eq(put("rule/r", 2, 4, 6), 0);
	cr_expect_str_eq(state("r"), "3:4");
}

Test(config, a_tombstone_leaves_nothing)
{
	struct control_record rec;
	uint64_t at_first = version();

	for (int i = 0; i < 25; i++)
		put("rule/r", i, 1 + (unsigned)i, 5);
	cr_assert_eq(control_record_decode(STR("rule/r"), NULL, 0, &rec, NULL), 0);
	cr_expect_eq(fold_config(shop.fold, &rec, 1000), 0);
	cr_expect_eq(fold_config(shop.fold, &rec, 1000), 1);
	shop_commit(&shop);
	cr_expect_str_eq(state("r"), "-");
	cr_expect_eq(version(), at_first);
	cr_expect_eq(shop_stored(&shop, TBL_CONFIG_HISTORY), 0);
	cr_expect_eq(put("rule/r", 0, 99, 6), 0);
	cr_expect_str_eq(state("r"), "1:99", "as in a store that never met what was forgotten");
}

Test(config, what_is_compacted_is_the_same)
{
	char *all, *last;
	uint64_t before;

	put("rule/r", 0, 1, 5);
	put("rule/r", 1, 2, 6);
	put("rule/r", 2, 3, 7);
	put("rule/gone", 0, 4, 7);
	put("rule/gone", 1, 5, -1);
	all = shop_rows(&shop, "config", NULL);
	before = version();
	shop_close(&shop);
	shop_open(&shop);
	put("rule/gone", 1, 5, -1);
	put("rule/r", 2, 3, 7);
	last = shop_rows(&shop, "config", NULL);
	cr_expect_str_eq(all, last);
	cr_expect_str_eq(all, "{\"kind\":\"rule\",\"id\":\"r\",\"revision\":3,\"changeId\":\"0000000000000003\","
			      "\"changedBy\":\"ann\",\"changedAt\":1003,"
			      "\"document\":{\"action\":{\"filter\":\"inStock\"},\"priority\":7}}");
	cr_expect_eq(version(), before);
	free(all);
	free(last);
}

static int collect(void *arg, const struct config_row *row)
{
	char *text = arg;

	snprintf(text + strlen(text), 256 - strlen(text), "%.*s:%llu%s ", STR_FMT(row->id),
		 (unsigned long long)row->revision, row->document.n ? "" : "x");
	return 0;
}

Test(config, each_is_of_one_kind_by_id)
{
	char text[256] = "";

	put("rule/b", 0, 1, 5);
	put("rule/a", 0, 2, 5);
	put("rule/c", 0, 3, 5);
	put("rule/c", 1, 4, -1);
	cr_expect_eq(config_each(shop.snap, CONTROL_RULE, collect, text), 0);
	cr_expect_str_eq(text, "a:1 b:1 ");
	text[0] = 0;
	cr_expect_eq(config_each(shop.snap, CONTROL_SEGMENT, collect, text), 0);
	cr_expect_str_eq(text, "");
}

Test(config, the_last_twenty_are_kept)
{
	struct config_counts counts;
	char text[256] = "", expected[256] = "";

	for (int i = 0; i < 30; i++)
		put("rule/r", i, 1 + (unsigned)i, i == 28 ? -1 : 5);
	put("rule/r-2", 0, 100, 5);
	put("rule/r", 3, 101, 5);
	cr_expect_eq(config_history(shop.snap, CONTROL_RULE, STR("r"), collect, text), 0);
	for (int i = 30; i > 10; i--)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "r:%d%s ", i,
			 i == 29 ? "x" : "");
	cr_expect_str_eq(text, expected);
	cr_expect_eq(shop_stored(&shop, TBL_CONFIG_HISTORY), CONFIG_HISTORY_MAX + 1);
	cr_expect_eq(config_counts(shop.snap, &counts), 0);
	cr_expect_eq(counts.applied, 31);
	cr_expect_eq(counts.refused, 1);
}

Test(config, the_record_of_a_row_repeats_it)
{
	struct json_out j = { 0 };
	struct control_record rec;
	struct config_row row;
	struct error e = { 0 };

	put("rule/r", 4, 1, 5);
	cr_assert_eq(config_get(shop.snap, CONTROL_RULE, STR("r"), &row), 0);
	config_write_record(&j, &row);
	cr_assert_eq(control_record_decode(STR("rule/r"), j.p, j.n, &rec, &e), 0, "%s", e.text);
	cr_expect_eq(rec.replaces, 4);
	cr_expect_eq(fold_config(shop.fold, &rec, 5), 1);
	json_out_fini(&j);
}

/* The rows, their history and the version after a stream of changes, with this young level and a restart now and then. */
static char *outcome(uint64_t seed, uint64_t young_bytes_max, unsigned restart_one_in)
{
	char *rows, *ret, history[256] = "";

	last_change = 1;
	shop_close(&shop);
	shop_open_young(&shop, young_bytes_max);
	for (int i = 0; i < 120; i++) {
		put_random(draw(&seed, UINT64_MAX));
		if (restart_one_in && i % restart_one_in == 0)
			cr_assert_eq(fold_settle(shop.fold), 0);
	}
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(config_history(shop.snap, CONTROL_RULE, STR("a"), collect, history), 0);
	rows = shop_rows(&shop, "config", NULL);
	cr_assert_geq(asprintf(&ret, "%s\n%s\n%llx", rows, history, (unsigned long long)version()), 0);
	free(rows);
	return ret;
}

Test(config, levels_and_merges_change_nothing)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		char *one = outcome(seed, 0, 0), *other = outcome(seed, 1 << 20, 7);

		cr_expect_str_eq(one, other, "seed %llu", (unsigned long long)seed);
		free(one);
		free(other);
	}
}
