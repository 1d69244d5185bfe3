#include "processor/positions.h"

#include <stdlib.h>

void positions_fini(struct positions *ps)
{
	free(ps->v);
	*ps = (struct positions){ 0 };
}

static struct place *place_of(struct positions *ps, const struct record *r)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].log == r->log && ps->v[i].partition == r->partition)
			return &ps->v[i];
	ARRAY_GROW(ps->v, ps->n, ps->room, 8);
	ps->v[ps->n] = (struct place){ .log = r->log, .partition = r->partition };
	return &ps->v[ps->n++];
}

void positions_advance(struct positions *ps, const struct record *records, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct record *r = &records[i];
		struct place *pl;

		if (i + 1 < n && records[i + 1].log == r->log && records[i + 1].partition == r->partition)
			continue;
		pl = place_of(ps, r);
		pl->at = (struct position){ r->offset + 1, r->offset, r->timestamp_ms, record_fingerprint(r) };
		pl->changed = true;
	}
}

void positions_committed(struct positions *ps, bool writing)
{
	positions_written(ps);
	for (size_t i = 0; i < ps->n; i++) {
		struct place *pl = &ps->v[i];

		if (pl->changed)
			pl->committed = pl->at.next;
		pl->changed = false;
	}
	if (!writing)
		positions_written(ps);
}

void positions_written(struct positions *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		ps->v[i].written = ps->v[i].committed;
}

void positions_rewind(struct positions *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		ps->v[i].committed = ps->v[i].written;
		ps->v[i].changed = false;
	}
}
