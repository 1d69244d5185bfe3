/*
 * crash_player - one life of a processor, to be killed:
 *
 *     crash_player play LOG_DIR SEED VISIBLE_PERCENT topic|file KEY=VALUE...   until the log's end: status 0
 *     crash_player rows KEY=VALUE...                                           "VIEW\tROW" of all views
 *
 * `topic`: dead letters go to a topic that acknowledges when it is flushed; acknowledged ones are lines of LOG_DIR/letters.
 * Status 3: the store is not where it must be. The clock is drawn from the seed too. FAULT_PLAN: schemas/fault.h.
 */
#include "cmd/command.h"
#include "cmd/ingest.h"
#include "config/clock.h"
#include "config/log.h"
#include "tests/crash/log_source.h"
#include "tests/lib/draw.h"
#include "views/view.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int failed(const char *what, const struct error *e)
{
	fprintf(stderr, "crash_player: %s: %s\n", what, e->text);
	return 1;
}

/* ---- a clock that goes on a little at each look ---- */

#define STEP_NS 400000

static uint64_t clock_random, clock_ns;

static uint64_t stepped_ns(const struct clock *c)
{
	(void)c;
	return clock_ns += 1 + draw(&clock_random, STEP_NS);
}

static int64_t stepped_ms(const struct clock *c)
{
	return INT64_C(1700000000000) + (int64_t)(stepped_ns(c) / 1000000);
}

static const struct clock stepped = { stepped_ms, stepped_ns };

/* ---- a topic of dead letters ---- */

struct letter {
	struct letter *next;
	publish_done done;
	void *arg;
	size_t n;
	char line[];
};

struct letters_topic {
	struct publisher base; /* first */
	struct letter *first, **end;
	uint64_t random;
	int fd;
};

static int topic_send(struct publisher *p, const char *topic, int32_t partition, struct str key, const void *value,
		      size_t value_len, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		      publish_done done, void *arg)
{
	struct letters_topic *t = (struct letters_topic *)p;
	size_t room = sodium_base64_ENCODED_LEN(value_len, sodium_base64_VARIANT_ORIGINAL);
	struct letter *l = xcalloc(1, sizeof(*l) + room + 512);
	char *value64 = xcalloc(room, 1);

	(void)topic;
	(void)partition;
	(void)key;
	(void)timestamp_ms;
	if (header_count < 3)
		return ERR_PRODUCE;
	sodium_bin2base64(value64, room, value ? value : "", value_len, sodium_base64_VARIANT_ORIGINAL);
	*l = (struct letter){ .done = done, .arg = arg };
	l->n = (size_t)snprintf(l->line, room + 512, "%.*s %.*s %.*s %s\n", STR_FMT(headers[0].value),
				STR_FMT(headers[1].value), STR_FMT(headers[2].value), value64);
	free(value64);
	*t->end = l;
	t->end = &l->next;
	return 0;
}

/* Acknowledges some or all of what was sent. */
static int topic_flush(struct publisher *p, int timeout_ms)
{
	struct letters_topic *t = (struct letters_topic *)p;

	(void)timeout_ms;
	while (t->first) {
		struct letter *l = t->first;

		if (draw(&t->random, 8) == 0)
			return ERR_PRODUCE;
		if (write(t->fd, l->line, l->n) != (ssize_t)l->n)
			abort();
		l->done(l->arg, 0, 0, 0);
		t->first = l->next;
		if (!t->first)
			t->end = &t->first;
		free(l);
	}
	return 0;
}

static void topic_close(struct publisher *p)
{
	close(((struct letters_topic *)p)->fd);
}

static struct publisher *topic_open(const char *log_dir, uint64_t seed)
{
	static const struct publisher_ops ops = { topic_send, topic_flush, topic_close };
	static struct letters_topic t = { .base = { &ops } };
	char path[4200];

	t.end = &t.first;
	t.random = seed;
	snprintf(path, sizeof(path), "%s/letters", log_dir);
	t.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return t.fd < 0 ? NULL : &t.base;
}

/* ---- the two commands ---- */

static int play(const struct settings *set, char **argv)
{
	struct log_source_options opt = {
		.directory = argv[0],
		.settings = set,
		.seed = strtoull(argv[1], NULL, 10),
		.visible_percent = (unsigned)strtoul(argv[2], NULL, 10),
		.resume = processor_resume,
	};
	struct processor_options more = { .clock = &stepped };
	struct ingest in = { 0 };
	struct error e = { 0 };
	int rc;

	clock_random = opt.seed + 1;
	if (strcmp(argv[3], "topic") == 0 && !(in.publisher = topic_open(argv[0], opt.seed + 2)))
		return failed("letters", &e);
	rc = ingest_open(&in, set, &e);
	if (!rc)
		rc = ingest_processor(&in, set, &more, &e);
	if (rc)
		return failed("open", &e);
	opt.resume_arg = in.processor;
	in.source = log_source_open(&opt);
	rc = processor_run(in.processor, in.source, &e);
	if (rc)
		return failed("run", &e);
	ingest_close(&in);
	return 0;
}

static int print_row(void *arg, struct str json)
{
	return printf("%s\t%.*s\n", (const char *)arg, STR_FMT(json)) < 0 ? ERR_IO : 0;
}

static int rows(const struct settings *set)
{
	struct store_options opt = command_store_options(set);
	struct view_filter all = { 0 };
	struct store *store;
	struct error e = { 0 };
	struct snap *sn;
	int rc;

	rc = store_open(&opt, &store, &e);
	if (rc)
		return failed("open", &e);
	rc = snap_open(store, &sn);
	for (size_t i = 0; view_registry[i] && !rc; i++)
		rc = view_registry[i]->rows(sn, &all, print_row, (void *)view_registry[i]->name);
	if (rc)
		return failed(error_text(rc), &e);
	snap_close(sn);
	store_close(store);
	return 0;
}

int main(int argc, char **argv)
{
	bool plays = argc > 6 && strcmp(argv[1], "play") == 0;
	char **sets = argv + (plays ? 6 : 2);
	struct settings_sources from = { .sets = (const char *const *)sets, .sets_n = (size_t)(argv + argc - sets) };
	struct settings *set;
	struct error e = { 0 };
	int status;

	if (argc < 3 || (!plays && strcmp(argv[1], "rows") != 0)) {
		fprintf(stderr,
			"usage: crash_player play LOG_DIR SEED PERCENT topic|file KEY=VALUE... | rows KEY=VALUE...\n");
		return 2;
	}
	if (settings_load(&from, &set, &e))
		return failed("settings", &e);
	status = plays ? play(set, argv + 2) : rows(set);
	settings_free(set);
	return status;
}
