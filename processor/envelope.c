#include "processor/envelope.h"

#include <jansson.h>

struct cursor {
	const char *p, *end;
};

static void white(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' || *c->p == '\n'))
		c->p++;
}

/* At a quote: past the closing one. */
static bool skip_string(struct cursor *c)
{
	for (c->p++; c->p < c->end; c->p++) {
		if (*c->p == '\\')
			c->p++;
		else if (*c->p == '"')
			return c->p++, true;
	}
	return false;
}

/* Past one value, brackets counted but not matched: the decoder looks closer. */
static bool skip_value(struct cursor *c)
{
	const char *began = c->p;
	unsigned depth = 0;

	while (c->p < c->end) {
		char ch = *c->p;

		if (ch == '"') {
			if (!skip_string(c))
				return false;
		} else if (!depth && (ch == ',' || ch == '}')) {
			return c->p > began;
		} else {
			depth += ch == '{' || ch == '[';
			depth -= ch == '}' || ch == ']';
			c->p++;
		}
	}
	return false;
}

static struct str trimmed(const char *from, const char *to)
{
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r' || to[-1] == '\n'))
		to--;
	return (struct str){ from, (uint32_t)(to - from) };
}

static bool plain_string(struct str v, struct str *ret)
{
	if (v.n < 2 || v.p[0] != '"' || memchr(v.p, '\\', v.n))
		return false;
	*ret = (struct str){ v.p + 1, v.n - 2 };
	return true;
}

