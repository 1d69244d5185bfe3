#include "processor/positions.h"

#include <stdlib.h>

void positions_fini(struct positions *ps)
{
	free(ps->v);
	*ps = (struct positions){ 0 };
}

static bool is_of(const struct place *pl, const struct record *r)
{
	return pl->log == r->log && pl->partition == r->partition;
}

static struct place *place_of(struct positions *ps, const struct record *r)
{
	if (ps->latest < ps->n && is_of(&ps->v[ps->latest], r))
		return &ps->v[ps->latest];
	for (ps->latest = 0; ps->latest < ps->n; ps->latest++)
		if (is_of(&ps->v[ps->latest], r))
			return &ps->v[ps->latest];
	if (ps->n == ps->room) {
		ps->room = ps->room * 2 + 8;
		ps->v = xrealloc(ps->v, ps->room * sizeof(*ps->v));
	}
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
