/* Which partitions there are, and the reading client's assignment. */
#include "processor/source_kafka.h"

#include "config/clock.h"
#include "config/log.h"

#include <assert.h>
#include <stdlib.h>

#define METADATA_TIMEOUT_MS 1000
#define LOOK_TIMEOUT_MS 3000
#define SOON_NS UINT64_C(500000000)
#define COMMIT_EVERY_NS UINT64_C(1000000000)
#define GROUP_WAIT_MS 2000

void kafka__reader_close(struct source_kafka *s)
{
	assert(!s->message_count);
	if (s->queue)
		rd_kafka_queue_destroy(s->queue);
	kafka_client_destroy(s->rk);
	s->queue = NULL;
	s->rk = NULL;
	s->restart = false;
	s->restart_ns = clock_now_ns() + SOON_NS;
	memset(s->seen, 0, sizeof(s->seen));
	for (struct part *p = NULL; (p = kafka__part_after(s, p));)
		if (p->state == PART_READING)
			p->state = PART_WAITING;
}

static int reader_open(struct source_kafka *s, struct error *e)
{
	rd_kafka_conf_t *conf;
	int rc = kafka_conf_make(s->set, KAFKA_CONSUMER, &conf, e);

	if (!rc)
		rc = kafka_client_new(RD_KAFKA_CONSUMER, conf, &s->rk, e);
	if (rc)
		return rc;
	rd_kafka_poll_set_consumer(s->rk);
	s->queue = rd_kafka_queue_get_consumer(s->rk);
	return 0;
}

void kafka__suspect(struct source_kafka *s, struct part *p, int err)
{
	if (p->state != PART_READING)
		return;
	if (err && err != p->last_error)
		log_warn("partition is looked at again", "topic=%s partition=%d why=\"%s\"", s->topics[p->log], p->id,
			 rd_kafka_err2str((rd_kafka_resp_err_t)err));
	p->last_error = err;
	p->state = PART_WAITING;
	kafka__restart(s);
}

void kafka__restart(struct source_kafka *s)
{
	s->restart = true;
	if (s->look_ns > s->restart_ns)
		s->look_ns = s->restart_ns;
}

void kafka__resume(struct source_kafka *s, struct part *p)
{
	p->at = (struct position){ .last = -1 };
	p->known = s->resume && s->resume(s->resume_arg, s->topics[p->log], p->id, &p->at);
	p->passed = p->told = p->at.next;
	/* were the log cut in what was passed, records could come to lie there */
	if (p->at.last >= 0)
		p->at.next = p->at.last + 1;
}

static void parts_grow(struct source_kafka *s, uint16_t log, int32_t count)
{
	int32_t old = s->part_count[log];

	if (count <= old)
		return;
	s->parts[log] = xrealloc(s->parts[log], (size_t)count * sizeof(struct part));
	for (int32_t i = old; i < count; i++) {
		struct part *p = &s->parts[log][i];

		*p = (struct part){ .log = log, .id = i, .eof_at = -1, .committed = -1 };
		kafka__resume(s, p);
	}
	s->part_count[log] = count;
	log_info("topic found", "topic=%s partitions=%d", s->topics[log], count);
}

/* Kafka takes no partition away: the topic is another one. */
static void look_for_gone(struct source_kafka *s, uint16_t log)
{
	for (int32_t i = s->there[log]; i < s->part_count[log]; i++) {
		kafka__suspect(s, &s->parts[log][i], 0);
		if (s->parts[log][i].state == PART_WAITING)
			verifier_gone(s->verifier, &s->parts[log][i]);
	}
}

static void topic_seen(struct source_kafka *s, uint16_t log, const struct rd_kafka_metadata_topic *t)
{
	if (t->err || !t->partition_cnt) {
		bool unknown = t->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || !t->err;

		if (!s->missing[log] && log == TOPIC_CONFIG && unknown)
			log_info("topic does not exist, nobody has put scenarios or rules yet", "topic=%s",
				 s->topics[log]);
		else if (!s->missing[log])
			log_warn(unknown ? "topic does not exist, waiting until somebody creates it"
					 : "topic cannot be read, waiting",
				 "topic=%s why=\"%s\"", s->topics[log], rd_kafka_err2str(t->err));
		s->missing[log] = true;
		/* a topic that is gone may come back as another one */
		for (int32_t i = 0; unknown && i < s->part_count[log]; i++)
			kafka__suspect(s, &s->parts[log][i], 0);
		return;
	}
	s->missing[log] = false;
	s->there[log] = t->partition_cnt;
	parts_grow(s, log, t->partition_cnt);
	look_for_gone(s, log);
}

/* false: the broker did not answer. */
static bool discover(struct source_kafka *s)
{
	char why[KAFKA_WORDS_BYTES];

	for (uint16_t log = 0; log < TOPIC_COUNT; log++) {
		const struct rd_kafka_metadata *md = NULL;
		rd_kafka_resp_err_t err = rd_kafka_metadata(s->probe, 0, s->handles[log], &md, METADATA_TIMEOUT_MS);

		if (err) {
			if (!s->down)
				log_warn("broker does not answer, waiting for it", "why=\"%s\"", kafka_words(err, why));
			s->down = true;
			return false;
		}
		for (int i = 0; i < md->topic_cnt; i++)
			topic_seen(s, log, &md->topics[i]);
		rd_kafka_metadata_destroy(md);
	}
	if (s->down)
		log_info("broker answers again", NULL);
	s->down = false;
	s->alive_ns = clock_now_ns();
	return true;
}