static bool take_key(struct str v, struct envelope *ret)
{
	json_t *j = json_loadb(v.p, v.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	bool ok = json_is_null(j);

	if (json_is_string(j) && json_string_length(j) <= sizeof(ret->key)) {
		ret->key_len = json_string_length(j);
		memcpy(ret->key, json_string_value(j), ret->key_len);
		ret->has_key = ok = true;
	}
	json_decref(j);
	return ok;
}

static bool take_timestamp(struct str v, struct envelope *ret)
{
	json_t *j = json_loadb(v.p, v.n, JSON_DECODE_ANY, NULL);
	bool ok = json_is_integer(j) || json_is_null(j);

	if (json_is_integer(j))
		ret->timestamp_ms = (int64_t)json_integer_value(j);
	json_decref(j);
	return ok;
}

#define GOT_TOPIC 1u
#define GOT_VALUE 2u
#define GOT_KEY 4u
#define GOT_TIMESTAMP 8u
#define GOT_OTHER 16u /* what exports add: partition, offset, headers */

/* With a type it is an event. */
static unsigned other(struct str name)
{
	return str_eq(name, STR("type")) ? 0 : GOT_OTHER;
}

/* One member of the envelope; 0 when it does not fit. */
static unsigned take_member(struct str name, struct str v, struct envelope *ret)
{
	if (str_eq(name, STR("topic")))
		return plain_string(v, &ret->topic) ? GOT_TOPIC : 0;
	if (str_eq(name, STR("key")))
		return take_key(v, ret) ? GOT_KEY : 0;
	if (str_eq(name, STR("timestamp")))
		return take_timestamp(v, ret) ? GOT_TIMESTAMP : 0;
	if (!str_eq(name, STR("value")))
		return other(name);
	ret->value = str_eq(v, STR("null")) ? (struct str){ NULL, 0 } : v;
	return GOT_VALUE;
}

static void init(struct envelope *e)
{
	e->topic = e->value = (struct str){ NULL, 0 };
	e->has_key = false;
	e->key_len = 0;
	e->timestamp_ms = -1;
}

/* The member at the cursor, up to the ',' or '}' behind it; 0 when this is no envelope. */
static unsigned json_member(struct cursor *c, struct envelope *ret)
{
	struct str name;
	const char *from;

	white(c);
	from = c->p;
	if (c->p == c->end || *c->p != '"' || !skip_string(c) || !plain_string(trimmed(from, c->p), &name))
		return 0;
	white(c);
	if (c->p == c->end || *c->p++ != ':')
		return 0;
	white(c);
	from = c->p;
	return skip_value(c) ? take_member(name, trimmed(from, c->p), ret) : 0;
}

bool envelope_of_json(struct str line, struct envelope *ret)
{
	struct cursor c = { line.p, line.p + line.n };
	unsigned got = 0;

	/* nearly every line is an event, and says so in this one look */
	if (!memmem(line.p, line.n, "\"topic\"", 7) || !memmem(line.p, line.n, "\"value\"", 7))
		return false;
	init(ret);
	white(&c);
	if (c.p == c.end || *c.p++ != '{')
		return false;
	do {
		unsigned one = json_member(&c, ret);

		if (!one || (got & one & ~GOT_OTHER))
			return false;
		got |= one;
	} while (*c.p++ != '}');
	white(&c);
	return c.p == c.end && (got & GOT_TOPIC) && (got & GOT_VALUE);
}

bool json_is_closed(struct str line)
{
	struct cursor c = { line.p, line.p + line.n };
	unsigned depth = 0;

	white(&c);
	if (c.p == c.end || *c.p != '{')
		return false;
	do {
		char ch = *c.p;

		if (ch == '"') {
			if (!skip_string(&c))
				return false;
			continue;
		}
		depth += ch == '{' || ch == '[';
		depth -= ch == '}' || ch == ']';
		c.p++;
	} while (depth && c.p < c.end);
	white(&c);
	return !depth && c.p == c.end;
}

/* ---- MessagePack ---- */

bool msgpack_is_map(unsigned char first)
{
	return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
}

static uint64_t big_endian(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* What follows a type byte: `size` bytes of length, then that many bytes times one, or values. */
struct shape {
	unsigned size;  /* bytes of the length field */
	uint64_t fixed; /* bytes after it in any case */
	uint64_t per;   /* values per counted element; 0: elements are bytes */
	bool counted;   /* the length field counts */
	uint64_t count; /* when there is no length field */
};

static bool shape_of(unsigned char t, struct shape *ret)
{
	static const struct shape wide[0xe0 - 0xc0] = {
		[0x04] = { 1, 0, 0, true, 0 }, [0x05] = { 2, 0, 0, true, 0 }, [0x06] = { 4, 0, 0, true, 0 },
		[0x07] = { 1, 1, 0, true, 0 }, [0x08] = { 2, 1, 0, true, 0 }, [0x09] = { 4, 1, 0, true, 0 },
		[0x0a] = { .fixed = 4 },       [0x0b] = { .fixed = 8 },       [0x0c] = { .fixed = 1 },
		[0x0d] = { .fixed = 2 },       [0x0e] = { .fixed = 4 },       [0x0f] = { .fixed = 8 },
		[0x10] = { .fixed = 1 },       [0x11] = { .fixed = 2 },       [0x12] = { .fixed = 4 },
		[0x13] = { .fixed = 8 },       [0x14] = { .fixed = 2 },       [0x15] = { .fixed = 3 },
		[0x16] = { .fixed = 5 },       [0x17] = { .fixed = 9 },       [0x18] = { .fixed = 17 },
		[0x19] = { 1, 0, 0, true, 0 }, [0x1a] = { 2, 0, 0, true, 0 }, [0x1b] = { 4, 0, 0, true, 0 },
		[0x1c] = { 2, 0, 1, true, 0 }, [0x1d] = { 4, 0, 1, true, 0 }, [0x1e] = { 2, 0, 2, true, 0 },
		[0x1f] = { 4, 0, 2, true, 0 },
	};

	*ret = (struct shape){ 0 };
	if (t < 0x80 || t >= 0xe0)
		return true;
	if (t < 0x90)
		*ret = (struct shape){ .per = 2, .count = t & 0x0f };
	else if (t < 0xa0)
		*ret = (struct shape){ .per = 1, .count = t & 0x0f };
	else if (t < 0xc0)
		*ret = (struct shape){ .count = t & 0x1f };
	else if (t == 0xc1)
		return false;
	else
		*ret = wide[t - 0xc0];
	return true;
}

int64_t msgpack_length(const void *bytes, size_t n)
{
	const unsigned char *p = bytes, *end = p + n;
	uint64_t values = 1;

	while (values) {
		struct shape s;
		uint64_t count;

		if (p == end)
			return 0;
		if (!shape_of(*p++, &s))
			return -1;
		if ((uint64_t)(end - p) < s.size)
			return 0;
		count = s.counted ? big_endian(p, s.size) : s.count;
		p += s.size;
		if ((uint64_t)(end - p) < s.fixed + (s.per ? 0 : count))
			return 0;
		p += s.fixed + (s.per ? 0 : count);
		values += s.per * count - 1;
	}
	return p - (const unsigned char *)bytes;
}

/* The string or bytes at p, which is whole; p NULL when it is neither. */
static struct str msgpack_text(const unsigned char *p)
{
	unsigned char t = *p++;

	if ((t & 0xe0) == 0xa0)
		return (struct str){ (const char *)p, t & 0x1f };
	if (t == 0xd9 || t == 0xc4)
		return (struct str){ (const char *)p + 1, p[0] };
	if (t == 0xda || t == 0xc5)
		return (struct str){ (const char *)p + 2, (uint32_t)big_endian(p, 2) };
	if (t == 0xdb || t == 0xc6)
		return (struct str){ (const char *)p + 4, (uint32_t)big_endian(p, 4) };
	return (struct str){ NULL, 0 };
}

static bool msgpack_integer(const unsigned char *p, int64_t *ret)
{
	unsigned char t = *p++;

	if (t < 0x80 || t >= 0xe0)
		*ret = (signed char)t;
	else if (t >= 0xcc && t <= 0xcf)
		*ret = (int64_t)big_endian(p, 1u << (t - 0xcc));
	else if (t >= 0xd0 && t <= 0xd3)
		*ret = (int64_t)(big_endian(p, 1u << (t - 0xd0)) << (64 - (8u << (t - 0xd0)))) >>
		       (64 - (8u << (t - 0xd0)));
	else
		return false;
	return t != 0xcf || *ret >= 0; /* an unsigned one that is too large */
}

static unsigned take_pair(struct str name, const unsigned char *p, size_t n, struct envelope *ret)
{
	struct str text = msgpack_text(p);
	bool nil = *p == 0xc0;

	if (str_eq(name, STR("topic"))) {
		ret->topic = text;
		return text.p ? GOT_TOPIC : 0;
	}
	if (str_eq(name, STR("key"))) {
		if ((!text.p && !nil) || text.n > sizeof(ret->key))
			return 0;
		ret->has_key = !nil;
		ret->key_len = text.n;
		if (text.n)
			memcpy(ret->key, text.p, text.n);
		return GOT_KEY;
	}
	if (str_eq(name, STR("timestamp")))
		return nil || msgpack_integer(p, &ret->timestamp_ms) ? GOT_TIMESTAMP : 0;
	if (!str_eq(name, STR("value")))
		return other(name);
	ret->value = nil ? (struct str){ NULL, 0 } : (struct str){ (const char *)p, (uint32_t)n };
	return GOT_VALUE;
}

bool envelope_of_msgpack(struct str map, struct envelope *ret)
{
	const unsigned char *p = (const unsigned char *)map.p, *end = p + map.n;
	unsigned got = 0, pairs = map.n ? *p & 0x0f : 0;

	/* with few members, so its map byte is a short one */
	if (!map.n || (*p++ & 0xf0) != 0x80 || !memmem(map.p, map.n, "topic", 5) || !memmem(map.p, map.n, "value", 5))
		return false;
	init(ret);
	while (pairs--) {
		int64_t n = msgpack_length(p, (size_t)(end - p));
		struct str name;
		unsigned one;

		if (n <= 0)
			return false;
		name = msgpack_text(p);
		p += n;
		n = msgpack_length(p, (size_t)(end - p));
		if (!name.p || n <= 0)
			return false;
		one = take_pair(name, p, (size_t)n, ret);
		if (!one || (got & one & ~GOT_OTHER))
			return false;
		got |= one;
		p += n;
	}
	return p == end && (got & GOT_TOPIC) && (got & GOT_VALUE);
}
