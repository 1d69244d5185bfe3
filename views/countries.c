/* countries: actor -> context.country of its last event, in log order, that has one and is no impression; written when it changes */
#include "views/countries.h"
#include "schemas/json_keys.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/keys.h"
#include "views/view.h"

static void countries_apply(struct fold *f, const struct moment *m)
{
	unsigned char be[4];
	struct str country = m->ev->country;

	if (m->new_country)
		fold_put(f, TBL_COUNTRIES, id_key(m->actor, be), country.p, country.n);
}

int country_get(struct snap *sn, uint32_t actor, struct str *ret)
{
	unsigned char be[4];

	return snap_get(sn, TBL_COUNTRIES, id_key(actor, be), ret);
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	bool anonymous;
	view_row each;
	void *arg;
};

static int print_row(void *arg, struct str key, struct str country)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	if (key.n != 4 || !country.n || country.n > EVENT_TEXT_MAX)
		return ERR_STORE_CORRUPT;
	json_out_reset(j);
	json_out_object(j);
	if (!p->anonymous)
		snap_print_actor(p->sn, get_be32(key.p), "actor", j);
	key_str(j, "country", country);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int countries_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = filter->anonymous, .each = each, .arg = arg };
	int rc = person_each(sn, TBL_COUNTRIES, filter->user, print_row, &p);

	json_out_fini(&p.out);
	return rc;
}

const struct view view_countries = {
	.name = "countries",
	.version = 1,
	.meaning = "the country that the last event of each actor named",
	.tables = TABLE_BIT(TBL_COUNTRIES),
	.apply = countries_apply,
	.rows = countries_rows,
	.by = VIEW_BY_USER,
};
