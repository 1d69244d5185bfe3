/*
 * ktool.c - what tests need of a Kafka broker, as one small program on librdkafka.
 *
 *     ktool BROKERS wait
 *     ktool BROKERS create TOPIC PARTITIONS [SETTING=VALUE...]
 *     ktool BROKERS delete TOPIC
 *     ktool BROKERS partitions TOPIC COUNT
 *     ktool BROKERS delete-records TOPIC PARTITION OFFSET
 *     ktool BROKERS configure TOPIC SETTING=VALUE...
 *     ktool BROKERS watermarks TOPIC
 *     ktool BROKERS produce FILE
 *     ktool BROKERS transaction FILE commit|abort|ask
 *     ktool BROKERS dump TOPIC
 *
 * FILE ("-": stdin) has a JSON object a line: {"topic","partition"?,"key"?,"value","timestamp"?}, key and value base64,
 * value null a tombstone. `ask` prints {"open":true} once the records are there, and reads which of the two from stdin. `dump` prints {"partition","offset","timestamp","key","value","headers"} a line in the same
 * encoding, committed records up to the end as it was when it started. Exit status 1 with one line on stderr.
 */
#include "ktool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ktool: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

void conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[256];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
		die("%s", text);
}

rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers)
{
	char text[256];
	rd_kafka_t *rk;

	conf_set(conf, "bootstrap.servers", brokers);
	conf_set(conf, "log_level", "2");
	rk = rd_kafka_new(type, conf, text, sizeof(text));
	if (!rk)
		die("%s", text);
	return rk;
}

const rd_kafka_metadata_t *metadata_of(rd_kafka_t *rk, const char *topic, rd_kafka_topic_t **ret_topic)
{
	const rd_kafka_metadata_t *md = NULL;
	rd_kafka_resp_err_t err;

	*ret_topic = topic ? rd_kafka_topic_new(rk, topic, NULL) : NULL;
	err = rd_kafka_metadata(rk, 0, *ret_topic, &md, TIMEOUT_MS);
	if (err)
		die("metadata: %s", rd_kafka_err2str(err));
	if (topic && (md->topic_cnt != 1 || md->topics[0].err))
		die("topic '%s': %s", topic, rd_kafka_err2str(md->topics[0].err));
	return md;
}

/* ---- administration ---- */

static void check_topic_results(const rd_kafka_topic_result_t **results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rd_kafka_topic_result_error(results[i]))
			die("topic '%s': %s", rd_kafka_topic_result_name(results[i]),
			    rd_kafka_topic_result_error_string(results[i]));
}

static void check_event(rd_kafka_event_t *ev)
{
	const rd_kafka_topic_result_t **topics = NULL;
	const rd_kafka_topic_partition_list_t *list;
	size_t n = 0;

	if (!ev)
		die("the broker did not answer");
	if (rd_kafka_event_error(ev))
		die("%s", rd_kafka_event_error_string(ev));
	if (rd_kafka_event_CreateTopics_result(ev))
		topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &n);
	else if (rd_kafka_event_DeleteTopics_result(ev))
		topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(ev), &n);
	else if (rd_kafka_event_CreatePartitions_result(ev))
		topics = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(ev), &n);
	check_topic_results(topics, n);
	if (rd_kafka_event_DeleteRecords_result(ev)) {
		list = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(ev));
		for (int i = 0; i < list->cnt; i++)
			if (list->elems[i].err)
				die("delete-records: %s", rd_kafka_err2str(list->elems[i].err));
	}
	rd_kafka_event_destroy(ev);
}

static void create_topic(rd_kafka_t *rk, rd_kafka_queue_t *queue, int argc, char **argv)
{
	rd_kafka_NewTopic_t *topic;
	char text[256];
	char *equals;

	topic = rd_kafka_NewTopic_new(argv[0], (int)strtol(argv[1], NULL, 10), 1, text, sizeof(text));
	if (!topic)
		die("%s", text);
	for (int i = 2; i < argc; i++) {
		equals = strchr(argv[i], '=');
		if (!equals)
			die("'%s' is not SETTING=VALUE", argv[i]);
		*equals = '\0';
		rd_kafka_NewTopic_set_config(topic, argv[i], equals + 1);
	}
	rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
	rd_kafka_NewTopic_destroy(topic);
}

static void delete_topic(rd_kafka_t *rk, rd_kafka_queue_t *queue, int argc, char **argv)
{
	rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(argv[0]);

	(void)argc;
	rd_kafka_DeleteTopics(rk, &topic, 1, NULL, queue);
	rd_kafka_DeleteTopic_destroy(topic);
}

