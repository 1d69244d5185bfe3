#include "query/experiment_report.h"

const char *experiment_metric_name(enum control_metric m)
{
	static const char *const names[] = { "ctr", "conversion", "revenuePerSession" };

	return names[m];
}

void experiment_tally_add(struct experiment_tally *t, const struct exposed *p)
{
	t->people++;
	t->buyers += p->orders > 0;
	t->impressions += p->impressions;
	t->clicks += p->clicks;
	t->sessions += p->sessions;
	t->orders += p->orders;
	t->revenue_micros = saturating_add(t->revenue_micros, p->revenue_micros);
	moments_add(&t->clicking, p->impressions, p->clicks);
	moments_add(&t->paying, p->sessions, p->revenue_micros);
}

static struct estimate estimate_of(const struct experiment_tally *t, unsigned metric)
{
	switch ((enum control_metric)metric) {
	case CONTROL_CTR:
		return stats_ratio(&t->clicking, 1);
	case CONTROL_CONVERSION:
		return stats_share(t->buyers, t->people);
	case CONTROL_REVENUE_PER_SESSION:
		break;
	}
	return stats_ratio(&t->paying, MICROS);
}

static struct experiment_figure figure_of(const struct experiment_tally *t, unsigned metric)
{
	struct experiment_figure f = { .of = estimate_of(t, metric) };

	if (metric == CONTROL_CONVERSION) {
		f.has_value = f.has_interval = t->people > 0;
		if (f.has_value)
			f.within = stats_wilson(t->buyers, t->people);
		return f;
	}
	f.has_value = (metric == CONTROL_CTR ? t->impressions : t->sessions) > 0;
	f.has_interval = f.of.known;
	if (f.of.known)
		f.within = stats_interval(f.of);
	if (f.within.low < 0) /* neither clicks nor payments are */
		f.within.low = 0;
	return f;
}

struct estimate experiment__difference(const struct experiment_part *part, double factor,
				       const struct experiment_part *control, enum control_metric metric)
{
	const struct experiment_tally *a = &part->tally, *b = &control->tally;

	if (metric == CONTROL_CONVERSION)
		return stats_shares_difference(a->buyers, a->people, factor, b->buyers, b->people);
	return stats_difference(part->figures[metric].of, factor, control->figures[metric].of);
}

static struct experiment_versus versus_of(const struct control_experiment *x, const struct experiment_part *part,
					  const struct experiment_part *control, unsigned metric)
{
	const struct experiment_tally *a = &part->tally, *b = &control->tally;
	struct experiment_versus v = { .by = experiment__difference(part, 1, control, metric) };
	double people = (double)(a->people < b->people ? a->people : b->people);

	v.known = v.by.known;
	if (!v.known)
		return v;
	v.within = metric == CONTROL_CONVERSION ? stats_newcombe(a->buyers, a->people, b->buyers, b->people)
						: stats_interval(v.by);
	v.p = stats_p(v.by);
	v.p_always = stats_p_always(v.by, people / (x->minimum_people ? x->minimum_people : 1));
	return v;
}

/* Of the variants that are compared; not when one of them has no figure. */
static void find_best(const struct control_experiment *x, struct experiment_report *r)
{
	struct belief beliefs[CONTROL_VARIANTS_MAX];
	double best[CONTROL_VARIANTS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < x->variants.n; i++) {
		struct experiment_part *part = &r->parts[i];

		if (!experiment__is_compared(x, r, i))
			continue;
		if (x->primary == CONTROL_CONVERSION ? !part->tally.people : !part->figures[x->primary].of.known)
			return;
		beliefs[n++] = x->primary == CONTROL_CONVERSION
				       ? stats_belief_share(part->tally.buyers, part->tally.people)
				       : stats_belief(part->figures[x->primary].of);
	}
	stats_best(beliefs, n, best);
	for (unsigned i = x->variants.n; i-- > 0;)
		if (experiment__is_compared(x, r, i)) {
			r->parts[i].has_best = true;
			r->parts[i].best = best[--n];
		}
}

/* People who should be in each part, as far as somebody should. */
static void find_fit(const struct control_experiment *x, struct experiment_report *r)
{
	double shares[EXPERIMENT_PARTS_MAX], weights = 0;
	int64_t people[EXPERIMENT_PARTS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < x->variants.n; i++)
		weights += x->variants.v[i].weight;
	for (unsigned i = 0; i < r->part_n; i++) {
		double share = r->parts[i].held_out
				       ? x->holdout_percent / 100
				       : (1 - x->holdout_percent / 100) * x->variants.v[i].weight / weights;

		if (share <= 0)
			continue;
		people[n] = r->parts[i].tally.people;
		shares[n++] = share;
	}
	r->fit = stats_fit(people, shares, n);
	r->fits = r->fit.p >= EXPERIMENT_FIT_P;
}

void experiment_report(const struct control_experiment *x, const struct experiment_tally tallies[EXPERIMENT_PARTS_MAX],
		       int64_t first_ms, int64_t now_ms, struct experiment_report *ret)
{
	bool holds_out = x->holdout_percent > 0 || tallies[EXPERIMENT_HOLDOUT].people;
	int64_t from_ms = x->started_ms > first_ms ? x->started_ms : first_ms;
	int64_t to_ms = x->stopped_ms != CONTROL_TIME_NONE && x->stopped_ms < now_ms ? x->stopped_ms : now_ms;

	memset(ret, 0, sizeof(*ret));
	ret->part_n = x->variants.n + holds_out;
	for (unsigned i = 0; i < ret->part_n; i++) {
		struct experiment_part *part = &ret->parts[i];
		unsigned variant = i < x->variants.n ? i : EXPERIMENT_HOLDOUT;

		part->name = experiment_variant_name(x, variant);
		part->held_out = variant == EXPERIMENT_HOLDOUT;
		part->tally = tallies[variant];
		ret->people += part->tally.people;
		for (unsigned m = 0; m < EXPERIMENT_METRICS; m++)
			part->figures[m] = figure_of(&part->tally, m);
		for (unsigned m = 0; i && m < EXPERIMENT_METRICS; m++)
			part->versus[m] = versus_of(x, part, &ret->parts[0], m);
	}
	if (ret->people && to_ms > from_ms)
		ret->days = (to_ms - from_ms) / MS_PER_DAY;
	find_best(x, ret);
	find_fit(x, ret);
	experiment__judge(x, ret);
}
