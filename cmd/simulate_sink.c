#include "cmd/simulate_sink.h"
#include "config/clock.h"
#include "processor/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_BYTES (1 << 20)
#define GZIP_MODE "wb1"
#define FLUSH_MS 50
#define STALL_NS (60 * UINT64_C(1000000000))

struct simulate_sink {
	const struct settings *settings;
	const char *file;
	int fd; /* -1: gzip or Kafka */
	gzFile gz;
	struct publisher *publisher;
	size_t n;
	char *buffer; /* BUFFER_BYTES */
	_Atomic uint64_t acknowledged, refused;
	_Atomic int refused_code;
};

static bool is_gzip(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && strcmp(name + n - 3, ".gz") == 0;
}

static const char *file_name(const struct simulate_sink *sink)
{
	return sink->file ? sink->file : "standard output";
}

static int failed_write(const struct simulate_sink *sink, int number, struct error *e)
{
	return error_set(e, ERR_IO, NULL, "cannot write '%s': %s", file_name(sink), strerror(number));
}

/* ---- files ---- */

static int open_file(struct simulate_sink *sink, struct error *e)
{
	sink->buffer = xmalloc(BUFFER_BYTES);
	if (!sink->file || strcmp(sink->file, "-") == 0) {
		sink->file = NULL;
		sink->fd = STDOUT_FILENO;
		return 0;
	}
	sink->fd = open(sink->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (sink->fd < 0)
		return failed_write(sink, errno, e);
	if (is_gzip(sink->file)) {
		sink->gz = gzdopen(sink->fd, GZIP_MODE);
		if (!sink->gz)
			return error_set(e, ERR_IO, NULL, "cannot start gzip for '%s'", sink->file);
		sink->fd = -1;
	}
	return 0;
}

static int write_buffer(struct simulate_sink *sink, struct error *e)
{
	size_t done = 0;

	if (sink->gz && sink->n && gzwrite(sink->gz, sink->buffer, (unsigned)sink->n) != (int)sink->n)
		return failed_write(sink, errno, e);
	while (!sink->gz && done < sink->n) {
		ssize_t n = write(sink->fd, sink->buffer + done, sink->n - done);

		if (n < 0 && errno != EINTR)
			return failed_write(sink, errno, e);
		done += n > 0 ? (size_t)n : 0;
	}
	sink->n = 0;
	return 0;
}

static int put_line(struct simulate_sink *sink, const struct simulated *record, struct error *e)
{
	const char *topic = setting_topic(sink->settings, record->topic);
	char *p;
	int r;

	if (BUFFER_BYTES - sink->n < record->value.n + record->key.n + strlen(topic) + 64) {
		r = write_buffer(sink, e);
		if (r < 0)
			return r;
	}
	p = sink->buffer + sink->n;
	if (record->topic == TOPIC_EVENTS) {
		memcpy(p, record->value.p, record->value.n);
		p[record->value.n] = '\n';
		sink->n += record->value.n + 1;
	} else {
		sink->n += (size_t)snprintf(p, BUFFER_BYTES - sink->n,
					    "{\"topic\":\"%s\",\"key\":\"%.*s\",\"value\":%.*s}\n", topic,
					    STR_FMT(record->key), STR_FMT(record->value));
	}
	return 0;
}

static int close_file(struct simulate_sink *sink, struct error *e)
{
	int r = sink->fd >= 0 || sink->gz ? write_buffer(sink, e) : 0;

	if (sink->gz && gzclose(sink->gz) != Z_OK && r == 0)
		r = error_set(e, ERR_IO, NULL, "cannot finish '%s'", sink->file);
	if (sink->file && sink->fd >= 0 && close(sink->fd) < 0 && r == 0)
		r = failed_write(sink, errno, e);
	return r;
}

/* ---- Kafka ---- */

static void count_result(void *arg, int code, int32_t partition, int64_t offset)
{
	struct simulate_sink *sink = arg;

	(void)partition;
	(void)offset;
	if (code == 0) {
		atomic_fetch_add(&sink->acknowledged, 1);
	} else {
		atomic_store(&sink->refused_code, code);
		atomic_fetch_add(&sink->refused, 1);
	}
}

/* Wait until `idle` says so; an error when nothing was acknowledged for a minute. */
static int wait_for(struct simulate_sink *sink, int (*idle)(struct simulate_sink *sink, const struct simulated *record),
		    const struct simulated *record, struct error *e)
{
	uint64_t since = clock_now_ns(), seen = atomic_load(&sink->acknowledged);

	while (idle(sink, record) != 0) {
		uint64_t now = clock_now_ns(), acknowledged = atomic_load(&sink->acknowledged);

		if (acknowledged != seen) {
			seen = acknowledged;
			since = now;
		}
		if (now - since > STALL_NS)
			return error_set(e, ERR_PRODUCE, NULL,
					 "the broker took no record for a minute: look at kafka.bootstrap.servers");
	}
	return 0;
}

static int try_send(struct simulate_sink *sink, const struct simulated *record)
{
	const char *topic = setting_topic(sink->settings, record->topic);
	int r = sink->publisher->ops->send(sink->publisher, topic, -1, record->key, record->value.p, record->value.n, 0,
					   NULL, 0, count_result, sink);

	if (r == ERR_QUEUE_FULL) {
		(void)sink->publisher->ops->flush(sink->publisher, FLUSH_MS); /* what was acknowledged is counted */
		return r;
	}
	if (r)
		count_result(sink, r, -1, -1);
	return 0;
}

static int try_flush(struct simulate_sink *sink, const struct simulated *record)
{
	(void)record;
	return sink->publisher->ops->flush(sink->publisher, FLUSH_MS);
}

static int close_kafka(struct simulate_sink *sink, struct error *e)
{
	int r = wait_for(sink, try_flush, NULL, e);
	unsigned long long refused, all;

	sink->publisher->ops->close(sink->publisher);
	refused = atomic_load(&sink->refused);
	all = refused + atomic_load(&sink->acknowledged);
	if (r == 0 && refused)
		r = error_set(e, ERR_PRODUCE, NULL, "%llu of %llu records were not taken: %s", refused, all,
			      error_text(atomic_load(&sink->refused_code)));
	return r;
}

/* ---- either ---- */

int simulate_sink_open(const struct settings *set, bool to_kafka, const char *file, struct simulate_sink **ret,
		       struct error *e)
{
	struct simulate_sink *sink = xcalloc(1, sizeof(*sink));
	int r;

	sink->settings = set;
	sink->file = file;
	sink->fd = -1;
	r = to_kafka ? publisher_kafka_open(set, &sink->publisher, e) : open_file(sink, e);
	if (r < 0) {
		if (file && sink->fd >= 0)
			close(sink->fd);
		free(sink->buffer);
		free(sink);
		return r;
	}
	*ret = sink;
	return 0;
}

int simulate_sink_put(struct simulate_sink *sink, const struct simulated *record, struct error *e)
{
	return sink->publisher ? wait_for(sink, try_send, record, e) : put_line(sink, record, e);
}

int simulate_sink_close(struct simulate_sink *sink, struct error *e)
{
	int r = sink->publisher ? close_kafka(sink, e) : close_file(sink, e);

	free(sink->buffer);
	free(sink);
	return r;
}
