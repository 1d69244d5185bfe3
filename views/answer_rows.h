/*
 * answer_rows.h - what is remembered of an actor so that nothing counts twice: its newest answers with what was shown,
 * clicked, put in the cart and bought of them, and the variants of experiments that it is in.
 *
 * An answer is named by its time and nonce. When there is no room for another, the oldest one that was only shown goes,
 * else the oldest: what went is remembered by the largest name that went, `shown` and `acted`. An answer that is not there
 * may have gone when its name is not above these: then it does not count again.
 * Thread: processor.
 */
#ifndef AISLE_VIEWS_ANSWER_ROWS_H
#define AISLE_VIEWS_ANSWER_ROWS_H

#include "views/engagement.h"
#include "views/experiments.h"
#include "views/mark.h"

#define ANSWERS_MAX 64
#define ANSWER_SESSIONS_MAX 4
#define ANSWER_BITS_BYTES ((TOKEN_ITEMS_MAX + 7) / 8)

struct answer_name {
	int64_t t_ms;
	uint32_t nonce, unused;
};

struct answer_seen {
	struct answer_name name;
	unsigned item_count;
	unsigned char bits[CREDIT_KINDS][ANSWER_BITS_BYTES]; /* by place in the answer */
};

struct exposure_row {
	int64_t first_ms;
	uint32_t label, unused;
};

/* The row's first bytes. */
struct answers_head {
	struct mark mark;                /* items_n: answers */
	struct answer_name shown, acted; /* t_ms -1: none went */
	uint32_t sessions
		[ANSWER_SESSIONS_MAX]; /* hashes of the ids of the sessions counted last, newest first; 0: none */
	uint32_t exposure_n, unused;
};

struct actor_answers {
	struct answers_head head;
	struct exposure_row exposures[EXPOSURES_MAX];
	struct answer_seen answers[ANSWERS_MAX];
};

#define ANSWERS_ROW_MAX \
	(sizeof(struct answers_head) + sizeof(((struct actor_answers *)0)->exposures) + \
	 ANSWERS_MAX * (13 + CREDIT_KINDS * ANSWER_BITS_BYTES))

void answers_init(struct actor_answers *a);
/* False when the row makes no sense. */
bool answers_read(struct str row, struct actor_answers *ret) MUST_CHECK;
size_t answers_write(const struct actor_answers *a, unsigned char ret[ANSWERS_ROW_MAX]);

/* Cheaper, for most rows: is the actor in an experiment? One that makes no sense is, and will not be read. */
bool answers_has_exposures(struct str row);

/* NULL: not there. */
struct answer_seen *answers_find(struct actor_answers *a, struct answer_name name);
/* May it have been there? */
bool answers_forgot(const struct actor_answers *a, struct answer_name name, enum credit_kind kind);
/* Another one; others stay valid but the one that may go. */
struct answer_seen *answers_add(struct actor_answers *a, struct answer_name name, unsigned item_count);

#endif
