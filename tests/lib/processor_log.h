/*
 * processor_log.h - a log for tests: an embedded broker with its settings, records sent to it, and a source read until
 * nothing more comes.
 */
#ifndef AISLE_TESTS_LIB_PROCESSOR_LOG_H
#define AISLE_TESTS_LIB_PROCESSOR_LOG_H

#include "config/settings.h"
#include "processor/sources.h"

#include <sys/resource.h>

struct test_log {
	struct embedded_broker *broker;
	struct settings *settings;
	struct publisher *publisher;
	char dir[64]; /* an own directory, removed by test_log_fini */
};

/* Settings without a broker: store.path=DIR and `extra` ("key=value", NULL at the end). */
struct settings *test_settings(const char *dir, const char *const *extra);
void test_dir_make(char ret[64]);
void test_dir_remove(const char *dir);

/* No file of this process may grow beyond it; RLIM_INFINITY: as it was. */
void test_limit_files(rlim_t bytes);

void test_log_init(struct test_log *l, int partitions, const char *const *extra);
void test_log_fini(struct test_log *l);
/* value NULL: a tombstone. Returns when acknowledged. */
void test_log_send(struct test_log *l, const char *topic, int32_t partition, const char *key, const void *value,
		   size_t n);

/* Copies of what a source handed out. */
struct test_record {
	enum topic topic;
	int32_t partition;
	int64_t offset;
	char *key;
	char *value; /* NUL-terminated copy; NULL: a tombstone */
	size_t value_len;
};
struct test_records {
	size_t n;
	struct test_record *v;
};
void test_records_fini(struct test_records *r);

/* Poll until `want` records came or deadline_ms passed (10 s when 0); returns the source's last code. */
int test_source_read(struct source *s, size_t want, int deadline_ms, struct test_records *ret);
/* Poll until a partition is stopped; its code, or 0 after the deadline. */
int test_source_until_stopped(struct source *s, int deadline_ms, struct test_records *ret);

/* A resume_lookup that answers one position for log name and partition 0..; `arg` is a struct test_resume. */
struct test_resume {
	const char *log_name;
	int32_t partition;
	struct position at;
};
bool test_resume_lookup(void *arg, const char *log_name, int32_t partition, struct position *ret);

#endif
