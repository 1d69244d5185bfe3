#include "views/expire.h"
#include "views/mark.h"
#include "views/offsets.h"
#include "views/versions.h"

#define ROWS_AT_LEAST 64 /* looked at or dropped a table and transaction */
#define ROWS_A_WRITTEN 2 /* and for each row written: a turn of the hand ends although rows come in beside it */

static int ended(void *arg, struct str key, struct str value)
{
	(void)key;
	return mark_of_row_has_ended(value, arg);
}

/* What an actor's sessions and orders were made of. */
static int sweep_journal(struct store_txn *t)
{
	static const uint64_t swept[] = { TABLE_BIT(TBL_SESSION_STATE) | TABLE_BIT(TBL_ORDER_STATE) |
						  TABLE_BIT(TBL_ANSWERS),
					  TABLE_BIT(TBL_SESSIONS) };
	struct lanes lanes = { 0 };
	int rc = lanes_load_txn(&lanes, t);

	for (size_t i = 0; i < ARRAY_SIZE(swept) && !rc; i++) {
		size_t written = store_written(t, table_neighbours((enum table_id)__builtin_ctzll(swept[i])));

		if (written)
			rc = store_sweep(t, swept[i], ROWS_AT_LEAST + ROWS_A_WRITTEN * written, ended, &lanes);
	}
	lanes_fini(&lanes);
	return rc;
}

int expire_step(struct store_txn *t, int64_t watermark_ms)
{
	struct versions versions;
	int rc;

	if (watermark_ms == TIME_NONE)
		return 0;
	rc = versions_of_txn(t, &versions);
	for (size_t i = 0; view_registry[i] && !rc; i++)
		if (view_registry[i]->expire && !versions.frozen[i])
			rc = view_registry[i]->expire(t, watermark_ms, ROWS_AT_LEAST + store_written(t, UINT64_MAX));
	return rc ? rc : sweep_journal(t);
}
