/* When rows that nobody has settled are sent again. */
#include "query/control_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The looks, from 1, at which they are sent; each character is what is unsettled then, '-' nothing. */
static const char *sent_at(const char *looks)
{
	static char ret[256];
	struct control_settling s = { 0 };
	size_t n = 0;

	ret[0] = '\0';
	for (unsigned i = 0; looks[i]; i++)
		if (control__settle_due(&s, looks[i] == '-' ? 0 : (uint64_t)looks[i]))
			n += (size_t)snprintf(ret + n, sizeof(ret) - n, "%s%u", n ? " " : "", i + 1);
	return ret;
}

Test(settling, a_row_that_stays_is_sent_ever_more_seldom)
{
	cr_expect_str_eq(sent_at("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "2 4 8 16 32");
}

Test(settling, what_changes_at_each_look_is_left)
{
	cr_expect_str_eq(sent_at("abcdef-g-h-ijkk"), "15");
}

/* The row is unsettled where the last record is the other's. */
Test(settling, nodes_that_answer_each_other_do_it_ever_more_seldom)
{
	struct control_settling nodes[2] = { 0 };
	unsigned last = 0, sent = 0;

	for (unsigned i = 0; i < 1000; i++)
		for (unsigned n = 0; n < 2; n++)
			if (control__settle_due(&nodes[n], last != n)) {
				last = n;
				sent++;
			}
	cr_expect(sent >= 20 && sent < 50, "%u", sent);
}

Test(settling, one_that_was_settled_for_the_whole_pause_is_forgotten)
{
	cr_expect_str_eq(sent_at("aaaa----bbbbbb"), "2 4 10 12");
	cr_expect_str_eq(sent_at("aaaaaaaa-------b-bbbb"), "2 4 8 19 21", "it was not as the pause ended");
}

Test(settling, there_is_a_longest_pause)
{
	struct control_settling s = { 0 };
	unsigned last = 0, longest = 0;

	for (unsigned i = 1; i < 50000; i++)
		if (control__settle_due(&s, 1)) {
			longest = i - last > longest ? i - last : longest;
			last = i;
		}
	cr_expect_eq(longest, 64);
}
