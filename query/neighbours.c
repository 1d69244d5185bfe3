#include "query/neighbours.h"

#include "views/view.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	uint32_t item;
	uint8_t view;
	bool used, whole;
	unsigned generation;
	uint64_t mark;
	uint64_t fresh_until_ns;
	uint64_t took_ns;
	int64_t watermark_ms;
	size_t n, sure;
	struct snap_count *v;
};

struct neighbours {
	const struct clock *clock;
	struct snap_counts scratch;
	size_t bytes, hand; /* of all lists; the slot to be emptied next */
	struct kept slots[NEIGHBOURS_SLOTS];
};

struct neighbours *neighbours_new(const struct clock *clock)
{
	struct neighbours *n = xcalloc(1, sizeof(*n));

	n->clock = clock;
	return n;
}

static void empty(struct neighbours *n, struct kept *k)
{
	n->bytes -= k->n * sizeof(k->v[0]);
	free(k->v);
	*k = (struct kept){ 0 };
}

void neighbours_free(struct neighbours *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < NEIGHBOURS_SLOTS; i++)
		empty(n, &n->slots[i]);
	snap_counts_fini(&n->scratch);
	free(n);
}

static struct kept *slot_of(struct neighbours *n, enum pair_view view, uint32_t item)
{
	return &n->slots[(item * UINT32_C(2654435761) >> 16 ^ (uint32_t)view * 977u) % NEIGHBOURS_SLOTS];
}

int neighbours_all(struct neighbours *n, struct snap *sn, enum pair_view view, uint32_t item, uint32_t count_min,
		   struct neighbour_list *ret)
{
	int rc = pairs_get(sn, view, item, count_min, &n->scratch);

	*ret = (struct neighbour_list){ n->scratch.v, n->scratch.n, n->scratch.n, true, 0 };
	return rc ? rc : snap_watermark(sn, &ret->watermark_ms);
}

static void keep(struct neighbours *n, struct kept *k, const struct neighbour_list *list)
{
	size_t count = list->n < NEIGHBOURS_KEPT ? list->n : NEIGHBOURS_KEPT;

	k->whole = count == list->n;
	k->watermark_ms = list->watermark_ms;
	k->n = k->sure = count;
	while (!k->whole && k->sure > 0 && list->v[k->sure - 1].count == list->v[count].count)
		k->sure--;
	k->v = count ? xmalloc(count * sizeof(k->v[0])) : NULL;
	if (count)
		memcpy(k->v, list->v, count * sizeof(k->v[0]));
	n->bytes += count * sizeof(k->v[0]);
	for (; n->bytes > NEIGHBOURS_BYTES_MAX; n->hand = (n->hand + 1) % NEIGHBOURS_SLOTS)
		if (&n->slots[n->hand] != k)
			empty(n, &n->slots[n->hand]);
}

/* Whether the kept list is still good; *ret_mark is the one of `sn` when it had to be looked at. */
static int is_good(struct snap *sn, struct kept *k, enum pair_view view, uint32_t item, uint64_t now_ns,
		   uint64_t *ret_mark)
{
	bool same = k->used && k->item == item && k->view == view && k->generation == snap_generation(sn);
	int rc;

	if (same && now_ns < k->fresh_until_ns)
		return 1;
	rc = pairs_mark(sn, view, item, ret_mark);
	if (rc || !same || *ret_mark != k->mark)
		return rc;
	k->fresh_until_ns = now_ns + k->took_ns * NEIGHBOURS_REST;
	rc = snap_watermark(sn, &k->watermark_ms);
	return rc ? rc : 1;
}

int neighbours_get(struct neighbours *n, struct snap *sn, enum pair_view view, uint32_t item, uint32_t count_min,
		   struct neighbour_list *ret)
{
	struct kept *k = slot_of(n, view, item);
	uint64_t start_ns = n->clock->monotonic_ns(n->clock), mark = 0, end_ns;
	int rc = is_good(sn, k, view, item, start_ns, &mark);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		rc = neighbours_all(n, sn, view, item, count_min, ret);
		if (rc)
			return rc;
		empty(n, k);
		end_ns = n->clock->monotonic_ns(n->clock);
		*k = (struct kept){ .item = item,
				    .view = (uint8_t)view,
				    .used = true,
				    .generation = snap_generation(sn),
				    .mark = mark,
				    .took_ns = end_ns - start_ns };
		k->fresh_until_ns = end_ns + k->took_ns * NEIGHBOURS_REST;
		keep(n, k, ret);
	}
	*ret = (struct neighbour_list){ k->v, k->n, k->sure, k->whole, k->watermark_ms };
	return 0;
}
