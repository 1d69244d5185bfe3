/* A broker that first gives no answer, or a wrong one, is asked again. */
#include "processor/kafka_ask.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>

#define WAIT_MS 10000
#define API_LIST_OFFSETS 2
#define API_METADATA 3

static rd_kafka_t *rk;
static rd_kafka_mock_cluster_t *cluster;

static void open_broker(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[200];

	cr_assert_eq(rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof(why)), RD_KAFKA_CONF_OK);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	cr_assert(rk, "%s", why);
	cluster = rd_kafka_handle_mock_cluster(rk);
	cr_assert_eq(rd_kafka_mock_topic_create(cluster, "t", 2, 1), 0);
}

static void close_broker(void)
{
	rd_kafka_destroy(rk);
}

static void refuse_twice(int16_t api, rd_kafka_resp_err_t err)
{
	rd_kafka_mock_push_request_errors(cluster, api, 2, err, err);
}

TestSuite(kafka_ask, .init = open_broker, .fini = close_broker, .timeout = 60);

Test(kafka_ask, partitions_of_a_topic_without_a_leader_for_a_moment)
{
	int32_t n = -1;

	refuse_twice(API_METADATA, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
	cr_assert_eq(kafka_ask_partitions(rk, "t", &n, WAIT_MS), 0);
	cr_assert_eq(n, 2);
}

Test(kafka_ask, ends_of_a_partition_that_is_unknown_for_a_moment)
{
	int64_t low = -1, high = -1;

	refuse_twice(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	cr_assert_eq(kafka_ask_ends(rk, "t", 1, &low, &high, WAIT_MS), 0);
	cr_assert_eq(low, 0);
	cr_assert_eq(high, 0);
}

Test(kafka_ask, times_of_a_partition_that_is_unknown_for_a_moment)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);

	for (int32_t p = 0; p < 2; p++)
		rd_kafka_topic_partition_list_add(list, "t", p)->offset = 1700000000000;
	refuse_twice(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	cr_assert_eq(kafka_ask_times(rk, list, WAIT_MS), 0);
	for (int32_t p = 0; p < 2; p++)
		cr_assert_lt(list->elems[p].offset, 1, "%lld", (long long)list->elems[p].offset);
	rd_kafka_topic_partition_list_destroy(list);
}

Test(kafka_ask, a_broker_that_is_away_is_an_error_in_time)
{
	int64_t low, high;

	rd_kafka_mock_broker_set_down(cluster, 1);
	cr_assert_neq(kafka_ask_ends(rk, "t", 0, &low, &high, 300), 0);
}
