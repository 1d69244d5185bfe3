/*
 * person_facts.h - what is known of a person, as the conditions of segments ask for it.
 *
 * Categories are those of the records of what was viewed and bought in the last PERSON_RECENT_DAYS before the watermark, as
 * far as the history goes, the 64 newest that differ; the country is the one that the actor named who was here last.
 * Thread: the owner's.
 */
#ifndef AISLE_QUERY_PERSON_FACTS_H
#define AISLE_QUERY_PERSON_FACTS_H

#include "query/filter.h"
#include "views/idmap.h"
#include "views/arena.h"
#include "views/history.h"
#include "views/identity.h"

#define PERSON_RECENT_DAYS 90

struct person_facts {
	struct filter_person is; /* its strings are the arena's: valid until the next read */
	bool is_known;           /* it did something */
	unsigned hash_n;
	uint64_t hashes[PERSON_ACTORS_MAX + 1]; /* of its ids, as lists of members have them */
	/* scratch */
	struct arena arena;
	struct idmap seen;
	struct history_row *rows;
	struct catalog_item record;
};

void person_facts_fini(struct person_facts *pf);

/*
 * Of a person's actors (identity.h) and its userId (n = 0: none), which the store may never have seen. reads: FILTER_READS_,
 * READS_MEMBERS (segments.h) that are wanted. big_spend_micros: what makes a big spender (ranker.h), or
 * SEGMENT_SPEND_UNKNOWN. Nothing is known of one that did nothing: no condition holds for it.
 */
int person_facts_read(struct person_facts *pf, struct snap *sn, const uint32_t *actors, unsigned n, struct str user_id,
		      unsigned reads, int64_t now_ms, int64_t big_spend_micros) MUST_CHECK;

#endif
