/* librdkafka's mock cluster: a broker in this process for the demo and for fault tests. 5 MiB a partition. */
#include "processor/embedded_broker.h"
#include "processor/kafka_conf.h"
#include "processor/sources.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

struct embedded_broker {
	rd_kafka_t *rk; /* the mock cluster lives inside a client that does nothing else */
	rd_kafka_mock_cluster_t *cluster;
};

static int topic_make(struct embedded_broker *b, const char *topic, int partitions, struct error *e)
{
	rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(b->cluster, topic, partitions, 1);

	if (!err)
		return 0;
	return error_set(e, ERR_SOURCE_OPEN, "topics", "cannot make topic '%s' in the embedded broker: %s", topic,
			 rd_kafka_err2str(err));
}

int embedded_broker_start(const struct settings *set, int partitions, struct embedded_broker **ret, struct error *e)
{
	static const enum setting_id topics[] = { SET_TOPIC_EVENTS, SET_TOPIC_CATALOG, SET_TOPIC_STOCK,
						  SET_TOPIC_CONFIG, SET_TOPIC_DEAD_LETTERS };
	struct embedded_broker *b = xcalloc(1, sizeof(*b));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc;

	/* it would complain that it has no broker to talk to */
	rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
	rc = kafka_client_new(RD_KAFKA_PRODUCER, conf, &b->rk, e);
	if (rc)
		goto out;
	b->cluster = rd_kafka_mock_cluster_new(b->rk, 1);
	if (!b->cluster) {
		rc = error_set(e, ERR_SOURCE_OPEN, "kafka", "cannot start the embedded broker");
		goto out;
	}
	for (size_t i = 0; i < ARRAY_SIZE(topics) && !rc; i++)
		rc = topic_make(b, setting_string(set, topics[i]), partitions, e);
	if (rc)
		goto out;
	*ret = b;
	return 0;
out:
	embedded_broker_stop(b);
	return rc;
}

const char *embedded_broker_servers(const struct embedded_broker *b)
{
	return rd_kafka_mock_cluster_bootstraps(b->cluster);
}

struct rd_kafka_mock_cluster_s *embedded_broker_cluster(struct embedded_broker *b)
{
	return b->cluster;
}

void embedded_broker_stop(struct embedded_broker *b)
{
	if (!b)
		return;
	if (b->cluster)
		rd_kafka_mock_cluster_destroy(b->cluster);
	if (b->rk)
		rd_kafka_destroy(b->rk);
	free(b);
}
