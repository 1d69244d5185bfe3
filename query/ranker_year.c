#include "query/ranker_internal.h"
#include "views/popularity.h"

#include <stdlib.h>

_Static_assert(SEASON_YEAR_DAYS + SEASON_DAYS_BEFORE < POPULARITY_DAYS_KEPT, "last year's season is kept");

void year_fini(struct year *y)
{
	free(y->v);
	*y = (struct year){ 0 };
}

static int add_day(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct year *y = arg;

	if (item >= y->room)
		y->v = rank_grown(y->v, &y->room, item, sizeof(*y->v));
	if (item >= y->items)
		y->items = item + 1;
	y->v[item].year += p->units;
	if (day < y->first_day + SEASON_DAYS)
		y->v[item].season += p->units;
	return 0;
}

int year_read(struct year *y, struct snap *sn, int64_t watermark_ms)
{
	int64_t day = time_bucket(watermark_ms, MS_PER_DAY), hour = time_bucket(watermark_ms, MS_PER_HOUR);
	int rc;

	if (y->items && y->hour == hour && y->generation == snap_generation(sn))
		return 0;
	if (y->items)
		memset(y->v, 0, y->items * sizeof(*y->v));
	y->items = 0;
	y->first_day = day - SEASON_YEAR_DAYS - SEASON_DAYS_BEFORE;
	rc = popularity_scan(sn, BUCKET_DAY, y->first_day, y->first_day + SEASON_YEAR_DAYS - 1, add_day, y);
	if (rc)
		return rc;
	y->hour = hour;
	y->generation = snap_generation(sn);
	return 0;
}
