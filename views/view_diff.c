#include "views/view_diff.h"

#include <stdlib.h>
#include <xxhash.h>

struct counted {
	XXH128_hash_t hash;
	int64_t count; /* in the first less in the second */
	bool used;
};

struct diff {
	struct counted *slots;
	size_t room; /* a power of two, more than twice the rows of a share */
	uint64_t share, shares;
	int side;
	unsigned left[2];
	view_diff_row each;
	void *arg;
};

/* Its slot, or the free one where it would be; NULL when it belongs to another share. */
static struct counted *slot_of(struct diff *d, XXH128_hash_t hash)
{
	if (hash.high64 % d->shares != d->share)
		return NULL;
	for (size_t i = hash.low64 & (d->room - 1);; i = (i + 1) & (d->room - 1)) {
		struct counted *c = &d->slots[i];

		if (!c->used || (c->hash.low64 == hash.low64 && c->hash.high64 == hash.high64))
			return c;
	}
}

static int count_row(void *arg, struct str json)
{
	struct diff *d = arg;
	XXH128_hash_t hash = XXH3_128bits(json.p, json.n);
	struct counted *c = slot_of(d, hash);

	if (!c)
		return 0;
	c->hash = hash;
	c->used = true;
	c->count += d->side ? -1 : 1;
	return 0;
}

static int tell_row(void *arg, struct str json)
{
	struct diff *d = arg;
	const struct counted *c = slot_of(d, XXH3_128bits(json.p, json.n));
	bool only_here = c && c->used && (d->side ? c->count < 0 : c->count > 0);

	if (!only_here)
		return 0;
	d->each(d->arg, d->side, json);
	return --d->left[d->side] == 0;
}

static int read_rows(const struct view *v, struct snap *sn, view_row each, void *arg)
{
	static const struct view_filter all = { .anonymous = true };
	int rc = v->digest_rows ? v->digest_rows(sn, each, arg) : v->rows(sn, &all, each, arg);

	return rc ? rc : snap_failure(sn);
}

static int one_share(const struct view *v, struct snap *snaps[2], struct diff *d)
{
	int rc = 0;

	memset(d->slots, 0, d->room * sizeof(*d->slots));
	for (d->side = 0; d->side < 2 && !rc; d->side++)
		rc = read_rows(v, snaps[d->side], count_row, d);
	for (d->side = 0; d->side < 2 && rc >= 0; d->side++)
		if (d->left[d->side])
			rc = read_rows(v, snaps[d->side], tell_row, d);
	return rc < 0 ? rc : 0;
}

static int add_one(void *arg, struct str json)
{
	(void)json;
	++*(uint64_t *)arg;
	return 0;
}

int view_diff(const struct view *v, struct snap *snaps[2], unsigned rows_max, view_diff_row each, void *arg)
{
	struct diff d = { .room = 1024, .each = each, .arg = arg };
	uint64_t rows = 0;
	int rc = 0;

	for (int side = 0; side < 2 && !rc; side++)
		rc = read_rows(v, snaps[side], add_one, &rows);
	d.shares = rows / DIFF_SHARE_ROWS + 1;
	d.left[0] = d.left[1] = rows_max;
	while (d.room < rows / d.shares * 4)
		d.room *= 2;
	d.slots = xmalloc(d.room * sizeof(*d.slots));
	for (d.share = 0; d.share < d.shares && !rc && (d.left[0] || d.left[1]); d.share++)
		rc = one_share(v, snaps, &d);
	free(d.slots);
	return rc;
}
