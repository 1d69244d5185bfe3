/*
 * Figures by segment of customers: what people did in the period (`actor-days`), added up over the segments that each is in as of
 * the snapshot. A person is a user with its visitors, in as many segments as are true of it.
 */
#include "query/big_spend.h"
#include "query/figures_internal.h"
#include "query/person_facts.h"
#include "query/segments.h"
#include "views/actor_days.h"
#include "views/ids.h"

#include <stdlib.h>

/* What an actor did in the period; later, what a person did, in the place of its user. */
struct doing {
	uint32_t actor; /* ID_NONE: it stands in its user's place */
	struct actor_day sum;
};

/* Of a segment, or all. */
struct tally {
	int64_t people, buyers;
	struct actor_day sum;
};

struct counting {
	const struct making *m;
	struct doing *v;
	uint32_t n, room;
	uint32_t *places, actors; /* by actor: its place in v plus 1 */
	struct big_spend spends;
	struct person_facts facts;
	struct segment_set *set;
	struct tally of[SEGMENTS_MAX], of_none, total;
};

/* ---- who did what ---- */

static struct doing *doing_of(struct counting *c, uint32_t actor)
{
	if (!c->places[actor]) {
		ARRAY_GROW(c->v, c->n, c->room, 1024);
		c->v[c->n] = (struct doing){ .actor = actor };
		c->places[actor] = ++c->n;
	}
	return &c->v[c->places[actor] - 1];
}

static int add_day(void *arg, int64_t day, uint32_t actor, const struct actor_day *d)
{
	struct counting *c = arg;

	(void)day;
	actor_day_add(&doing_of(c, actor)->sum, d);
	if (c->n > FIGURES_PEOPLE_MAX)
		return error_set(c->m->e, ERR_BAD_REQUEST, "from", "more than %d people came: ask for a shorter period",
				 FIGURES_PEOPLE_MAX);
	return 0;
}

/* What visitors did is what their users did. */
static int join_people(struct counting *c)
{
	uint32_t n = c->n;
	int rc = 0;

	for (uint32_t i = 0; i < n && !rc; i++) {
		struct actor_day sum = c->v[i].sum;
		uint32_t user;

		rc = person_user(c->m->sn, c->v[i].actor, &user);
		if (rc || user == c->v[i].actor)
			continue;
		if (user >= c->actors)
			return ERR_STORE_CORRUPT;
		c->v[i].actor = ID_NONE;
		actor_day_add(&doing_of(c, user)->sum, &sum);
	}
	return rc;
}

static int note_spend(void *arg, uint32_t actor, const struct profile *p)
{
	struct counting *c = arg;

	(void)actor;
	big_spend_note(&c->spends, p);
	return 0;
}

static int gather(struct counting *c)
{
	const struct making *m = c->m;
	int rc = snap_actors(m->sn, &c->actors);

	if (rc)
		return rc;
	c->places = xcalloc(c->actors ? c->actors : 1, sizeof(*c->places));
	rc = actor_days_scan(m->sn, m->from_ms / MS_PER_DAY, m->to_ms / MS_PER_DAY - 1, add_day, c);
	if (!rc)
		rc = join_people(c);
	if (!rc)
		rc = profile_each(m->sn, note_spend, c);
	return rc;
}

/* ---- who is what ---- */

static void add_person(struct tally *t, const struct actor_day *sum)
{
	t->people += sum->came > 0;
	t->buyers += sum->orders > 0;
	actor_day_add(&t->sum, sum);
}

static int count_person(struct counting *c, const struct doing *d, int64_t big_spend_micros)
{
	uint32_t actors[PERSON_ACTORS_MAX];
	int n = person_actors_of(c->m->sn, d->actor, actors), rc;
	uint64_t in;

	if (n < 0)
		return n;
	rc = person_facts_read(&c->facts, c->m->sn, actors, (unsigned)n, STR(""), segments_read_of(c->set),
			       c->m->watermark_ms, big_spend_micros);
	if (rc)
		return rc;
	in = segments_of(c->set, c->facts.is_known ? &c->facts.is : NULL, c->facts.hashes, c->facts.hash_n);
	for (unsigned i = 0; i < segments_count(c->set); i++)
		if (in >> i & 1)
			add_person(&c->of[i], &d->sum);
	if (!in)
		add_person(&c->of_none, &d->sum);
	add_person(&c->total, &d->sum);
	return 0;
}

static int count_people(struct counting *c)
{
	int64_t big_spend_micros = big_spend_limit(&c->spends);
	int rc = segments_read(c->m->sn, &c->set);

	for (uint32_t i = 0; i < c->n && !rc; i++)
		if (c->v[i].actor != ID_NONE)
			rc = count_person(c, &c->v[i], big_spend_micros);
	return rc;
}

/* ---- the answer ---- */

static unsigned tally_figures(const struct tally *t, struct figure *ret)
{
	const struct actor_day *s = &t->sum;
	const struct figure all[] = {
		figure_count("people", t->people),
		figure_count("buyers", t->buyers),
		figure_count("sessions", s->sessions),
		figure_count("orders", s->orders),
		figure_money("revenue", s->revenue_micros),
		figure_ratio("ordersPerSession", s->orders, s->sessions),
		figure_money_ratio("revenuePerOrder", s->revenue_micros, s->orders),
		figure_count("impressions", s->impressions),
		figure_count("clicks", s->clicks),
		figure_ratio("ctr", s->clicks, s->impressions),
		figure_count("recommendedOrders", s->recommended_orders),
		figure_money("recommendedRevenue", s->recommended_micros),
		figure_ratio("share", s->recommended_micros, s->revenue_micros > 0 ? s->revenue_micros : 0),
	};

	memcpy(ret, all, sizeof(all));
	return ARRAY_SIZE(all);
}

static unsigned segment_row(const char *id, const struct tally *t, struct figure *ret)
{
	ret[0] = figure_text("segment", str_of(id));
	return 1 + tally_figures(t, ret + 1);
}

static void write_total(struct json_out *j, const struct tally *t)
{
	struct figure v[FIGURE_ROW_MAX];

	figures_object(j, "total", v, tally_figures(t, v));
}

static void write_rows(struct making *m, const struct counting *c)
{
	struct figure row[FIGURE_ROW_MAX];

	figures_begin(m, row, segment_row("", &c->total, row));
	for (unsigned i = 0; i < segments_count(c->set); i++)
		figures_row(m, row, segment_row(segment_at(c->set, i)->id, &c->of[i], row));
	figures_row(m, row, segment_row("", &c->of_none, row));
	figures_end_rows(m);
	if (!m->ask->csv)
		write_total(m->out, &c->total);
	figures_end(m);
}

int figures_segments(struct making *m)
{
	struct counting *c = xcalloc(1, sizeof(*c));
	int rc;

	c->m = m;
	rc = gather(c);
	if (!rc)
		rc = count_people(c);
	if (!rc)
		write_rows(m, c);
	segments_release(c->set);
	person_facts_fini(&c->facts);
	free(c->places);
	free(c->v);
	free(c);
	return rc;
}
