#include "processor/dead_letters.h"
#include "processor/embedded_broker.h"
#include "processor/processor.h"
#include "tests/lib/processor_log.h"
#include "views/offsets.h"
#include "views/view.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define API_PRODUCE 0

struct bench {
	struct test_log log;
	struct store *store;
	struct status *status;
	struct publisher *dead;
	struct processor *processor;
	struct source *source;
	pthread_t thread;
	int code;
	struct error why;
};

static struct bench b;

static void *run(void *arg)
{
	(void)arg;
	b.code = processor_run(b.processor, b.source, &b.why);
	return NULL;
}

static void start(void)
{
	struct store_options opt = {
		.path = b.log.dir, .map_size = 64 << 20, .durability = STORE_NOSYNC, .writer = true
	};
	struct processor_options popt = { .settings = b.log.settings };
	struct error e = { 0 };

	b.code = 1;
	b.why = (struct error){ 0 };
	cr_assert_eq(store_open(&opt, &b.store, &e), 0, "%s", e.text);
	cr_assert_eq(status_open(b.log.dir, true, &b.status, &e), 0, "%s", e.text);
	cr_assert_eq(publisher_kafka_open(b.log.settings, &b.dead, &e), 0);
	popt.store = b.store;
	popt.status = b.status;
	popt.dead_letters = b.dead;
	cr_assert_eq(processor_new(&popt, &b.processor, &e), 0, "%s", e.text);
	cr_assert_eq(source_kafka_open(b.log.settings, processor_resume, b.processor, &b.source, &e), 0, "%s", e.text);
	pthread_create(&b.thread, NULL, run, NULL);
}

static void stop(void)
{
	processor_stop(b.processor);
	pthread_join(b.thread, NULL);
	b.source->ops->close(b.source);
	processor_free(b.processor);
	b.dead->ops->close(b.dead);
	status_close(b.status);
	store_close(b.store);
}

static void setup(void)
{
	test_log_init(&b.log, 2, (const char *[]){ "topics.discovery=200ms", NULL });
}

static void teardown(void)
{
	test_log_fini(&b.log);
}

TestSuite(processor, .init = setup, .fini = teardown, .timeout = 60);

