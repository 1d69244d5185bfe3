#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char dir[64];
static struct settings *set;
static struct test_records got;

static void setup(void)
{
	test_dir_make(dir);
	set = test_settings(dir, NULL);
	got = (struct test_records){ 0 };
}

static void teardown(void)
{
	test_records_fini(&got);
	settings_free(set);
	test_dir_remove(dir);
}

TestSuite(source_files, .init = setup, .fini = teardown, .timeout = 30);

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *bytes, size_t n)
{
	FILE *f = fopen(path_of(name), "w");

	cr_assert(f && fwrite(bytes, 1, n, f) == n && !fclose(f));
}

/* The code at the end; what came is in `got`. */
static int read_file(const char *path, resume_lookup resume, void *arg, struct error *stopped)
{
	struct source *s = NULL;
	struct error e = { 0 };
	const char *log_name;
	int32_t partition;
	int rc;

	cr_assert_eq(source_files_open(set, &path, 1, resume, arg, &s, &e), 0, "%s", e.text);
	rc = test_source_read(s, SIZE_MAX, 0, &got);
	if (!stopped || !s->ops->stopped(s, 0, &log_name, &partition, stopped))
		cr_expect_null(stopped, "nothing was stopped");
	s->ops->close(s);
	return rc;
}

static const char lines[] = "{\"n\":0}\n"
			    "\n"
			    "{\"topic\":\"shop.catalog\",\"key\":\"p1\",\"value\":{\"title\":\"a\"}}\n"
			    "  \r\n"
			    "{\"topic\":\"shop.stock\",\"key\":\"p1\",\"value\":null}\n"
			    "{\"topic\":\"nobody\",\"value\":1}\n"
			    "no json at all\n"
			    "{\"n\":7}";

static void expect_lines(void)
{
	static const struct {
		enum topic topic;
		int64_t offset;
		const char *key, *value;
	} want[] = {
		{ TOPIC_EVENTS, 0, "", "{\"n\":0}" },
		{ TOPIC_CATALOG, 2, "p1", "{\"title\":\"a\"}" },
		{ TOPIC_STOCK, 4, "p1", NULL },
		{ TOPIC_COUNT, 5, "", "{\"topic\":\"nobody\",\"value\":1}" },
		{ TOPIC_EVENTS, 6, "", "no json at all" },
		{ TOPIC_EVENTS, 7, "", "{\"n\":7}" },
	};

	cr_assert_eq(got.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < got.n; i++) {
		cr_expect_eq(got.v[i].topic, want[i].topic);
		cr_expect_eq(got.v[i].offset, want[i].offset);
		cr_expect_str_eq(got.v[i].key, want[i].key);
		cr_expect_eq(got.v[i].value == NULL, want[i].value == NULL);
		if (want[i].value)
			cr_expect_str_eq(got.v[i].value, want[i].value);
	}
}

Test(source_files, lines_and_envelopes)
{
	write_file("a.ndjson", lines, sizeof(lines) - 1);
	cr_assert_eq(read_file(path_of("a.ndjson"), NULL, NULL, NULL), ERR_SOURCE_END);
	expect_lines();
}

Test(source_files, gzip_of_two_members)
{
	for (int half = 0; half < 2; half++) {
		gzFile z = gzopen(path_of("a.gz"), half ? "ab" : "wb");
		size_t cut = 30;

		gzwrite(z, lines + (half ? cut : 0), (unsigned)(half ? sizeof(lines) - 1 - cut : cut));
		gzclose(z);
	}
	cr_assert_eq(read_file(path_of("a.gz"), NULL, NULL, NULL), ERR_SOURCE_END);
	expect_lines();
}

Test(source_files, cut_gzip_is_an_error)
{
	char bytes[4096];
	FILE *f;
	size_t n;
	gzFile z = gzopen(path_of("a.gz"), "wb");

	gzwrite(z, lines, sizeof(lines) - 1);
	gzclose(z);
	f = fopen(path_of("a.gz"), "r");
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	write_file("cut.gz", bytes, n - 12);
	cr_assert_eq(read_file(path_of("cut.gz"), NULL, NULL, NULL), ERR_IO);
}

Test(source_files, stdin_is_read)
{
	int fd;

	write_file("a.ndjson", lines, sizeof(lines) - 1);
	fd = open(path_of("a.ndjson"), O_RDONLY);
	dup2(fd, STDIN_FILENO);
	cr_assert_eq(read_file("-", NULL, NULL, NULL), ERR_SOURCE_END);
	expect_lines();
}

static const char maps[] = "\x81\xa1n\x01"
			   "\x83\xa5topic\xaashop.stock\xa3key\xa2p1\xa5value\x80"
			   "\x81\xa1n\x02";

static void expect_maps(size_t n)
{
	cr_assert_eq(got.n, n);
	cr_expect_eq(got.v[0].topic, TOPIC_EVENTS);
	cr_expect_eq(got.v[1].topic, TOPIC_STOCK);
	cr_expect_str_eq(got.v[1].key, "p1");
	cr_expect_eq(got.v[2].offset, 2);
}

