/*
 * phrase.h - the sentences of `reason`, one table for all strategies and languages (phrases.def).
 *
 * Thread: the answerer's.
 */
#ifndef AISLE_QUERY_PHRASE_H
#define AISLE_QUERY_PHRASE_H

#include "query/recommend.h"

struct asking;

enum phrase {
	PHRASE_NONE,
#define PHRASE(name, ...) PHRASE_##name,
#include "query/phrases.def"
#undef PHRASE
	PHRASE_COUNT
};

/* The sentence in the request's language, with the counts behind the score. What does not fit is cut between characters. */
void phrase_say(const struct asking *q, enum phrase which, const struct explanation *why,
		char ret[RECOMMEND_REASON_MAX]);

#endif
