/*
 * members.h - an imported list of people of a segment: a record of the topic of documents (control.h) with the key
 * "members/SEGMENT" whose value is a JSON array of userIds. The last one counts, a tombstone ends the list.
 * Thread: any.
 */
#ifndef AISLE_SCHEMAS_MEMBERS_H
#define AISLE_SCHEMAS_MEMBERS_H

#include "schemas/control.h"

#define MEMBERS_MAX 20000
#define MEMBERS_BYTES_MAX 900000 /* of a record: what a broker takes unless told otherwise */

/* Is it the key of such a record? */
bool members_key(struct str key, struct str *ret_segment);
/* Room for such a key. */
#define MEMBERS_KEY_MAX (16 + CONTROL_ID_MAX)
struct str members_key_of(struct str segment, char room[MEMBERS_KEY_MAX]);

/*
 * Each id of the list, repeated ones too; returns how many, or BAD_CONFIG, perhaps after some. `each` NULL: it is only checked.
 * A value of no bytes is an empty list.
 */
int members_decode(const void *value, size_t n, void (*each)(void *arg, struct str user_id), void *arg,
		   struct error *e) MUST_CHECK;

#endif
