/*
 * segments.h - kinds of customers, by what they are to the shop (profile.h). A fixed set; a person may be in several.
 */
#ifndef AISLE_QUERY_SEGMENTS_H
#define AISLE_QUERY_SEGMENTS_H

#include "views/profile.h"

enum segment {
	SEGMENT_NEW,
	SEGMENT_FIRST_TIME_BUYER,
	SEGMENT_FREQUENT,
	SEGMENT_LAPSING,
	SEGMENT_BIG_SPENDER,
	SEGMENT_COUNT
};

#define SEGMENT_SPEND_UNKNOWN INT64_MAX

struct segment_rule {
	const char *slug;
	const char *meaning;
};
extern const struct segment_rule segment_rules[SEGMENT_COUNT];

/*
 * 1 << SEGMENT_ for each that the profile is in at this time (the watermark). big_spend_micros: what a tenth of all buyers
 * reach (ranker.h), or SEGMENT_SPEND_UNKNOWN.
 */
unsigned segments_of(const struct profile *p, int64_t now_ms, int64_t big_spend_micros);

#endif
