#include "views/idmap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define KEYS 5000

Test(idmap, is_an_array_that_forgets)
{
	static uint32_t values[KEYS];
	static bool there[KEYS];
	struct idmap m = { 0 };

	cr_assert_null(idmap_get(&m, 1));
	srand(3);
	for (int round = 0; round < 5; round++) {
		size_t n = 0;

		idmap_clear(&m);
		memset(there, 0, sizeof(there));
		for (int i = 0; i < 3000; i++) {
			uint32_t key = (uint32_t)(rand() % KEYS), value = (uint32_t)rand();

			n += !there[key];
			if (!there[key])
				values[key] = value;
			there[key] = true;
			cr_assert_eq(*idmap_put(&m, key * 4096, value), values[key], "the first value stays");
		}
		cr_assert_eq(m.n, n);
		for (uint32_t key = 0; key < KEYS; key++) {
			const uint32_t *value = idmap_get(&m, key * 4096);

			cr_assert_eq(value != NULL, there[key]);
			cr_assert(!value || *value == values[key]);
		}
	}
	idmap_fini(&m);
}

Test(idmap, old_entries_stay_gone_when_the_stamps_start_over)
{
	struct idmap m = { 0 };

	idmap_clear(&m);
	idmap_put(&m, 7, 1);
	m.stamp = UINT32_MAX;
	idmap_put(&m, 8, 2);
	idmap_clear(&m);
	cr_assert_null(idmap_get(&m, 7));
	cr_assert_null(idmap_get(&m, 8));
	idmap_put(&m, 8, 3);
	cr_assert_eq(*idmap_get(&m, 8), 3);
	cr_assert_null(idmap_get(&m, 7));
	idmap_fini(&m);
}
