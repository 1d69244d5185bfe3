/* Reading: batches from the consumer's queue, in order, each partition only from the log it began in. */
#include "processor/source_kafka.h"
#include "processor/sources.h"

#include "config/clock.h"
#include "config/log.h"

#include <assert.h>
#include <stdlib.h>

#define ALIVE_NS UINT64_C(1500000000) /* longer without a word: the broker is asked */
#define RELOOK_TIMEOUT_MS 2000

static struct source_kafka *self(struct source *base)
{
	return (struct source_kafka *)base;
}

struct part *kafka__part_after(const struct source_kafka *s, const struct part *p)
{
	int log = p ? p->log : 0;
	int32_t id = p ? p->id + 1 : 0;

	for (; log < TOPIC_COUNT; log++, id = 0)
		if (id < s->part_count[log])
			return &s->parts[log][id];
	return NULL;
}

static int log_of(struct source_kafka *s, const rd_kafka_topic_t *t)
{
	for (int log = 0; log < TOPIC_COUNT; log++)
		if (s->seen[log] == t)
			return log;
	for (int log = 0; log < TOPIC_COUNT; log++) {
		if (!strcmp(s->topics[log], rd_kafka_topic_name(t))) {
			s->seen[log] = t;
			return log;
		}
	}
	return -1;
}

static struct part *part_of(struct source_kafka *s, const rd_kafka_message_t *m)
{
	int log = m->rkt ? log_of(s, m->rkt) : -1;

	if (log < 0 || m->partition < 0 || m->partition >= s->part_count[log])
		return NULL;
	return &s->parts[log][m->partition];
}

static void take_error(struct source_kafka *s, const rd_kafka_message_t *m)
{
	struct part *p = part_of(s, m);
	int log = m->rkt ? log_of(s, m->rkt) : -1;

	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (!p || p->state != PART_READING)
			return;
		p->eof_at = m->offset;
		p->seen = true;
		p->last_error = 0;
		s->alive_ns = clock_now_ns();
	} else if (p) {
		kafka__suspect(s, p, m->err);
	} else if (log >= 0) {
		for (int32_t i = 0; i < s->part_count[log]; i++)
			kafka__suspect(s, &s->parts[log][i], m->err);
	} else {
		log_debug("kafka", "error=\"%s\"", rd_kafka_message_errstr(m));
		s->look_ns = 0;
	}
}

/* Up to `max` messages, as soon as there is one. */
static size_t fetch(struct source_kafka *s, size_t max, int timeout_ms)
{
	ssize_t n = rd_kafka_consume_batch_queue(s->queue, 0, s->messages, max);

	if (n <= 0) {
		/* the batch call waits until its array is full, this one for the first message only */
		s->messages[0] = rd_kafka_consume_queue(s->queue, timeout_ms);
		if (!s->messages[0])
			return 0;
		n = max > 1 ? rd_kafka_consume_batch_queue(s->queue, 0, s->messages + 1, max - 1) : 0;
		n = 1 + (n > 0 ? n : 0);
	}
	return (size_t)n;
}

/* Drop errors, and what is stale or not being read; what is left is to be handed out if its partition is the same. */
static void sift(struct source_kafka *s, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		rd_kafka_message_t *m = s->messages[i];
		struct part *p = m->err ? NULL : part_of(s, m);

		if (m->err)
			take_error(s, m);
		if (p && p->state == PART_READING && m->offset >= p->at.next)
			s->messages[kept++] = m;
		else
			rd_kafka_message_destroy(m);
	}
	s->message_count = kept;
}

static void begin_look(struct source_kafka *s)
{
	uint64_t now = clock_now_ns();
	struct part **due = NULL;
	size_t n = 0, room = 0;

	for (size_t i = 0; i < s->message_count; i++) {
		struct part *p = part_of(s, s->messages[i]);

		if (p->at.last < 0)
			p->verified_ns = now;
		if (now - p->verified_ns < VERIFY_EVERY_NS || p->verdict == VERDICT_PENDING)
			continue;
		if (n == room)
			due = xrealloc(due, (room = room * 2 + 8) * sizeof(*due));
		p->verdict = VERDICT_PENDING;
		due[n++] = p;
	}
	if (n)
		verifier_begin(s->verifier, due, n);
	free(due);
}

