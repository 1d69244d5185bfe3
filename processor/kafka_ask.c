#include "processor/kafka_ask.h"

#include "config/clock.h"

#define PAUSE_MS 100

static int64_t now_ms(void)
{
	return (int64_t)(clock_now_ns() / 1000000);
}

/* After a pause; *left_ms is what is left then. False with an answer, and when nothing is left. */
static bool ask_again(rd_kafka_resp_err_t err, int64_t until_ms, int *left_ms)
{
	if (!err)
		return false;
	clock_rest_ms(PAUSE_MS);
	*left_ms = (int)(until_ms - now_ms());
	return *left_ms > 0;
}

/* One try. */
static rd_kafka_resp_err_t ask_partitions(rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t *ret, int timeout_ms)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, topic, &md, timeout_ms);

	*ret = 0;
	if (err)
		return err;
	if (md->topic_cnt)
		err = md->topics[0].err;
	if (md->topic_cnt && !err)
		*ret = md->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(md);
	return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ? 0 : err;
}

rd_kafka_resp_err_t kafka_ask_partitions(rd_kafka_t *rk, const char *topic, int32_t *ret, int timeout_ms)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	int64_t until_ms = now_ms() + timeout_ms;
	rd_kafka_resp_err_t err;

	do
		err = ask_partitions(rk, handle, ret, timeout_ms);
	while (ask_again(err, until_ms, &timeout_ms));
	rd_kafka_topic_destroy(handle);
	return err;
}

rd_kafka_resp_err_t kafka_ask_ends(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *ret_low,
				   int64_t *ret_high, int timeout_ms)
{
	int64_t until_ms = now_ms() + timeout_ms;
	rd_kafka_resp_err_t err;

	do
		err = rd_kafka_query_watermark_offsets(rk, topic, partition, ret_low, ret_high, timeout_ms);
	while (ask_again(err, until_ms, &timeout_ms));
	return err;
}

/* One try. The answers for some partitions are no answer. */
static rd_kafka_resp_err_t ask_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
	rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(rk, list, timeout_ms);

	for (int i = 0; i < list->cnt && !err; i++)
		err = list->elems[i].err;
	return err;
}

rd_kafka_resp_err_t kafka_ask_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
	rd_kafka_topic_partition_list_t *times = rd_kafka_topic_partition_list_copy(list);
	int64_t until_ms = now_ms() + timeout_ms;
	rd_kafka_resp_err_t err;

	do {
		for (int i = 0; i < list->cnt; i++)
			list->elems[i].offset = times->elems[i].offset;
		err = ask_times(rk, list, timeout_ms);
	} while (ask_again(err, until_ms, &timeout_ms));
	rd_kafka_topic_partition_list_destroy(times);
	return err;
}
