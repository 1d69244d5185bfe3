/*
 * embedded_broker.h - the mock cluster itself, for fault tests that make it misbehave. All else is in sources.h.
 * Thread: any.
 */
#ifndef AISLE_PROCESSOR_EMBEDDED_BROKER_H
#define AISLE_PROCESSOR_EMBEDDED_BROKER_H

struct embedded_broker;
struct rd_kafka_mock_cluster_s;

/* Borrowed; valid until embedded_broker_stop. */
struct rd_kafka_mock_cluster_s *embedded_broker_cluster(struct embedded_broker *b);

#endif