/* False when the look takes long: it goes on with the next poll, and the messages wait for it. */
static bool look_again(struct source_kafka *s)
{
	struct part *const *looked;
	size_t n;

	if (!s->holds)
		begin_look(s);
	s->holds = verifier_busy(s->verifier);
	if (!s->holds)
		return true;
	s->holds = !verifier_wait(s->verifier, RELOOK_TIMEOUT_MS);
	if (s->holds)
		return false;
	looked = verifier_looked(s->verifier, &n);
	for (size_t i = 0; i < n; i++) {
		if (looked[i]->state == PART_STOPPED)
			kafka__restart(s); /* what is refused is fetched no further */
		else if (looked[i]->verdict != VERDICT_SAME)
			kafka__suspect(s, looked[i], 0);
	}
	return true;
}

static void advance(struct source_kafka *s, const struct record *r)
{
	struct part *p = &s->parts[r->log][r->partition];

	p->at = (struct position){ r->offset + 1, r->offset, r->timestamp_ms, record_fingerprint(r) };
	p->known = true;
	p->seen = true;
	p->last_error = 0;
}

static int hand_out(struct source_kafka *s, struct record *ret)
{
	int n = 0;

	for (size_t i = 0; i < s->message_count; i++) {
		struct part *p = part_of(s, s->messages[i]);

		if (p->state != PART_READING || s->messages[i]->offset < p->at.next)
			continue;
		ret[n] = kafka__record(p, s->messages[i]);
		p->at.next = ret[n].offset + 1;
		/* where the next look begins: the last record of each run is enough */
		if (n && (ret[n - 1].partition != p->id || ret[n - 1].log != p->log))
			advance(s, &ret[n - 1]);
		n++;
	}
	if (n) {
		advance(s, &ret[n - 1]);
		s->alive_ns = clock_now_ns();
	}
	return n;
}

static void source_release(struct source *base)
{
	struct source_kafka *s = self(base);

	if (s->holds)
		return;
	for (size_t i = 0; i < s->message_count; i++)
		rd_kafka_message_destroy(s->messages[i]);
	s->message_count = 0;
}

/* The messages, and the look they wait for. */
static void let_go(struct source_kafka *s)
{
	if (s->verifier)
		verifier_cancel(s->verifier);
	s->holds = false;
	source_release(&s->base);
}

/* Into s->messages. */
static int fetch_more(struct source_kafka *s, size_t max, int timeout_ms, struct error *e)
{
	int rc;

	if (clock_now_ns() - s->alive_ns > ALIVE_NS && s->look_ns > clock_now_ns() + ALIVE_NS)
		s->look_ns = 0;
	rc = kafka__look_around(s, e);
	if (rc)
		return rc;
	if (verifier_busy(s->verifier))
		return error_set(e, ERR_SOURCE_RETRY, "kafka", "the broker is slow to show what was read last");
	if (max > s->message_max) {
		s->messages = xrealloc(s->messages, max * sizeof(rd_kafka_message_t *));
		s->message_max = max;
	}
	if (s->rk)
		sift(s, fetch(s, max, timeout_ms));
	else
		clock_rest_ms(timeout_ms);
	return 0;
}

/* A topic that was read and is not there any more, or that of events, which is there or has a wrong name. */
static int topics_missing(const struct source_kafka *s, struct error *e)
{
	for (int log = 0; log < TOPIC_COUNT; log++)
		if (s->missing[log] && (s->part_count[log] || log == TOPIC_EVENTS))
			return error_set(e, ERR_SOURCE_RETRY, "topics", "topic '%s' does not exist%s", s->topics[log],
					 s->part_count[log] ? " any more" : "");
	return 0;
}

static int source_poll(struct source *base, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct source_kafka *s = self(base);
	int rc, n;

	if (!s->holds) {
		source_release(base);
		kafka__pass(s);
		rc = fetch_more(s, (size_t)max, timeout_ms, e);
		if (rc)
			return rc;
	}
	if (!look_again(s))
		return error_set(e, ERR_SOURCE_RETRY, "kafka", "the broker is slow to show what was read last");
	n = hand_out(s, ret);
	if (!n && s->message_count)
		source_release(base);
	if (!n && s->down)
		return error_set(e, ERR_SOURCE_RETRY, "kafka", "the broker does not answer");
	return n ? n : topics_missing(s, e);
}

static int64_t source_lag(struct source *base)
{
	struct source_kafka *s = self(base);
	int64_t sum = 0;

	for (struct part *p = NULL; (p = kafka__part_after(s, p));) {
		int64_t low, high, from = p->eof_at > p->at.next ? p->eof_at : p->at.next;

		if (p->state == PART_STOPPED)
			continue;
		if (p->state == PART_WAITING || !p->seen ||
		    rd_kafka_get_watermark_offsets(s->rk, s->topics[p->log], p->id, &low, &high) || high < 0)
			return -1;
		sum += high > from ? high - from : 0;
	}
	return s->down ? -1 : sum;
}

