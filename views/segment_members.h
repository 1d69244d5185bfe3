/*
 * segment_members.h - imported lists of people (schemas/members.h), as the keyed hashes of their userIds (ids.h).
 *
 * The last record of a segment in the log is its list. Whether there is such a segment is not asked here.
 * Thread: any, a snapshot each.
 */
#ifndef AISLE_VIEWS_SEGMENT_MEMBERS_H
#define AISLE_VIEWS_SEGMENT_MEMBERS_H

#include "views/ids.h"
#include "views/store.h"

/* Hashes of ACTOR_HASH_BYTES each, ascending, each once; n = 0: there are none. Valid until the next look at the snapshot. */
int members_get(struct snap *sn, struct str segment, struct str *ret) MUST_CHECK;
/* Another number when a list is another; 0 when there are none. One look-up. */
int members_version(struct snap *sn, uint64_t *ret) MUST_CHECK;

#endif
