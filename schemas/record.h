/*
 * record.h - one record of the log, and the two seams to it: a source that
 * gives records and a publisher that takes them.
 *
 * Both are small vtables, so that a test can own and step them. Kafka, files
 * and the embedded broker stand behind `struct source`; Kafka behind `struct
 * publisher`. Layers above know nothing else of librdkafka.
 *
 * A source resumes each partition at its stored position and checks it: the
 * last applied record is read again and must have the same fingerprint. What
 * lies below `next` is never handed out twice, but after a `rewind`.
 */
#ifndef AISLE_SCHEMAS_RECORD_H
#define AISLE_SCHEMAS_RECORD_H

#include "schemas/base.h"
#include "schemas/error.h"

/* What a topic carries; its name is a setting. */
enum topic { TOPIC_EVENTS, TOPIC_CATALOG, TOPIC_STOCK, TOPIC_CONFIG, TOPIC_COUNT };

struct record {
	enum topic topic; /* what it carries; TOPIC_COUNT: a topic nobody reads (a dead letter: unknown-topic) */
	uint16_t log;     /* which log it came from; source_ops.log_name gives its name */
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms; /* the record's own; -1 when it has none (a line of a file) */
	struct str key;
	const void *value; /* NULL: a tombstone */
	size_t value_len;
};

/* Where one partition of one log stands; what the offsets view keeps. */
struct position {
	int64_t next; /* the offset to apply next; past last + 1 where the log was seen to hold no record in between */
	int64_t last; /* the offset of the last applied record; -1 none */
	int64_t last_timestamp_ms;
	uint64_t fingerprint; /* record_fingerprint() of the last applied record */
};

/* XXH3-64 over key, a separator and value, seeded with the timestamp: tells a re-created topic from the one read before. */
uint64_t record_fingerprint(const struct record *r);

/*
 * Asked once for each partition when it is first read: fill *ret with the stored position and return true, or
 * return false when the log was never read (it then starts at its earliest record). `log_name` is the topic's
 * name, or "file:PATH" for a file.
 */
typedef bool (*resume_lookup)(void *arg, const char *log_name, int32_t partition, struct position *ret);

struct source;

/* Owner: whoever made the source. Thread: processor, all of them. */
struct source_ops {
	/*
	 * Up to `max` records into `ret`, waiting at most timeout_ms for the first; returns how many, 0 when there
	 * was none in time, or ERR_SOURCE_END (a file at its end), ERR_SOURCE_RETRY (broker away), or a FATAL.
	 * Records stay valid until `release`. One call's records of one partition are in log order.
	 */
	int (*poll)(struct source *s, struct record *ret, int max, int timeout_ms, struct error *e);

	/* Everything handed out so far may be freed. */
	void (*release)(struct source *s);

	/* Records not yet handed out, over all partitions, as far as known; -1 unknown. Units: records, an upper bound. */
	int64_t (*lag)(struct source *s);

	/*
	 * Everything below `next` of that partition outlives this process, though perhaps not the machine: a hint for
	 * the outside (Kafka: commit to the group). NULL: nobody is told.
	 */
	void (*committed)(struct source *s, uint16_t log, int32_t partition, int64_t next);

	const char *(*log_name)(struct source *s, uint16_t log);

	/*
	 * Partitions that are refused (re-created, truncated, a gap) and read no further, by index 0.. until false;
	 * the others go on. `why` has the code and a sentence that says what to do.
	 */
	bool (*stopped)(struct source *s, size_t index, const char **log_name, int32_t *partition, struct error *why);

	void (*close)(struct source *s);

	/*
	 * Partitions that were read to their end, past offsets that hold no record, until false; each end is told once. Only
	 * to be asked when all that was handed out is committed. NULL: there are none.
	 */
	bool (*ended)(struct source *s, const char **log_name, int32_t *partition, struct position *ret);

	/*
	 * Is what `lag` counts not to be read yet (of a transaction that is open), as far as known? NULL: no.
	 */
	bool (*at_end)(struct source *s);

	/* Hand out again from the stored positions, after a commit that failed. NULL: it cannot. */
	void (*rewind)(struct source *s);

	bool live; /* a log that goes on: how far the views are behind it is worth telling */
};

struct source {
	const struct source_ops *ops;
};

/* The result of one publish; called on the publisher's own thread or in a `flush`, once for each accepted send.
 * It may not call the publisher. */
typedef void (*publish_done)(void *arg, int code, int32_t partition, int64_t offset);

struct header {
	const char *name;
	struct str value;
};

struct publisher;

struct publisher_ops {
	/*
	 * Copies key, value and headers; returns 0, or (nothing will be called then) QUEUE_FULL until some are done, TOO_LARGE,
	 * or PRODUCE for what cannot be sent, as to a topic or partition that is not there. value NULL: a tombstone. partition
	 * -1: by key, as Kafka's default partitioner (murmur2). timestamp_ms 0: now. done NULL: nobody is told.
	 */
	int (*send)(struct publisher *p, const char *topic, int32_t partition, struct str key, const void *value,
		    size_t value_len, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		    publish_done done, void *arg);

	/* Wait until all sends are done, everybody's, at most timeout_ms: 0, or ERR_PRODUCE when some are under way. */
	int (*flush)(struct publisher *p, int timeout_ms);

	void (*close)(struct publisher *p);
};

struct publisher {
	const struct publisher_ops *ops;
};

#endif
