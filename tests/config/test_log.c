#include "config/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static int pipe_fds[2], saved_stderr;

static void catch_stderr(void)
{
	cr_assert_eq(pipe2(pipe_fds, O_NONBLOCK), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(pipe_fds[1], STDERR_FILENO);
}

static const char *caught(void)
{
	static char text[16384];
	ssize_t n = read(pipe_fds[0], text, sizeof(text) - 1);

	dup2(saved_stderr, STDERR_FILENO);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

TestSuite(log, .init = catch_stderr);

Test(log, text_is_one_line)
{
	const char *got;

	log_info("store opened", "path=%s n=%d", "/a\nb\x01", 3);
	got = caught();
	cr_expect(strstr(got, "Z info  store opened  path=/a b  n=3\n"), "%s", got);
	cr_expect_eq(strchr(got, '\n'), got + strlen(got) - 1);
}

Test(log, a_message_alone_has_no_details)
{
	const char *got;

	log_warn("done", NULL);
	got = caught();
	cr_expect(strstr(got, "Z warn  done\n"), "%s", got);
}

Test(log, below_the_level_is_silent)
{
	const char *got;

	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	log_info("hidden", NULL);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("shown", NULL);
	got = caught();
	cr_expect_null(strstr(got, "hidden"));
	cr_expect_not_null(strstr(got, "shown"));
}

Test(log, json_splits_details_and_stays_utf8)
{
	const char *got;
	json_t *line;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_error("cannot \"open\"", "path=/a \"b\" why=no such file, \xff\xc3\xa4 n=%d", 3);
	got = caught();
	line = json_loads(got, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(line, "%s", got);
	cr_expect_str_eq(json_string_value(json_object_get(line, "level")), "error");
	cr_expect_str_eq(json_string_value(json_object_get(line, "message")), "cannot \"open\"");
	cr_expect_str_eq(json_string_value(json_object_get(line, "path")), "/a \"b\"");
	cr_expect_str_eq(json_string_value(json_object_get(line, "why")), "no such file, ?\xc3\xa4");
	cr_expect_eq(json_integer_value(json_object_get(line, "n")), 3);
	cr_expect_eq(strlen(json_string_value(json_object_get(line, "time"))), strlen("2024-01-01T00:00:00.000Z"));
	json_decref(line);
}

Test(log, json_takes_quotes_off)
{
	const char *got;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info("m", "why=\"a b=c\" n=%d empty=\"\" text=\"7\" below=-1 id=007 time=1.5s", 3);
	got = caught();
	cr_expect(
		strstr(got,
		       "\"why\":\"a b=c\",\"n\":3,\"empty\":\"\",\"text\":\"7\",\"below\":-1,\"id\":\"007\",\"time\":\"1.5s\"}"),
		"%s", got);
}

Test(log, details_without_names_are_kept_whole)
{
	const char *got;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info("m", "two words");
	got = caught();
	cr_expect(strstr(got, "\"details\":\"two words\""), "%s", got);
}

Test(log, long_details_are_cut)
{
	char *details = xmalloc(10001);
	const char *got;

	memset(details, 'x', 10000);
	details[10000] = '\0';
	log_info("m", "v=%s", details);
	free(details);
	got = caught();
	cr_expect_lt(strlen(got), 5000);
	cr_expect_eq(got[strlen(got) - 1], '\n');
}

Test(log, levels_have_names)
{
	enum log_level level = LOG_LEVEL_INFO;

	cr_expect(log_level_parse("error", &level));
	cr_expect_eq(level, LOG_LEVEL_ERROR);
	cr_expect_not(log_level_parse("Error", &level));
	cr_expect_not(log_level_parse("", &level));
	cr_expect_eq(level, LOG_LEVEL_ERROR);
	caught();
}
