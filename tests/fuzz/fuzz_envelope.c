/*
 * fuzz_envelope - a line or map of a file: what is taken as an envelope borrows from the bytes, its key fits, its value
 * is what stands there; the length of MessagePack is that of the first value, whatever follows.
 */
#include "processor/envelope.h"
#include "schemas/scan.h"
#include "tests/fuzz/fuzz.h"

static bool inside(struct str part, struct str whole)
{
	return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static void expect_envelope(const struct envelope *en, struct str whole)
{
	assert(en->topic.p && inside(en->topic, whole));
	assert(en->key_len <= ENVELOPE_KEY_MAX && (en->has_key || !en->key_len));
	assert(!en->value.p || (en->value.n && inside(en->value, whole)));
}

/* The scanner is strict, the cutter is not: what the scanner reads, the cutter must have measured as it did. */
static void compare_length(struct str in, int64_t length)
{
	static struct scan s;
	struct error e = { 0 };
	char *room = xmalloc(in.n + 16);
	int token;

	scan_init(&s, in.p, in.n, room, &e);
	token = scan_value(&s);
	if (s.is_msgpack && token >= 0 && !scan_skip(&s, token))
		assert(length == (const char *)s.p - in.p);
	free(room);
}

static void try_msgpack(struct str in)
{
	static struct envelope en;
	int64_t length = msgpack_length(in.p, in.n);

	assert(length >= -1 && length <= (int64_t)in.n);
	if (length > 0) {
		assert(msgpack_length(in.p, (size_t)length) == length);
		assert(msgpack_length(in.p, (size_t)length - 1) == 0);
	}
	if (in.n && msgpack_is_map((unsigned char)in.p[0]))
		compare_length(in, length);
	if (envelope_of_msgpack(in, &en)) {
		assert(length == (int64_t)in.n);
		expect_envelope(&en, in);
		assert(!en.value.p || msgpack_length(en.value.p, en.value.n) == (int64_t)en.value.n);
	}
}

static void try_json(struct str in)
{
	static struct envelope en;

	if (envelope_of_json(in, &en))
		expect_envelope(&en, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = exact_copy(bytes, n);
	struct str in = { copy, (uint32_t)n };

	try_msgpack(in);
	try_json(in);
	free(copy);
	return 0;
}
