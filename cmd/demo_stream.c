#include "cmd/demo_stream.h"

#include "config/clock.h"
#include "views/offsets.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define UNAPPLIED_MAX_DEFAULT (1024 * 1024)
#define STUCK_NS UINT64_C(30000000000) /* nothing applied for that long: something is wrong */
#define BAR_EVERY_NS UINT64_C(100000000)
#define BAR_CELLS 30

struct part {
	uint32_t *sizes; /* bytes of the record at each offset */
	size_t acknowledged, room;
	size_t applied;
	uint64_t unapplied; /* bytes from `applied` on */
	uint64_t bytes;
};

struct stream {
	const struct demo_stream_options *opt;
	struct snap *snap;
	struct demo_stream_figures figures;
	uint64_t started_ns, bar_ns, moved_ns;
	uint64_t applied_records;

	/* shared with the publisher's thread */
	pthread_mutex_t lock;
	struct part parts[TOPIC_COUNT][DEMO_PARTITIONS];
	uint64_t in_flight; /* bytes sent, not yet acknowledged */
	int failed;         /* the first error of an acknowledgement */
};

struct sent {
	struct stream *s;
	enum topic topic;
	uint32_t bytes;
};

/* Thread: the publisher's. */
static void acknowledged(void *arg, int code, int32_t partition, int64_t offset)
{
	struct sent *sent = arg;
	struct stream *s = sent->s;

	pthread_mutex_lock(&s->lock);
	s->in_flight -= sent->bytes;
	if (code || partition < 0 || partition >= DEMO_PARTITIONS) {
		s->failed = code ? code : ERR_PRODUCE;
	} else {
		struct part *part = &s->parts[sent->topic][partition];

		ARRAY_GROW(part->sizes, part->acknowledged, part->room, 4096);
		if (offset != (int64_t)part->acknowledged)
			s->failed = ERR_PRODUCE;
		part->sizes[part->acknowledged++] = sent->bytes;
		part->unapplied += sent->bytes;
		part->bytes += sent->bytes;
	}
	pthread_mutex_unlock(&s->lock);
	free(sent);
}

/* How far the views are, from the offsets stored with them. */
static int read_applied(struct stream *s)
{
	uint64_t applied = 0;
	int r = snap_renew(s->snap);

	if (r)
		return r;
	pthread_mutex_lock(&s->lock);
	for (int t = 0; t < TOPIC_COUNT; t++) {
		const char *name = setting_topic(s->opt->settings, (enum topic)t);

		for (int p = 0; p < DEMO_PARTITIONS; p++) {
			struct part *part = &s->parts[t][p];
			struct position pos;

			if (offsets_get(s->snap, name, p, &pos))
				continue; /* nothing of it is applied yet */
			while ((int64_t)part->applied < pos.next && part->applied < part->acknowledged)
				part->unapplied -= part->sizes[part->applied++];
			applied += part->applied;
		}
	}
	pthread_mutex_unlock(&s->lock);
	snap_park(s->snap);
	if (applied != s->applied_records) {
		s->applied_records = applied;
		s->moved_ns = clock_now_ns();
	}
	return 0;
}

/* The fullest partition, as if everything in flight went there. */
static uint64_t unapplied_at_most(struct stream *s)
{
	uint64_t most = 0;

	pthread_mutex_lock(&s->lock);
	for (int t = 0; t < TOPIC_COUNT; t++)
		for (int p = 0; p < DEMO_PARTITIONS; p++)
			if (s->parts[t][p].unapplied > most)
				most = s->parts[t][p].unapplied;
	most += s->in_flight;
	pthread_mutex_unlock(&s->lock);
	return most;
}

static void draw_bar(struct stream *s, bool last)
{
	uint64_t now = clock_now_ns();
	uint64_t total = demo_log_count(s->opt->log), done = s->applied_records;
	char cells[BAR_CELLS + 1];

	if (!s->opt->progress || (!last && now - s->bar_ns < BAR_EVERY_NS))
		return;
	s->bar_ns = now;
	for (unsigned i = 0; i < BAR_CELLS; i++)
		cells[i] = i * total < done * BAR_CELLS ? '#' : '.';
	cells[BAR_CELLS] = 0;
	fprintf(stderr, "\rthe shop's year: [%s] %3" PRIu64 " %%  %" PRIu64 " of %" PRIu64 " records  %.1f s%s", cells,
		done * 100 / total, done, total, (double)(now - s->started_ns) / 1e9, last ? "\n" : "");
}

/* A moment later: 0 to go on, 1 stopped, an error when it failed or nothing moves any more. */
static int wait_a_moment(struct stream *s, struct error *e)
{
	struct status_page *page = status_page(s->opt->status);
	int r;

	clock_rest_ms(1);
	if (s->opt->stopped && s->opt->stopped(s->opt->stopped_arg))
		return 1;
	r = read_applied(s);
	if (r)
		return error_set(e, r, "", "cannot read the store: %s", error_text(r));
	draw_bar(s, false);
	if (STATUS_GET(page, stopped_partitions))
		return error_set(e, ERR_PRODUCE, "", "a partition stopped: %s", page->stopped_why);
	if (clock_now_ns() - s->moved_ns > STUCK_NS)
		return error_set(e, ERR_PRODUCE, "", "nothing was applied for %d s, %" PRIu64 " records are",
				 (int)(STUCK_NS / 1000000000), s->applied_records);
	return 0;
}

