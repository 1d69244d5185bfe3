#include "processor/dead_letters.h"
#include "tests/lib/processor_log.h"
#include "views/generation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64];
static struct settings *set;
static int letters_read;

static void setup(void)
{
	test_dir_make(dir);
	set = test_settings(dir, NULL);
}

static void teardown(void)
{
	settings_free(set);
	test_dir_remove(dir);
}

TestSuite(dead_letters, .init = setup, .fini = teardown, .timeout = 60);

static const struct record bad = { .topic = TOPIC_STOCK,
				   .partition = 3,
				   .offset = 17,
				   .timestamp_ms = 5,
				   .key = { "k\x00\xff", 3 },
				   .value = "\x01\xff\x00z",
				   .value_len = 4 };

static int expect_bad(void *arg, const struct dead_letter *l)
{
	cr_expect_str_eq(l->topic, "shop.stock");
	cr_expect_eq(l->partition, 3);
	cr_expect_eq(l->offset, 17);
	cr_expect_eq(l->timestamp_ms, 5);
	cr_expect_str_eq(l->code, "bad-utf8");
	cr_expect_str_eq(l->field, "quantity");
	cr_expect_str_eq(l->resend_topic, "shop.stock");
	cr_expect_eq(l->key.n, 3);
	cr_expect_eq(memcmp(l->key.p, "k\x00\xff", 3), 0);
	cr_expect_eq(l->value_len, 4);
	cr_expect_eq(memcmp(l->value, "\x01\xff\x00z", 4), 0);
	++*(int *)arg;
	return 0;
}

static void add_bad(struct dead_letters *d)
{
	struct error why = { 0 };
	atomic_bool stop = false;

	error_set(&why, ERR_BAD_UTF8, "quantity", "byte \xff is not UTF-8");
	dead_letters_add(d, &bad, "shop.stock", &why);
	cr_assert_eq(dead_letters_settle(d, &stop, &why), 0);
}

Test(dead_letters, a_file_keeps_every_byte)
{
	struct dead_letters *d = NULL;
	struct error e = { 0 };
	int n = 0;

	cr_assert_eq(dead_letters_open(NULL, NULL, dir, &d, &e), 0);
	add_bad(d);
	add_bad(d);
	dead_letters_close(d);
	cr_assert_eq(dead_letters_read(set, 1000, expect_bad, &n, &e), 0);
	cr_assert_eq(n, 2);
}

Test(dead_letters, a_line_that_a_crash_cut_spoils_no_other)
{
	struct dead_letters *d = NULL;
	struct error e = { 0 };
	char path[128];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/dead-letters.ndjson", dir);
	for (int life = 0; life < 2; life++) {
		f = fopen(path, "a");
		cr_assert_geq(fputs("{\"topic\":\"shop.ev", f), 0);
		cr_assert_eq(fclose(f), 0);
		cr_assert_eq(dead_letters_open(NULL, NULL, dir, &d, &e), 0);
		add_bad(d);
		dead_letters_close(d);
	}
	cr_assert_eq(dead_letters_read(set, 1000, expect_bad, &n, &e), 0);
	cr_assert_eq(n, 2);
}

/* As logrotate does it: renamed, or copied and cut. */
Test(dead_letters, a_file_that_is_rotated_begins_anew)
{
	struct dead_letters *d;
	struct error e = { 0 };
	char file[128], old[136];
	int n = 0;

	snprintf(file, sizeof(file), "%s/dead-letters.ndjson", dir);
	snprintf(old, sizeof(old), "%s.1", file);
	cr_assert_eq(dead_letters_open(NULL, NULL, dir, &d, &e), 0);
	add_bad(d);
	add_bad(d);
	cr_assert_eq(rename(file, old), 0);
	add_bad(d);
	cr_assert_eq(dead_letters_read(set, 10, expect_bad, &n, &e), 0);
	cr_expect_eq(n, 1);
	cr_assert_eq(truncate(file, 0), 0);
	add_bad(d);
	cr_assert_eq(dead_letters_read(set, 10, expect_bad, &n, &e), 0);
	cr_expect_eq(n, 2, "no hole before it");
	dead_letters_close(d);
	cr_assert_eq(rename(old, file), 0);
	cr_assert_eq(dead_letters_read(set, 10, expect_bad, &n, &e), 0);
	cr_expect_eq(n, 4);
}

