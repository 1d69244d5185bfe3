#include "processor/batcher.h"

#include <criterion/criterion.h>

#define MS UINT64_C(1000000)

static struct batcher b;

static void setup(void)
{
	b = (struct batcher){
		.records_max = 1000, .bytes_max = 1000000, .time_max_ns = 5000 * MS, .linger_ns = 2 * MS, .near = 100
	};
}

TestSuite(batcher, .init = setup);

static bool due(uint64_t ms, uint64_t records, bool empty, int64_t lag)
{
	if (records)
		batcher_began(&b, ms * MS);
	return batcher_due(&b, &(struct batch_state){
				       .now_ns = ms * MS, .records = records, .poll_empty = empty, .lag = lag });
}

Test(batcher, nothing_pending_is_never_due)
{
	cr_assert_not(due(1, 0, true, 0));
	cr_assert_not(due(99999, 0, true, 0));
}

Test(batcher, live_waits_for_linger_only)
{
	cr_assert_not(due(10, 1, false, 0));
	cr_assert_not(due(11, 1, true, 0));
	cr_assert(due(12, 1, true, 0));
}

Test(batcher, linger_counts_from_the_first_record)
{
	cr_assert_not(due(10, 1, false, 0));
	cr_assert(due(12, 50, false, 3));
}

Test(batcher, far_behind_gathers_until_a_bound)
{
	cr_assert_not(due(10, 1, false, 100000));
	cr_assert_not(due(1000, 999, false, 100000));
	cr_assert(due(1001, 1000, false, 100000));
}

Test(batcher, age_bounds_a_batch_that_never_fills)
{
	cr_assert_not(due(10, 1, false, 100000));
	cr_assert(due(5010, 2, false, 100000));
}

Test(batcher, bytes_bound_a_batch)
{
	cr_assert(batcher_due(&b, &(struct batch_state){
					  .now_ns = 1 * MS, .records = 1, .bytes = 1000000, .lag = 100000 }));
}

Test(batcher, unknown_lag_is_live_only_when_nothing_comes)
{
	cr_assert_not(due(10, 1, false, -1));
	cr_assert_not(due(50, 2, false, -1));
	cr_assert(due(51, 2, true, -1));
}

Test(batcher, live_with_a_young_level_is_what_a_batch_could_take)
{
	b.near = 1000;
	cr_assert_not(due(10, 1, false, 1001));
	cr_assert(due(12, 1, false, 1000));
}

/* After a full batch all that is left is gathered, for base. */
Test(batcher, catching_up_goes_on_to_the_end)
{
	b.near = 1000;
	b.near_behind = 100;
	batcher_committed(&b, 0, true);
	cr_assert_not(due(10, 1, false, 101));
	cr_assert_not(due(500, 900, false, 101));
	cr_assert(due(501, 901, false, 100));
	batcher_committed(&b, 0, false);
	cr_assert_not(due(600, 1, false, 1000));
	cr_assert(due(602, 2, false, 1000), "live again");
}

Test(batcher, while_a_large_batch_is_written_the_next_one_gathers)
{
	struct batch_state st = { .now_ns = 10 * MS, .records = 1, .writing = true };

	batcher_began(&b, 1 * MS);
	cr_assert_not(batcher_due(&b, &st));
	st.records = 1000;
	cr_assert(batcher_due(&b, &st), "unless it is full,");
	st.records = 1;
	st.now_ns = 5001 * MS;
	cr_assert(batcher_due(&b, &st), "or too old");
	st.now_ns = 10 * MS;
	st.writing = false;
	cr_assert(batcher_due(&b, &st));
}

Test(batcher, slow_commits_make_larger_batches)
{
	cr_assert_not(due(10, 1, false, 0));
	cr_assert(due(12, 1, false, 0));
	batcher_committed(&b, 200 * MS, false);
	cr_assert_not(due(300, 1, false, 0));
	cr_assert_not(due(399, 1, false, 0));
	cr_assert(due(400, 1, false, 0));
}

Test(batcher, folding_the_first_records_is_a_part_of_the_wait)
{
	batcher_committed(&b, 20 * MS, false);
	batcher_began(&b, 100 * MS);
	cr_assert_not(due(109, 5, false, 0));
	cr_assert(due(110, 5, false, 0));
	batcher_committed(&b, 20 * MS, false);
	batcher_began(&b, 200 * MS);
	cr_assert(due(215, 700, false, 0), "they took longer than that");
}

Test(batcher, polls_wait_no_longer_than_linger)
{
	cr_assert_eq(batcher_timeout_ms(&b, 10 * MS, 100), 100);
	cr_assert_not(due(10, 1, false, 0));
	cr_assert_eq(batcher_timeout_ms(&b, 10 * MS, 100), 2);
	cr_assert_eq(batcher_timeout_ms(&b, 13 * MS, 100), 0);
}

/* However large a batch may be; without young levels it is what one poll brings. */
Test(batcher, young_levels_take_half_a_million_records)
{
	const char *const sets[][2] = { { "batch.recordsMax=2000000", "poll.recordsMax=7" },
					{ "batch.recordsMax=40", "poll.recordsMax=7" },
					{ "young.bytesMax=0", "poll.recordsMax=7" } };
	const uint64_t near[] = { 500000, 40, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct settings_sources from = { .sets = sets[i], .sets_n = ARRAY_SIZE(sets[i]) };
		struct settings *set;
		struct error e = { 0 };

		cr_assert_eq(settings_load(&from, &set, &e), 0, "%s", e.text);
		batcher_init(&b, set);
		cr_expect_eq(b.near, near[i]);
		cr_expect_eq(b.near_behind, 7);
		settings_free(set);
	}
}
