/*
 * kafka_conf.h - from settings to a librdkafka configuration.
 *
 * Three layers: our defaults, then the kafka.* settings unchanged, then what correctness needs. A kafka.* setting that
 * contradicts the last layer is refused, not overruled in silence:
 *
 *   every consumer  enable.auto.commit=false, enable.auto.offset.store=false, auto.offset.reset=error,
 *                   isolation.level=read_committed, check.crcs=true, enable.partition.eof=true,
 *                   allow.auto.create.topics=false, fetch.error.backoff.ms=500 (source_kafka.h says why)
 *   the producer    enable.idempotence=true, acks=all, partitioner=murmur2_random
 *
 * Errors: BAD_SETTING, with the key in the field. Thread: any.
 */
#ifndef AISLE_PROCESSOR_KAFKA_CONF_H
#define AISLE_PROCESSOR_KAFKA_CONF_H

#include "config/settings.h"
#include "schemas/error.h"

#include <librdkafka/rdkafka.h>

enum kafka_role {
	KAFKA_CONSUMER, /* reads topics at speed */
	KAFKA_PROBE,    /* reads one record here and there, soon */
	KAFKA_PRODUCER
};

/* On success *ret is the caller's, until rd_kafka_new takes it. */
int kafka_conf_make(const struct settings *set, enum kafka_role role, rd_kafka_conf_t **ret,
		    struct error *e) MUST_CHECK;

/* Make a client; the configuration is taken or destroyed either way. SOURCE_OPEN with the client's words. */
int kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct error *e) MUST_CHECK;

/* What an error of a request means; of a connection that failed in the last minute why, as `Invalid username'. Any thread. */
#define KAFKA_WORDS_BYTES 256
const char *kafka_words(rd_kafka_resp_err_t err, char ret[KAFKA_WORDS_BYTES]);

/* Destroy a client that is no group member. NULL is fine. */
void kafka_client_destroy(rd_kafka_t *rk);

#endif
