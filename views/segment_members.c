/* segment-members: segment -> its people's hashes; "=" -> sum of the lists' signs */
#include "views/segment_members.h"
#include "schemas/json_keys.h"
#include "schemas/members.h"
#include "views/config_rows.h"
#include "views/view.h"

#include <sodium.h>
#include <stdlib.h>
#include <xxhash.h>

#define SUM_KEY STR("=")

static uint64_t sign(struct str segment, const void *hashes, size_t n)
{
	return n ? XXH3_64bits_withSeed(hashes, n, XXH3_64bits(segment.p, segment.n)) : 0;
}

static bool sum_of(struct str row, uint64_t *ret)
{
	*ret = 0;
	if (row.n == sizeof(*ret))
		memcpy(ret, row.p, sizeof(*ret));
	return !row.n || row.n == sizeof(*ret);
}

/* ---- writing ---- */

struct gathering {
	const unsigned char *key;
	unsigned char (*v)[ACTOR_HASH_BYTES];
	size_t n;
};

static void gather(void *arg, struct str user_id)
{
	struct gathering *g = arg;

	actor_hash(g->key, ACTOR_USER, user_id, g->v[g->n++]);
}

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, ACTOR_HASH_BYTES);
}

static void leave_each_once(struct gathering *g)
{
	size_t n = 0;

	qsort(g->v, g->n, sizeof(*g->v), compare_hashes);
	for (size_t i = 0; i < g->n; i++)
		if (!n || compare_hashes(g->v[n - 1], g->v[i]) != 0)
			memmove(g->v[n++], g->v[i], sizeof(*g->v));
	g->n = n;
}

static void store_list(struct fold *f, struct str segment, const struct gathering *g)
{
	struct str old = fold_get(f, TBL_SEGMENT_MEMBERS, segment);
	size_t bytes = g->n * sizeof(*g->v);
	uint64_t sum;

	if (!sum_of(fold_get(f, TBL_SEGMENT_MEMBERS, SUM_KEY), &sum))
		fold_damaged(f);
	sum += sign(segment, g->v, bytes) - sign(segment, old.p, old.n);
	if (bytes)
		fold_put(f, TBL_SEGMENT_MEMBERS, segment, g->v, bytes);
	else
		fold_delete(f, TBL_SEGMENT_MEMBERS, segment);
	fold_put(f, TBL_SEGMENT_MEMBERS, SUM_KEY, &sum, sizeof(sum));
}

int members_store(struct fold *f, struct str segment, const void *value, size_t n, struct error *e)
{
	struct gathering g = { .key = fold_person_key(f), .v = xmalloc(MEMBERS_MAX * sizeof(*g.v)) };
	int count = members_decode(value, n, gather, &g, e);

	if (count >= 0) {
		leave_each_once(&g);
		store_list(f, segment, &g);
	}
	free(g.v);
	return count < 0 ? count : 0;
}

/* ---- reading ---- */

int members_get(struct snap *sn, struct str segment, struct str *ret)
{
	struct str row = { NULL, 0 };
	int rc = snap_get(sn, TBL_SEGMENT_MEMBERS, segment, &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (!rc && (row.n % ACTOR_HASH_BYTES || row.n / ACTOR_HASH_BYTES > MEMBERS_MAX))
		return ERR_STORE_CORRUPT;
	*ret = rc ? (struct str){ NULL, 0 } : row;
	return 0;
}

int members_version(struct snap *sn, uint64_t *ret)
{
	struct str row = { NULL, 0 };
	int rc = snap_get(sn, TBL_SEGMENT_MEMBERS, SUM_KEY, &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	return sum_of(rc ? (struct str){ NULL, 0 } : row, ret) ? 0 : ERR_STORE_CORRUPT;
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	bool anonymous;
	view_row each;
	void *arg;
};

static int print_row(struct printing *p, struct str segment, const char *name, const char *hash, int64_t members)
{
	struct json_out *j = &p->out;

	json_out_reset(j);
	json_out_object(j);
	key_str(j, "segment", segment);
	json_out_key(j, name);
	if (hash)
		json_out_text(j, hash);
	else
		json_out_int(j, members);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int print_list(void *arg, struct str key, struct str row)
{
	struct printing *p = arg;
	char hex[ACTOR_HASH_HEX];
	int rc = 0;

	if (str_eq(key, SUM_KEY))
		return 0;
	if (row.n % ACTOR_HASH_BYTES)
		return ERR_STORE_CORRUPT;
	if (p->anonymous)
		return print_row(p, key, "members", NULL, row.n / ACTOR_HASH_BYTES);
	for (uint32_t at = 0; at < row.n && !rc; at += ACTOR_HASH_BYTES) {
		sodium_bin2hex(hex, sizeof(hex), (const unsigned char *)row.p + at, ACTOR_HASH_BYTES);
		rc = print_row(p, key, "actor", hex, 0);
	}
	return rc;
}

static int members_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .each = each, .arg = arg };
	int rc;

	(void)filter;
	rc = snap_each(sn, TBL_SEGMENT_MEMBERS, (struct str){ NULL, 0 }, print_list, &p);
	json_out_fini(&p.out);
	return rc;
}

static int members_digest_rows(struct snap *sn, view_row each, void *arg)
{
	struct printing p = { .anonymous = true, .each = each, .arg = arg };
	int rc = snap_each(sn, TBL_SEGMENT_MEMBERS, (struct str){ NULL, 0 }, print_list, &p);

	json_out_fini(&p.out);
	return rc;
}

const struct view view_segment_members = {
	.name = "segment-members",
	.version = 1,
	.meaning = "imported lists of people of segments",
	.tables = TABLE_BIT(TBL_SEGMENT_MEMBERS),
	.topic = TOPIC_CONFIG,
	.rows = members_rows,
	.digest_rows = members_digest_rows,
};
