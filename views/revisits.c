#include "views/revisits.h"

#include <string.h>

static uint32_t size_class(uint32_t items)
{
	return items <= 2 ? items - 1 : items <= 4 ? 2 : items <= 8 ? 3 : items <= 16 ? 4 : 5;
}

static bool among(const uint32_t *views, uint32_t n, uint32_t item)
{
	while (n-- > 0)
		if (views[n] == item)
			return true;
	return false;
}

static enum revisit_last kind_of_last(const uint32_t *views, uint32_t n)
{
	if (n > 1 && views[n - 2] == views[n - 1])
		return REVISIT_SAME;
	return among(views, n - 1, views[n - 1]) ? REVISIT_EARLIER : REVISIT_NEW;
}

uint32_t revisit_chances(const uint32_t *views, uint32_t n, struct revisit_chance ret[REVISIT_VIEWS])
{
	uint32_t seen[REVISIT_VIEWS] = { 0 }, distinct = 0;

	if (n > REVISIT_VIEWS) {
		views += n - REVISIT_VIEWS;
		n = REVISIT_VIEWS;
	}
	for (uint32_t i = n; i-- > 0;) {
		uint32_t y = 0;

		while (y < distinct && ret[y].item != views[i])
			y++;
		if (y == distinct)
			ret[distinct++].item = views[i];
		seen[y]++;
	}
	for (uint32_t y = 0; y < distinct; y++) {
		uint32_t times = seen[y] < REVISIT_SEEN ? seen[y] : REVISIT_SEEN;

		ret[y].cell = ((y * REVISIT_SEEN + times - 1) * REVISIT_ITEMS + size_class(distinct)) * REVISIT_LAST +
			      kind_of_last(views, n);
	}
	return distinct;
}

int revisits_get(struct snap *sn, struct revisit_counts ret[REVISIT_CELLS])
{
	(void)sn;
	memset(ret, 0, REVISIT_CELLS * sizeof(*ret));
	return 0;
}