static int send_record(struct stream *s, const struct demo_record *record, struct error *e)
{
	const struct demo_stream_options *opt = s->opt;
	size_t max = opt->unapplied_max ? opt->unapplied_max : UNAPPLIED_MAX_DEFAULT;
	struct sent *sent;
	uint32_t bytes = record->key.n + record->value.n;
	int r;

	while (unapplied_at_most(s) + bytes > max) {
		r = wait_a_moment(s, e);
		if (r)
			return r;
	}
	sent = xmalloc(sizeof(*sent));
	*sent = (struct sent){ s, record->topic, bytes };
	pthread_mutex_lock(&s->lock);
	s->in_flight += bytes;
	pthread_mutex_unlock(&s->lock);
	while (opt->publisher->ops->send(opt->publisher, setting_topic(opt->settings, record->topic), -1, record->key,
					 record->value.p, record->value.n, record->t_ms, NULL, 0, acknowledged, sent)) {
		r = wait_a_moment(s, e); /* the queue is full */
		if (r) {
			free(sent);
			return r;
		}
	}
	s->figures.records++;
	s->figures.bytes += bytes;
	pthread_mutex_lock(&s->lock);
	r = s->failed;
	pthread_mutex_unlock(&s->lock);
	return r ? error_set(e, r, "", "the embedded broker did not take a record in order") : 0;
}

/* Every record is in the views, once: by partition and by the processor's own counters. */
static int check_whole(struct stream *s, struct error *e)
{
	const struct status_page *page = status_page(s->opt->status);
	uint64_t acknowledged_n = 0;

	for (int t = 0; t < TOPIC_COUNT; t++) {
		for (int p = 0; p < DEMO_PARTITIONS; p++) {
			const struct part *part = &s->parts[t][p];

			acknowledged_n += part->acknowledged;
			if (part->bytes > s->figures.bytes_of_fullest)
				s->figures.bytes_of_fullest = part->bytes;
		}
	}
	if (acknowledged_n != s->figures.records || s->applied_records != s->figures.records ||
	    page->records != s->figures.records || page->dead_letters || page->duplicates)
		return error_set(e, ERR_PRODUCE, "",
				 "records were lost: %" PRIu64 " sent, %" PRIu64 " acknowledged, %" PRIu64
				 " applied, %" PRIu64 " counted, %" PRIu64 " dead letters, %" PRIu64 " duplicates",
				 s->figures.records, acknowledged_n, s->applied_records, page->records,
				 page->dead_letters, page->duplicates);
	return 0;
}

static int wait_applied(struct stream *s, uint64_t n, struct error *e)
{
	while (s->applied_records < n || STATUS_GET(status_page(s->opt->status), records) < n) {
		int r = wait_a_moment(s, e);

		if (r)
			return r;
	}
	return 0;
}

static int send_all(struct stream *s, struct error *e)
{
	const struct demo_log *log = s->opt->log;
	size_t n = demo_log_count(log), shown_from = demo_log_record_of(log, demo_log_shown_from(log)), i;
	struct demo_record record;
	int r = 0;

	for (i = 0; i < n && !r; i++) {
		if (i == shown_from && s->opt->show) {
			r = wait_applied(s, i, e);
			if (!r)
				r = s->opt->show(s->opt->show_arg, e);
			if (r)
				break;
			n = demo_log_count(log);
			s->moved_ns = clock_now_ns(); /* it may have taken a while */
		}
		/* The last record alone: the processor waits half as long as its last commit took, and a click is not to
		 * wait for half of a large one. */
		if (i == n - 1)
			r = wait_applied(s, i, e);
		demo_log_get(s->opt->log, i, &record);
		if (!r)
			r = send_record(s, &record, e);
	}
	if (!r)
		r = wait_applied(s, n, e);
	return r ? r : check_whole(s, e);
}

int demo_stream(const struct demo_stream_options *opt, struct demo_stream_figures *ret, struct error *e)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	int r;

	s->opt = opt;
	s->started_ns = s->moved_ns = clock_now_ns();
	pthread_mutex_init(&s->lock, NULL);
	r = snap_open(opt->store, &s->snap);
	if (r)
		error_set(e, r, "", "cannot read the store: %s", error_text(r));
	else
		r = send_all(s, e);
	if (opt->publisher->ops->flush(opt->publisher, 10000)) /* what is under way still points to s: it stays */
		return error_set(e, ERR_PRODUCE, "", "the embedded broker does not acknowledge what was sent");
	draw_bar(s, true);
	s->figures.seconds = (double)(clock_now_ns() - s->started_ns) / 1e9;
	*ret = s->figures;
	snap_close(s->snap);
	for (int t = 0; t < TOPIC_COUNT; t++)
		for (int p = 0; p < DEMO_PARTITIONS; p++)
			free(s->parts[t][p].sizes);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return r;
}
