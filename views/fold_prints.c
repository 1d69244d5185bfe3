/*
 * An actor's row of history-prints, at which nearly each event looks and which few change. Of an actor whose other rows are in
 * the young level it is the only one that lies in base; where, is remembered as long as base is the same.
 */
#include "views/fold_internal.h"
#include "views/keys.h"

static struct prints_slot *prints_slot(const struct fold *f, uint32_t actor)
{
	return &f->prints.slots[actor & (PRINTS_SLOTS - 1)];
}

void fold__forget_prints(struct fold *f, enum table_id id, struct str key)
{
	if (id == TBL_HISTORY_PRINTS)
		prints_slot(f, get_be32(key.p))->p = NULL;
}

/* Base has been written, or it is that of another generation. */
static void look_at_base(struct fold *f)
{
	struct prints *p = &f->prints;

	if (p->base == snap_base_version(f->snap) && p->generation == snap_generation(f->snap))
		return;
	p->base = snap_base_version(f->snap);
	p->generation = snap_generation(f->snap);
	memset(p->slots, 0, PRINTS_SLOTS * sizeof(*p->slots));
}

struct str fold_peek_prints(struct fold *f, uint32_t actor)
{
	struct prints_slot *slot = prints_slot(f, actor);
	unsigned char be[4];
	struct str key = id_key(actor, be), ret;
	bool stays;
	int rc;

	look_at_base(f);
	if (delta_find(&f->batch.delta, TBL_HISTORY_PRINTS, key) ||
	    (f->writer.running && delta_find(&f->writer.batch.delta, TBL_HISTORY_PRINTS, key)))
		return fold_peek(f, TBL_HISTORY_PRINTS, key);
	if (slot->p && slot->actor == actor)
		return (struct str){ slot->p, slot->n };
	rc = snap_get_staying(f->snap, TBL_HISTORY_PRINTS, key, &ret, &stays);
	if (rc && rc != ERR_NOT_FOUND && !f->read_error)
		f->read_error = rc;
	if (rc)
		return (struct str){ NULL, 0 };
	if (stays)
		*slot = (struct prints_slot){ ret.p, actor, ret.n };
	return ret;
}
