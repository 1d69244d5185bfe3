#include "views/versions.h"

#include <stdio.h>
#include <xxhash.h>

#define VIEW(name) extern const struct view view_##name;
#include "views/views.def"
#undef VIEW

const struct view *const view_registry[] = {
#define VIEW(name) &view_##name,
#include "views/views.def"
#undef VIEW
	NULL
};

_Static_assert(ARRAY_SIZE(view_registry) <= VIEWS_MAX, "versions.h holds a place for each");

const struct view *view_find(const char *name)
{
	for (size_t i = 0; view_registry[i]; i++)
		if (strcmp(view_registry[i]->name, name) == 0)
			return view_registry[i];
	return NULL;
}

struct digest {
	unsigned __int128 sum;
	uint64_t rows;
};

static int digest_row(void *arg, struct str json)
{
	struct digest *d = arg;
	XXH128_hash_t h = XXH3_128bits(json.p, json.n);

	d->sum += (unsigned __int128)h.high64 << 64 | h.low64;
	d->rows++;
	return 0;
}

static int count_row(void *arg, struct str json)
{
	(void)json;
	++*(uint64_t *)arg;
	return 0;
}

int view_rows(const struct view *v, struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	int rc = v->rows(sn, filter, each, arg);

	return rc ? rc : snap_failure(sn);
}

int view_digest(const struct view *v, struct snap *sn, char ret_hex[VIEW_DIGEST_HEX], uint64_t *ret_rows)
{
	const struct view_filter all = { .anonymous = true };
	struct digest d = { 0 };
	int rc;

	if (v->digest_rows) {
		rc = v->digest_rows(sn, digest_row, &d);
		d.rows = 0;
		if (!rc)
			rc = view_rows(v, sn, &all, count_row, &d.rows);
	} else {
		rc = view_rows(v, sn, &all, digest_row, &d);
	}
	if (rc)
		return rc;
	snprintf(ret_hex, VIEW_DIGEST_HEX, "%016llx%016llx", (unsigned long long)(uint64_t)(d.sum >> 64),
		 (unsigned long long)(uint64_t)d.sum);
	*ret_rows = d.rows;
	return 0;
}
