/* offsets: log name, NUL, partition -> position, watermark, number of the lane, last number of a session */
#include "views/offsets.h"
#include "schemas/json_keys.h"
#include "views/fold.h"
#include "views/keys.h"
#include "views/sessions.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define LOG_NAME_MAX 144
#define LONG_NAME_HEAD 5 /* "file:" */
#define LONG_NAME_TAIL (LOG_NAME_MAX - LONG_NAME_HEAD - 32 - 1)

struct stored {
	struct position at;
	int64_t watermark_ms;
	uint64_t session;
	uint32_t lane, unused;
};

/* false: it is damaged */
static bool read_row(struct str key, struct str value, struct stored *ret)
{
	if (value.n != sizeof(*ret) || key.n < 5 || key.n > STORE_KEY_MAX || key.p[key.n - 5])
		return false;
	memcpy(ret, value.p, sizeof(*ret));
	if (ret->session >= SESSION_NUMBERS_END || ret->at.next < 0 || ret->at.last < -1 || ret->at.last > ret->at.next)
		return false;
	return ret->watermark_ms == TIME_NONE || (ret->watermark_ms >= 0 && ret->watermark_ms < TIME_END_MS);
}

/*
 * A long name keeps its beginning, which says what it is, and as much of its end as there is room for; between them is
 * its hash. Short ones, and those that came from here, are as they are. ret[LOG_NAME_MAX + 1]
 */
static size_t stored_name(const char *log_name, char *ret)
{
	size_t n = strlen(log_name), end;
	XXH128_hash_t h;

	if (n <= LOG_NAME_MAX) {
		memcpy(ret, log_name, n);
		return n;
	}
	end = n - LONG_NAME_TAIL;
	while (((unsigned char)log_name[end] & 0xc0) == 0x80) /* not inside a character */
		end++;
	h = XXH3_128bits(log_name, n);
	return (size_t)snprintf(ret, LOG_NAME_MAX + 1, "%.*s%016llx%016llx:%s", LONG_NAME_HEAD, log_name,
				(unsigned long long)h.high64, (unsigned long long)h.low64, log_name + end);
}

static struct str offsets_key(const char *log_name, int32_t partition, unsigned char *buf)
{
	size_t n = stored_name(log_name, (char *)buf);

	buf[n] = '\0';
	put_be32(buf + n + 1, (uint32_t)partition);
	return (struct str){ (char *)buf, (uint32_t)n + 5 };
}

bool offsets_is_of(struct str stored, const char *log_name)
{
	char name[LOG_NAME_MAX + 1];
	size_t n = stored_name(log_name, name);

	return str_eq(stored, (struct str){ name, (uint32_t)n });
}

/* ---- lanes ---- */

static struct lane *append(struct lanes *ls, struct str key)
{
	struct lane *l;

	ARRAY_GROW(ls->v, ls->n, ls->room, 8);
	l = &ls->v[ls->n];
	*l = (struct lane){ .number = (uint32_t)ls->n++, .watermark_ms = TIME_NONE, .key_n = key.n };
	memcpy(l->key, key.p, key.n);
	return l;
}

static int load_lane(void *arg, struct str key, struct str value)
{
	struct lanes *ls = arg;
	struct stored st;
	struct lane *l;

	if (!read_row(key, value, &st))
		return ERR_STORE_CORRUPT;
	l = append(ls, key);
	l->number = st.lane;
	l->watermark_ms = st.watermark_ms;
	l->session = st.session;
	l->at = st.at;
	return 0;
}

