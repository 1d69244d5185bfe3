/* A producer that is broken for good is replaced by another one. */
#include "config/clock.h"
#include "processor/embedded_broker.h"
#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdatomic.h>

#define API_PRODUCE 0
#define PATIENCE_NS UINT64_C(30000000000)

static struct test_log shop;

static void setup(void)
{
	test_log_init(&shop, 1, NULL);
}

static void teardown(void)
{
	test_log_fini(&shop);
}

TestSuite(publisher, .init = setup, .fini = teardown, .timeout = 120);

struct answers {
	atomic_int good, bad;
};

static void on_done(void *arg, int code, int32_t partition, int64_t offset)
{
	struct answers *a = arg;

	(void)partition;
	(void)offset;
	atomic_fetch_add(code ? &a->bad : &a->good, 1);
}

static int send_one(struct answers *a)
{
	return shop.publisher->ops->send(shop.publisher, "shop.events", 0, str_of("u1"), "{}", 2, 0, NULL, 0, on_done,
					 a);
}

static void flush(void)
{
	cr_assert_eq(shop.publisher->ops->flush(shop.publisher, 60000), 0);
}

static void break_producer(void)
{
	rd_kafka_mock_push_request_errors((rd_kafka_mock_cluster_t *)embedded_broker_cluster(shop.broker), API_PRODUCE,
					  1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
}

/* Sends until one arrives; all that were accepted have one answer each. */
static void expect_recovery(struct answers *a)
{
	uint64_t began = clock_now_ns();
	int accepted = 0;

	while (!atomic_load(&a->good) && clock_now_ns() - began < PATIENCE_NS) {
		accepted += !send_one(a);
		flush();
	}
	cr_assert_eq(atomic_load(&a->good), 1);
	cr_assert_eq(atomic_load(&a->bad), accepted - 1);
	cr_assert_gt(atomic_load(&a->bad), 0);
}

Test(publisher, sends_go_on_after_a_fatal_error)
{
	struct answers a = { 0 };

	cr_assert_eq(send_one(&a), 0);
	flush();
	cr_assert_eq(atomic_load(&a.good), 1);
	break_producer();
	a = (struct answers){ 0 };
	expect_recovery(&a);
}

Test(publisher, each_send_under_way_at_a_fatal_error_is_answered_once)
{
	struct answers a = { 0 };
	int accepted = 0;

	break_producer();
	for (int i = 0; i < 2000; i++)
		accepted += !send_one(&a);
	flush();
	cr_expect_eq(atomic_load(&a.good) + atomic_load(&a.bad), accepted);
	a = (struct answers){ 0 };
	for (uint64_t began = clock_now_ns(); !atomic_load(&a.good) && clock_now_ns() - began < PATIENCE_NS; flush())
		(void)send_one(&a);
	cr_expect_eq(atomic_load(&a.good), 1);
}
