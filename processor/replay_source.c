#include "processor/replay_source.h"

#include "config/clock.h"
#include "processor/sources.h"

#include <stdlib.h>

#define TICK_NS UINT64_C(200000000)
#define NAP_MS 20
#define NS_PER_S 1e9

struct replay_source {
	struct source base;
	struct replay_source_options opt;
	struct source *inner;
	uint64_t records, tick_ns, filled_ns;
	double budget; /* records that may be read now */
};

static struct replay_source *self(struct source *base)
{
	return (struct replay_source *)base;
}

/* How far a partition was read, what holds no records included. */
static int64_t reached(struct replay_source *s, const struct replay_part *p)
{
	int64_t at = source_kafka_reached(s->inner, p->log, p->id);

	return at > p->next ? at : p->next;
}

/* A stored position says nothing until the last record before it was found in the log again: then it is being read. */
static bool is_compared(struct replay_source *s, const struct replay_part *p)
{
	return !p->resumed || p->next > p->start || source_kafka_reached(s->inner, p->log, p->id) >= 0;
}

static bool at_end(struct replay_source *s)
{
	for (size_t i = 0; i < s->opt.plan->n; i++)
		if (reached(s, &s->opt.plan->v[i]) < s->opt.plan->v[i].end || !is_compared(s, &s->opt.plan->v[i]))
			return false;
	return true;
}

/* Records that may be read by now; a fifth of a second's worth can be saved up. */
static int allowed(struct replay_source *s, int max)
{
	uint64_t now = clock_now_ns();
	double most = (double)s->opt.rate / 5 + 1;

	if (!s->opt.rate)
		return max;
	s->budget += (double)s->opt.rate * (double)(now - s->filled_ns) / NS_PER_S;
	s->filled_ns = now;
	if (s->budget > most)
		s->budget = most;
	return s->budget < max ? (int)s->budget : max;
}

/* Count, and leave out what lies behind the plan's end. */
static int sift(struct replay_source *s, struct record *v, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		struct replay_part *p = s->opt.plan ? replay_plan_find(s->opt.plan, v[i].log, v[i].partition) : NULL;

		if (p && s->opt.cut && v[i].offset >= p->end)
			continue;
		if (p && v[i].offset > p->next)
			p->gaps += v[i].offset - p->next;
		if (p)
			p->next = v[i].offset + 1;
		v[kept++] = v[i];
	}
	s->records += (uint64_t)kept;
	return kept;
}

/* A partition or file that is read no further ends the replay. */
static int look_at_stopped(struct replay_source *s, struct error *e)
{
	struct error why = { 0 };
	const char *log_name;
	int32_t partition;

	if (!s->inner->ops->stopped || !s->inner->ops->stopped(s->inner, 0, &log_name, &partition, &why))
		return 0;
	*e = (struct error){ 0 };
	return error_set(e, why.code, "topics", "%s", why.text);
}

static int source_poll(struct source *base, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct replay_source *s = self(base);
	int n, rc;

	if (s->opt.tick && clock_now_ns() - s->tick_ns >= TICK_NS) {
		s->opt.tick(s->opt.tick_arg);
		s->tick_ns = clock_now_ns();
	}
	rc = look_at_stopped(s, e);
	if (rc)
		return rc;
	if (s->opt.plan && at_end(s))
		return ERR_SOURCE_END;
	max = allowed(s, max);
	if (!max) {
		clock_rest_ms(timeout_ms < NAP_MS ? timeout_ms : NAP_MS);
		return 0;
	}
	n = s->inner->ops->poll(s->inner, ret, max, timeout_ms, e);
	rc = n == ERR_SOURCE_END ? look_at_stopped(s, e) : 0; /* the last file */
	if (rc || n <= 0)
		return rc ? rc : n;
	s->budget -= n;
	return sift(s, ret, n);
}

static void source_release(struct source *base)
{
	self(base)->inner->ops->release(self(base)->inner);
}

