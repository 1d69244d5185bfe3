/*
 * http_query.h - the small parsers of a request: percent-encoding, query strings, numbers. All are
 * strict: what is not well formed is refused, never repaired.
 * Thread: any.
 */
#ifndef AISLE_QUERY_HTTP_QUERY_H
#define AISLE_QUERY_HTTP_QUERY_H

#include "schemas/base.h"

/*
 * %XX (and '+' as a space when plus_is_space) into `ret`, which holds in.n bytes; returns the length, or -1 for a cut
 * or wrong escape, a NUL, or bytes that are not UTF-8.
 */
int percent_decode(struct str in, bool plus_is_space, char *ret);
/* Letters, digits and "-._~" that were escaped are as if they were not (RFC 3986, 6.2.2.2); `ret` as above. */
uint32_t percent_settle(struct str in, char *ret);

/* Has it an ASCII control character? No id, name or word of a request may; expressions may be of several lines. */
bool text_has_control(struct str s);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL. */
bool text_is_utf8(struct str s);

/* Take the next name=value off *rest, both still encoded; false at the end. Empty pairs ("&&") are skipped. */
bool query_next(struct str *rest, struct str *ret_name, struct str *ret_value);

/* Take the next part up to `separator` off *rest; false at the end. An empty part in the middle is a part. */
bool split_next(struct str *rest, char separator, struct str *ret);

/* Digits only. */
bool parse_count(struct str s, int64_t max, int64_t *ret);
/* If-Match (RFC 9110, 13.1.1): is `tag` in the list, or the list "*"? Weak tags (W/) match nothing; -1: not well formed. */
int etags_have(struct str list, const char *tag);
/* "true" or "false". */
bool parse_flag(struct str s, bool *ret);

#endif