static size_t parts_waiting(struct source_kafka *s, struct part ***ret)
{
	size_t n = 0, max = 0;
	struct part **v;

	for (int log = 0; log < TOPIC_COUNT; log++)
		max += (size_t)s->part_count[log];
	v = xmalloc(max * sizeof(struct part *));
	for (struct part *p = NULL; (p = kafka__part_after(s, p));)
		if (p->state == PART_WAITING && !s->missing[p->log] && p->id < s->there[p->log])
			v[n++] = p;
	*ret = v;
	return n;
}

/* Partitions that were never read have nothing to compare; they start at their earliest record. */
static void begin_verifying(struct source_kafka *s, struct part **v, size_t n)
{
	struct part **look = xmalloc(n * sizeof(struct part *));
	size_t looks = 0;

	for (size_t i = 0; i < n; i++) {
		v[i]->verdict = VERDICT_SAME;
		if (v[i]->known && v[i]->at.last >= 0)
			look[looks++] = v[i];
	}
	if (looks)
		verifier_begin(s->verifier, look, looks);
	free(look);
}

/* How many may be read, moved to the front; none while the look goes on. */
static size_t verify(struct source_kafka *s, struct part **v, size_t n)
{
	size_t good = 0;

	if (!verifier_busy(s->verifier))
		begin_verifying(s, v, n);
	if (verifier_busy(s->verifier) && !verifier_wait(s->verifier, LOOK_TIMEOUT_MS))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (v[i]->verdict == VERDICT_SAME)
			v[good++] = v[i];
	return good;
}

static int start_reading(struct source_kafka *s, struct part **v, size_t n, struct error *e)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_error_t *err;
	int rc = 0;

	if (!n)
		return 0;
	if (!s->rk && (rc = reader_open(s, e)))
		return rc;
	list = rd_kafka_topic_partition_list_new((int)n);
	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, s->topics[v[i]->log], v[i]->id)->offset =
			v[i]->known ? v[i]->at.next : RD_KAFKA_OFFSET_BEGINNING;
	err = rd_kafka_incremental_assign(s->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err) {
		rc = error_set(e, ERR_SOURCE_OPEN, "kafka", "cannot assign partitions: %s", rd_kafka_error_string(err));
		rd_kafka_error_destroy(err);
		return rc;
	}
	for (size_t i = 0; i < n; i++) {
		v[i]->state = PART_READING;
		v[i]->eof_at = -1;
		v[i]->seen = false;
	}
	return 0;
}

static bool anything_awaited(struct source_kafka *s)
{
	for (int log = 0; log < TOPIC_COUNT; log++)
		if (s->missing[log])
			return true;
	for (struct part *p = NULL; (p = kafka__part_after(s, p));)
		if (p->state == PART_WAITING)
			return true;
	return s->down;
}

int kafka__look_around(struct source_kafka *s, struct error *e)
{
	uint64_t now = clock_now_ns(), discovery_ms = (uint64_t)setting_int(s->set, SET_TOPICS_DISCOVERY);
	struct part **waiting = NULL;
	size_t n;
	int rc = 0;

	if (now >= s->commit_ns) {
		kafka__tell_group(s, false);
		kafka__tell_held(s, now);
		s->commit_ns = now + COMMIT_EVERY_NS;
	}
	if (now < s->look_ns && !verifier_busy(s->verifier))
		return 0;
	/* no partition may be added during a look */
	if (verifier_busy(s->verifier) || discover(s)) {
		if (s->restart && !verifier_busy(s->verifier))
			kafka__reader_close(s);
		n = parts_waiting(s, &waiting);
		rc = start_reading(s, waiting, verify(s, waiting, n), e);
		free(waiting);
	}
	s->look_ns = clock_now_ns() + (anything_awaited(s) ? SOON_NS : discovery_ms * 1000000u);
	return rc;
}

/* Not for ever, as rd_kafka_commit does when the broker goes away just then. */
static void commit_and_wait(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event = NULL;

	if (!rd_kafka_commit_queue(rk, list, queue, NULL, NULL))
		event = rd_kafka_queue_poll(queue, GROUP_WAIT_MS);
	rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
}

void kafka__tell_group(struct source_kafka *s, bool wait)
{
	rd_kafka_topic_partition_list_t *list;

	if (!s->rk)
		return;
	list = rd_kafka_topic_partition_list_new(8);
	for (struct part *p = NULL; (p = kafka__part_after(s, p));) {
		if (p->committed >= 0)
			rd_kafka_topic_partition_list_add(list, s->topics[p->log], p->id)->offset = p->committed;
		p->committed = -1;
	}
	if (list->cnt && wait)
		commit_and_wait(s->rk, list);
	else if (list->cnt)
		rd_kafka_commit(s->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}
