/* Which numbers of sessions are looked at, and how old they are. */
#include "views/ids.h"
#include "views/session_rows.h"

#define QUARTER (SESSION_WINDOW_MIN / 3) /* of a block */
#define PART_STEPS (UINT32_C(1) << SESSION_PART_BITS)

uint64_t session_window_from(uint64_t newest)
{
	return newest / QUARTER < 3 ? 0 : (newest / QUARTER - 3) * QUARTER;
}

/* How many began in each part of the block of this number. */
static int read_parts(struct snap *sn, uint64_t number, uint32_t ret[SESSION_PARTS])
{
	struct snap_counts list = { 0 };
	int rc = snap_add_group(sn, PART_ALL, TBL_ITEM_SESSIONS, session_group(number, ID_NONE), &list);

	memset(ret, 0, SESSION_PARTS * sizeof(*ret));
	for (size_t i = 0; i < list.n && !rc; i++)
		if (list.v[i].member >= SESSION_PARTS)
			rc = ERR_STORE_CORRUPT;
		else
			ret[SESSION_PARTS - 1 - list.v[i].member] = list.v[i].count;
	snap_counts_fini(&list);
	return rc;
}

/* A window lies in two blocks; the parts of the second one take the places of those before it in the first. */
int session_window_read(struct snap *sn, uint64_t newest, struct session_window *ret)
{
	uint64_t from = session_window_from(newest);
	uint32_t counts[SESSION_PARTS], parts[SESSION_PARTS], last = (uint32_t)(newest - from);
	uint32_t turn = (uint32_t)from >> SESSION_PART_BITS;
	double later = 0;
	int rc = read_parts(sn, from, parts);

	if (!rc && turn) {
		memcpy(counts, parts + turn, (SESSION_PARTS - turn) * sizeof(*counts));
		rc = read_parts(sn, newest, parts);
	}
	if (rc)
		return rc;
	memcpy(counts + (SESSION_PARTS - turn) % SESSION_PARTS, parts, (turn ? turn : SESSION_PARTS) * sizeof(*counts));
	*ret = (struct session_window){ .from = from, .newest = newest };
	for (uint32_t i = SESSION_PARTS; i-- > 0;) {
		uint32_t steps = i == last / PART_STEPS ? last % PART_STEPS + 1 : PART_STEPS;

		ret->later[i] = later;
		ret->rate[i] = (double)counts[i] / steps;
		later += counts[i];
	}
	return 0;
}

double session_window_age(const struct session_window *w, uint32_t number)
{
	uint32_t part = number / PART_STEPS, last = (uint32_t)(w->newest - w->from);
	uint32_t end = part == last / PART_STEPS ? last : part * PART_STEPS + (PART_STEPS - 1);

	return w->later[part] + (end - number) * w->rate[part];
}
