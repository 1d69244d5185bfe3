/*
 * The additions of a batch. Most rows of a batch are touched a few times only, so it is faster to write every addition
 * down and sort them once (by bytes, least significant first) than to look each row up. A log that is full is sorted
 * and summed, and grows only when that did not halve it: memory follows the rows, not the additions.
 */
#include "views/delta.h"

#include <assert.h>
#include <stdlib.h>

#define ROOM_AT_FIRST 1024
#define SMALL 512               /* fewer are sorted by comparing */
#define WORTH_SUMMING (1 << 20) /* a full log of fewer only grows */

int64_t saturating_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static bool same_row(const struct sum_add *a, const struct sum_add *b)
{
	return a->group == b->group && a->member == b->member;
}

static int compare(const void *pa, const void *pb)
{
	const struct sum_add *a = pa, *b = pb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->member < b->member ? -1 : a->member > b->member;
}

/* Where byte 0..3 of the member, then byte 0..7 of the group lie in an addition (little-endian). */
static size_t key_at(unsigned byte)
{
	return byte < 4 ? offsetof(struct sum_add, member) + byte : offsetof(struct sum_add, group) + byte - 4;
}

static void scatter(const struct sum_add *from, struct sum_add *to, size_t n, size_t key)
{
	size_t at[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		at[((const unsigned char *)&from[i])[key] + 1]++;
	for (unsigned i = 1; i < 256; i++)
		at[i] += at[i - 1];
	for (size_t i = 0; i < n; i++)
		to[at[((const unsigned char *)&from[i])[key]]++] = from[i];
}

static void sort(struct sum_log *log)
{
	uint64_t group_differs = 0;
	uint32_t member_differs = 0;
	struct sum_add *spare;

	if (log->n < SMALL) {
		if (log->n)
			qsort(log->v, log->n, sizeof(*log->v), compare);
		return;
	}
	for (size_t i = 1; i < log->n; i++) {
		group_differs |= log->v[i].group ^ log->v[0].group;
		member_differs |= log->v[i].member ^ log->v[0].member;
	}
	spare = xmalloc(log->room * sizeof(*spare));
	for (unsigned byte = 0; byte < 12; byte++) {
		struct sum_add *v = log->v;

		if (byte < 4 ? !(member_differs >> 8 * byte & 0xff) : !(group_differs >> 8 * (byte - 4) & 0xff))
			continue;
		scatter(v, spare, log->n, key_at(byte));
		log->v = spare;
		spare = v;
	}
	free(spare);
}

/* The sorted additions of one row, v[0..n), into one a column; returns how many are left. */
static size_t sum_row(struct sum_add *v, size_t n, struct sum_add *out)
{
	int64_t sums[STORE_COLUMNS_MAX] = { 0 };
	unsigned touched = 0;
	uint64_t group = v[0].group;
	uint32_t member = v[0].member;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		sums[v[i].column] = wrapping_add(sums[v[i].column], v[i].delta);
		touched |= 1u << v[i].column;
	}
	for (uint32_t c = 0; c < STORE_COLUMNS_MAX; c++)
		if (touched & 1u << c)
			out[kept++] = (struct sum_add){ group, member, c, sums[c] };
	return kept;
}

static void sort_and_sum(struct sum_log *log)
{
	size_t kept = 0;

	sort(log);
	for (size_t i = 0, k; i < log->n; i += k) {
		for (k = 1; i + k < log->n && same_row(&log->v[i], &log->v[i + k]);)
			k++;
		if (k == 1)
			log->v[kept++] = log->v[i];
		else
			kept += sum_row(&log->v[i], k, &log->v[kept]);
	}
	log->n = kept;
}

void sum_log_add(struct sum_log *log, uint64_t group, uint32_t member, uint32_t column, int64_t delta)
{
	if (log->n == log->room) {
		if (log->n >= WORTH_SUMMING)
			sort_and_sum(log);
		if (log->n >= log->room / 2) {
			log->room = log->room ? log->room * 2 : ROOM_AT_FIRST;
			log->v = xrealloc(log->v, log->room * sizeof(*log->v));
		}
	}
	log->v[log->n++] = (struct sum_add){ group, member, column, delta };
}

void delta_tally(struct delta *d, enum table_id id, uint32_t member, unsigned column)
{
	unsigned columns = table_get(id)->columns;

	assert(member < DELTA_TALLIES && column < columns);
	if (!d->tallies[id])
		d->tallies[id] = xcalloc(DELTA_TALLIES, columns * sizeof(int64_t));
	d->tallies[id][member * columns + column]++;
}

void delta_note_tallies(struct delta *d)
{
	for (int id = 0; id < TABLE_COUNT; id++) {
		unsigned columns = table_get(id)->columns;

		for (uint32_t i = 0; d->tallies[id] && i < DELTA_TALLIES * columns; i++)
			if (d->tallies[id][i])
				sum_log_add(&d->sums[id], 0, i / columns, i % columns, d->tallies[id][i]);
		free(d->tallies[id]);
		d->tallies[id] = NULL;
	}
}

struct sum_delta *sum_log_take(struct sum_log *log, unsigned columns_n, size_t *n, int64_t **columns)
{
	struct sum_delta *ret;

	sort_and_sum(log);
	ret = xmalloc(log->n * sizeof(*ret));
	*columns = xcalloc(log->n, columns_n * sizeof(**columns));
	*n = 0;
	for (size_t i = 0; i < log->n; i++) {
		const struct sum_add *a = &log->v[i];

		if (i == 0 || !same_row(a, a - 1)) {
			ret[*n] = (struct sum_delta){ .group = a->group,
						      .member = a->member,
						      .columns = *columns + *n * columns_n };
			++*n;
		}
		(*columns)[(*n - 1) * columns_n + a->column] = a->delta;
	}
	return ret;
}
