/* Interning: an item's or actor's string to a dense u32, and back. */
#include "views/fold_internal.h"
#include "views/keys.h"

#include <sodium.h>
#include <xxhash.h>

void actor_hash(const unsigned char key[32], enum actor_kind kind, struct str raw_id,
		unsigned char ret[ACTOR_HASH_BYTES])
{
	unsigned char text[1 + 256];
	uint32_t n = raw_id.n < 256 ? raw_id.n : 256;

	text[0] = (unsigned char)kind;
	if (n)
		memcpy(text + 1, raw_id.p, n);
	crypto_generichash(ret, ACTOR_HASH_BYTES, text, n + 1, key, 32);
}

static struct id_cache_slot *cache_slot(struct fold *f, char kind, struct str raw, uint64_t hash[2])
{
	XXH128_hash_t h = XXH3_128bits_withSeed(raw.p, raw.n, f->id_seed + (unsigned char)kind);

	hash[0] = h.low64;
	hash[1] = h.high64;
	return &f->id_cache[h.low64 & (ID_CACHE_SLOTS - 1)];
}

void fold__forget_ids(struct fold *f)
{
	memset(f->id_cache, 0, ID_CACHE_SLOTS * sizeof(*f->id_cache));
}

/* The id stored under `key`, or a new one with its way back. */
static uint32_t intern(struct fold *f, enum table_id forward, enum table_id back, struct str key, uint32_t *next)
{
	struct str row = fold_get(f, forward, key);
	unsigned char be[4];
	uint32_t id;

	if (row.n == sizeof(id)) {
		memcpy(&id, row.p, sizeof(id));
		if (id < *next)
			return id;
	}
	if (row.n || *next == ID_NONE)
		fold_damaged(f);
	id = (*next)++;
	fold_put(f, forward, key, &id, sizeof(id));
	fold_put(f, back, id_key(id, be), key.p, key.n);
	return id;
}

static uint32_t cached(struct fold *f, char kind, struct str raw)
{
	uint64_t hash[2];
	struct id_cache_slot *slot = cache_slot(f, kind, raw, hash);
	uint32_t id;

	if (slot->used && slot->hash[0] == hash[0] && slot->hash[1] == hash[1])
		return slot->id;
	if (kind == 'i') {
		id = intern(f, TBL_ITEM_IDS, TBL_ITEM_NAMES, raw, &f->now.next_item);
	} else {
		unsigned char keyed[ACTOR_HASH_BYTES];

		actor_hash(store_person_key(f->store), (enum actor_kind)kind, raw, keyed);
		id = intern(f, TBL_ACTOR_IDS, TBL_ACTOR_HASHES, (struct str){ (char *)keyed, sizeof(keyed) },
			    &f->now.next_actor);
	}
	*slot = (struct id_cache_slot){ { hash[0], hash[1] }, id, 1 };
	return id;
}

uint32_t fold_item(struct fold *f, struct str item_id)
{
	return cached(f, 'i', item_id);
}

uint32_t fold_query(struct fold *f, struct str query)
{
	return intern(f, TBL_QUERY_IDS, TBL_QUERY_NAMES, query, &f->now.next_query);
}

uint64_t fold_session(struct fold *f, int64_t t_ms)
{
	uint64_t number = lane_session(&f->lanes.v[f->lane], t_ms);

	f->now.sessions += f->now.sessions < UINT32_MAX;
	if (number > f->now.newest_session)
		f->now.newest_session = number;
	return number;
}

uint64_t fold_sessions_now(const struct fold *f, int64_t t_ms)
{
	return lane_sessions_now(&f->lanes.v[f->lane], t_ms);
}

const unsigned char *fold_person_key(const struct fold *f)
{
	return store_person_key(f->store);
}

uint32_t fold__actor(struct fold *f, enum actor_kind kind, struct str raw_id)
{
	return cached(f, (char)kind, raw_id);
}
