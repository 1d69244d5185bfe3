/* How the keys of tables are those of rows. */
#include "views/store_internal.h"

#include <assert.h>

#define FIRST_ACTOR_TABLE TBL_HISTORY

enum table_id store__tree(enum table_id id)
{
	return table_get(id)->kind == TABLE_ACTOR ? FIRST_ACTOR_TABLE : id;
}

const char *store__tree_name(enum table_id id)
{
	return table_get(id)->kind == TABLE_ACTOR ? "actors" : table_get(id)->name;
}

MDB_val store__row_key(enum table_id id, struct str key, struct row_key *buf)
{
	if (table_get(id)->kind != TABLE_ACTOR || key.n == 0)
		return (MDB_val){ key.n, (void *)key.p };
	assert(key.n >= ACTOR_KEY_MIN && key.n <= STORE_KEY_MAX);
	memcpy(buf->bytes, key.p, ACTOR_KEY_MIN);
	buf->bytes[ACTOR_KEY_MIN] = (unsigned char)id;
	memcpy(buf->bytes + ACTOR_KEY_MIN + 1, key.p + ACTOR_KEY_MIN, key.n - ACTOR_KEY_MIN);
	return (MDB_val){ key.n + 1, buf->bytes };
}

enum table_id store__table_of(enum table_id id, const MDB_val *k)
{
	unsigned char number;

	if (table_get(id)->kind != TABLE_ACTOR)
		return k->mv_size <= STORE_KEY_MAX ? id : TABLE_COUNT;
	if (k->mv_size <= ACTOR_KEY_MIN || k->mv_size > ROW_KEY_MAX)
		return TABLE_COUNT;
	number = ((const unsigned char *)k->mv_data)[ACTOR_KEY_MIN];
	return number < TABLE_COUNT && table_get(number)->kind == TABLE_ACTOR ? number : TABLE_COUNT;
}

bool store__own_key(enum table_id id, const MDB_val *k, struct row_key *buf, struct str *ret)
{
	const unsigned char *p = k->mv_data;

	if (store__table_of(id, k) != id)
		return false;
	*ret = (struct str){ k->mv_data, (uint32_t)k->mv_size };
	if (table_get(id)->kind != TABLE_ACTOR)
		return true;
	memcpy(buf->bytes, p, ACTOR_KEY_MIN);
	memcpy(buf->bytes + ACTOR_KEY_MIN, p + ACTOR_KEY_MIN + 1, k->mv_size - ACTOR_KEY_MIN - 1);
	*ret = (struct str){ (char *)buf->bytes, (uint32_t)k->mv_size - 1 };
	return true;
}
