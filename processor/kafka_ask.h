/*
 * kafka_ask.h - questions to the broker that are asked again until they are answered.
 *
 * A client that has just learnt of a topic, or that is told of it again at this moment, now and then says of a partition
 * that is there that it is unknown or has no leader (librdkafka 2.0.2; its issue 1373). A moment later it knows.
 *
 * The last error when there was no answer within timeout_ms. Thread: any, one at a time for a client.
 */
#ifndef AISLE_PROCESSOR_KAFKA_ASK_H
#define AISLE_PROCESSOR_KAFKA_ASK_H

#include "schemas/base.h"

#include <librdkafka/rdkafka.h>

/* How many partitions a topic has; 0: it is not there. */
rd_kafka_resp_err_t kafka_ask_partitions(rd_kafka_t *rk, const char *topic, int32_t *ret, int timeout_ms) MUST_CHECK;

/* The first offset that there is in a partition, and the one that the next record gets. */
rd_kafka_resp_err_t kafka_ask_ends(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *ret_low,
				   int64_t *ret_high, int timeout_ms) MUST_CHECK;

/* Of each partition of the list, with a time as its offset: the first offset at or after it, RD_KAFKA_OFFSET_END for none. */
rd_kafka_resp_err_t kafka_ask_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms) MUST_CHECK;

#endif