int64_t source_kafka_reached(struct source *src, uint16_t log, int32_t partition)
{
	struct source_kafka *s = self(src);
	const struct part *p;

	if (log >= TOPIC_COUNT || partition >= s->part_count[log])
		return -1;
	p = &s->parts[log][partition];
	if (p->state != PART_READING)
		return -1;
	/* the end was seen behind what is held: nobody has that yet */
	return !s->holds && p->eof_at > p->at.next ? p->eof_at : p->at.next;
}

static bool source_at_end(struct source *base)
{
	struct source_kafka *s = self(base);

	for (struct part *p = NULL; (p = kafka__part_after(s, p));)
		if (p->state != PART_STOPPED && (p->state != PART_READING || p->eof_at < p->at.next))
			return false;
	return !s->down && !s->holds;
}

static void source_committed(struct source *base, uint16_t log, int32_t partition, int64_t next)
{
	struct source_kafka *s = self(base);

	assert(log < TOPIC_COUNT && partition < s->part_count[log]);
	s->parts[log][partition].committed = next;
}

static const char *source_log_name(struct source *base, uint16_t log)
{
	assert(log < TOPIC_COUNT);
	return self(base)->topics[log];
}

static bool source_stopped(struct source *base, size_t index, const char **log_name, int32_t *partition,
			   struct error *why)
{
	struct source_kafka *s = self(base);

	for (struct part *p = NULL; (p = kafka__part_after(s, p));) {
		if (p->state != PART_STOPPED || index--)
			continue;
		*log_name = s->topics[p->log];
		*partition = p->id;
		*why = p->why;
		return true;
	}
	return false;
}

static void source_close(struct source *base)
{
	struct source_kafka *s = self(base);

	let_go(s);
	if (!s->down)
		kafka__tell_group(s, true);
	kafka__reader_close(s);
	verifier_free(s->verifier);
	for (int log = 0; log < TOPIC_COUNT; log++) {
		if (s->handles[log])
			rd_kafka_topic_destroy(s->handles[log]);
		free(s->parts[log]);
	}
	kafka_client_destroy(s->probe);
	free(s->messages);
	free(s);
}

static bool source_ended(struct source *base, const char **log_name, int32_t *partition, struct position *ret)
{
	struct source_kafka *s = self(base);

	if (!s->holds)
		kafka__pass(s);
	return kafka__ended(s, log_name, partition, ret);
}

static void source_rewind(struct source *base)
{
	struct source_kafka *s = self(base);

	let_go(s);
	kafka__reader_close(s);
	for (struct part *p = NULL; (p = kafka__part_after(s, p));)
		kafka__resume(s, p);
	s->look_ns = 0;
}

static const struct source_ops source_kafka_ops = {
	.poll = source_poll,
	.release = source_release,
	.lag = source_lag,
	.committed = source_committed,
	.log_name = source_log_name,
	.stopped = source_stopped,
	.close = source_close,
	.ended = source_ended,
	.at_end = source_at_end,
	.rewind = source_rewind,
	.live = true,
};

int source_kafka_open(const struct settings *set, resume_lookup resume, void *resume_arg, struct source **ret,
		      struct error *e)
{
	struct source_kafka *s = xcalloc(1, sizeof(*s));
	rd_kafka_conf_t *conf;
	int rc;

	*s = (struct source_kafka){
		.base = { &source_kafka_ops }, .set = set, .resume = resume, .resume_arg = resume_arg
	};
	for (int i = 0; i < TOPIC_COUNT; i++)
		s->topics[i] = setting_topic(set, (enum topic)i);
	rc = kafka_conf_make(set, KAFKA_PROBE, &conf, e);
	if (!rc)
		rc = kafka_client_new(RD_KAFKA_CONSUMER, conf, &s->probe, e);
	if (rc) {
		source_close(&s->base);
		return rc;
	}
	rd_kafka_poll_set_consumer(s->probe);
	s->verifier = verifier_new(s->probe, s->topics);
	for (int i = 0; i < TOPIC_COUNT; i++)
		s->handles[i] = rd_kafka_topic_new(s->probe, s->topics[i], NULL);
	*ret = &s->base;
	return 0;
}
