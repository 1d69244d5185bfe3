/* ktool.h - what ktool's two sources share: the client's beginnings, and its commands on records (ktool_records.c). */
#ifndef AISLE_TESTS_LIB_KTOOL_H
#define AISLE_TESTS_LIB_KTOOL_H

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 30000

/* One line on stderr, status 1. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);
rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers);
/* topic NULL: of all; otherwise its handle in *ret_topic. Both are the caller's. */
const rd_kafka_metadata_t *metadata_of(rd_kafka_t *rk, const char *topic, rd_kafka_topic_t **ret_topic);

/* outcome: commit, abort, ask; NULL: no transaction. */
void produce(const char *brokers, const char *path, const char *outcome);
void dump(const char *brokers, const char *topic);

#endif
