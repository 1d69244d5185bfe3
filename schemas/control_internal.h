/*
 * control_internal.h - what the control*.c files share: documents as tables of fields (control_kinds.c), and the readers of
 * their values (control_read.c).
 *
 * A reader gets the token that begins the value, never TOKEN_NULL, and the place it goes to. Memory for lists is the
 * document's.
 */
#ifndef AISLE_SCHEMAS_CONTROL_INTERNAL_H
#define AISLE_SCHEMAS_CONTROL_INTERNAL_H

#include "schemas/control.h"
#include "schemas/scan.h"

#define CONTROL_PATH_MAX 128
#define CONTROL_BLOCKS_MAX 128 /* lists of one document: ten of its own, and three a variant */

struct control_reader {
	struct scan scan;
	struct control_body *body;
	size_t path_n;
	char path[CONTROL_PATH_MAX];
};

/* A document with all it points to. */
struct control_body {
	struct control pub; /* first */
	char *text;         /* the JSON, and behind it room for texts with escapes */
	unsigned block_n;
	void *blocks[CONTROL_BLOCKS_MAX];
};

struct member;
typedef int (*member_read)(struct control_reader *r, const struct member *m, int token, void *at);

enum { MEMBER_REQUIRED = 1, MEMBER_ABOVE_MIN = 2, MEMBER_BELOW_MAX = 4 };

struct member {
	const char *name;
	member_read read;
	size_t offset;
	double min, max; /* a number's; max: bytes of a text, entries of a list */
	const void
		*more; /* struct shape of an object or of entries; names of a choice; struct member of a list's texts */
	unsigned flags; /* MEMBER_ */
};

struct shape {
	const struct member *members;
	unsigned n;
	size_t size;
	/* What holds between fields; `given` has a bit for each member that was there. NULL: nothing. */
	int (*settle)(struct control_reader *r, void *into, uint32_t given);
};

extern const struct shape *const control_shapes[CONTROL_KIND_COUNT];

int control__object(struct control_reader *r, const struct shape *shape, void *into) MUST_CHECK;
/* BAD_CONFIG at the path; `name` (NULL: none) is a member below it. */
int control__fail(struct control_reader *r, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;

int control__text(struct control_reader *r, const struct member *m, int token, void *at); /* struct str */
int control__slug(struct control_reader *r, const struct member *m, int token, void *at); /* struct str of [a-z0-9-] */
int control__id(struct control_reader *r, const struct member *m, int token, void *at);   /* struct str, never empty */
int control__bool(struct control_reader *r, const struct member *m, int token, void *at); /* bool */
int control__number(struct control_reader *r, const struct member *m, int token, void *at);  /* double */
int control__count(struct control_reader *r, const struct member *m, int token, void *at);   /* unsigned */
int control__whole(struct control_reader *r, const struct member *m, int token, void *at);   /* int64_t */
int control__micros(struct control_reader *r, const struct member *m, int token, void *at);  /* int64_t */
int control__time(struct control_reader *r, const struct member *m, int token, void *at);    /* int64_t ms */
int control__choice(struct control_reader *r, const struct member *m, int token, void *at);  /* an enum */
int control__inside(struct control_reader *r, const struct member *m, int token, void *at);  /* an object */
int control__texts(struct control_reader *r, const struct member *m, int token, void *at);   /* struct control_texts */
int control__objects(struct control_reader *r, const struct member *m, int token, void *at); /* struct control_list */

/* What control.h's lists have in common. */
struct control_list {
	uint32_t n;
	const void *v;
};

#endif
