/*
 * segments.h - kinds of customers: conditions on what is known of a person (filter.h). A person may be in several, and is
 * in them as of the answer: nothing is stored.
 *
 * What there is: the documents of the view config, and the shipped ones (segments.def) whose id has no document. One that
 * is switched off or cannot be read is none. SEGMENTS_MAX at most, the shipped ones first, then by id.
 *
 * A set is immutable and counted. Thread: any.
 */
#ifndef AISLE_QUERY_SEGMENTS_H
#define AISLE_QUERY_SEGMENTS_H

#include "query/filter.h"
#include "schemas/control.h"
#include "views/store.h"

#define SEGMENTS_MAX 64
#define SEGMENT_SPEND_UNKNOWN INT64_MAX

struct segment {
	char id[CONTROL_ID_MAX + 1];
	int shipped;            /* index of segment_shipped; -1: a document */
	char *meaning, *filter; /* never NULL */
	struct filter_pool *pool;
	struct filter when;
	bool by_members;
	uint32_t member_n;
	uint64_t *members; /* member_hash of each, ascending */
};

struct segment_set;

/* What is in the snapshot; *ret is the caller's to release. */
int segments_read(struct snap *sn, struct segment_set **ret) MUST_CHECK;
/* Without any document. */
struct segment_set *segments_shipped(void);
/*
 * As they would be with this document, n = 0: without the one there is. The imported list counts as far as it does now: of a
 * segment that has none yet, nobody.
 */
struct segment_set *segments_with(const struct segment_set *set, struct str id, struct str document);
struct segment_set *segments_ref(const struct segment_set *set);
void segments_release(const struct segment_set *set); /* NULL is fine */

/* Equal for sets of the same documents. */
uint64_t segments_sign(const struct segment_set *set);
unsigned segments_count(const struct segment_set *set);
const struct segment *segment_at(const struct segment_set *set, unsigned place);
/* Its place; -1: there is none of that id. */
int segment_find(const struct segment_set *set, struct str id);
/* What all of them ask for: FILTER_READS_, READS_MEMBERS. */
#define READS_MEMBERS (1u << 8)
unsigned segments_read_of(const struct segment_set *set);

/* What stands for a keyed hash of ids.h in an imported list. */
uint64_t member_hash(const void *hash);
/* 1 << place of each that the person is in: by its condition (`person` NULL: nothing is known), or by a list (hashes of its ids). */
uint64_t segments_of(const struct segment_set *set, const struct filter_person *person, const uint64_t *hashes,
		     unsigned hash_n);

/* A shipped one by its index, 0.. until false: segments.def. */
struct segment_shipped {
	const char *id, *meaning, *filter;
};
bool segment_shipped(size_t index, struct segment_shipped *ret);

#endif
