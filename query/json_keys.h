/*
 * json_keys.h - what answers write besides schemas/json_keys.h: a key and a time.
 */
#ifndef AISLE_QUERY_JSON_KEYS_H
#define AISLE_QUERY_JSON_KEYS_H

#include "schemas/decode.h"
#include "schemas/json_keys.h"
#include "views/view.h"

/* TIME_NONE is null. */
static inline void key_time(struct json_out *j, const char *key, int64_t t_ms)
{
	char text[32];

	if (t_ms != TIME_NONE)
		format_rfc3339(t_ms, text);
	key_text(j, key, t_ms == TIME_NONE ? NULL : text);
}

#endif
