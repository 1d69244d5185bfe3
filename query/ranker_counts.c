#include "query/ranker_internal.h"
#include "views/ids.h"
#include "views/popularity.h"

#include <stdlib.h>
#include <xxhash.h>

static const int64_t window_hours[RANK_WINDOWS] = {
	[RANK_TRENDING_1H] = 1,
	[RANK_TRENDING_24H] = 24,
	[RANK_TRENDING_7D] = 7 * 24,
};

#define HOURS_READ (2 * 7 * 24)
#define HOURS_A_SNAPSHOT 12
#define DAYS_A_SNAPSHOT 1

_Static_assert(HOURS_READ <= POPULARITY_HOURS_KEPT, "both windows of the longest one are kept");

void counts_fini(struct counts *c)
{
	for (uint32_t i = 0; i < c->room; i++)
		free((char *)c->names[i].p);
	free(c->names);
	free(c->order);
	free(c->by_name);
	free(c->closed);
	free(c->running);
	*c = (struct counts){ 0 };
}

static void reach_item(struct counts *c, uint32_t item)
{
	uint32_t room = c->room ? c->room : 1024;

	if (item >= c->room) {
		while (item >= room)
			room *= 2;
		c->closed = xrealloc(c->closed, room * sizeof(*c->closed));
		c->running = xrealloc(c->running, room * sizeof(*c->running));
		c->names = xrealloc(c->names, room * sizeof(*c->names));
		c->order = xrealloc(c->order, room * sizeof(*c->order));
		c->by_name = xrealloc(c->by_name, room * sizeof(*c->by_name));
		memset(c->closed + c->room, 0, (room - c->room) * sizeof(*c->closed));
		memset(c->running + c->room, 0, (room - c->room) * sizeof(*c->running));
		memset(c->names + c->room, 0, (room - c->room) * sizeof(*c->names));
		memset(c->order + c->room, 0, (room - c->room) * sizeof(*c->order));
		c->room = room;
	}
	if (item >= c->items)
		c->items = item + 1;
}

struct scanning {
	struct counts *c;
	int64_t last; /* the watermark's bucket */
};

static void tally(uint32_t sums[TALLY_TYPES], const struct popularity *p)
{
	sums[TALLY_VIEWS] += (uint32_t)p->views;
	sums[TALLY_CARTS] += (uint32_t)p->carts;
	sums[TALLY_ORDERS] += (uint32_t)p->orders;
}

static int closed_hour(void *arg, int64_t hour, uint32_t item, const struct popularity *p)
{
	struct scanning *s = arg;
	int64_t age = s->last - hour;
	struct closed *closed;

	reach_item(s->c, item);
	closed = &s->c->closed[item];
	for (int w = 0; w < RANK_WINDOWS; w++) {
		if (age < window_hours[w])
			tally(closed->recent[w], p);
		else if (age < 2 * window_hours[w])
			tally(closed->before[w], p);
	}
	return 0;
}

static int closed_day(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct scanning *s = arg;

	(void)day;
	reach_item(s->c, item);
	s->c->closed[item].units += p->units;
	s->c->units_signature += (uint64_t)p->units * XXH3_64bits(&item, sizeof(item));
	return 0;
}

/* first to last, so many at a time from one snapshot. */
static int scan(struct snap *sn, enum bucket kind, int64_t first, int64_t last, int64_t step, popularity_each each,
		struct scanning *s)
{
	int rc = 0;

	for (; first <= last && !rc; first += step) {
		rc = snap_renew(sn);
		if (!rc)
			rc = popularity_scan(sn, kind, first, first + step - 1 < last ? first + step - 1 : last, each,
					     s);
	}
	return rc;
}

int counts_read_closed(struct counts *c, struct snap *sn, int64_t watermark_ms)
{
	struct scanning s = { c, time_bucket(watermark_ms, MS_PER_HOUR) };
	int rc;

	if (c->items)
		memset(c->closed, 0, c->items * sizeof(*c->closed));
	c->units_signature = 0;
	rc = scan(sn, BUCKET_HOUR, s.last - HOURS_READ + 1, s.last - 1, HOURS_A_SNAPSHOT, closed_hour, &s);
	if (rc)
		return rc;
	s.last = time_bucket(watermark_ms, MS_PER_DAY);
	return scan(sn, BUCKET_DAY, s.last - RANK_SALES_DAYS + 1, s.last - 1, DAYS_A_SNAPSHOT, closed_day, &s);
}

static int running_hour(void *arg, int64_t hour, uint32_t item, const struct popularity *p)
{
	struct counts *c = arg;

	(void)hour;
	reach_item(c, item);
	tally(c->running[item].hour, p);
	return 0;
}

static int running_day(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct counts *c = arg;

	(void)day;
	reach_item(c, item);
	c->running[item].units = p->units;
	return 0;
}

int counts_read_running(struct counts *c, struct snap *sn, int64_t watermark_ms)
{
	int64_t hour = time_bucket(watermark_ms, MS_PER_HOUR), day = time_bucket(watermark_ms, MS_PER_DAY);
	int rc;

	if (c->items)
		memset(c->running, 0, c->items * sizeof(*c->running));
	rc = popularity_scan(sn, BUCKET_HOUR, hour, hour, running_hour, c);
	return rc ? rc : popularity_scan(sn, BUCKET_DAY, day, day, running_day, c);
}

void counts_name(struct counts *c, struct snap *sn, uint32_t item)
{
	struct str name;

	reach_item(c, item);
	if (c->names[item].n)
		return;
	name = snap_item_name(sn, item);
	if (!name.n)
		return;
	c->names[item] = (struct str){ xstrndup(name.p, name.n), name.n };
	c->by_name[c->named++] = item;
}

void counts_name_all(struct counts *c, struct snap *sn)
{
	static const struct closed no_closed;
	static const struct running no_running;

	for (uint32_t item = 0; item < c->items; item++)
		if (memcmp(&c->closed[item], &no_closed, sizeof(no_closed)) != 0 ||
		    memcmp(&c->running[item], &no_running, sizeof(no_running)) != 0)
			counts_name(c, sn, item);
}

static int compare_names(const void *pa, const void *pb, void *arg)
{
	const uint32_t *a = pa, *b = pb;
	const struct str *names = arg;

	return str_cmp(names[*a], names[*b]);
}

/* The first of by_name[0..n) behind which the name belongs. */
static uint32_t place_of(struct counts *c, uint32_t item, uint32_t n)
{
	uint32_t from = 0;

	while (from < n) {
		uint32_t middle = from + (n - from) / 2;

		if (compare_names(&c->by_name[middle], &item, c->names) < 0)
			from = middle + 1;
		else
			n = middle;
	}
	return from;
}

/* New names, which are few, are sorted and put between those that were ordered before. */
void counts_order(struct counts *c)
{
	uint32_t n = c->named - c->ordered, end = c->ordered, *added;

	if (!n)
		return;
	added = xcalloc(n, sizeof(*added));
	memcpy(added, c->by_name + c->ordered, n * sizeof(*added));
	qsort_r(added, n, sizeof(*added), compare_names, c->names);
	for (uint32_t i = n; i-- > 0;) {
		uint32_t at = place_of(c, added[i], end);

		memmove(c->by_name + at + i + 1, c->by_name + at, (end - at) * sizeof(*added));
		c->by_name[at + i] = added[i];
		end = at;
	}
	for (uint32_t i = 0; i < c->named; i++)
		c->order[c->by_name[i]] = i;
	c->ordered = c->named;
	free(added);
}
