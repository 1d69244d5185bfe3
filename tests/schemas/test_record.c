/* Fingerprints tell records apart. */
#include <criterion/criterion.h>
#include <xxhash.h>

#include "schemas/record.h"

static uint64_t of(const char *key, const char *value, size_t n, int64_t timestamp_ms)
{
	struct record r = { .key = str_of(key), .value = value, .value_len = n, .timestamp_ms = timestamp_ms };

	return record_fingerprint(&r);
}

Test(record, fingerprint)
{
	const uint64_t all[] = {
		of("k", "value", 5, 1), of("k", "value", 5, 2), of("l", "value", 5, 1), of("k", "valuf", 5, 1),
		of("kv", "alue", 4, 1), of("k", NULL, 0, 1),    of("k", "", 0, 1),      of(NULL, "kvalue", 6, 1),
		of("kvalue", "", 0, 1), of(NULL, NULL, 0, -1),
	};

	cr_expect_eq(of("k", "value", 5, 1), all[0]);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (size_t j = 0; j < i; j++)
			cr_expect_neq(all[i], all[j], "%zu and %zu", i, j);
	}
}

/* Stored positions carry it: it must not change from one version to the next. */
Test(record, fingerprint_is_stable)
{
	static const char bytes[] = "k\1\0\0\0\1\0\0\0value"; /* key, its length, "has a value", value */

	cr_expect_eq(of("k", "value", 5, 1323435000000), XXH3_64bits_withSeed(bytes, sizeof(bytes) - 1, 1323435000000));
}

/* Leaves stack memory behind in which every place looks like the seed of a used hash state, or like no secret. */
static __attribute__((noinline)) void soil_the_stack(int64_t seed, size_t shift)
{
	volatile int64_t words[512];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = (i + shift) % 4 < 2 ? seed : 0;
}

Test(record, fingerprint_does_not_depend_on_what_is_on_the_stack)
{
	char bytes[400] = "k\1\0\0\0\1\0\0\0"; /* short ones are hashed in one piece, without the state's secret */

	memset(bytes + 9, 'v', sizeof(bytes) - 9);
	for (size_t shift = 0; shift < 4; shift++) {
		uint64_t fingerprint;

		soil_the_stack(1323435000000, shift);
		fingerprint = of("k", bytes + 9, sizeof(bytes) - 9, 1323435000000);
		cr_expect_eq(fingerprint, XXH3_64bits_withSeed(bytes, sizeof(bytes), 1323435000000));
	}
}
