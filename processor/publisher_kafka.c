/*
 * The Kafka publisher: an idempotent producer and one thread that serves its delivery reports. A producer that met a
 * fatal error sends nothing any more; that thread makes another one.
 */
#include "processor/kafka_conf.h"
#include "processor/sources.h"

#include "config/clock.h"
#include "config/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define RENEW_EVERY_NS UINT64_C(10000000000) /* a broker may refuse each new producer too */
#define LAST_SENDS_MS 1000

struct publisher_kafka {
	struct publisher base;
	const struct settings *set;
	rd_kafka_t *rk;
	pthread_rwlock_t lock; /* write: rk becomes another one; who uses it on other threads than ours reads */
	uint64_t renewed_ns;
	pthread_t thread;
	atomic_bool stop;
};

struct sent {
	publish_done done;
	void *arg;
};

static int code_of(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return 0;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return ERR_TOO_LARGE;
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return ERR_QUEUE_FULL;
	default:
		return ERR_PRODUCE;
	}
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct sent *sent = m->_private;

	(void)rk;
	(void)opaque;
	if (sent->done)
		sent->done(sent->arg, code_of(m->err), m->partition, m->offset);
	free(sent);
}

static int producer_make(const struct settings *set, rd_kafka_t **ret, struct error *e)
{
	rd_kafka_conf_t *conf;
	int rc = kafka_conf_make(set, KAFKA_PRODUCER, &conf, e);

	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	return kafka_client_new(RD_KAFKA_PRODUCER, conf, ret, e);
}

/* Whatever cannot be sent any more is reported, so that every accepted send has its answer. */
static void producer_end(rd_kafka_t *rk, int timeout_ms)
{
	if (rd_kafka_flush(rk, timeout_ms)) {
		rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_flush(rk, LAST_SENDS_MS);
	}
	while (rd_kafka_poll(rk, 0) > 0)
		;
	rd_kafka_destroy(rk);
}

static void renew(struct publisher_kafka *p, const char *why)
{
	struct error e = { 0 };
	rd_kafka_t *fresh;

	if (p->renewed_ns && clock_now_ns() - p->renewed_ns < RENEW_EVERY_NS)
		return;
	p->renewed_ns = clock_now_ns();
	log_error("kafka producer is broken", "why=\"%s\"", why);
	if (producer_make(p->set, &fresh, &e)) {
		log_error("cannot make another kafka producer, trying again", "why=\"%s\"", e.text);
		return;
	}
	/* locked until all its sends have their answers: a flush is about those too */
	pthread_rwlock_wrlock(&p->lock);
	producer_end(p->rk, 0);
	p->rk = fresh;
	pthread_rwlock_unlock(&p->lock);
	log_info("a new kafka producer was made", NULL);
}

static void *serve(void *arg)
{
	struct publisher_kafka *p = arg;
	char why[200];

	while (!atomic_load(&p->stop)) {
		rd_kafka_poll(p->rk, 100);
		if (rd_kafka_fatal_error(p->rk, why, sizeof(why)))
			renew(p, why);
	}
	return NULL;
}

static rd_kafka_headers_t *headers_make(const struct header *headers, size_t n)
{
	rd_kafka_headers_t *h = n ? rd_kafka_headers_new(n) : NULL;

	for (size_t i = 0; i < n; i++)
		rd_kafka_header_add(h, headers[i].name, -1, headers[i].value.p, headers[i].value.n);
	return h;
}

static int publisher_send(struct publisher *base, const char *topic, int32_t partition, struct str key,
			  const void *value, size_t value_len, int64_t timestamp_ms, const struct header *headers,
			  size_t header_count, publish_done done, void *arg)
{
	struct publisher_kafka *p = (struct publisher_kafka *)base;
	rd_kafka_headers_t *h = headers_make(headers, header_count);
	struct sent *sent = xmalloc(sizeof(*sent));
	rd_kafka_resp_err_t err;

	*sent = (struct sent){ done, arg };
	pthread_rwlock_rdlock(&p->lock);
	/* librdkafka takes a NULL value pointer for a tombstone, and a NULL key pointer for no key */
	err = rd_kafka_producev(p->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
				RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.p, key.n),
				RD_KAFKA_V_VALUE((void *)value, value ? value_len : 0),
				RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_HEADERS(h), RD_KAFKA_V_OPAQUE(sent),
				RD_KAFKA_V_END);
	pthread_rwlock_unlock(&p->lock);
	if (!err)
		return 0;
	if (h)
		rd_kafka_headers_destroy(h);
	free(sent);
	return code_of(err);
}

static int publisher_flush(struct publisher *base, int timeout_ms)
{
	struct publisher_kafka *p = (struct publisher_kafka *)base;
	int rc;

	pthread_rwlock_rdlock(&p->lock);
	rc = rd_kafka_flush(p->rk, timeout_ms) ? ERR_PRODUCE : 0;
	pthread_rwlock_unlock(&p->lock);
	return rc;
}

static void publisher_close(struct publisher *base)
{
	struct publisher_kafka *p = (struct publisher_kafka *)base;

	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	producer_end(p->rk, LAST_SENDS_MS);
	pthread_rwlock_destroy(&p->lock);
	free(p);
}

static const struct publisher_ops publisher_kafka_ops = { publisher_send, publisher_flush, publisher_close };

int publisher_kafka_open(const struct settings *set, struct publisher **ret, struct error *e)
{
	struct publisher_kafka *p = xcalloc(1, sizeof(*p));
	int rc = producer_make(set, &p->rk, e);

	if (rc)
		goto out;
	p->base.ops = &publisher_kafka_ops;
	p->set = set;
	pthread_rwlock_init(&p->lock, NULL);
	if (pthread_create(&p->thread, NULL, serve, p)) {
		rc = error_set(e, ERR_SOURCE_OPEN, "kafka", "cannot start the publisher's thread");
		pthread_rwlock_destroy(&p->lock);
		rd_kafka_destroy(p->rk);
		goto out;
	}
	*ret = &p->base;
	return 0;
out:
	free(p);
	return rc;
}