Test(dead_letters, a_directory_that_is_not_there_is_an_error)
{
	struct dead_letters *d = NULL;
	struct error e = { 0 };

	cr_assert_eq(dead_letters_open(NULL, NULL, "/nonexistent/store", &d, &e), ERR_IO);
	cr_assert_null(d);
}

Test(dead_letters, a_topic_keeps_every_byte, .init = NULL, .fini = NULL)
{
	struct dead_letters *d = NULL;
	struct test_log l;
	struct error e = { 0 };
	int n = 0;

	test_log_init(&l, 1, NULL);
	cr_assert_eq(dead_letters_open(l.publisher, "aisle.dlq", l.dir, &d, &e), 0);
	add_bad(d);
	dead_letters_close(d);
	cr_assert_eq(dead_letters_read(l.settings, 10000, expect_bad, &n, &e), 0, "%s", e.text);
	cr_assert_eq(n, 1);
	test_log_fini(&l);
}

static int note_id(void *arg, const struct dead_letter *l)
{
	strcat(strcat(arg, l->id), " ");
	cr_expect_str_eq(l->resend_topic, "shop.stock");
	return 0;
}

Test(dead_letters, those_of_a_rebuild_are_read_unless_they_are_there_already)
{
	char generation[GENERATION_PATH_MAX], ids[128] = "";
	struct error e = { 0 }, why = { .code = ERR_BAD_UTF8 };
	struct dead_letters *d = NULL;
	struct record other = bad;
	atomic_bool stop = false;
	unsigned number;

	cr_assert_eq(generation_create(dir, NULL, &number, &e), 0);
	generation_path(dir, number, generation);
	cr_assert_eq(dead_letters_open(NULL, NULL, generation, &d, &e), 0);
	add_bad(d);
	other.offset = 18;
	dead_letters_add(d, &other, "shop.stock", &why);
	cr_assert_eq(dead_letters_settle(d, &stop, &e), 0);
	dead_letters_close(d);
	cr_assert_eq(dead_letters_read(set, 10, note_id, ids, &e), 0);
	cr_expect_str_eq(ids, "", "of a generation that is not current");
	cr_assert_eq(generation_swap(dir, number, &e), 0);
	cr_assert_eq(dead_letters_read(set, 10, note_id, ids, &e), 0);
	cr_expect_str_eq(ids, "file@1:1 file@1:2 ");

	ids[0] = '\0';
	cr_assert_eq(dead_letters_open(NULL, NULL, dir, &d, &e), 0);
	add_bad(d);
	dead_letters_close(d);
	cr_assert_eq(dead_letters_read(set, 10, note_id, ids, &e), 0);
	cr_expect_str_eq(ids, "file:1 file@1:2 ");
}

Test(dead_letters, the_same_bytes_in_two_topics_are_two_records)
{
	char generation[GENERATION_PATH_MAX], ids[128] = "";
	struct error e = { 0 }, why = { .code = ERR_BAD_UTF8 };
	struct dead_letters *d = NULL;
	atomic_bool stop = false;
	unsigned number;

	cr_assert_eq(generation_create(dir, NULL, &number, &e), 0);
	generation_path(dir, number, generation);
	cr_assert_eq(dead_letters_open(NULL, NULL, generation, &d, &e), 0);
	dead_letters_add(d, &bad, "the other one", &why);
	cr_assert_eq(dead_letters_settle(d, &stop, &e), 0);
	dead_letters_close(d);
	cr_assert_eq(generation_swap(dir, number, &e), 0);
	cr_assert_eq(dead_letters_open(NULL, NULL, dir, &d, &e), 0);
	add_bad(d);
	dead_letters_close(d);
	cr_assert_eq(dead_letters_read(set, 10, note_id, ids, &e), 0);
	cr_expect_str_eq(ids, "file:1 file@1:1 ");
}

static int send_more(void *arg, const struct dead_letter *l)
{
	struct test_log *log = arg;

	if (!strncmp(l->id, "1:", 2))
		test_log_send(log, "aisle.dlq", 0, "k", "late", 4);
	letters_read++;
	return 0;
}

