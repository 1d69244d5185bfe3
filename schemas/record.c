#include "schemas/record.h"

#define XXH_STATIC_LINKING_ONLY /* the state on the stack */
#include <xxhash.h>

uint64_t record_fingerprint(const struct record *r)
{
	/* The key's length keeps ("a", "bc") and ("ab", "c") apart; the flag a tombstone from an empty value. */
	struct {
		uint32_t key_len;
		uint32_t has_value;
	} separator = { r->key.n, r->value != NULL };
	XXH3_state_t state;

	XXH3_INITSTATE(&state); /* or what an earlier call left here may pass for the seed's secret */
	XXH3_64bits_reset_withSeed(&state, (uint64_t)r->timestamp_ms);
	if (r->key.n)
		XXH3_64bits_update(&state, r->key.p, r->key.n);
	XXH3_64bits_update(&state, &separator, sizeof(separator));
	if (r->value_len)
		XXH3_64bits_update(&state, r->value, r->value_len);
	return XXH3_64bits_digest(&state);
}
