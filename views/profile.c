/* profile: in the head of an actor's history, which each of its events writes anyway */
#include "views/profile.h"
#include "schemas/json_keys.h"
#include "views/history_entry.h"
#include "views/history_rows.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/view.h"

#include <xxhash.h>

static void add_lines(struct history_profile *p, const struct event *ev, int64_t sign)
{
	for (uint32_t i = 0; i < ev->item_count; i++) {
		int64_t units = sign * (int64_t)ev->items[i].quantity;

		p->units = wrapping_add(p->units, units);
		p->spend_micros = wrapping_add(p->spend_micros, units * ev->items[i].price_micros);
	}
}

static bool takes_country(struct history_profile *p, const struct event *ev)
{
	uint32_t before = p->country;

	if (ev->country.n)
		p->country = (uint32_t)XXH3_64bits(ev->country.p, ev->country.n) | 1;
	return p->country != before;
}

void profile_add(struct fold *f, struct moment *m)
{
	const struct event *ev = m->ev;
	unsigned char be[4];
	struct history_head head;
	unsigned char *row;
	size_t n;

	if (ev->type == EVENT_IMPRESSION)
		return;
	row = fold_edit(f, TBL_HISTORY, id_key(m->actor, be), 0, &n);
	if (n < sizeof(head)) {
		fold_damaged(f);
		return;
	}
	memcpy(&head, row, sizeof(head));
	m->new_actor = head.profile.first_ms == HISTORY_PROFILE_NONE;
	m->new_day = m->new_actor || time_bucket(ev->t_ms, MS_PER_DAY) > time_bucket(head.profile.last_ms, MS_PER_DAY);
	m->new_country = takes_country(&head.profile, ev);
	if (ev->t_ms < head.profile.first_ms)
		head.profile.first_ms = ev->t_ms;
	if (ev->t_ms > head.profile.last_ms)
		head.profile.last_ms = ev->t_ms;
	if (ev->type == EVENT_PURCHASE) {
		head.profile.orders += m->new_order && head.profile.orders < UINT32_MAX;
		add_lines(&head.profile, ev, 1);
	} else if (ev->type == EVENT_RETURN) {
		add_lines(&head.profile, ev, -1);
	}
	memcpy(row, &head, sizeof(head));
}

/* ---- reading ---- */

/* NOT_FOUND: nothing but impressions. */
static int read_row(struct str row, struct profile *ret)
{
	struct history_head head;
	struct str entries;

	if (!history_head_read(row, &head, &entries))
		return ERR_STORE_CORRUPT;
	if (head.profile.first_ms == HISTORY_PROFILE_NONE)
		return ERR_NOT_FOUND;
	*ret = (struct profile){ .first_ms = head.profile.first_ms,
				 .last_ms = head.profile.last_ms,
				 .orders = head.profile.orders,
				 .units = head.profile.units,
				 .spend_micros = head.profile.spend_micros };
	return 0;
}

int profile_get(struct snap *sn, uint32_t actor, struct profile *ret)
{
	unsigned char be[4];
	struct str row;
	int rc = snap_get(sn, TBL_HISTORY, id_key(actor, be), &row);

	return rc ? rc : read_row(row, ret);
}

int profile_of(struct snap *sn, const uint32_t *actors, unsigned n, struct profile *ret)
{
	struct profile all = { .first_ms = INT64_MAX, .last_ms = INT64_MIN }, one;
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		int rc = profile_get(sn, actors[i], &one);

		if (rc == ERR_NOT_FOUND)
			continue;
		if (rc)
			return rc;
		any = true;
		all.first_ms = one.first_ms < all.first_ms ? one.first_ms : all.first_ms;
		all.last_ms = one.last_ms > all.last_ms ? one.last_ms : all.last_ms;
		all.orders += one.orders;
		all.units = saturating_add(all.units, one.units);
		all.spend_micros = saturating_add(all.spend_micros, one.spend_micros);
	}
	if (!any)
		return ERR_NOT_FOUND;
	*ret = all;
	return 0;
}

struct walk {
	profile_row each;
	void *arg;
};

static int walk_row(void *arg, struct str key, struct str value)
{
	const struct walk *w = arg;
	struct profile p;
	int rc = key.n == 4 ? read_row(value, &p) : ERR_STORE_CORRUPT;

	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	return w->each(w->arg, get_be32(key.p), &p);
}

int profile_each(struct snap *sn, profile_row each, void *arg)
{
	struct walk w = { each, arg };

	return snap_each(sn, TBL_HISTORY, (struct str){ NULL, 0 }, walk_row, &w);
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	bool anonymous;
	view_row each;
	void *arg;
};

static int print_row(void *arg, uint32_t actor, const struct profile *profile)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	json_out_reset(j);
	json_out_object(j);
	if (!p->anonymous)
		snap_print_actor(p->sn, actor, "actor", j);
	key_int(j, "first", profile->first_ms);
	key_int(j, "last", profile->last_ms);
	key_int(j, "orders", profile->orders);
	key_int(j, "units", profile->units);
	key_micros(j, "spend", profile->spend_micros);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int profile_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = filter->anonymous, .each = each, .arg = arg };
	struct walk w = { print_row, &p };
	int rc = person_each(sn, TBL_HISTORY, filter->user, walk_row, &w);

	json_out_fini(&p.out);
	return rc;
}

const struct view view_profile = {
	.name = "profile",
	.version = 1,
	.meaning = "how long each actor has been coming, its orders, units and spend",
	.rows = profile_rows,
	.by = VIEW_BY_USER,
};
