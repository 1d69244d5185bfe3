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
 *     ktool BROKERS transaction FILE commit|abort
 *     ktool BROKERS dump TOPIC
 *
 * FILE ("-": stdin) has a JSON object a line: {"topic","partition"?,"key"?,"value","timestamp"?}, key and value base64,
 * value null a tombstone. `dump` prints {"partition","offset","timestamp","key","value","headers"} a line in the same
 * encoding, committed records up to the end as it was when it started. Exit status 1 with one line on stderr.
 */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define RECORD_MAX "20000000"

static long failed_deliveries;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ktool: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[256];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
		die("%s", text);
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers)
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

static const rd_kafka_metadata_t *metadata_of(rd_kafka_t *rk, const char *topic, rd_kafka_topic_t **ret_topic)
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

/* ---- producing ---- */

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *msg, void *arg)
{
	(void)rk;
	(void)arg;
	if (msg->err && failed_deliveries++ == 0)
		fprintf(stderr, "ktool: a record was not delivered: %s\n", rd_kafka_err2str(msg->err));
}

/* The decoded bytes, malloc'd; NULL for JSON null or a missing member. */
static unsigned char *decode_member(json_t *line, const char *name, size_t *ret_n)
{
	json_t *member = json_object_get(line, name);
	size_t text_n = json_string_length(member);
	unsigned char *bytes;

	*ret_n = 0;
	if (!json_is_string(member))
		return NULL;
	bytes = malloc(text_n + 1);
	if (sodium_base642bin(bytes, text_n + 1, json_string_value(member), text_n, NULL, ret_n, NULL,
			      sodium_base64_VARIANT_ORIGINAL))
		die("'%s' is not base64", name);
	return bytes;
}

static void produce_line(rd_kafka_t *rk, json_t *line)
{
	json_t *partition = json_object_get(line, "partition");
	size_t key_n, value_n;
	unsigned char *key = decode_member(line, "key", &key_n);
	unsigned char *value = decode_member(line, "value", &value_n);
	const char *topic = json_string_value(json_object_get(line, "topic"));
	rd_kafka_resp_err_t err;

	if (!topic)
		die("a line has no topic");
	do {
		err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, key_n),
					RD_KAFKA_V_VALUE(value, value_n), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					RD_KAFKA_V_PARTITION(partition ? (int)json_integer_value(partition)
								       : RD_KAFKA_PARTITION_UA),
					RD_KAFKA_V_TIMESTAMP(json_integer_value(json_object_get(line, "timestamp"))),
					RD_KAFKA_V_END);
		rd_kafka_poll(rk, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
	} while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	if (err)
		die("produce to '%s': %s", topic, rd_kafka_err2str(err));
	free(key);
	free(value);
}

static long produce_file(rd_kafka_t *rk, const char *path)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	json_error_t error;
	json_t *line;
	long count = 0;

	if (!in)
		die("cannot open '%s'", path);
	for (; (n = getline(&text, &room, in)) > 0; count++) {
		line = json_loadb(text, (size_t)n, 0, &error);
		if (!line)
			die("line %ld of '%s': %s", count + 1, path, error.text);
		produce_line(rk, line);
		json_decref(line);
	}
	free(text);
	if (in != stdin)
		fclose(in);
	return count;
}

static void check_error(rd_kafka_error_t *error)
{
	if (error)
		die("transaction: %s", rd_kafka_error_string(error));
}

/* outcome NULL: no transaction. */
static void produce(const char *brokers, const char *path, const char *outcome)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	long count;

	conf_set(conf, "enable.idempotence", "true");
	conf_set(conf, "linger.ms", "20");
	conf_set(conf, "partitioner", "murmur2_random");
	conf_set(conf, "message.max.bytes", RECORD_MAX);
	if (outcome)
		conf_set(conf, "transactional.id", "ktool");
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rk = client(RD_KAFKA_PRODUCER, conf, brokers);
	if (outcome) {
		check_error(rd_kafka_init_transactions(rk, TIMEOUT_MS));
		check_error(rd_kafka_begin_transaction(rk));
	}
	count = produce_file(rk, path);
	if (rd_kafka_flush(rk, TIMEOUT_MS))
		die("the broker did not take every record");
	if (outcome)
		check_error(strcmp(outcome, "abort") ? rd_kafka_commit_transaction(rk, TIMEOUT_MS)
						     : rd_kafka_abort_transaction(rk, TIMEOUT_MS));
	rd_kafka_destroy(rk);
	if (failed_deliveries)
		die("%ld of %ld records were not delivered", failed_deliveries, count);
	printf("{\"produced\":%ld}\n", count);
}

/* ---- dumping ---- */

static json_t *base64(const void *bytes, size_t n)
{
	size_t room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *text;
	json_t *ret;

	if (!bytes)
		return json_null();
	text = malloc(room);
	sodium_bin2base64(text, room, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	ret = json_string(text);
	free(text);
	return ret;
}

static json_t *headers_of(const rd_kafka_message_t *msg)
{
	rd_kafka_headers_t *headers;
	json_t *ret = json_object();
	const char *name;
	const void *value;
	size_t n;

	if (rd_kafka_message_headers(msg, &headers))
		return ret;
	for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &n); i++)
		json_object_set_new(ret, name, base64(value, n));
	return ret;
}

static void print_message(const rd_kafka_message_t *msg)
{
	json_t *line =
		json_pack("{s:i, s:I, s:I, s:o, s:o, s:o}", "partition", (int)msg->partition, "offset",
			  (json_int_t)msg->offset, "timestamp", (json_int_t)rd_kafka_message_timestamp(msg, NULL),
			  "key", base64(msg->key, msg->key_len), "value", base64(msg->payload, msg->len), "headers",
			  headers_of(msg));

	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* Until each of the assigned partitions is at its end. */
static void dump_assigned(rd_kafka_t *rk, int left)
{
	rd_kafka_message_t *msg;

	while (left > 0) {
		msg = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
		if (!msg)
			die("the broker did not answer");
		if (msg->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			left--;
		else if (msg->err)
			die("dump: %s", rd_kafka_message_errstr(msg));
		else
			print_message(msg);
		rd_kafka_message_destroy(msg);
	}
}

static void dump(const char *brokers, const char *name)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	const rd_kafka_metadata_t *md;
	rd_kafka_topic_t *topic;
	rd_kafka_t *rk;

	conf_set(conf, "group.id", "ktool");
	conf_set(conf, "enable.auto.commit", "false");
	conf_set(conf, "enable.partition.eof", "true");
	conf_set(conf, "isolation.level", "read_committed");
	conf_set(conf, "fetch.message.max.bytes", RECORD_MAX);
	rk = client(RD_KAFKA_CONSUMER, conf, brokers);
	md = metadata_of(rk, name, &topic);
	for (int p = 0; p < md->topics[0].partition_cnt; p++)
		rd_kafka_topic_partition_list_add(list, name, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(rk, list);
	dump_assigned(rk, list->cnt);
	rd_kafka_metadata_destroy(md);
	rd_kafka_topic_destroy(topic);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(rk);
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
