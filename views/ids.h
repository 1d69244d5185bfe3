/*
 * ids.h - interned ids, seen from a snapshot. Inside the store an item or an
 * actor is a u32; outside it is the shop's string or a keyed hash.
 *
 * An actor's hash is BLAKE2b-128 of 'u' or 'v' and the raw id, keyed with the store's person.key: a userId and a
 * visitorId of the same text are two actors, and no raw id is ever stored. Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_IDS_H
#define AISLE_VIEWS_IDS_H

#include "views/store.h"

#define ID_NONE UINT32_MAX
#define ACTOR_HASH_BYTES 16
#define ACTOR_HASH_HEX 33

static inline bool id_among(const uint32_t *ids, uint32_t n, uint32_t id)
{
	while (n-- > 0)
		if (ids[n] == id)
			return true;
	return false;
}

struct json_out;

enum actor_kind { ACTOR_USER = 'u', ACTOR_VISITOR = 'v' };

/* ID_NONE when the store has never seen it; snap_failure tells whether it could not be read. */
uint32_t snap_item(struct snap *sn, struct str item_id);
uint32_t snap_query(struct snap *sn, struct str query); /* as search_normalise makes it */
uint32_t snap_actor(struct snap *sn, enum actor_kind kind, struct str raw_id);

/* How many items there are: their ids are below it. */
int snap_items(struct snap *sn, uint32_t *ret) MUST_CHECK;
/* And actors. */
int snap_actors(struct snap *sn, uint32_t *ret) MUST_CHECK;

/* All items in the order of their ids' bytes. Stops on non-zero. */
typedef int (*snap_item_each)(void *arg, uint32_t item);
int snap_items_by_name(struct snap *sn, snap_item_each each, void *arg);

/* Borrowed from the snapshot; empty for an unknown id, and when it could not be read. */
struct str snap_item_name(struct snap *sn, uint32_t item);
struct str snap_query_name(struct snap *sn, uint32_t query);
/* ACTOR_HASH_BYTES, borrowed from the snapshot. */
int snap_actor_hash(struct snap *sn, uint32_t actor, struct str *ret) MUST_CHECK;
/* Hex of the actor's hash; the same as the value of a key. */
void snap_actor_hex(struct snap *sn, uint32_t actor, char ret[ACTOR_HASH_HEX]);
void snap_print_actor(struct snap *sn, uint32_t actor, const char *key, struct json_out *j);

void actor_hash(const unsigned char key[32], enum actor_kind kind, struct str raw_id,
		unsigned char ret[ACTOR_HASH_BYTES]);

#endif
