#include "schemas/json_keys.h"
#include "views/facts.h"
#include "views/ids.h"
#include "views/keys.h"

#include <sodium.h>

static uint32_t find(struct snap *sn, enum table_id id, struct str key)
{
	struct str row;
	uint32_t ret;

	if (snap_get(sn, id, key, &row))
		return ID_NONE;
	if (row.n != sizeof(ret)) {
		snap_fail(sn, ERR_STORE_CORRUPT);
		return ID_NONE;
	}
	memcpy(&ret, row.p, sizeof(ret));
	return ret;
}

uint32_t snap_item(struct snap *sn, struct str item_id)
{
	return find(sn, TBL_ITEM_IDS, item_id);
}

struct walk {
	snap_item_each each;
	void *arg;
};

static int walk_row(void *arg, struct str key, struct str value)
{
	const struct walk *w = arg;
	uint32_t item;

	(void)key;
	if (value.n != sizeof(item))
		return ERR_STORE_CORRUPT;
	memcpy(&item, value.p, sizeof(item));
	return w->each(w->arg, item);
}

int snap_items_by_name(struct snap *sn, snap_item_each each, void *arg)
{
	struct walk w = { each, arg };

	return snap_each(sn, TBL_ITEM_IDS, (struct str){ NULL, 0 }, walk_row, &w);
}

uint32_t snap_query(struct snap *sn, struct str query)
{
	return find(sn, TBL_QUERY_IDS, query);
}

uint32_t snap_actor(struct snap *sn, enum actor_kind kind, struct str raw_id)
{
	unsigned char hash[ACTOR_HASH_BYTES];

	if (raw_id.n == 0)
		return ID_NONE;
	actor_hash(snap_person_key(sn), kind, raw_id, hash);
	return find(sn, TBL_ACTOR_IDS, (struct str){ (char *)hash, sizeof(hash) });
}

struct str snap_item_name(struct snap *sn, uint32_t item)
{
	struct item_fact *f = snap_fact(sn, TBL_ITEM_NAMES, item);
	unsigned char be[4];
	struct str row;
	bool stays;

	if (f && f->known & FACT_NAME)
		return f->name;
	if (snap_get_staying(sn, TBL_ITEM_NAMES, id_key(item, be), &row, &stays))
		return (struct str){ NULL, 0 };
	if (f && stays) {
		f->known |= FACT_NAME;
		f->name = row;
	}
	return row;
}

struct str snap_query_name(struct snap *sn, uint32_t query)
{
	unsigned char be[4];
	struct str row;

	if (snap_get(sn, TBL_QUERY_NAMES, id_key(query, be), &row))
		return (struct str){ NULL, 0 };
	return row;
}

int snap_actor_hash(struct snap *sn, uint32_t actor, struct str *ret)
{
	unsigned char be[4];
	struct str row;
	int rc = snap_get(sn, TBL_ACTOR_HASHES, id_key(actor, be), &row);

	if (rc)
		return rc;
	if (row.n != ACTOR_HASH_BYTES)
		return ERR_STORE_CORRUPT;
	*ret = row;
	return 0;
}

void snap_actor_hex(struct snap *sn, uint32_t actor, char ret[ACTOR_HASH_HEX])
{
	struct str row;

	ret[0] = '\0';
	if (snap_actor_hash(sn, actor, &row) == 0)
		sodium_bin2hex(ret, ACTOR_HASH_HEX, (const unsigned char *)row.p, row.n);
}

void snap_print_actor(struct snap *sn, uint32_t actor, const char *key, struct json_out *j)
{
	char hex[ACTOR_HASH_HEX];

	snap_actor_hex(sn, actor, hex);
	key_text(j, key, hex);
}
