/*
 * json_out.h - JSON text into a growing buffer, without a tree: rows of `inspect`, answers, metrics details.
 *
 *     json_out_object(&j); json_out_key(&j, "itemId"); json_out_str(&j, id); json_out_end_object(&j);
 *
 * Commas are put by the writer. Control characters, quotes and backslashes of strings are escaped; a byte that is no
 * UTF-8 becomes U+FFFD, so that what is written is JSON whatever was damaged.
 * Bounded: text beyond JSON_OUT_MAX ends the process, callers bound what they write. Zero is an empty writer.
 * Thread: the owner's.
 */
#ifndef AISLE_SCHEMAS_JSON_OUT_H
#define AISLE_SCHEMAS_JSON_OUT_H

#include "schemas/base.h"

#define JSON_OUT_MAX ((size_t)256 << 20)

struct json_out {
	char *p;
	size_t n, room;
	bool comma; /* the next value needs one before it */
};

void json_out_reset(struct json_out *j); /* empty, memory kept */
void json_out_fini(struct json_out *j);

void json_out_object(struct json_out *j);
void json_out_end_object(struct json_out *j);
void json_out_array(struct json_out *j);
void json_out_end_array(struct json_out *j);
void json_out_key_n(struct json_out *j, const char *name, size_t n);

void json_out_str(struct json_out *j, struct str s);
void json_out_int(struct json_out *j, int64_t v);
void json_out_number(struct json_out *j, double v);  /* shortest text that reads back the same; null for inf and nan */
void json_out_score(struct json_out *j, double v);   /* to nine digits; much faster */
void json_out_micros(struct json_out *j, int64_t v); /* v / 1e6, exactly, without trailing zeros */
void json_out_bool(struct json_out *j, bool v);
void json_out_null(struct json_out *j);
void json_out_raw(struct json_out *j, struct str json); /* a value that is JSON already */

/* Inline: the length of a literal is known when it is compiled. */
static inline void json_out_key(struct json_out *j, const char *name)
{
	json_out_key_n(j, name, strlen(name));
}

static inline void json_out_text(struct json_out *j, const char *z)
{
	json_out_str(j, str_of(z));
}

#endif
