/* Records in and out: produce, transaction, dump. */
#include "ktool.h"

#include <jansson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX "20000000"

static long failed_deliveries;

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

/* The transaction stays open until somebody says how it ends. */
static bool asked_to_commit(void)
{
	char answer[16] = "";

	puts("{\"open\":true}");
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		die("nobody says how the transaction ends");
	return !strncmp(answer, "commit", 6);
}

static void end_transaction(rd_kafka_t *rk, const char *outcome)
{
	bool commit = !strcmp(outcome, "ask") ? asked_to_commit() : !strcmp(outcome, "commit");

	check_error(commit ? rd_kafka_commit_transaction(rk, TIMEOUT_MS) : rd_kafka_abort_transaction(rk, TIMEOUT_MS));
}

void produce(const char *brokers, const char *path, const char *outcome)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char transactional_id[32];
	rd_kafka_t *rk;
	long count;

	conf_set(conf, "enable.idempotence", "true");
	conf_set(conf, "linger.ms", "20");
	conf_set(conf, "partitioner", "murmur2_random");
	conf_set(conf, "message.max.bytes", RECORD_MAX);
	if (outcome) {
		/* flows that run at a time would fence one another off */
		snprintf(transactional_id, sizeof(transactional_id), "ktool-%d", (int)getpid());
		conf_set(conf, "transactional.id", transactional_id);
		conf_set(conf, "transaction.timeout.ms", "900000"); /* it is not the broker that ends it */
	}
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
		end_transaction(rk, outcome);
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

void dump(const char *brokers, const char *name)
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
