/*
 * bench_raw_consume - all records of the topics through librdkafka alone, bytes counted and thrown away: the limit of
 * whatever reads the same log.
 *
 *     bench_raw_consume BROKERS TOPIC...
 *
 * One thread, rd_kafka_consume_batch_queue, the client settings of `aisle process` (CRCs checked, read_committed). The
 * time is that of the whole process: connect, metadata (first_s), every partition up to its end. Prints a line of JSON.
 */
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 5000
#define TIMEOUT_MS 30000

struct tally {
	unsigned long long records, bytes;
	int partitions_left;
	double first; /* when the first record came */
};

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench_raw_consume: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

static rd_kafka_t *client(const char *brokers)
{
	static const char *const settings[][2] = {
		{ "group.id", "bench-raw" },
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "isolation.level", "read_committed" },
		{ "check.crcs", "true" },
		{ "enable.partition.eof", "true" },
		{ "queued.min.messages", "1000000" },
		{ "queued.max.messages.kbytes", "131072" },
		{ "socket.nagle.disable", "true" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];
	rd_kafka_t *rk;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)))
			die("%s", text);
	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof(text)))
		die("%s", text);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
	if (!rk)
		die("%s", text);
	return rk;
}

static void add_topic(rd_kafka_t *rk, const char *name, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
	const rd_kafka_metadata_t *md;
	rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, topic, &md, TIMEOUT_MS);

	if (err || md->topics[0].err)
		die("topic '%s': %s", name, rd_kafka_err2str(err ? err : md->topics[0].err));
	for (int p = 0; p < md->topics[0].partition_cnt; p++)
		rd_kafka_topic_partition_list_add(list, name, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_metadata_destroy(md);
	rd_kafka_topic_destroy(topic);
}

static void consume(rd_kafka_queue_t *queue, struct tally *t)
{
	static rd_kafka_message_t *messages[BATCH];
	double silent_since = wall();

	while (t->partitions_left) {
		ssize_t n = rd_kafka_consume_batch_queue(queue, 10, messages, BATCH);

		if (n > 0)
			silent_since = wall();
		else if (wall() - silent_since > TIMEOUT_MS / 1e3)
			die("the broker sent nothing for %d s", TIMEOUT_MS / 1000);
		for (ssize_t i = 0; i < n; i++) {
			if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
				t->partitions_left--;
			} else if (messages[i]->err) {
				die("%s", rd_kafka_message_errstr(messages[i]));
			} else {
				if (!t->records++)
					t->first = wall();
				t->bytes += messages[i]->len + messages[i]->key_len;
			}
			rd_kafka_message_destroy(messages[i]);
		}
	}
}

int main(int argc, char **argv)
{
	double began = wall(), ended;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	struct tally t = { 0 };
	rd_kafka_queue_t *queue;
	rd_kafka_t *rk;

	if (argc < 3)
		die("usage: bench_raw_consume BROKERS TOPIC...");
	rk = client(argv[1]);
	for (int i = 2; i < argc; i++)
		add_topic(rk, argv[i], list);
	t.partitions_left = list->cnt;
	rd_kafka_assign(rk, list);
	queue = rd_kafka_queue_get_consumer(rk);
	consume(queue, &t);
	ended = wall();
	printf("{\"records\":%llu,\"bytes\":%llu,\"first_s\":%.6f,\"wall_s\":%.6f,\"cpu_s\":%.6f}\n", t.records,
	       t.bytes, t.first - began, ended - began, cpu());
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	return 0;
}
