/*
 * dead_letters.h - records that cannot be read: out to the dead-letter topic (or a file), and back for a look.
 *
 * A letter is the record's own bytes as value and key, and what is known about it in headers:
 *   aisle-topic aisle-partition aisle-offset aisle-timestamp   where it came from (the log's name; timestamp -1: none)
 *   aisle-code aisle-field aisle-text                          why (errors.def's slug; the field may be empty)
 *   aisle-truncated-from                                       its size (key and value), when the topic took only its
 *                                                              beginning: 512 KiB of the value or less, then of the key
 * In a file, DIR/dead-letters.ndjson, a letter is one line of JSON with the same facts and base64 bytes.
 *
 * Invariant: the caller commits offsets only after dead_letters_settle returned 0, so no bad record is ever lost; it
 * may arrive twice. Letters that are not acknowledged are kept and sent again, at most LETTERS_BYTES_MAX at a time.
 */
#ifndef AISLE_PROCESSOR_DEAD_LETTERS_H
#define AISLE_PROCESSOR_DEAD_LETTERS_H

#include "config/settings.h"
#include "schemas/error.h"
#include "schemas/record.h"

#include <stdatomic.h>

#define LETTERS_BYTES_MAX (64u << 20)
#define LETTER_TRUNCATED_BYTES (512u << 10)

/* ---- out: processor thread ---- */

struct dead_letters;

/* `publisher` NULL: to dead-letters.ndjson in `dir`. Publisher and strings are borrowed. */
int dead_letters_open(struct publisher *publisher, const char *topic, const char *dir, struct dead_letters **ret,
		      struct error *e) MUST_CHECK;
/* Letters not settled are forgotten; their records were not committed. NULL is fine. */
void dead_letters_close(struct dead_letters *d);

/* Called every 100 ms or so while dead_letters_settle waits; `why` once it takes long. */
typedef void (*dead_letters_wait)(void *arg, const char *why);
void dead_letters_on_wait(struct dead_letters *d, dead_letters_wait waiting, void *arg);

/* Copies everything. true: so much is under way that dead_letters_settle must be called before the next. */
bool dead_letters_add(struct dead_letters *d, const struct record *r, const char *log_name, const struct error *why);

/*
 * Wait until every letter is safe, sending again what failed, as long as it takes. 0; SOURCE_RETRY when *stop is set
 * and some seconds did not help; IO when the file cannot be written.
 */
int dead_letters_settle(struct dead_letters *d, const atomic_bool *stop, struct error *e) MUST_CHECK;

/* ---- back: main thread ---- */

struct dead_letter {
	const char *id;    /* "PARTITION:OFFSET" in the topic, "file:LINE", "file@GENERATION:LINE" of a rebuild */
	const char *topic; /* where it came from: a topic, or "file:PATH" */
	const char *resend_topic; /* where a resend goes; "" when unknown */
	int32_t partition;
	int64_t offset, timestamp_ms;
	const char *code, *field, *text;
	uint64_t truncated_from; /* 0: whole */
	struct str key;
	const void *value; /* NULL: tombstone */
	size_t value_len;
};

/* Of the letter's record, in this topic: the same for each time that it was sent again. */
uint64_t dead_letter_fingerprint(const struct dead_letter *l, const char *topic);

/* Non-zero stops the reading and is returned. */
typedef int (*dead_letter_each)(void *arg, const struct dead_letter *letter);

/*
 * All letters there are now, oldest first within a partition: those of the file in store_path, those of the topic when
 * kafka.bootstrap.servers is set, and those of the current generation's rebuild whose record has none of these.
 * SOURCE_RETRY when the broker does not answer for timeout_ms.
 */
int dead_letters_read(const struct settings *set, int timeout_ms, dead_letter_each each, void *arg,
		      struct error *e) MUST_CHECK;

#endif
