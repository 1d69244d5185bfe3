#include "processor/source_kafka.h"

#include "config/clock.h"
#include "config/log.h"

#include <assert.h>
#include <stdlib.h>

#define WATERMARK_TIMEOUT_MS 2000
#define OUT "run `aisle replay --from earliest', which builds from what there is, or restore the topic"

struct verifier {
	rd_kafka_t *probe;
	const char *const *topics; /* by log */
	bool busy;                 /* a look is under way */
	struct part **parts;       /* of that look, or of the last one */
	size_t n, pending;
	uint64_t began_ns;
};

struct verifier *verifier_new(rd_kafka_t *probe, const char *const *topics)
{
	struct verifier *v = xcalloc(1, sizeof(*v));

	v->probe = probe;
	v->topics = topics;
	return v;
}

void verifier_free(struct verifier *v)
{
	if (v)
		free(v->parts);
	free(v);
}

static struct part *find(const struct verifier *v, const rd_kafka_message_t *m)
{
	const char *topic = m->rkt ? rd_kafka_topic_name(m->rkt) : "";

	for (size_t i = 0; i < v->n; i++)
		if (v->parts[i]->id == m->partition && !strcmp(v->topics[v->parts[i]->log], topic))
			return v->parts[i];
	return NULL;
}

struct record kafka__record(const struct part *p, const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;

	return (struct record){
		.topic = (enum topic)p->log,
		.log = p->log,
		.partition = p->id,
		.offset = m->offset,
		.timestamp_ms = rd_kafka_message_timestamp(m, &type),
		.key = { m->key, (uint32_t)m->key_len },
		.value = m->payload,
		.value_len = m->len,
	};
}

enum verdict kafka__judge(const struct part *p, const rd_kafka_message_t *m)
{
	struct record r;

	switch (m->err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		if (m->offset < p->at.last)
			return VERDICT_PENDING;
		if (m->offset > p->at.last)
			return VERDICT_COMPACTED;
		r = kafka__record(p, m);
		return record_fingerprint(&r) == p->at.fingerprint ? VERDICT_SAME : VERDICT_OTHER;
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		/* read past where it was: nothing behind it can be read either, as after an aborted transaction */
		return m->offset > p->at.last ? VERDICT_COMPACTED : VERDICT_OUTSIDE;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		return VERDICT_OUTSIDE;
	default:
		return VERDICT_UNSURE;
	}
}

void verifier_begin(struct verifier *v, struct part *const *parts, size_t n)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

	assert(!v->busy && n);
	v->busy = true;
	v->parts = xrealloc(v->parts, n * sizeof(struct part *));
	memcpy(v->parts, parts, n * sizeof(struct part *));
	v->n = v->pending = n;
	/* taken before the look: what was fetched before this moment is what it vouches for */
	v->began_ns = clock_now_ns();
	for (size_t i = 0; i < n; i++) {
		rd_kafka_topic_partition_list_add(list, v->topics[parts[i]->log], parts[i]->id)->offset =
			parts[i]->at.last;
		parts[i]->verdict = VERDICT_PENDING;
	}
	/* a failure is seen as no verdict */
	(void)rd_kafka_assign(v->probe, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void take_answers(struct verifier *v, uint64_t deadline)
{
	while (v->pending && clock_now_ns() < deadline) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(v->probe, 50);
		struct part *p = m ? find(v, m) : NULL;

		if (p && p->verdict == VERDICT_PENDING) {
			p->verdict = kafka__judge(p, m);
			v->pending -= p->verdict != VERDICT_PENDING;
		}
		if (m)
			rd_kafka_message_destroy(m);
	}
}

static void refuse(struct verifier *v, struct part *p, int code, const char *sentence)
{
	const char *topic = v->topics[p->log];

	p->state = PART_STOPPED;
	p->why = (struct error){ 0 };
	error_set(&p->why, code, "topics", "partition %d of '%s' is refused: %s", p->id, topic, sentence);
	log_error("partition refused", "topic=%s partition=%d code=%s next=%lld why=\"%s\"", topic, p->id,
		  error_slug(code), (long long)p->at.next, p->why.text);
}

void verifier_gone(struct verifier *v, struct part *p)
{
	if (++p->truncated_looks >= TRUNCATED_LOOKS)
		refuse(v, p, ERR_LOG_RECREATED,
		       "the topic was made anew since it was read, with fewer partitions; " OUT);
}

static void accept_unseen(struct verifier *v, struct part *p, const char *why)
{
	if (!p->accepted_unseen)
		log_warn("last applied record cannot be compared", "topic=%s partition=%d offset=%lld why=\"%s\"",
			 v->topics[p->log], p->id, (long long)p->at.last, why);
	p->accepted_unseen = true;
	p->verdict = VERDICT_SAME;
}

/* `last` is not in the log any more: is the log shorter, or did it lose its beginning? */
static void consult_watermarks(struct verifier *v, struct part *p)
{
	int64_t low, high;

	p->verdict = VERDICT_UNSURE;
	if (rd_kafka_query_watermark_offsets(v->probe, v->topics[p->log], p->id, &low, &high, WATERMARK_TIMEOUT_MS))
		return;
	if (high < p->at.next) {
		if (++p->truncated_looks >= TRUNCATED_LOOKS)
			refuse(v, p, ERR_LOG_TRUNCATED, "it is shorter than what was read; " OUT);
		return;
	}
	p->truncated_looks = 0;
	if (low > p->at.next && low > p->passed) {
		refuse(v, p, ERR_LOG_GAP, "records that were not read yet are gone; " OUT);
	} else if (low >= p->at.next) {
		p->at.next = low;
		accept_unseen(v, p, "it is older than the topic's retention");
	}
}

static void conclude(struct verifier *v, struct part *p, uint64_t looked_ns)
{
	switch (p->verdict) {
	case VERDICT_OUTSIDE:
		consult_watermarks(v, p);
		break;
	case VERDICT_COMPACTED:
		if (p->log != TOPIC_EVENTS) {
			accept_unseen(v, p, "it was compacted away");
			break;
		}
		/* fall through */
	case VERDICT_OTHER:
		refuse(v, p, ERR_LOG_RECREATED, "the topic was made anew since it was read; " OUT);
		break;
	default:
		break;
	}
	if (p->verdict == VERDICT_SAME) {
		p->truncated_looks = 0;
		p->verified_ns = looked_ns;
	}
}

bool verifier_busy(const struct verifier *v)
{
	return v->busy;
}

struct part *const *verifier_looked(const struct verifier *v, size_t *n)
{
	*n = v->n;
	return v->parts;
}

void verifier_cancel(struct verifier *v)
{
	if (v->busy)
		rd_kafka_assign(v->probe, NULL);
	v->busy = false;
}

bool verifier_wait(struct verifier *v, int timeout_ms)
{
	take_answers(v, clock_now_ns() + (uint64_t)timeout_ms * 1000000u);
	if (v->pending && clock_now_ns() - v->began_ns < LOOK_PATIENCE_NS)
		return false;
	verifier_cancel(v);
	for (size_t i = 0; i < v->n; i++) {
		if (v->parts[i]->verdict == VERDICT_PENDING)
			v->parts[i]->verdict = VERDICT_UNSURE;
		conclude(v, v->parts[i], v->began_ns);
	}
	return true;
}
