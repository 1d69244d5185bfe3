#include "tests/crash/log_source.h"
#include "tests/lib/draw.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PARTITIONS_MAX 16
#define QUIET_ONE_IN 8 /* polls that find nothing */

struct partition {
	uint16_t log;
	int32_t number;
	struct record *records;
	size_t n, next;
};

struct log_source {
	struct source base; /* first */
	struct partition partitions[PARTITIONS_MAX];
	size_t n;
	const char *names[TOPIC_COUNT];
	uint64_t random;
	int told_fd;
};

static void fail(const char *what, const char *subject)
{
	fprintf(stderr, "log_source: %s: %s\n", what, subject);
	exit(3);
}

/* ---- files ---- */

static char *read_bytes(FILE *f, long n)
{
	char *ret;

	if (n < 0)
		return NULL;
	ret = xcalloc((size_t)n + 1, 1);
	if (fread(ret, 1, (size_t)n, f) != (size_t)n)
		fail("file of a partition is cut", strerror(errno));
	return ret;
}

static void read_partition(struct partition *p, FILE *f, enum topic topic)
{
	int64_t offset, timestamp;
	long key_len, value_len;

	while (fscanf(f, "%" SCNd64 " %" SCNd64 " %ld %ld", &offset, &timestamp, &key_len, &value_len) == 4) {
		struct record *r;

		if (fgetc(f) != '\n')
			fail("file of a partition is cut", "after its numbers");
		p->records = xrealloc(p->records, (p->n + 1) * sizeof(*p->records));
		r = &p->records[p->n++];
		*r = (struct record){ topic, p->log, p->number, offset, timestamp, { NULL, 0 }, NULL, 0 };
		r->key = (struct str){ read_bytes(f, key_len), key_len < 0 ? 0 : (uint32_t)key_len };
		r->value = read_bytes(f, value_len);
		r->value_len = value_len < 0 ? 0 : (size_t)value_len;
	}
}

static void open_partitions(struct log_source *s, const struct log_source_options *opt)
{
	char path[4200];

	for (enum topic t = TOPIC_EVENTS; t < TOPIC_COUNT; t++) {
		s->names[t] = setting_topic(opt->settings, t);
		for (int32_t number = 0; s->n < PARTITIONS_MAX; number++) {
			struct partition *p = &s->partitions[s->n];
			FILE *f;

			snprintf(path, sizeof(path), "%s/%s.%d", opt->directory, s->names[t], number);
			f = fopen(path, "re");
			if (!f)
				break;
			*p = (struct partition){ .log = (uint16_t)t, .number = number };
			read_partition(p, f, t);
			fclose(f);
			p->n = p->n * opt->visible_percent / 100;
			s->n++;
		}
	}
	if (!s->n)
		fail("no partitions", opt->directory);
}

/* ---- where the store stands ---- */

static void take_up(struct log_source *s, struct partition *p, const struct log_source_options *opt)
{
	struct position at = { .last = -1 };
	int64_t told = 0;
	char text[128];

	if (pread(s->told_fd, &told, sizeof(told), (p - s->partitions) * (off_t)sizeof(told)) < 0)
		fail("cannot read what was told", strerror(errno));
	if (!opt->resume(opt->resume_arg, s->names[p->log], p->number, &at))
		at.next = 0;
	snprintf(text, sizeof(text), "%s/%d: next %" PRId64 ", told %" PRId64, s->names[p->log], p->number, at.next,
		 told);
	if (at.next < told)
		fail("the store stands before what was said to be durable", text);
	while (p->next < p->n && p->records[p->next].offset < at.next)
		p->next++;
	if (at.last < 0)
		return;
	if (!p->next || p->records[p->next - 1].offset != at.last)
		fail("the last applied offset is no record's", text);
	if (record_fingerprint(&p->records[p->next - 1]) != at.fingerprint)
		fail("the last applied record is another one", text);
}

static void source_committed(struct source *base, uint16_t log, int32_t partition, int64_t next)
{
	struct log_source *s = (struct log_source *)base;

	for (size_t i = 0; i < s->n; i++)
		if (s->partitions[i].log == log && s->partitions[i].number == partition &&
		    pwrite(s->told_fd, &next, sizeof(next), (off_t)(i * sizeof(next))) != sizeof(next))
			fail("cannot keep what was told", strerror(errno));
}

/* ---- handing out ---- */

static int64_t left(const struct log_source *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->partitions[i].n - s->partitions[i].next;
	return (int64_t)n;
}

static struct record *take(struct log_source *s, uint64_t left_n)
{
	uint64_t skip = draw(&s->random, left_n);
	struct partition *p = s->partitions;

	for (; skip >= p->n - p->next; p++)
		skip -= p->n - p->next;
	return &p->records[p->next++];
}

static int source_poll(struct source *base, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct log_source *s = (struct log_source *)base;
	int64_t left_n = left(s), n;

	(void)timeout_ms;
	if (!left_n)
		return error_set(e, ERR_SOURCE_END, "", "all files are read");
	if (draw(&s->random, QUIET_ONE_IN) == 0)
		return draw(&s->random, 4) ? 0 : error_set(e, ERR_SOURCE_RETRY, "", "away for a moment");
	n = draw(&s->random, 2) ? max : 1 + (int64_t)draw(&s->random, (uint64_t)max);
	if (n > left_n)
		n = left_n;
	for (int i = 0; i < n; i++)
		ret[i] = *take(s, (uint64_t)(left_n - i));
	return (int)n;
}

static void source_release(struct source *base)
{
	(void)base;
}

static int64_t source_lag(struct source *base)
{
	return left((struct log_source *)base);
}

static const char *source_log_name(struct source *base, uint16_t log)
{
	return ((struct log_source *)base)->names[log];
}

static void source_close(struct source *base)
{
	struct log_source *s = (struct log_source *)base;

	for (size_t i = 0; i < s->n; i++)
		free(s->partitions[i].records);
	close(s->told_fd);
	free(s);
}

static const struct source_ops ops = {
	.poll = source_poll,
	.release = source_release,
	.lag = source_lag,
	.committed = source_committed,
	.log_name = source_log_name,
	.close = source_close,
};

struct source *log_source_open(const struct log_source_options *opt)
{
	struct log_source *s = xcalloc(1, sizeof(*s));
	char path[4200];

	s->base.ops = &ops;
	s->random = opt->seed;
	snprintf(path, sizeof(path), "%s/told", opt->directory);
	s->told_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->told_fd < 0)
		fail(path, strerror(errno));
	open_partitions(s, opt);
	for (size_t i = 0; i < s->n; i++)
		take_up(s, &s->partitions[i], opt);
	return &s->base;
}
