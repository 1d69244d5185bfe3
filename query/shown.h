/*
 * shown.h - which items the pages before have shown: as keys (shown_key, recommend.h) in a set, and as the text that the
 * link to the next page carries, so that no server has to remember who saw what. The text is base64url of 4 bytes a key;
 * then, behind a dot, how many of the keys are of the lists before in a batch, when there are some.
 *
 * Thread: the owner's.
 */
#ifndef AISLE_QUERY_SHOWN_H
#define AISLE_QUERY_SHOWN_H

#include "views/idmap.h"
#include "query/recommend.h"

#define SHOWN_MAX 500 /* items on all pages of a list */
#define SHOWN_TEXT_MAX ((SHOWN_MAX * 4 + 2) / 3 * 4 + 5)

struct shown {
	struct idmap keys;
	unsigned n, others; /* others: how many of the n stood in other lists of the batch */
	uint32_t order[SHOWN_MAX];
};

void shown_fini(struct shown *s);

/* False, with nothing in it, when the text is none of shown_write. */
bool shown_read(struct shown *s, struct str text) MUST_CHECK;

/* Those of `before` (NULL: none) and of the answer; NUL-terminated. False: those are SHOWN_MAX or more. */
bool shown_write(const struct shown *before, const struct answer *a, char ret[SHOWN_TEXT_MAX]) MUST_CHECK;

#endif
