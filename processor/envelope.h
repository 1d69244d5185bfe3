/*
 * envelope.h - one line (map) of a file: an event as it is, or an envelope around a record of any topic,
 * {"topic":NAME,"key":K,"value":V,"timestamp":MS}.
 *
 * Only the outermost level is looked at, and V's bytes are handed on as they are: what is in them is the decoder's
 * business. Whatever is not plainly an envelope is an event. Thread: any.
 */
#ifndef AISLE_PROCESSOR_ENVELOPE_H
#define AISLE_PROCESSOR_ENVELOPE_H

#include "schemas/base.h"

#define ENVELOPE_KEY_MAX 4096

struct envelope {
	struct str topic; /* borrowed from the bytes */
	bool has_key;
	size_t key_len;
	char key[ENVELOPE_KEY_MAX]; /* unescaped */
	struct str value;           /* borrowed; p NULL: a tombstone */
	int64_t timestamp_ms;       /* -1 absent */
};

/* false: an event. */
bool envelope_of_json(struct str line, struct envelope *ret);
bool envelope_of_msgpack(struct str map, struct envelope *ret);

/* A JSON object from bracket to bracket: no byte but white space can follow. Brackets are counted but not matched. */
bool json_is_closed(struct str line);

/* Does a stream that begins with this byte hold MessagePack maps? */
bool msgpack_is_map(unsigned char first);
/* Length of the first value of `bytes`; 0 when it goes on beyond them; -1 when it is no MessagePack. */
int64_t msgpack_length(const void *bytes, size_t n);

#endif
