/*
 * route_input_internal.h - inside route_input*.c: the table of inputs and the setting of one value
 * (route_input_values.c), out of query strings and bodies (route_input.c), and back into a query string (route_next.c).
 */
#ifndef AISLE_QUERY_ROUTE_INPUT_INTERNAL_H
#define AISLE_QUERY_ROUTE_INPUT_INTERNAL_H

#include "query/route_input.h"

enum input_kind {
	KIND_TEXT,
	KIND_LIST,
	KIND_CHOICE,
	KIND_COUNT,
	KIND_STALENESS,
	KIND_FLAG,
	KIND_STRICT, /* a flag that may be left open */
	KIND_SHARE,  /* 0..1 */
	KIND_SCORE,
	KIND_OBJECT,
	KIND_SHOWN
};

enum { IN_QUERY = 1, IN_BODY = 2, IN_EXCLUDE = 4, IN_CONTEXT = 8 };

struct input_field {
	const char *name;
	enum input_kind kind;
	unsigned input;             /* INPUT_ bit */
	unsigned where;             /* IN_ bits */
	unsigned max;               /* TEXT: bytes; LIST: entries; OBJECT: the IN_ bit of its members */
	size_t at;                  /* in struct recommend_request; */
	size_t count_at;            /* LIST: of its length; SCORE: of the flag that it is there */
	const char *const *choices; /* CHOICE: by value, NULL for what is said by leaving it out; NULL at the end */
};

extern const struct input_field input_fields[];
extern const size_t input_field_count;

#define BAD(ret, f, ...) (problem_set(ret, PROBLEM_BAD_PARAMETER, (f)->name, __VA_ARGS__), false)

static inline void *input_place(struct recommend_request *ask, size_t at)
{
	return (char *)ask + at;
}

/* NULL with *ret filled: there is none of that name where it was given, or it is not allowed. */
const struct input_field *input_find(struct str name, unsigned where, unsigned allowed, struct problem *ret);

/* Each false with *ret filled. */
bool input_set_text(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret);
bool input_add_entry(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret);
bool input_set_choice(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret);
bool input_set_whole(const struct input_field *f, struct recommend_request *ask, int64_t v, struct problem *ret);
bool input_set_real(const struct input_field *f, struct recommend_request *ask, double v, struct problem *ret);
void input_set_flag(const struct input_field *f, struct recommend_request *ask, bool v);

#endif