static int64_t source_lag(struct source *base)
{
	struct replay_source *s = self(base);
	uint64_t done, total;

	if (!s->opt.plan)
		return s->inner->ops->lag(s->inner);
	replay_source_progress(base, &done, &total);
	return (int64_t)(total - done);
}

static const char *source_log_name(struct source *base, uint16_t log)
{
	return self(base)->inner->ops->log_name(self(base)->inner, log);
}

/* Where it ends before the log does, what comes next there is not known. */
static bool source_ended(struct source *base, const char **log_name, int32_t *partition, struct position *ret)
{
	const struct replay_source *s = self(base);

	return !s->opt.cut && s->inner->ops->ended && s->inner->ops->ended(s->inner, log_name, partition, ret);
}

static void source_close(struct source *base)
{
	struct replay_source *s = self(base);

	if (s->inner)
		s->inner->ops->close(s->inner);
	free(s);
}

static const struct source_ops replay_source_ops = {
	.poll = source_poll,
	.release = source_release,
	.lag = source_lag,
	.log_name = source_log_name,
	.close = source_close,
	.ended = source_ended,
};

static struct replay_part *part_named(const struct replay_source *s, const char *log_name, int32_t id)
{
	for (int log = 0; log < TOPIC_COUNT; log++)
		if (!strcmp(setting_topic(s->opt.settings, (enum topic)log), log_name))
			return replay_plan_find(s->opt.plan, (uint16_t)log, id);
	return NULL;
}

/* For the inner source: the store's position, or the plan's. */
static bool resume(void *arg, const char *log_name, int32_t id, struct position *ret)
{
	const struct replay_source *s = arg;
	const struct replay_part *p = part_named(s, log_name, id);

	if (processor_resume(s->opt.processor, log_name, id, ret))
		return true;
	if (!p || p->whole)
		return false;
	*ret = (struct position){ .next = p->begin, .last = -1 };
	return true;
}

static void begin_counting(struct replay_source *s)
{
	for (size_t i = 0; i < s->opt.plan->n; i++) {
		struct replay_part *p = &s->opt.plan->v[i];
		struct position at;

		p->resumed = processor_resume(s->opt.processor, setting_topic(s->opt.settings, (enum topic)p->log),
					      p->id, &at);
		p->start = p->resumed ? at.next : p->begin;
		p->next = p->start;
		p->gaps = 0;
	}
}

int replay_source_open(const struct replay_source_options *opt, struct source **ret, struct error *e)
{
	struct replay_source *s = xcalloc(1, sizeof(*s));
	int rc;

	s->base.ops = &replay_source_ops;
	s->opt = *opt;
	s->filled_ns = clock_now_ns();
	if (opt->files) {
		s->opt.plan = NULL;
		rc = source_files_open(opt->settings, opt->files, opt->file_count, processor_resume, opt->processor,
				       &s->inner, e);
	} else {
		begin_counting(s);
		rc = source_kafka_open(opt->settings, resume, s, &s->inner, e);
	}
	if (rc) {
		source_close(&s->base);
		return rc;
	}
	*ret = &s->base;
	return 0;
}

uint64_t replay_source_records(const struct source *src)
{
	return ((const struct replay_source *)src)->records;
}

void replay_source_progress(struct source *src, uint64_t *done, uint64_t *total)
{
	struct replay_source *s = self(src);
	int64_t sum = 0, left = 0;

	if (!s->opt.plan) {
		source_files_progress(s->inner, done, total);
		return;
	}
	for (size_t i = 0; i < s->opt.plan->n; i++) {
		const struct replay_part *p = &s->opt.plan->v[i];
		int64_t at = reached(s, p);

		sum += p->end - p->begin;
		if (at < p->end)
			left += p->end - (at < p->begin ? p->begin : at);
	}
	*total = (uint64_t)sum;
	*done = (uint64_t)(sum - left);
}
