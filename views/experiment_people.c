/* experiment-people: (epoch of the first event, variant) x actor -> first t, impressions, clicks, sessions, orders, revenue */
#include "schemas/json_keys.h"
#include "views/credit.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/labels.h"
#include "views/view.h"

#include <stdlib.h>

enum { COL_FIRST, COL_IMPRESSIONS, COL_CLICKS, COL_SESSIONS, COL_ORDERS, COL_REVENUE, COLUMNS };

static uint64_t group_of(int64_t epoch, uint32_t label)
{
	return (uint64_t)epoch << 32 | label;
}

static int64_t oldest_epoch(int64_t watermark_ms)
{
	return oldest_bucket(watermark_ms, MS_PER_EPOCH, EXPOSURE_EPOCHS);
}

static void experiment_people_apply(struct fold *f, const struct moment *m)
{
	for (uint32_t i = 0; i < m->credits->exposure_n; i++) {
		const struct exposure *x = &m->credits->exposures[i];
		const int64_t columns[COLUMNS] = { x->is_new ? x->add.first_ms : 0,
						   x->add.impressions,
						   x->add.clicks,
						   x->add.sessions,
						   x->add.orders,
						   x->add.revenue_micros };

		for (unsigned c = 0; c < COLUMNS; c++)
			if (columns[c])
				fold_add(f, TBL_EXPERIMENT_PEOPLE, group_of(x->epoch, x->label), m->actor, c,
					 columns[c]);
	}
}

static int experiment_people_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return store_drop_groups(t, TBL_EXPERIMENT_PEOPLE, 0, group_of(oldest_epoch(watermark_ms), 0), rows_max);
}

/* ---- reading ---- */

static bool read_columns(const int64_t *columns, struct exposed *ret)
{
	for (int i = COL_IMPRESSIONS; i <= COL_ORDERS; i++)
		if (columns[i] < 0 || columns[i] > COUNT_MAX)
			return false;
	*ret = (struct exposed){ .first_ms = columns[COL_FIRST],
				 .impressions = columns[COL_IMPRESSIONS],
				 .clicks = columns[COL_CLICKS],
				 .sessions = columns[COL_SESSIONS],
				 .orders = columns[COL_ORDERS],
				 .revenue_micros = columns[COL_REVENUE] };
	return ret->first_ms >= 0 && ret->first_ms < TIME_END_MS;
}

struct walk {
	struct snap *sn;
	struct str variant; /* in `name`: the label's own bytes go with the next look-up */
	char name[TOKEN_VARIANT_MAX];
	exposed_each each;
	void *arg;
};

static int walk_row(void *arg, uint64_t group, uint32_t actor, const int64_t *columns)
{
	const struct walk *w = arg;
	struct exposed p;

	(void)group;
	return read_columns(columns, &p) ? w->each(w->arg, w->variant, actor, &p) : ERR_STORE_CORRUPT;
}

/* All epochs of one variant. */
static int walk_label(struct walk *w, uint32_t label, int64_t watermark_ms)
{
	struct str experiment, variant;
	int rc = snap_label_of_variant(w->sn, label, &experiment, &variant);

	if (rc)
		return rc;
	if (variant.n > sizeof(w->name))
		return ERR_STORE_CORRUPT;
	memcpy(w->name, variant.p, variant.n);
	w->variant = (struct str){ w->name, variant.n };
	for (int64_t epoch = oldest_epoch(watermark_ms); epoch <= time_bucket(watermark_ms, MS_PER_EPOCH) && !rc;
	     epoch++)
		rc = snap_sums(w->sn, TBL_EXPERIMENT_PEOPLE, group_of(epoch, label), group_of(epoch, label), walk_row,
			       w);
	return rc;
}

int experiment_people(struct snap *sn, struct str experiment, exposed_each each, void *arg)
{
	struct walk w = { .sn = sn, .each = each, .arg = arg };
	struct labels labels = { 0 };
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (!rc && watermark != TIME_NONE)
		rc = snap_labels_of(sn, experiment, &labels);
	for (size_t i = 0; i < labels.n && !rc; i++)
		rc = walk_label(&w, labels.v[i], watermark);
	free(labels.v);
	return rc;
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t actors[PERSON_ACTORS_MAX];
	int actor_n; /* 0: all */
	bool anonymous;
	view_row each;
	void *arg;
};

static void print_figures(struct json_out *j, const struct exposed *p)
{
	const struct {
		const char *name;
		int64_t n;
	} figures[] = { { "first", p->first_ms },
			{ "sessions", p->sessions },
			{ "impressions", p->impressions },
			{ "clicks", p->clicks },
			{ "orders", p->orders } };

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		key_int(j, figures[i].name, figures[i].n);
	key_micros(j, "revenue", p->revenue_micros);
}

static int print_row(void *arg, uint64_t group, uint32_t actor, const int64_t *columns)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;
	struct str experiment, variant;
	struct exposed of;
	int rc;

	if (!read_columns(columns, &of))
		return ERR_STORE_CORRUPT;
	if (p->actor_n && !id_among(p->actors, (uint32_t)p->actor_n, actor))
		return 0;
	rc = snap_label_of_variant(p->sn, (uint32_t)group, &experiment, &variant);
	if (rc)
		return rc;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "experiment", experiment);
	key_str(j, "variant", variant);
	if (!p->anonymous)
		snap_print_actor(p->sn, actor, "actor", j);
	print_figures(j, &of);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int experiment_people_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = filter->anonymous, .each = each, .arg = arg };
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (filter->user.n && (p.actor_n = person_actors(sn, filter->user, filter->user, p.actors)) <= 0)
		return p.actor_n;
	if (!rc && watermark != TIME_NONE)
		rc = snap_sums(sn, TBL_EXPERIMENT_PEOPLE, group_of(oldest_epoch(watermark), 0),
			       group_of(time_bucket(watermark, MS_PER_EPOCH), UINT32_MAX), print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_experiment_people = {
	.name = "experiment-people",
	.version = 1,
	.meaning = "who is in which variant of an experiment since when, and what it did from then on",
	.tables = TABLE_BIT(TBL_EXPERIMENT_PEOPLE),
	.apply = experiment_people_apply,
	.expire = experiment_people_expire,
	.rows = experiment_people_rows,
	.by = VIEW_BY_USER,
};
