/*
 * sources.h - the makers of sources and publishers: Kafka, files, the embedded broker.
 *
 * source_kafka uses assign() at stored positions over all partitions of the topics, notices new partitions, never a
 * group rebalance; auto.offset.reset=error. At start it reads each partition's last applied record again and compares
 * fingerprints; on any partition error while running it does so again. See schemas/record.h for the seam.
 */
#ifndef AISLE_PROCESSOR_SOURCES_H
#define AISLE_PROCESSOR_SOURCES_H

#include "config/settings.h"
#include "schemas/error.h"
#include "schemas/record.h"

/*
 * Topics from the settings, kafka.* passed through. BAD_SETTING of those; SOURCE_OPEN when the client cannot be made; an
 * absent broker or topic is not an error: it is waited for.
 */
int source_kafka_open(const struct settings *set, resume_lookup resume, void *resume_arg, struct source **ret,
		      struct error *e) MUST_CHECK;

/* The offset up to which that partition was read, what holds no records passed over; -1 unknown. */
int64_t source_kafka_reached(struct source *src, uint16_t log, int32_t partition);

/*
 * Files one after the other: NDJSON (.gz too) or MessagePack (a stream of maps), "-" is stdin. A line is an event, or
 * {"topic":NAME,"key":K,"value":V,"timestamp":MS} for any topic (NAME as in the settings; value null: a tombstone).
 * The log's name is "file:REALPATH" ("-": "file:-"; that and a pipe are never resumed); offset counts lines (maps) from 0. A line that
 * cannot be split into an envelope is still handed out as an event record, so it becomes a dead letter.
 * Empty lines are skipped but counted, a byte order mark is passed. What a file ends in without a line end, or inside a
 * map, is left unread for the next time unless it is an object from bracket to bracket; of a pipe all is read. A file whose
 * maps break is stopped there: BAD_MSGPACK.
 */
int source_files_open(const struct settings *set, const char *const *paths, size_t n, resume_lookup resume,
		      void *resume_arg, struct source **ret, struct error *e) MUST_CHECK;
/* Bytes read and bytes in all (compressed size for .gz), for a progress bar; *total 0 when unknown. */
void source_files_progress(struct source *src, uint64_t *done, uint64_t *total);

/* Is kafka.bootstrap.servers set, by whatever name? */
bool kafka_names_broker(const struct settings *set);

/*
 * Each kafka.* setting that would not be taken, as a sentence with its key; when all are, and a broker is named, what the clients
 * say to them together. Nothing is connected to.
 */
void kafka_settings_check(const struct settings *set, void (*bad)(void *arg, const char *text), void *arg);

/* BAD_SETTING when there is no broker, or one of kafka.* would not be taken, before anything is made for a log that cannot be read. */
int kafka_settings_usable(const struct settings *set, struct error *e) MUST_CHECK;

/*
 * acks=all, idempotent, kafka.* passed through; message.max.bytes is so large that the broker's limit counts. `set` must outlive it.
 * A fatal error of the producer fails what is under way (ERR_PRODUCE); what is sent a moment later goes through another one.
 */
int publisher_kafka_open(const struct settings *set, struct publisher **ret, struct error *e) MUST_CHECK;

/* librdkafka's mock cluster in this process, `partitions` each topic of the settings. */
struct embedded_broker;
int embedded_broker_start(const struct settings *set, int partitions, struct embedded_broker **ret,
			  struct error *e) MUST_CHECK;
const char *embedded_broker_servers(const struct embedded_broker *b); /* for kafka.bootstrap.servers */
void embedded_broker_stop(struct embedded_broker *b);

#endif
