/*
 * suggest.h - the name a person probably meant.
 *
 * Distance: Damerau-Levenshtein (one insertion, deletion, replacement or swap of neighbours costs 1), letters compared
 * without case. A name is suggested when at most a third of it (at least one, at most four characters) differs, when
 * the word is the start of exactly one name, or when other interfaces call it so (limit: count). Thread: any.
 */
#ifndef AISLE_SCHEMAS_SUGGEST_H
#define AISLE_SCHEMAS_SUGGEST_H

#include "schemas/error.h"

#define SUGGEST_WORD_MAX 63 /* bytes; longer words get no suggestion */

/* The nearest of `n` names (the first one on a tie), or NULL when none is near. NULL entries are skipped. */
const char *suggest_nearest(const char *word, const char *const *names, size_t n);

/* Adds the nearest name, where there is one, to the text of *e (NULL is fine), and as its suggestion. */
void suggest_in(struct error *e, const char *word, const char *const *names, size_t n);

unsigned suggest_distance(const char *a, const char *b);

#endif
