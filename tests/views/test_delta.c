/* The rows of a batch. */
#include "views/delta.h"
#include "views/keys.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct str key_of(unsigned number, unsigned char bytes[8])
{
	put_be64(bytes, number);
	return (struct str){ (const char *)bytes, 8 };
}

static void fill(struct delta *d, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned char bytes[8];
		bool is_new;
		struct delta_row *row = delta_row(d, TBL_CATALOG, key_of(i * 7919 % n, bytes), &is_new);

		cr_assert(is_new, "row %u of %u was there", i, n);
		row->dirty = true;
	}
}

static void expect_rows(const struct delta *d, unsigned n)
{
	size_t rows_n;
	struct delta_row **rows = delta_sorted_rows(d, &rows_n);

	cr_assert_eq(rows_n, n);
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(get_be64(rows[i]->key), i);
	free(rows);
}

/* Prime to 7919, so that fill() meets each number once. */
#define LARGE 10000u
#define SMALL 10u

Test(delta, a_table_becomes_small_again_after_a_large_batch)
{
	struct delta d;
	size_t large;

	delta_init(&d);
	fill(&d, LARGE);
	expect_rows(&d, LARGE);
	large = d.rows_room;
	for (int i = 0; i < 16; i++) {
		delta_reset(&d);
		expect_rows(&d, 0);
		fill(&d, SMALL);
		expect_rows(&d, SMALL);
	}
	cr_expect_leq(d.rows_room, large / 8);
	delta_reset(&d);
	fill(&d, LARGE);
	expect_rows(&d, LARGE);
	cr_expect_eq(d.rows_room, large);
	delta_fini(&d);
}
