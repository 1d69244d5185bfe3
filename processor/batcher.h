/*
 * batcher.h - when to commit: few and very large transactions when catching up, small and soon when live.
 *
 * Live commits adapt by themselves: half as long as one commit took, the next batch gathers, so that no more than about
 * two thirds of the time go into committing. What it takes to fold the first records is a part of that: who waited longer, while others
 * came that must wait for the next commit, would need larger and larger batches when the log is fast. A pure state machine; the caller
 * brings the clock. Thread: processor.
 */
#ifndef AISLE_PROCESSOR_BATCHER_H
#define AISLE_PROCESSOR_BATCHER_H

#include "config/settings.h"

struct batcher {
	uint64_t records_max, bytes_max, time_max_ns, linger_ns; /* the bounds */
	/* live is who has so many records of lag at most; the second after a full batch, when base is being caught up */
	uint64_t near, near_behind;
	bool behind;        /* the last batch was full */
	uint64_t began_ns;  /* the first pending record came; 0: none */
	uint64_t commit_ns; /* how long the last commit took */
};

struct batch_state {
	uint64_t now_ns, records, bytes; /* pending */
	bool poll_empty;                 /* the last poll gave nothing */
	bool writing;                    /* a large batch, beside this one: what is live waits for it anyway */
	int64_t lag;                     /* records left, -1 unknown */
};

void batcher_init(struct batcher *b, const struct settings *set);
/* Records have come, which are now to be folded. */
void batcher_began(struct batcher *b, uint64_t now_ns);
/* True when what is pending is to be committed now. */
bool batcher_due(const struct batcher *b, const struct batch_state *st);
/* As large as a batch may be: there is more, and it goes straight into base. */
bool batcher_full(const struct batcher *b, uint64_t records, uint64_t bytes);
/* How long the next poll may wait for a first record. */
int batcher_timeout_ms(const struct batcher *b, uint64_t now_ns, int idle_ms);
/* `full`: that batch was, or it went to base as if it were. */
void batcher_committed(struct batcher *b, uint64_t took_ns, bool full);

#endif