/* A partition that was at its end is so again after each new letter; that is not the end of another one, and late letters are not read. */
Test(dead_letters, letters_that_come_meanwhile_hide_no_others, .init = NULL, .fini = NULL)
{
	struct test_log l;
	struct error e = { 0 };

	test_log_init(&l, 2, NULL);
	for (int i = 0; i < 100; i++)
		test_log_send(&l, "aisle.dlq", 1, "k", "early", 5);
	letters_read = 0;
	cr_assert_eq(dead_letters_read(l.settings, 10000, send_more, &l, &e), 0, "%s", e.text);
	cr_assert_eq(letters_read, 100);
	test_log_fini(&l);
}

/* A publisher that takes at most so many bytes, after it failed some times. */
struct fake_publisher {
	struct publisher base;
	size_t max;
	int failures, flushes;
	size_t taken_key, taken_bytes, taken;
	char truncated_from[24];
};

static int fake_send(struct publisher *base, const char *topic, int32_t partition, struct str key, const void *value,
		     size_t value_len, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		     publish_done done, void *arg)
{
	struct fake_publisher *p = (struct fake_publisher *)base;

	(void)topic;
	(void)partition;
	(void)value;
	(void)timestamp_ms;
	if (p->failures && p->failures-- % 2)
		return ERR_PRODUCE;
	if (p->failures)
		return done(arg, ERR_PRODUCE, -1, -1), 0;
	if (key.n + value_len > p->max)
		return done(arg, ERR_TOO_LARGE, -1, -1), 0;
	p->taken++;
	p->taken_key = key.n;
	p->taken_bytes = value_len;
	if (header_count == 8)
		memcpy(p->truncated_from, headers[7].value.p, headers[7].value.n);
	return done(arg, 0, 0, 0), 0;
}

static int fake_flush(struct publisher *p, int timeout_ms)
{
	((struct fake_publisher *)p)->flushes++;
	(void)timeout_ms;
	return 0;
}

static const struct publisher_ops fake_ops = { .send = fake_send, .flush = fake_flush };

static void send_large(struct fake_publisher *p, uint32_t key_n, size_t value_n)
{
	struct dead_letters *d = NULL;
	struct error e = { 0 };
	atomic_bool stop = false;
	struct record r = bad;
	char *bytes = xcalloc(1, 3 << 20);

	if (key_n)
		r.key = (struct str){ bytes, key_n };
	r.value = bytes;
	r.value_len = value_n;
	error_set(&e, ERR_TOO_LARGE, "", "too large");
	cr_assert_eq(dead_letters_open(&p->base, "aisle.dlq", dir, &d, NULL), 0);
	dead_letters_add(d, &r, "shop.events", &e);
	cr_assert_eq(dead_letters_settle(d, &stop, NULL), 0);
	dead_letters_close(d);
	free(bytes);
}

Test(dead_letters, what_is_too_large_is_cut_and_says_so)
{
	struct fake_publisher p = { .base = { &fake_ops }, .max = 1 << 20 };

	send_large(&p, 0, 3 << 20);
	cr_assert_eq(p.taken, 1);
	cr_assert_eq(p.taken_bytes, LETTER_TRUNCATED_BYTES);
	cr_assert_str_eq(p.truncated_from, "3145731");
}

Test(dead_letters, a_key_that_is_too_large_is_cut_as_well)
{
	struct fake_publisher p = { .base = { &fake_ops }, .max = 1 << 20 };

	send_large(&p, (1 << 20) + 1, 4);
	cr_assert_eq(p.taken, 1);
	cr_assert_eq(p.taken_key, LETTER_TRUNCATED_BYTES);
	cr_assert_eq(p.taken_bytes, 0);
	cr_assert_str_eq(p.truncated_from, "1048581");
}

Test(dead_letters, what_fails_is_sent_again_whole)
{
	struct fake_publisher p = { .base = { &fake_ops }, .max = 4 << 20, .failures = 3 };

	send_large(&p, 0, 3 << 20);
	cr_assert_eq(p.taken, 1);
	cr_assert_eq(p.flushes, 0, "it waits for what others send, too");
	cr_assert_eq(p.taken_bytes, 3 << 20);
	cr_assert_str_empty(p.truncated_from);
}
