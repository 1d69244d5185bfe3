/* The Kafka publisher: an idempotent producer and one thread that serves its delivery reports. */
#include "processor/kafka_conf.h"
#include "processor/sources.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct publisher_kafka {
	struct publisher base;
	rd_kafka_t *rk;
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

static void *serve(void *arg)
{
	struct publisher_kafka *p = arg;

	while (!atomic_load(&p->stop))
		rd_kafka_poll(p->rk, 100);
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
	/* librdkafka takes a NULL value pointer for a tombstone, and a NULL key pointer for no key */
	err = rd_kafka_producev(p->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
				RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.p, key.n),
				RD_KAFKA_V_VALUE((void *)value, value ? value_len : 0),
				RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_HEADERS(h), RD_KAFKA_V_OPAQUE(sent),
				RD_KAFKA_V_END);
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

	return rd_kafka_flush(p->rk, timeout_ms) ? ERR_PRODUCE : 0;
}

static void publisher_close(struct publisher *base)
{
	struct publisher_kafka *p = (struct publisher_kafka *)base;

	if (!p)
		return;
	/* whatever cannot be sent any more is reported, so that every accepted send has its answer */
	if (rd_kafka_flush(p->rk, 1000)) {
		rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_flush(p->rk, 1000);
	}
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	while (rd_kafka_poll(p->rk, 0) > 0)
		;
	rd_kafka_destroy(p->rk);
	free(p);
}

static const struct publisher_ops publisher_kafka_ops = { publisher_send, publisher_flush, publisher_close };

int publisher_kafka_open(const struct settings *set, struct publisher **ret, struct error *e)
{
	struct publisher_kafka *p = xcalloc(1, sizeof(*p));
	rd_kafka_conf_t *conf;
	int rc;

	p->base.ops = &publisher_kafka_ops;
	rc = kafka_conf_make(set, KAFKA_PRODUCER, &conf, e);
	if (rc)
		goto out;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rc = kafka_client_new(RD_KAFKA_PRODUCER, conf, &p->rk, e);
	if (rc)
		goto out;
	if (pthread_create(&p->thread, NULL, serve, p)) {
		rc = error_set(e, ERR_SOURCE_OPEN, "kafka", "cannot start the publisher's thread");
		rd_kafka_destroy(p->rk);
		goto out;
	}
	*ret = &p->base;
	return 0;
out:
	free(p);
	return rc;
}