/* What comes behind a byte that begins no map may be anything: it is not passed over. */
Test(source_files, a_file_whose_maps_break_is_refused_there)
{
	static const char broken[] = "\xc1\x81\xa1n\x03";
	char bytes[sizeof(maps) + sizeof(broken)];
	struct error why = { 0 };

	memcpy(bytes, maps, sizeof(maps) - 1);
	memcpy(bytes + sizeof(maps) - 1, broken, sizeof(broken) - 1);
	write_file("a.msgpack", bytes, sizeof(maps) + sizeof(broken) - 2);
	cr_assert_eq(read_file(path_of("a.msgpack"), NULL, NULL, &why), ERR_SOURCE_END);
	expect_maps(3);
	cr_expect_eq(why.code, ERR_BAD_MSGPACK);
	cr_expect(strstr(why.text, "at byte 40 "), "%s", why.text);
}

/* A length that is wrong hides all that follows; what is longer than a record may be is no half record. */
Test(source_files, a_map_longer_than_a_record_is_refused_when_it_is_cut)
{
	size_t n = 9u << 20;
	char *bytes = xmalloc(n);
	struct error why = { 0 };

	memset(bytes, 'g', n);
	memcpy(bytes, "\x81\xa1n\x01\xdf\xff\xff\xff\xff", 9);
	write_file("a.msgpack", bytes, n);
	cr_assert_eq(read_file(path_of("a.msgpack"), NULL, NULL, &why), ERR_SOURCE_END);
	cr_assert_eq(got.n, 1);
	cr_expect_eq(why.code, ERR_BAD_MSGPACK);
	cr_expect(strstr(why.text, "at byte 4 "), "%s", why.text);
	free(bytes);
}

Test(source_files, a_long_line_is_whole)
{
	size_t n = 9u << 20;
	char *line = xmalloc(n + 9);

	memset(line, 'x', n);
	memcpy(line + n, "\n{\"n\":1}\n", 9);
	write_file("long", line, n + 9);
	free(line);
	cr_assert_eq(read_file(path_of("long"), NULL, NULL, NULL), ERR_SOURCE_END);
	cr_assert_eq(got.n, 2);
	cr_assert_eq(got.v[0].value_len, n);
	cr_assert_str_eq(got.v[1].value, "{\"n\":1}");
}

static struct test_resume resume_after(const char *name, int64_t offset, const char *value)
{
	struct record r = {
		.topic = TOPIC_EVENTS, .offset = offset, .timestamp_ms = -1, .value = value, .value_len = strlen(value)
	};
	static char log_name[192];

	snprintf(log_name, sizeof(log_name), "file:%s", path_of(name));
	return (struct test_resume){ log_name, 0, { offset + 1, offset, -1, record_fingerprint(&r) } };
}

Test(source_files, resumes_behind_the_last_line)
{
	struct test_resume at;

	write_file("a.ndjson", lines, sizeof(lines) - 1);
	at = resume_after("a.ndjson", 6, "no json at all");
	cr_assert_eq(read_file(path_of("a.ndjson"), test_resume_lookup, &at, NULL), ERR_SOURCE_END);
	cr_assert_eq(got.n, 1);
	cr_assert_eq(got.v[0].offset, 7);
}

Test(source_files, a_rewritten_file_is_refused)
{
	struct test_resume at;
	struct error why = { 0 };

	write_file("a.ndjson", lines, sizeof(lines) - 1);
	at = resume_after("a.ndjson", 6, "something else");
	cr_assert_eq(read_file(path_of("a.ndjson"), test_resume_lookup, &at, &why), ERR_SOURCE_END);
	cr_assert_eq(why.code, ERR_LOG_RECREATED);
	cr_assert_eq(got.n, 0);
}

Test(source_files, a_shorter_file_is_refused)
{
	struct test_resume at;
	struct error why = { 0 };

	write_file("a.ndjson", lines, sizeof(lines) - 1);
	at = resume_after("a.ndjson", 8, "{\"n\":8}");
	cr_assert_eq(read_file(path_of("a.ndjson"), test_resume_lookup, &at, &why), ERR_SOURCE_END);
	cr_assert_eq(why.code, ERR_LOG_TRUNCATED);
}

static struct test_resume resume_behind(const char *name)
{
	const struct test_record *r = &got.v[got.n - 1];

	return resume_after(name, r->offset, r->value);
}

/* The file is written while it is read: half a record waits for its rest. */
Test(source_files, half_a_line_is_read_when_it_is_whole)
{
	static const char whole[] = "{\"n\":0}\n{\"n\":[\"}\"]}\n{\"n\":2}\n";
	struct test_resume at;

	for (size_t n = 9; n < 20; n++) {
		write_file("a.ndjson", whole, n);
		cr_assert_eq(read_file(path_of("a.ndjson"), NULL, NULL, NULL), ERR_SOURCE_END);
		cr_assert_eq(got.n, n < 19 ? 1 : 2, "%zu bytes: %zu records", n, got.n);
		at = resume_behind("a.ndjson");
		test_records_fini(&got);
		write_file("a.ndjson", whole, sizeof(whole) - 1);
		cr_assert_eq(read_file(path_of("a.ndjson"), test_resume_lookup, &at, NULL), ERR_SOURCE_END);
		cr_assert_eq(got.n, n < 19 ? 2 : 1);
		cr_expect_str_eq(got.v[got.n - 1].value, "{\"n\":2}");
		test_records_fini(&got);
	}
}

