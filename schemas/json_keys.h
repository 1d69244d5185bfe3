/*
 * json_keys.h - a key and its value, for objects that are written one member a line.
 */
#ifndef AISLE_SCHEMAS_JSON_KEYS_H
#define AISLE_SCHEMAS_JSON_KEYS_H

#include "schemas/json_out.h"

/* NULL is null. */
static inline void key_text(struct json_out *j, const char *key, const char *text)
{
	json_out_key(j, key);
	if (text)
		json_out_text(j, text);
	else
		json_out_null(j);
}

static inline void key_int(struct json_out *j, const char *key, int64_t v)
{
	json_out_key(j, key);
	json_out_int(j, v);
}

static inline void key_number(struct json_out *j, const char *key, double v)
{
	json_out_key(j, key);
	json_out_number(j, v);
}

static inline void key_micros(struct json_out *j, const char *key, int64_t v)
{
	json_out_key(j, key);
	json_out_micros(j, v);
}

static inline void key_bool(struct json_out *j, const char *key, bool v)
{
	json_out_key(j, key);
	json_out_bool(j, v);
}

static inline void key_str(struct json_out *j, const char *key, struct str v)
{
	json_out_key(j, key);
	json_out_str(j, v);
}

static inline void key_strs(struct json_out *j, const char *key, const struct str *v, uint32_t n)
{
	json_out_key(j, key);
	json_out_array(j);
	for (uint32_t i = 0; i < n; i++)
		json_out_str(j, v[i]);
	json_out_end_array(j);
}

#endif