static int compare_lanes(const void *a, const void *b)
{
	const struct lane *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Numbers are places: 0, 1, 2 ... without a gap. */
static int in_their_places(struct lanes *ls)
{
	if (ls->n)
		qsort(ls->v, ls->n, sizeof(*ls->v), compare_lanes);
	for (size_t i = 0; i < ls->n; i++)
		if (ls->v[i].number != i)
			return ERR_STORE_CORRUPT;
	return 0;
}

int lanes_load(struct lanes *ls, struct snap *sn)
{
	int rc;

	ls->n = 0;
	rc = snap_each(sn, TBL_OFFSETS, (struct str){ NULL, 0 }, load_lane, ls);
	return rc ? rc : in_their_places(ls);
}

int lanes_load_txn(struct lanes *ls, struct store_txn *t)
{
	int rc;

	ls->n = 0;
	rc = store_each(t, TBL_OFFSETS, load_lane, ls);
	return rc ? rc : in_their_places(ls);
}

void lanes_fini(struct lanes *ls)
{
	free(ls->v);
	*ls = (struct lanes){ 0 };
}

static bool is_lane(const struct lane *l, struct str key)
{
	return str_eq((struct str){ (const char *)l->key, l->key_n }, key);
}

struct lane *lanes_find(struct lanes *ls, const char *log_name, int32_t partition)
{
	unsigned char buf[STORE_KEY_MAX];
	struct str key = offsets_key(log_name, partition, buf);

	if (ls->latest < ls->n && is_lane(&ls->v[ls->latest], key))
		return &ls->v[ls->latest];
	for (ls->latest = 0; ls->latest < ls->n; ls->latest++)
		if (is_lane(&ls->v[ls->latest], key))
			return &ls->v[ls->latest];
	append(ls, key)->changed = true; /* written even if nothing comes of it: no number may be missing */
	return &ls->v[ls->latest];
}

int64_t lanes_watermark(const struct lanes *ls, uint32_t number)
{
	return number < ls->n ? ls->v[number].watermark_ms : TIME_NONE;
}

uint64_t lane_sessions_now(const struct lane *l, int64_t t_ms)
{
	uint64_t now = (uint64_t)(t_ms > l->watermark_ms ? t_ms : l->watermark_ms) / SESSION_STEP_MS;

	return now > l->session ? now : l->session;
}

uint64_t lane_session(struct lane *l, int64_t t_ms)
{
	uint32_t partition = get_be32(l->key + l->key_n - 4);
	uint64_t number = lane_sessions_now(l, t_ms) / SESSION_LANES * SESSION_LANES + partition % SESSION_LANES;

	l->session = number > l->session ? number : number + SESSION_LANES;
	l->changed = true;
	return l->session;
}

void lanes_put(struct lanes *ls, struct fold *f)
{
	for (size_t i = 0; i < ls->n; i++) {
		struct lane *l = &ls->v[i];
		struct stored st = {
			.at = l->at, .watermark_ms = l->watermark_ms, .session = l->session, .lane = l->number
		};

		if (l->changed)
			fold_put(f, TBL_OFFSETS, (struct str){ (const char *)l->key, l->key_n }, &st, sizeof(st));
		l->changed = false;
	}
}

int offsets_get(struct snap *sn, const char *log_name, int32_t partition, struct position *ret)
{
	unsigned char buf[STORE_KEY_MAX];
	struct str key = offsets_key(log_name, partition, buf), row;
	struct stored st;
	int rc = snap_get(sn, TBL_OFFSETS, key, &row);

	if (rc)
		return rc;
	if (!read_row(key, row, &st))
		return ERR_STORE_CORRUPT;
	if (st.at.next == 0)
		return ERR_NOT_FOUND;
	*ret = st.at;
	return 0;
}

/* ---- the view ---- */

struct walk {
	offsets_row each;
	void *arg;
};

static int one_row(void *arg, struct str key, struct str value)
{
	const struct walk *walk = arg;
	struct stored st;

	if (!read_row(key, value, &st))
		return ERR_STORE_CORRUPT;
	return walk->each(walk->arg, (struct str){ key.p, key.n - 5 }, (int32_t)get_be32(key.p + key.n - 4), &st.at);
}

int offsets_each(struct snap *sn, offsets_row each, void *arg)
{
	struct walk walk = { each, arg };

	return snap_each(sn, TBL_OFFSETS, (struct str){ NULL, 0 }, one_row, &walk);
}

struct printing {
	struct json_out out;
	view_row each;
	void *arg;
};

static int print_row(void *arg, struct str log_name, int32_t partition, const struct position *pos)
{
	struct printing *p = arg;
	char hex[17];

	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)pos->fingerprint);
	json_out_reset(&p->out);
	json_out_object(&p->out);
	key_str(&p->out, "topic", log_name);
	key_int(&p->out, "partition", partition);
	key_int(&p->out, "next", pos->next);
	key_text(&p->out, "fingerprint", hex);
	json_out_end_object(&p->out);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int offsets_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .each = each, .arg = arg };
	int rc;

	(void)filter;
	rc = offsets_each(sn, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_offsets = {
	.name = "offsets",
	.version = 1,
	.meaning = "how far each partition of the log has been applied",
	.rows = offsets_rows,
};
