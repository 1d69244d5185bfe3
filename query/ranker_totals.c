/* The marginals of all items, as counts that an answer looks up without the store. */
#include "query/ranker_internal.h"

#include <stdlib.h>

static uint32_t added(uint32_t sum, int64_t count)
{
	int64_t both = (int64_t)sum + count;

	return both > UINT32_MAX ? UINT32_MAX : (uint32_t)both;
}

static int add_epoch(void *arg, uint32_t item, const struct item_totals *epoch)
{
	struct totals *t = arg;
	struct rank_totals *of;

	if (item >= t->room)
		t->v = rank_grown(t->v, &t->room, item, sizeof(*t->v));
	of = &t->v[item];
	of->view_sessions = added(of->view_sessions, epoch->view_sessions);
	of->orders = added(of->orders, epoch->orders);
	of->buyers = added(of->buyers, epoch->buyers);
	return 0;
}

int totals_read(struct snap *sn, struct totals **ret)
{
	struct totals *t = xcalloc(1, sizeof(*t));
	int rc;

	atomic_init(&t->refs, 1);
	rc = item_totals_each(sn, add_epoch, t);
	if (rc)
		totals_unref(t);
	else
		*ret = t;
	return rc;
}

struct totals *totals_ref(struct totals *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void totals_unref(struct totals *t)
{
	if (!t || atomic_fetch_sub(&t->refs, 1) > 1)
		return;
	free(t->v);
	free(t);
}

const struct rank_totals *rankings_all_totals(const struct rankings *ra, uint32_t *ret_n)
{
	*ret_n = ra->parts.totals->room;
	return ra->parts.totals->v;
}

struct rank_totals rankings_totals(const struct rankings *ra, uint32_t item)
{
	return item < ra->parts.totals->room ? ra->parts.totals->v[item] : (struct rank_totals){ 0 };
}
