/* redemptions: offer NUL -> orders, people; offer NUL actor u32 BE -> orders, t of the newest */
#include "views/redemptions.h"
#include "schemas/json_keys.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/keys.h"
#include "views/view.h"

#define KEY_MAX (EVENT_OFFER_MAX + 1 + 4)

struct row {
	int64_t orders;
	int64_t more; /* people; of an actor: t of the newest */
};

/* Of all, or of one actor. */
static struct str key_of(struct str offer, uint32_t actor, unsigned char buf[KEY_MAX])
{
	memcpy(buf, offer.p, offer.n);
	buf[offer.n] = '\0';
	if (actor == ID_NONE)
		return (struct str){ (char *)buf, offer.n + 1 };
	put_be32(buf + offer.n + 1, actor);
	return (struct str){ (char *)buf, offer.n + 1 + 4 };
}

static bool unpack(struct str stored, struct row *ret)
{
	if (stored.n != sizeof(*ret))
		return false;
	memcpy(ret, stored.p, sizeof(*ret));
	return ret->orders >= 0 && ret->orders <= COUNT_MAX && ret->more >= 0 && ret->more <= COUNT_MAX;
}

/* Zeros when it is new. */
static struct row take_row(struct fold *f, struct str key)
{
	struct str stored = fold_get(f, TBL_REDEMPTIONS, key);
	struct row row = { 0 };

	if (!stored.n || unpack(stored, &row))
		return row;
	fold_damaged(f);
	return (struct row){ 0 };
}

static void redemptions_apply(struct fold *f, const struct moment *m)
{
	struct str offer = m->ev->offer_id, key;
	struct row own, all;
	unsigned char buf[KEY_MAX];

	if (!offer.n || m->ev->type != EVENT_PURCHASE || !m->new_order)
		return;
	key = key_of(offer, m->actor, buf);
	own = take_row(f, key);
	own.orders++;
	own.more = m->t_ms > own.more ? m->t_ms : own.more;
	fold_put(f, TBL_REDEMPTIONS, key, &own, sizeof(own));
	key = key_of(offer, ID_NONE, buf);
	all = take_row(f, key);
	all.orders++;
	all.more += own.orders == 1;
	fold_put(f, TBL_REDEMPTIONS, key, &all, sizeof(all));
}

/* ---- reading ---- */

/* Zeros when nobody redeemed it. */
static int read_row(struct snap *sn, struct str offer, uint32_t actor, struct row *ret)
{
	unsigned char buf[KEY_MAX];
	struct str stored;
	int rc = offer.n && offer.n <= EVENT_OFFER_MAX
			 ? snap_get(sn, TBL_REDEMPTIONS, key_of(offer, actor, buf), &stored)
			 : ERR_NOT_FOUND;

	*ret = (struct row){ 0 };
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	return unpack(stored, ret) ? 0 : ERR_STORE_CORRUPT;
}

int redemptions_get(struct snap *sn, struct str offer, struct redemptions *ret)
{
	struct row all;
	int rc = read_row(sn, offer, ID_NONE, &all);

	if (!rc)
		*ret = (struct redemptions){ all.orders, all.more };
	return rc;
}

int redemptions_of(struct snap *sn, struct str offer, const uint32_t *actors, unsigned n, int64_t *ret)
{
	int64_t orders = 0;

	for (unsigned i = 0; i < n; i++) {
		struct row own;
		int rc = read_row(sn, offer, actors[i], &own);

		if (rc)
			return rc;
		orders += own.orders;
	}
	*ret = orders;
	return 0;
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	bool anonymous;
	uint32_t actors[PERSON_ACTORS_MAX]; /* only theirs, when actor_n > 0 */
	int actor_n;
	view_row each;
	void *arg;
};

static int print_row(void *arg, struct str key, struct str value)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;
	const char *end = memchr(key.p, '\0', key.n);
	uint32_t name_n = end ? (uint32_t)(end - key.p) : 0, rest = key.n - name_n;
	bool is_total = rest == 1;
	struct row row;

	if (!name_n || (!is_total && rest != 1 + 4) || !unpack(value, &row))
		return ERR_STORE_CORRUPT;
	if (p->actor_n && (is_total || !id_among(p->actors, (uint32_t)p->actor_n, get_be32(end + 1))))
		return 0;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "offerId", (struct str){ key.p, name_n });
	if (!is_total && !p->anonymous)
		snap_print_actor(p->sn, get_be32(end + 1), "actor", j);
	key_int(j, "orders", row.orders);
	key_int(j, is_total ? "people" : "last", row.more);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int redemptions_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = filter->anonymous, .each = each, .arg = arg };
	int rc;

	if (filter->user.n && (p.actor_n = person_actors(sn, filter->user, filter->user, p.actors)) <= 0)
		return p.actor_n;
	rc = snap_each(sn, TBL_REDEMPTIONS, (struct str){ NULL, 0 }, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_redemptions = {
	.name = "redemptions",
	.version = 1,
	.meaning = "orders that redeemed each offer, and each actor's",
	.tables = TABLE_BIT(TBL_REDEMPTIONS),
	.apply = redemptions_apply,
	.rows = redemptions_rows,
	.by = VIEW_BY_USER,
};
