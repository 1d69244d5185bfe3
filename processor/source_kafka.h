/*
 * source_kafka.h - what the files of the Kafka source share: reading (source_kafka.c), which partitions there are
 * (_topics.c), where they end and what is held back there (_held.c), and making sure that the log is still the one that
 * was read before (_verify.c).
 *
 *            metadata                verified: start at `next`
 *   (unknown) ------> PART_WAITING ---------------------------> PART_READING
 *                         ^  |                                       |
 *                         |  | refused                  any error of |
 *                         |  v                         the partition |
 *                         |  PART_STOPPED (until restart)            |
 *                         +------------------------------------------+   and the reading client is made anew
 *
 * librdkafka 2.0.2 knows neither topic ids nor KIP-320, so a topic that is deleted and made again between two fetches
 * reads on in silence. Therefore a second client, the probe, reads the last applied record of a partition again:
 *   - before a partition is read, at the start and after any error;
 *   - before records are handed out when the last look is older than VERIFY_EVERY_NS.
 * A look proves that everything fetched before it came from the same log. A fetch that meets a deleted topic is put off
 * by fetch.error.backoff.ms (500, fixed), and VERIFY_EVERY_NS is below that: no record of the new topic can be handed
 * out between two looks.
 *
 * A partition never starts twice in one client: messages of its first start that are still queued could be taken for
 * those of the second. After an error the client is made anew.
 */
#ifndef AISLE_PROCESSOR_SOURCE_KAFKA_H
#define AISLE_PROCESSOR_SOURCE_KAFKA_H

#include "processor/kafka_conf.h"
#include "schemas/record.h"

#define VERIFY_EVERY_NS UINT64_C(400000000)
#define LOOK_PATIENCE_NS UINT64_C(30000000000)
#define TRUNCATED_LOOKS 4 /* a broker that just came up may not know its log's end yet */

enum part_state { PART_WAITING, PART_READING, PART_STOPPED };

enum verdict { VERDICT_PENDING, VERDICT_SAME, VERDICT_UNSURE, VERDICT_COMPACTED, VERDICT_OUTSIDE, VERDICT_OTHER };

struct part {
	uint16_t log;
	int32_t id;
	enum part_state state;
	bool known;         /* `at` says something: stored before, or read by now */
	struct position at; /* next: where reading begins; last + 1 when there is a last one */
	int64_t passed; /* nothing between at.next and here is a record: markers of transactions, and what was aborted */
	int64_t told;   /* `passed` as the store has it */
	uint64_t verified_ns;
	int64_t eof_at;   /* the log ended here when last seen; -1 unknown */
	bool seen;        /* the broker answered for it since it is being read */
	int64_t held_at;  /* eof_at while more records are behind it, */
	uint64_t held_ns; /* since when; 0: none are */
	bool held_told;
	int64_t committed; /* told by the processor, not yet to the group; -1 none */
	unsigned truncated_looks;
	enum verdict verdict; /* of the look under way */
	int last_error;       /* librdkafka's, logged once in a row */
	bool accepted_unseen; /* warned that `last` cannot be compared any more */
	struct error why;     /* PART_STOPPED */
};

struct source_kafka;
struct verifier;

/* Both borrowed; they must outlive it. */
struct verifier *verifier_new(rd_kafka_t *probe, const char *const *topics);
void verifier_free(struct verifier *v);

/*
 * Look at each of `parts` (all with a known last record), which must stay where they are until the look is over. On a
 * slow line one takes long: the record comes with its whole batch.
 */
void verifier_begin(struct verifier *v, struct part *const *parts, size_t n);
bool verifier_busy(const struct verifier *v);
/*
 * True when it is over. Those that are the same got verified_ns = the time of the look and VERDICT_SAME; those that are
 * refused are PART_STOPPED with `why`; VERDICT_UNSURE: no answer within LOOK_PATIENCE_NS, ask again.
 */
bool verifier_wait(struct verifier *v, int timeout_ms);
/* The parts of the last look. */
struct part *const *verifier_looked(const struct verifier *v, size_t *n);
void verifier_cancel(struct verifier *v);
/* The topic has no such partition any more: refused when it was so several times. */
void verifier_gone(struct verifier *v, struct part *p);

/* The partition after `p`, of whatever topic; the first one after NULL, NULL after the last. */
struct part *kafka__part_after(const struct source_kafka *s, const struct part *p);

/* The message as a record of the partition; borrows the message's bytes. */
struct record kafka__record(const struct part *p, const rd_kafka_message_t *m);

/* What one message of the probe says about the partition. */
enum verdict kafka__judge(const struct part *p, const rd_kafka_message_t *m);

struct source_kafka {
	struct source base;
	const struct settings *set;
	resume_lookup resume;
	void *resume_arg;
	const char *topics[TOPIC_COUNT];        /* by log */
	rd_kafka_topic_t *handles[TOPIC_COUNT]; /* of the probe, for metadata */
	bool missing[TOPIC_COUNT];              /* the broker does not know the topic (yet) */
	struct part *parts[TOPIC_COUNT];        /* by partition id */
	int32_t part_count[TOPIC_COUNT];
	int32_t there[TOPIC_COUNT]; /* partitions that the broker has now; fewer in a topic that was made anew */
	rd_kafka_t *probe;
	struct verifier *verifier;
	rd_kafka_t *rk; /* the reading client; NULL: to be made */
	rd_kafka_queue_t *queue;
	const rd_kafka_topic_t *seen[TOPIC_COUNT]; /* its topic handles as met in messages */
	bool restart;                              /* make the reading client anew */
	uint64_t restart_ns;                       /* not before */
	bool down;                                 /* the broker did not answer when last asked */
	uint64_t look_ns;                          /* when the topics are looked at next */
	uint64_t commit_ns;                        /* when the group is told next */
	uint64_t alive_ns;                         /* the broker was last heard of */
	rd_kafka_message_t **messages;             /* handed out, or being looked at */
	size_t message_count, message_max;
	bool holds; /* the messages wait for the end of a look */
};

/* ---- source_kafka_held.c ---- */

/* All messages were handed out: what was read to its end is passed. */
void kafka__pass(struct source_kafka *s);
bool kafka__ended(struct source_kafka *s, const char **log_name, int32_t *partition, struct position *ret);

/* Say what an open transaction has held back for longer than topics.heldWarn. */
void kafka__tell_held(struct source_kafka *s, uint64_t now_ns);

/* ---- source_kafka_topics.c ---- */

/* Look for topics and partitions, verify what waits and start reading it, when it is time to. */
int kafka__look_around(struct source_kafka *s, struct error *e) MUST_CHECK;
/* Tell the group what is durable: a hint for lag monitors. */
void kafka__tell_group(struct source_kafka *s, bool wait);
void kafka__reader_close(struct source_kafka *s);
/* The partition waits to be verified again; the reading client is made anew. */
void kafka__suspect(struct source_kafka *s, struct part *p, int err);
/* Where the store stands: `at` and `known`. */
void kafka__resume(struct source_kafka *s, struct part *p);
/* The reading client is made anew, soon. */
void kafka__restart(struct source_kafka *s);

#endif
