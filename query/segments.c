#include "query/segments.h"

#define NEW_MS (14 * MS_PER_DAY)
#define LAPSING_MS (60 * MS_PER_DAY)
#define FREQUENT_ORDERS 4

const struct segment_rule segment_rules[SEGMENT_COUNT] = {
	[SEGMENT_NEW] = { "new", "came for the first time in the last 14 days and has not ordered yet" },
	[SEGMENT_FIRST_TIME_BUYER] = { "first-time-buyer", "has ordered once" },
	[SEGMENT_FREQUENT] = { "frequent", "has ordered 4 times or more, and was here in the last 60 days" },
	[SEGMENT_LAPSING] = { "lapsing", "has ordered, and was not here for 60 days" },
	[SEGMENT_BIG_SPENDER] = { "big-spender", "has spent as much as a tenth of all buyers reach" },
};

unsigned segments_of(const struct profile *p, int64_t now_ms, int64_t big_spend_micros)
{
	bool is_away = now_ms - p->last_ms >= LAPSING_MS;
	unsigned in = 0;

	if (p->orders == 0 && now_ms - p->first_ms < NEW_MS)
		in |= 1u << SEGMENT_NEW;
	if (p->orders == 1)
		in |= 1u << SEGMENT_FIRST_TIME_BUYER;
	if (p->orders >= FREQUENT_ORDERS && !is_away)
		in |= 1u << SEGMENT_FREQUENT;
	if (p->orders > 0 && is_away)
		in |= 1u << SEGMENT_LAPSING;
	if (p->orders > 0 && p->spend_micros >= big_spend_micros)
		in |= 1u << SEGMENT_BIG_SPENDER;
	return in;
}
