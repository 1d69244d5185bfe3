/*
 * views_stream.h - generated logs of four partitions for the laws of views: few items and actors, so that everything
 * collides. One that breaks a law is shrunk to the fewest events that still do, and printed as lines of JSON.
 */
#ifndef AISLE_TESTS_VIEWS_STREAM_H
#define AISLE_TESTS_VIEWS_STREAM_H

#include "schemas/token.h"
#include "tests/lib/draw.h"
#include "tests/lib/views_shop.h"

#define PARTITIONS 4
#define LINES_MAX 4

struct gen_event {
	size_t partition;
	struct event ev;
	struct event_item items[LINES_MAX];
	char user[8], visitor[8], session[130], order[130], event_id[64], item_ids[LINES_MAX][8],
		answer[TOKEN_CHARS_MAX + 1];
};

/* What a stream is like. Its events are mostly minutes apart, one in `jumps` is up to `days` later. */
struct kind {
	size_t events, actors;
	uint64_t jumps, days;
	int id_width;       /* digits of session, order and event ids */
	unsigned event_ids; /* drawn from as many; 0: all different */
	bool rich;          /* the largest prices and quantities: more in an hour than a sum holds */
};

/* A recommendationId of the stream, good in a shop of views_shop.h. */
struct gen_answer {
	char text[TOKEN_CHARS_MAX + 1];
	uint64_t first_item; /* of three */
};
#define ANSWERS_GIVEN 12 /* events choose among the last ones */

/* Each partition's records in its order; they point into `events`, which are in the order of their making. */
struct stream {
	struct gen_event *events;
	size_t n_events;
	struct gen_event **records[PARTITIONS];
	size_t n[PARTITIONS];
	uint64_t random;
	struct gen_answer answers[ANSWERS_GIVEN];
	uint32_t answers_n; /* made so far */
};

void stream_make(struct stream *st, const struct kind *kind, uint64_t seed);
void stream_free(struct stream *st);
/* Let the partitions have just the events that are kept (n_events flags). */
void stream_keep(struct stream *st, const bool *kept);
/* The events that the partitions have, one line of JSON each, partition by partition; the caller frees. */
char *stream_text(const struct stream *st);

/*
 * Take away as much of n things as can be without it passing: halves, quarters ... single ones. `kept` has n flags, all
 * set; fails(arg, kept) says whether those that are kept still fail. Returns how many are left; stops early, with what
 * it has, after tries_max calls.
 */
size_t shrink(size_t n, bool *kept, bool (*fails)(void *arg, const bool *kept), void *arg, size_t tries_max);

#endif