static void add_partitions(rd_kafka_t *rk, rd_kafka_queue_t *queue, int argc, char **argv)
{
	char text[256];
	rd_kafka_NewPartitions_t *parts;

	(void)argc;
	parts = rd_kafka_NewPartitions_new(argv[0], strtoul(argv[1], NULL, 10), text, sizeof(text));
	if (!parts)
		die("%s", text);
	rd_kafka_CreatePartitions(rk, &parts, 1, NULL, queue);
	rd_kafka_NewPartitions_destroy(parts);
}

/* Settings that are not named go back to their defaults. */
static void configure(rd_kafka_t *rk, rd_kafka_queue_t *queue, int argc, char **argv)
{
	rd_kafka_ConfigResource_t *config = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, argv[0]);

	for (int i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			die("'%s' is not SETTING=VALUE", argv[i]);
		*equals = '\0';
		rd_kafka_ConfigResource_set_config(config, argv[i], equals + 1);
	}
	rd_kafka_AlterConfigs(rk, &config, 1, NULL, queue);
	rd_kafka_ConfigResource_destroy(config);
}

static void delete_records(rd_kafka_t *rk, rd_kafka_queue_t *queue, int argc, char **argv)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_DeleteRecords_t *del;

	(void)argc;
	rd_kafka_topic_partition_list_add(list, argv[0], (int)strtol(argv[1], NULL, 10))->offset =
		strtoll(argv[2], NULL, 10);
	del = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &del, 1, NULL, queue);
	rd_kafka_DeleteRecords_destroy(del);
	rd_kafka_topic_partition_list_destroy(list);
}

typedef void (*admin_call)(rd_kafka_t *rk, rd_kafka_queue_t *queue, int argc, char **argv);

static void admin(const char *brokers, admin_call call, int argc, char **argv)
{
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), brokers);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);

	call(rk, queue, argc, argv);
	check_event(rd_kafka_queue_poll(queue, TIMEOUT_MS));
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
}

static void wait_for_broker(const char *brokers)
{
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), brokers);
	rd_kafka_topic_t *none;

	rd_kafka_metadata_destroy(metadata_of(rk, NULL, &none));
	rd_kafka_destroy(rk);
}

/* A partition made a moment ago may have no leader yet. */
static void partition_watermarks(rd_kafka_t *rk, const char *name, int p, int64_t *low, int64_t *high)
{
	rd_kafka_resp_err_t err;

	for (int tries = 0; tries < 50; tries++) {
		err = rd_kafka_query_watermark_offsets(rk, name, p, low, high, TIMEOUT_MS);
		if (!err)
			return;
		rd_kafka_poll(rk, 100);
	}
	die("watermarks: %s", rd_kafka_err2str(err));
}

static void watermarks(const char *brokers, const char *name)
{
	/* not a producer: its metadata request would make the topic */
	rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, rd_kafka_conf_new(), brokers);
	rd_kafka_topic_t *topic;
	const rd_kafka_metadata_t *md = metadata_of(rk, name, &topic);
	int64_t low, high;

	for (int p = 0; p < md->topics[0].partition_cnt; p++) {
		partition_watermarks(rk, name, p, &low, &high);
		printf("{\"partition\":%d,\"low\":%lld,\"high\":%lld}\n", p, (long long)low, (long long)high);
	}
	rd_kafka_metadata_destroy(md);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
}

/* ---- commands ---- */

static const struct {
	const char *name;
	int args_min;
	admin_call call;
} admin_commands[] = {
	{ "create", 2, create_topic }, { "delete", 1, delete_topic },           { "partitions", 2, add_partitions },
	{ "configure", 2, configure }, { "delete-records", 3, delete_records },
};

static int run(const char *brokers, const char *command, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(admin_commands) / sizeof(admin_commands[0]); i++) {
		if (strcmp(command, admin_commands[i].name) || argc < admin_commands[i].args_min)
			continue;
		admin(brokers, admin_commands[i].call, argc, argv);
		return 0;
	}
	if (!strcmp(command, "wait"))
		wait_for_broker(brokers);
	else if (!strcmp(command, "watermarks") && argc == 1)
		watermarks(brokers, argv[0]);
	else if (!strcmp(command, "produce") && argc == 1)
		produce(brokers, argv[0], NULL);
	else if (!strcmp(command, "transaction") && argc == 2)
		produce(brokers, argv[0], argv[1]);
	else if (!strcmp(command, "dump") && argc == 1)
		dump(brokers, argv[0]);
	else
		return 2;
	return 0;
}

int main(int argc, char **argv)
{
	int status = 2;

	if (argc >= 3)
		status = run(argv[1], argv[2], argc - 3, argv + 3);
	if (status == 2)
		fputs("usage: ktool BROKERS COMMAND ... (see the top of ktool.c)\n", stderr);
	return status;
}
