/*
 * identity: the link of a visitor with the largest (t, user hash). links has every visitor's; user-visitors is its
 * index by user, newest first, of which the first PERSON_VISITORS_MAX count.
 */
#include "views/identity.h"
#include "schemas/json_keys.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/keys.h"
#include "views/view.h"

struct link_row {
	int64_t t_ms;
	uint32_t user, unused;
};

/* user, ~t, the visitor's hash: links of one moment stand in an order that no arrival decides; the value is the visitor */
#define INDEX_KEY_BYTES (12 + ACTOR_HASH_BYTES)

static struct str index_key(struct fold *f, uint32_t user, int64_t t, uint32_t visitor, unsigned char *buf)
{
	unsigned char be[4];
	struct str hash = fold_get(f, TBL_ACTOR_HASHES, id_key(visitor, be));

	put_be32(buf, user);
	put_be64(buf + 4, ~(uint64_t)t);
	memset(buf + 12, 0, ACTOR_HASH_BYTES);
	if (hash.n == ACTOR_HASH_BYTES)
		memcpy(buf + 12, hash.p, hash.n);
	else
		fold_damaged(f);
	return (struct str){ (char *)buf, INDEX_KEY_BYTES };
}

/* The visitor of an index row; ID_NONE when it is damaged. */
static uint32_t indexed_visitor(struct str key, struct str value)
{
	return key.n == INDEX_KEY_BYTES && value.n == 4 ? get_be32(value.p) : ID_NONE;
}

static int compare_hashes(struct fold *f, uint32_t a, uint32_t b)
{
	unsigned char ka[4], kb[4];
	struct str ha = fold_get(f, TBL_ACTOR_HASHES, id_key(a, ka));
	struct str hb = fold_get(f, TBL_ACTOR_HASHES, id_key(b, kb));

	return str_cmp(ha, hb);
}

static void identity_apply(struct fold *f, const struct moment *m)
{
	unsigned char be[4], buf[INDEX_KEY_BYTES];
	struct link_row link = { .t_ms = m->t_ms, .user = m->user }, old;
	struct str key, row;

	if (m->user == ID_NONE || m->visitor == ID_NONE)
		return;
	key = id_key(m->visitor, be);
	row = fold_get(f, TBL_LINKS, key);
	if (row.n && row.n != sizeof(old))
		fold_damaged(f);
	if (row.n == sizeof(old)) {
		memcpy(&old, row.p, sizeof(old));
		if (old.t_ms > m->t_ms || (old.t_ms == m->t_ms && compare_hashes(f, old.user, m->user) >= 0))
			return;
		fold_delete(f, TBL_USER_VISITORS, index_key(f, old.user, old.t_ms, m->visitor, buf));
	}
	fold_put(f, TBL_LINKS, key, &link, sizeof(link));
	fold_put(f, TBL_USER_VISITORS, index_key(f, m->user, m->t_ms, m->visitor, buf), key.p, key.n);
}

/* ---- reading ---- */

struct person {
	uint32_t *actors;
	int n;
};

static int add_visitor(void *arg, struct str key, struct str value)
{
	struct person *p = arg;

	if (indexed_visitor(key, value) == ID_NONE)
		return ERR_STORE_CORRUPT;
	p->actors[p->n++] = indexed_visitor(key, value);
	return p->n == PERSON_ACTORS_MAX;
}

