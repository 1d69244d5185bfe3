/* redemptions: offer NUL -> orders, people; offer NUL actor u32 BE -> orders, t of the newest */
#include "views/redemptions.h"
#include "schemas/json_out.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/keys.h"
#include "views/view.h"

#define KEY_MAX (EVENT_OFFER_MAX + 1 + 4)

struct total_row {
	int64_t orders, people;
};

struct actor_row {
	int64_t orders, last_ms;
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

/* The row's n bytes into *row, zeros when it is new. */
static void take_row(struct fold *f, struct str key, void *row, size_t n)
{
	struct str stored = fold_get(f, TBL_REDEMPTIONS, key);

	if (stored.n == n)
		memcpy(row, stored.p, n);
	else if (stored.n)
		fold_damaged(f);
}

static void redemptions_apply(struct fold *f, const struct moment *m)
{
	struct str offer = m->ev->offer_id, key;
	struct actor_row own = { .last_ms = INT64_MIN };
	struct total_row all = { 0 };
	unsigned char buf[KEY_MAX];

	if (!offer.n || m->ev->type != EVENT_PURCHASE || !m->new_order)
		return;
	key = key_of(offer, m->user != ID_NONE ? m->user : m->visitor, buf);
	take_row(f, key, &own, sizeof(own));
	own.orders++;
	own.last_ms = m->t_ms > own.last_ms ? m->t_ms : own.last_ms;
	fold_put(f, TBL_REDEMPTIONS, key, &own, sizeof(own));
	key = key_of(offer, ID_NONE, buf);
	take_row(f, key, &all, sizeof(all));
	all.orders++;
	all.people += own.orders == 1;
	fold_put(f, TBL_REDEMPTIONS, key, &all, sizeof(all));
}

/* ---- reading ---- */

/* Zeros, but for the row's n bytes when there are any. */
static int read_row(struct snap *sn, struct str key, void *row, size_t n)
{
	struct str stored;
	int rc = snap_get(sn, TBL_REDEMPTIONS, key, &stored);

	memset(row, 0, n);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (stored.n != n)
		return ERR_STORE_CORRUPT;
	memcpy(row, stored.p, n);
	return 0;
}

int redemptions_get(struct snap *sn, struct str offer, struct redemptions *ret)
{
	unsigned char buf[KEY_MAX];
	struct total_row all = { 0 };
	int rc = offer.n && offer.n <= EVENT_OFFER_MAX ? read_row(sn, key_of(offer, ID_NONE, buf), &all, sizeof(all))
						       : 0;

	if (!rc)
		*ret = (struct redemptions){ all.orders, all.people };
	return rc;
}

int redemptions_of(struct snap *sn, struct str offer, const uint32_t *actors, unsigned n, int64_t *ret)
{
	unsigned char buf[KEY_MAX];
	int64_t orders = 0;

	for (unsigned i = 0; i < n && offer.n && offer.n <= EVENT_OFFER_MAX; i++) {
		struct actor_row own;
		int rc = read_row(sn, key_of(offer, actors[i], buf), &own, sizeof(own));

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

static void print_actor(struct printing *p, uint32_t actor, struct str value)
{
	char hex[ACTOR_HASH_HEX];
	struct actor_row row;

	memcpy(&row, value.p, sizeof(row));
	if (!p->anonymous) {
		json_out_key(&p->out, "actor");
		snap_actor_hex(p->sn, actor, hex);
		json_out_text(&p->out, hex);
	}
	json_out_key(&p->out, "orders");
	json_out_int(&p->out, row.orders);
	json_out_key(&p->out, "last");
	json_out_int(&p->out, row.last_ms);
}

static void print_total(struct printing *p, struct str value)
{
	struct total_row row;

	memcpy(&row, value.p, sizeof(row));
	json_out_key(&p->out, "orders");
	json_out_int(&p->out, row.orders);
	json_out_key(&p->out, "people");
	json_out_int(&p->out, row.people);
}

static int print_row(void *arg, struct str key, struct str value)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;
	const char *end = memchr(key.p, '\0', key.n);
	uint32_t name_n = end ? (uint32_t)(end - key.p) : 0, rest = key.n - name_n;
	bool is_total = rest == 1;
	uint32_t actor;

	if (!name_n || (!is_total && rest != 1 + 4) ||
	    value.n != (is_total ? sizeof(struct total_row) : sizeof(struct actor_row)))
		return ERR_STORE_CORRUPT;
	actor = is_total ? ID_NONE : get_be32(end + 1);
	if (p->actor_n && (is_total || !id_among(p->actors, (uint32_t)p->actor_n, actor)))
		return 0;
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "offerId");
	json_out_str(j, (struct str){ key.p, name_n });
	if (is_total)
		print_total(p, value);
	else
		print_actor(p, actor, value);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int redemptions_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int rc = 0;

	if (filter->user.n) {
		p.actor_n = person_actors(sn, filter->user, filter->user, p.actors);
		if (p.actor_n <= 0)
			return p.actor_n;
	}
	rc = snap_each(sn, TBL_REDEMPTIONS, (struct str){ NULL, 0 }, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

static int redemptions_digest_rows(struct snap *sn, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = true, .each = each, .arg = arg };
	int rc = snap_each(sn, TBL_REDEMPTIONS, (struct str){ NULL, 0 }, print_row, &p);

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
	.digest_rows = redemptions_digest_rows,
};
