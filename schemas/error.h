/*
 * error.h - one table of everything that can go wrong (errors.def).
 *
 * Functions return 0 or one of the negative ERR_ values below. Loops decide on
 * the class alone: retry, skip (dead letter), fatal, usage. Details that a
 * person needs travel in a `struct error`, filled by whoever fails first.
 *
 * Thread: any. Nothing here keeps state.
 */
#ifndef AISLE_SCHEMAS_ERROR_H
#define AISLE_SCHEMAS_ERROR_H

#include "schemas/base.h"

enum error_class { CLASS_RETRY, CLASS_SKIP, CLASS_FATAL, CLASS_USAGE };

enum error_index {
#define ERROR(name, class_, slug, text) ERROR_INDEX_##name,
#include "schemas/errors.def"
#undef ERROR
	ERROR_COUNT
};

enum {
#define ERROR(name, class_, slug, text) ERR_##name = -1 - (int)ERROR_INDEX_##name,
#include "schemas/errors.def"
#undef ERROR
};

/* What failed, for a person. All-zero is "nothing yet". `field` is the offending field or "". */
struct error {
	int code;
	char field[64];
	char text[256];
	char suggestion[64]; /* the nearest name there is, or "" */
};

/* Fill *e (NULL is fine) unless it is already filled; returns `code`, so that `return error_set(...)` reads well. */
int error_set(struct error *e, int code, const char *field, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Stable names of a code; "ok" for 0. */
const char *error_slug(int code);
const char *error_text(int code);
enum error_class error_class(int code);

#endif
