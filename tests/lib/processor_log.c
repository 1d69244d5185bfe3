#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void test_dir_make(char ret[64])
{
	snprintf(ret, 64, "/tmp/aisle-test-XXXXXX");
	cr_assert_not_null(mkdtemp(ret));
}

void test_limit_files(rlim_t bytes)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void test_dir_remove(const char *dir)
{
	char path[512];
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		if (unlink(path))
			test_dir_remove(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

struct settings *test_settings(const char *dir, const char *const *extra)
{
	const char *sets[32];
	char path[128];
	struct settings *ret = NULL;
	struct error e = { 0 };
	size_t n = 0;

	snprintf(path, sizeof(path), "store.path=%s", dir);
	sets[n++] = path;
	for (; extra && *extra; extra++)
		sets[n++] = *extra;
	cr_assert_eq(settings_load(&(struct settings_sources){ .sets = sets, .sets_n = n }, &ret, &e), 0, "%s", e.text);
	return ret;
}

void test_log_init(struct test_log *l, int partitions, const char *const *extra)
{
	char servers[128];
	const char *sets[32] = { servers };
	struct settings *plain;
	struct error e = { 0 };

	test_dir_make(l->dir);
	for (size_t i = 0; extra && extra[i]; i++)
		sets[i + 1] = extra[i];
	plain = test_settings(l->dir, extra);
	cr_assert_eq(embedded_broker_start(plain, partitions, &l->broker, &e), 0, "%s", e.text);
	settings_free(plain);
	snprintf(servers, sizeof(servers), "kafka.bootstrap.servers=%s", embedded_broker_servers(l->broker));
	l->settings = test_settings(l->dir, sets);
	cr_assert_eq(publisher_kafka_open(l->settings, &l->publisher, &e), 0, "%s", e.text);
}

void test_log_fini(struct test_log *l)
{
	l->publisher->ops->close(l->publisher);
	embedded_broker_stop(l->broker);
	settings_free(l->settings);
	test_dir_remove(l->dir);
}

static void on_sent(void *arg, int code, int32_t partition, int64_t offset)
{
	(void)partition;
	(void)offset;
	*(int *)arg = code;
}

void test_log_send(struct test_log *l, const char *topic, int32_t partition, const char *key, const void *value,
		   size_t n)
{
	int code = 1;

	cr_assert_eq(l->publisher->ops->send(l->publisher, topic, partition, str_of(key), value, n, 0, NULL, 0, on_sent,
					     &code),
		     0);
	cr_assert_eq(l->publisher->ops->flush(l->publisher, 60000), 0);
	cr_assert_eq(code, 0);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void keep(struct test_records *ret, const struct record *r)
{
	ret->v = xrealloc(ret->v, (ret->n + 1) * sizeof(*ret->v));
	ret->v[ret->n++] = (struct test_record){
		.topic = r->topic,
		.partition = r->partition,
		.offset = r->offset,
		.key = xstrndup(r->key.p ? r->key.p : "", r->key.n),
		.value = r->value ? xstrndup(r->value, r->value_len) : NULL,
		.value_len = r->value_len,
	};
}

void test_records_fini(struct test_records *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].key);
		free(r->v[i].value);
	}
	free(r->v);
	*r = (struct test_records){ 0 };
}

static int poll_once(struct source *s, struct test_records *ret)
{
	struct record records[100];
	struct error e = { 0 };
	int n = s->ops->poll(s, records, 100, 50, &e);

	for (int i = 0; i < n; i++)
		keep(ret, &records[i]);
	s->ops->release(s);
	return n;
}

int test_source_read(struct source *s, size_t want, int deadline_ms, struct test_records *ret)
{
	int64_t until = now_ms() + (deadline_ms ? deadline_ms : 60000);
	int n = 0;

	while (ret->n < want && now_ms() < until) {
		n = poll_once(s, ret);
		if (n < 0 && n != ERR_SOURCE_RETRY)
			break;
	}
	return n;
}

int test_source_until_stopped(struct source *s, int deadline_ms, struct test_records *ret)
{
	int64_t until = now_ms() + deadline_ms;
	const char *log_name;
	int32_t partition;
	struct error why;

	while (now_ms() < until) {
		poll_once(s, ret);
		if (s->ops->stopped(s, 0, &log_name, &partition, &why))
			return why.code;
	}
	return 0;
}

bool test_resume_lookup(void *arg, const char *log_name, int32_t partition, struct position *ret)
{
	const struct test_resume *r = arg;

	if (!r || strcmp(log_name, r->log_name) || partition != r->partition)
		return false;
	*ret = r->at;
	return true;
}