/* The user a visitor is linked to, or ID_NONE; the link may be older than those that person_actors returns for the user. */
static int linked_user(struct snap *sn, uint32_t visitor, uint32_t *ret)
{
	struct link_row link = { .user = ID_NONE };
	unsigned char be[4];
	struct str row;
	int rc = visitor == ID_NONE ? ERR_NOT_FOUND : snap_get(sn, TBL_LINKS, id_key(visitor, be), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (!rc && row.n != sizeof(link))
		return ERR_STORE_CORRUPT;
	if (!rc)
		memcpy(&link, row.p, sizeof(link));
	*ret = link.user;
	return 0;
}

int person_user(struct snap *sn, uint32_t actor, uint32_t *ret)
{
	uint32_t user;
	int rc = linked_user(sn, actor, &user);

	if (!rc)
		*ret = user == ID_NONE ? actor : user;
	return rc;
}

int person_actors_of(struct snap *sn, uint32_t user, uint32_t ret[PERSON_ACTORS_MAX])
{
	struct person p = { .actors = ret, .n = 1 };
	unsigned char be[4];
	int rc = snap_each(sn, TBL_USER_VISITORS, id_key(user, be), add_visitor, &p);

	ret[0] = user;
	return rc < 0 ? rc : p.n;
}

int person_actors(struct snap *sn, struct str user_id, struct str visitor_id, uint32_t ret[PERSON_ACTORS_MAX])
{
	uint32_t user = snap_actor(sn, ACTOR_USER, user_id);
	uint32_t visitor = snap_actor(sn, ACTOR_VISITOR, visitor_id);
	struct person p = { .actors = ret };
	int rc = user_id.n ? 0 : linked_user(sn, visitor, &user);

	if (!rc)
		rc = snap_failure(sn);
	if (rc)
		return rc;
	if (user != ID_NONE) {
		p.n = person_actors_of(sn, user, ret);
		if (p.n < 0)
			return p.n;
	}
	/* the visitor at hand belongs to the person even before its link is folded, or when it is an old one */
	if (visitor != ID_NONE) {
		for (int i = 0; i < p.n; i++)
			if (ret[i] == visitor)
				return p.n;
		if (p.n == PERSON_ACTORS_MAX)
			p.n--;
		ret[p.n++] = visitor;
	}
	return p.n;
}

int person_each(struct snap *sn, enum table_id id, struct str raw_id, snap_row each, void *arg)
{
	uint32_t actors[PERSON_ACTORS_MAX];
	int n, rc = 0;

	if (!raw_id.n)
		return snap_each(sn, id, (struct str){ NULL, 0 }, each, arg);
	n = person_actors(sn, raw_id, raw_id, actors);
	for (int i = 0; i < n && !rc; i++) {
		unsigned char be[4];

		rc = snap_each(sn, id, id_key(actors[i], be), each, arg);
	}
	return n < 0 ? n : rc;
}

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t user; /* of the row before */
	int visitors;  /* rows of that user so far */
	view_row each;
	void *arg;
};

static int print_row(void *arg, struct str key, struct str value)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	if (indexed_visitor(key, value) == ID_NONE)
		return ERR_STORE_CORRUPT;
	if (get_be32(key.p) != p->user)
		p->visitors = 0;
	p->user = get_be32(key.p);
	if (++p->visitors > PERSON_VISITORS_MAX)
		return 0;
	json_out_reset(j);
	json_out_object(j);
	snap_print_actor(p->sn, indexed_visitor(key, value), "visitor", j);
	snap_print_actor(p->sn, p->user, "user", j);
	key_int(j, "t", (int64_t)~get_be64(key.p + 4));
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int identity_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .user = ID_NONE, .each = each, .arg = arg };
	struct str prefix = { NULL, 0 };
	unsigned char be[4];
	int rc = 0;

	if (filter->user.n) {
		uint32_t user = snap_actor(sn, ACTOR_USER, filter->user);

		if (user == ID_NONE)
			rc = linked_user(sn, snap_actor(sn, ACTOR_VISITOR, filter->user), &user);
		if (rc || user == ID_NONE)
			return rc;
		prefix = id_key(user, be);
	}
	rc = snap_each(sn, TBL_USER_VISITORS, prefix, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

/* The times of a user's links as one text. */
static int print_user(struct printing *p)
{
	int rc;

	if (p->user == ID_NONE)
		return 0;
	json_out_end_array(&p->out);
	rc = p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
	json_out_reset(&p->out);
	return rc;
}

static int add_link(void *arg, struct str key, struct str value)
{
	struct printing *p = arg;

	(void)value;
	if (key.n != INDEX_KEY_BYTES)
		return ERR_STORE_CORRUPT;
	if (get_be32(key.p) != p->user) {
		int rc = print_user(p);

		if (rc)
			return rc;
		p->user = get_be32(key.p);
		p->visitors = 0;
		json_out_array(&p->out);
	}
	if (++p->visitors <= PERSON_VISITORS_MAX)
		json_out_int(&p->out, (int64_t)~get_be64(key.p + 4));
	return 0;
}

static int identity_digest_rows(struct snap *sn, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .user = ID_NONE, .each = each, .arg = arg };
	int rc = snap_each(sn, TBL_USER_VISITORS, (struct str){ NULL, 0 }, add_link, &p);

	if (!rc)
		rc = print_user(&p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_identity = {
	.name = "identity",
	.version = 1,
	.meaning = "which visitors are the same person as a user; the newest 16 of each",
	.tables = TABLE_BIT(TBL_LINKS) | TABLE_BIT(TBL_USER_VISITORS),
	.apply = identity_apply,
	.rows = identity_rows,
	.by = VIEW_BY_USER,
	.digest_rows = identity_digest_rows,
};