/* Poll a counter of the status page, with a deadline. */
static uint64_t reaches(const uint64_t *counter, uint64_t want)
{
	struct timespec pause = { 0, 10000000L };

	for (int i = 0; i < 1500 && __atomic_load_n(counter, __ATOMIC_ACQUIRE) < want; i++)
		nanosleep(&pause, NULL);
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/* The same downwards. */
static bool falls(const uint64_t *word, uint64_t want)
{
	struct timespec pause = { 0, 10000000L };

	for (int i = 0; i < 1500 && __atomic_load_n(word, __ATOMIC_ACQUIRE) != want; i++)
		nanosleep(&pause, NULL);
	return __atomic_load_n(word, __ATOMIC_ACQUIRE) == want;
}

/* The store stands before offset `want` of partition 0. */
static bool stands_at(int64_t want)
{
	struct timespec pause = { 0, 10000000L };
	struct position at = { .next = -1 };
	struct snap *sn;

	cr_assert_eq(snap_open(b.store, &sn), 0);
	for (int i = 0; i < 1500 && at.next != want; i++) {
		nanosleep(&pause, NULL);
		cr_assert_eq(snap_renew(sn), 0);
		if (offsets_get(sn, "shop.events", 0, &at))
			at.next = -1;
		snap_park(sn);
	}
	snap_close(sn);
	return at.next == want;
}

/* Without waiting for the acknowledgement. */
static void send_quickly(int32_t partition, const char *value)
{
	cr_assert_eq(b.log.publisher->ops->send(b.log.publisher, "shop.events", partition, STR("k"), value,
						strlen(value), 0, NULL, 0, NULL, NULL),
		     0);
}

static void send_event(int32_t partition, int n)
{
	char value[128];

	snprintf(value, sizeof(value),
		 "{\"eventId\":\"e%d\",\"type\":\"view\",\"userId\":\"u1\",\"itemId\":\"p%d\",\"eventTime\":%d}", n,
		 n % 3, 1000000 + n);
	test_log_send(&b.log, "shop.events", partition, "u1", value, strlen(value));
}

static int count_letters(void *arg, const struct dead_letter *l)
{
	cr_expect(strcmp(l->topic, "shop.events") == 0 || strcmp(l->topic, "aisle.config") == 0, "%s", l->topic);
	cr_expect_str_neq(l->code, "");
	++*(int *)arg;
	return 0;
}

static int letters(void)
{
	struct error e = { 0 };
	int n = 0;

	cr_assert_eq(dead_letters_read(b.log.settings, 60000, count_letters, &n, &e), 0, "%s", e.text);
	return n;
}

Test(processor, good_records_are_applied_and_bad_ones_kept)
{
	const struct status_page *pg;

	for (int i = 0; i < 20; i++)
		send_event(i % 2, i);
	send_event(0, 0);
	test_log_send(&b.log, "shop.events", 0, "u1", "{oops", 5);
	test_log_send(&b.log, "shop.events", 1, "u1", "\xff\x00\x01", 3);
	test_log_send(&b.log, "shop.events", 1, "u1", NULL, 0);
	test_log_send(&b.log, "shop.catalog", 0, "p1", "{\"title\":\"Mug\"}", 15);
	test_log_send(&b.log, "shop.stock", 0, "p1", "{\"quantity\":4}", 14);
	test_log_send(&b.log, "aisle.config", 0, "k", "whatever", 8);
	start();
	pg = status_page(b.status);
	cr_expect_eq(reaches(&pg->records, 27), 27);
	cr_expect_geq(reaches(&pg->commits, 1), 1);
	cr_expect_eq(pg->events, 20);
	cr_expect_eq(pg->duplicates, 1);
	cr_expect_eq(reaches(&pg->dead_letters, 4), 4);
	cr_expect_eq(pg->stopped_partitions, 0);
	stop();
	cr_expect_eq(b.code, 0);
	cr_expect_eq(letters(), 4);
}

Test(processor, a_second_life_goes_on_where_the_first_ended)
{
	for (int i = 0; i < 10; i++)
		send_event(0, i);
	start();
	reaches(&status_page(b.status)->records, 10);
	stop();
	for (int i = 10; i < 15; i++)
		send_event(0, i);
	start();
	cr_expect_eq(reaches(&status_page(b.status)->records, 5), 5);
	cr_expect_geq(reaches(&status_page(b.status)->commits, 1), 1);
	cr_expect_eq(status_page(b.status)->duplicates, 0);
	cr_expect(stands_at(15));
	stop();
}

Test(processor, nothing_is_committed_while_dead_letters_are_refused)
{
	rd_kafka_mock_cluster_t *mock = (rd_kafka_mock_cluster_t *)embedded_broker_cluster(b.log.broker);
	rd_kafka_resp_err_t errors[100];
	const struct status_page *pg;
	struct position at;

	send_event(0, 1);
	test_log_send(&b.log, "shop.events", 0, "u1", "{oops", 5);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		errors[i] = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	rd_kafka_mock_push_request_errors_array(mock, API_PRODUCE, ARRAY_SIZE(errors), errors);
	start();
	pg = status_page(b.status);
	cr_expect_eq(reaches(&pg->dead_letters, 1), 1);
	stop();
	cr_expect_eq(b.code, 0, "asked to stop, that is no failure");
	rd_kafka_mock_clear_request_errors(mock, API_PRODUCE);
	cr_expect_eq(letters(), 0);
	/* nothing was lost: the next life reads both again */
	start();
	pg = status_page(b.status);
	cr_expect_not(processor_resume(b.processor, "shop.events", 0, &at));
	cr_expect_geq(reaches(&pg->commits, 1), 1);
	cr_expect_eq(reaches(&pg->records, 2), 2);
	stop();
	cr_expect_eq(letters(), 1);
}

Test(processor, dead_letters_go_out_when_the_topic_is_back)
{
	rd_kafka_mock_cluster_t *mock = (rd_kafka_mock_cluster_t *)embedded_broker_cluster(b.log.broker);
	const struct status_page *pg;

	test_log_send(&b.log, "shop.events", 0, "u1", "{oops", 5);
	rd_kafka_mock_push_request_errors(mock, API_PRODUCE, 2, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
					  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	start();
	pg = status_page(b.status);
	cr_expect_geq(reaches(&pg->commits, 1), 1);
	stop();
	cr_expect_eq(letters(), 1);
}

Test(processor, a_topic_that_takes_no_dead_letters_is_told)
{
	rd_kafka_mock_cluster_t *mock = (rd_kafka_mock_cluster_t *)embedded_broker_cluster(b.log.broker);
	rd_kafka_resp_err_t errors[100];
	const struct status_page *pg;
	uint64_t beat;

	test_log_send(&b.log, "shop.events", 0, "u1", "{oops", 5);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		errors[i] = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	rd_kafka_mock_push_request_errors_array(mock, API_PRODUCE, ARRAY_SIZE(errors), errors);
	start();
	pg = status_page(b.status);
	cr_expect_eq(reaches(&pg->waits_for, WAIT_DEAD_LETTERS), WAIT_DEAD_LETTERS);
	cr_expect(strstr(pg->waits_why, "'aisle.dlq' takes nothing"), "%s", pg->waits_why);
	cr_expect_eq(pg->commits, 0);
	beat = (uint64_t)__atomic_load_n(&pg->heartbeat_ms, __ATOMIC_ACQUIRE);
	cr_expect_gt(reaches((const uint64_t *)&pg->heartbeat_ms, beat + 1), beat, "it waits, it is not dead");
	rd_kafka_mock_clear_request_errors(mock, API_PRODUCE);
	cr_expect_eq(reaches(&pg->commits, 1), 1);
	cr_expect(falls(&pg->waits_for, WAIT_NONE));
	stop();
	cr_expect_eq(letters(), 1);
}

static rlim_t store_bytes(void)
{
	char file[160];
	struct stat st;

	snprintf(file, sizeof(file), "%s/current/base/data.mdb", b.log.dir);
	cr_assert_eq(stat(file, &st), 0);
	return (rlim_t)st.st_size;
}

/* Answers are read from the store meanwhile. */
static void expect_readable(void)
{
	struct snap *sn;
	int64_t watermark;

	cr_assert_eq(snap_open(b.store, &sn), 0);
	cr_expect_eq(snap_renew(sn), 0);
	cr_expect_eq(snap_watermark(sn, &watermark), 0);
	cr_expect_neq(watermark, TIME_NONE);
	snap_close(sn);
}

Test(processor, a_disk_without_room_is_waited_for)
{
	const struct status_page *pg;
	char value[128];

	signal(SIGXFSZ, SIG_IGN);
	send_event(0, 1);
	start();
	pg = status_page(b.status);
	cr_expect_eq(reaches(&pg->commits, 1), 1);
	test_limit_files(store_bytes() + 100); /* a write is cut */
	for (int i = 0; i < 3000; i++) {
		snprintf(value, sizeof(value),
			 "{\"type\":\"view\",\"userId\":\"u%d\",\"itemId\":\"i%d\",\"eventTime\":%d}", i, i,
			 1000000 + i);
		send_quickly(0, value);
	}
	cr_expect_eq(reaches(&pg->waits_for, WAIT_STORE), WAIT_STORE);
	cr_expect(pg->stopped_code == ERR_DISK_FULL && strstr(pg->stopped_why, "File too large"));
	cr_expect_eq(pg->stopped_partitions, 1, "answers are stale");
	expect_readable();
	test_limit_files(RLIM_INFINITY);
	cr_expect(falls(&pg->stopped_partitions, 0));
	cr_expect(falls(&pg->waits_for, WAIT_NONE));
	cr_expect(stands_at(3001), "nothing was lost");
	cr_expect_eq(pg->duplicates, 0, "and nothing was left of what failed");
	stop();
}

Test(processor, new_records_are_fresh_soon)
{
	const struct status_page *pg;
	uint64_t fresh;

	send_event(0, 1);
	start();
	pg = status_page(b.status);
	cr_expect_geq(reaches(&pg->commits, 1), 1);
	fresh = (uint64_t)__atomic_load_n(&pg->fresh_ms, __ATOMIC_ACQUIRE);
	cr_expect_gt(reaches((const uint64_t *)&pg->fresh_ms, fresh + 1), fresh, "an idle log stays fresh");
	cr_expect_eq(pg->watermark_ms, 1000001);
	stop();
}