Test(source_files, half_a_map_is_read_when_it_is_whole)
{
	struct test_resume at;

	write_file("a.msgpack", maps, sizeof(maps) - 2);
	cr_assert_eq(read_file(path_of("a.msgpack"), NULL, NULL, NULL), ERR_SOURCE_END);
	cr_assert_eq(got.n, 2);
	at = resume_after("a.msgpack", 0, "\x81\xa1n\x01");
	test_records_fini(&got);
	write_file("a.msgpack", maps, sizeof(maps) - 1);
	cr_assert_eq(read_file(path_of("a.msgpack"), test_resume_lookup, &at, NULL), ERR_SOURCE_END);
	cr_assert_eq(got.n, 2);
	cr_expect_eq(got.v[1].offset, 2);
}

/* An event without its line end can get nothing more but white space. */
Test(source_files, a_line_taken_before_its_end_is_known_again)
{
	static const char *const ends[] = { "", " ", "\n", "\r\n", " \t\r\n{\"n\":1}\n" };
	char bytes[64];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct test_resume at;

		write_file("a.ndjson", "{\"n\":0} ", 8);
		cr_assert_eq(read_file(path_of("a.ndjson"), NULL, NULL, NULL), ERR_SOURCE_END);
		at = resume_behind("a.ndjson");
		test_records_fini(&got);
		snprintf(bytes, sizeof(bytes), "{\"n\":0} %s", ends[i]);
		write_file("a.ndjson", bytes, strlen(bytes));
		cr_assert_eq(read_file(path_of("a.ndjson"), test_resume_lookup, &at, NULL), ERR_SOURCE_END);
		cr_expect_eq(got.n, i + 1 == ARRAY_SIZE(ends), "%zu: %zu records", i, got.n);
		test_records_fini(&got);
	}
}

Test(source_files, a_byte_order_mark_is_passed)
{
	write_file("a.ndjson", "\xef\xbb\xbf{\"n\":0}\n\xef\xbb\xbf{\"n\":1}\n", 22);
	cr_assert_eq(read_file(path_of("a.ndjson"), NULL, NULL, NULL), ERR_SOURCE_END);
	cr_assert_eq(got.n, 2);
	cr_expect_str_eq(got.v[0].value, "{\"n\":0}");
	cr_expect_str_eq(got.v[1].value, "\xef\xbb\xbf{\"n\":1}", "only the first one marks the file");
}

Test(source_files, a_missing_file_is_named)
{
	const char *path = "/nonexistent/events.ndjson";
	struct source *s = NULL;
	struct error e = { 0 };

	cr_assert_eq(source_files_open(set, &path, 1, NULL, NULL, &s, &e), ERR_SOURCE_OPEN);
	cr_assert_not_null(strstr(e.text, path));
	cr_assert_null(s);
}

Test(source_files, what_is_no_file_and_no_pipe_is_refused)
{
	static const struct {
		const char *path, *says;
	} bad[] = { { "/dev/zero", "no file and no pipe" },
		    { "/dev/full", "no file and no pipe" },
		    { "/tmp", "a directory" } };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct source *s = NULL;
		struct error e = { 0 };

		cr_assert_eq(source_files_open(set, &bad[i].path, 1, NULL, NULL, &s, &e), ERR_SOURCE_OPEN, "%s",
			     bad[i].path);
		cr_expect(strstr(e.text, bad[i].path) && strstr(e.text, bad[i].says), "%s", e.text);
	}
}

/* It has no lines from before: what comes is new, whatever came through a pipe of this name. */
Test(source_files, a_pipe_is_waited_for_and_never_resumed)
{
	const char *path = path_of("pipe");
	struct test_resume at;
	struct source *s = NULL;
	struct error e = { 0 };
	int fd;

	cr_assert_eq(mkfifo(path, 0600), 0);
	at = resume_after("pipe", 6, "no json at all");
	cr_assert_eq(source_files_open(set, &path, 1, test_resume_lookup, &at, &s, &e), 0, "%s", e.text);
	cr_assert_eq(test_source_read(s, 1, 300, &got), ERR_SOURCE_RETRY, "nobody writes to it");
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0, "nobody reads it");
	cr_assert_eq(write(fd, lines, sizeof(lines) - 1), (ssize_t)sizeof(lines) - 1);
	close(fd);
	cr_assert_eq(test_source_read(s, SIZE_MAX, 0, &got), ERR_SOURCE_END);
	expect_lines();
	s->ops->close(s);
}
