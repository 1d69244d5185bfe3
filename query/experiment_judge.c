/* Guard-rails, the winner, and the sentence that says why there is one or none. */
#include "query/experiment_report.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const figure_names[] = { "click-through rate", "conversion", "revenue per session" };

/* Of a loss of the most that is allowed: what the variant has more than the control would then have left. */
static enum guard_state guard_of(const struct control_guard *g, const struct experiment_part *part,
				 const struct experiment_part *control)
{
	struct estimate left = experiment__difference(part, 1 - g->max_loss_percent / 100, control, g->metric);
	struct interval within;

	if (!left.known)
		return GUARD_UNCLEAR;
	within = stats_interval(left);
	return within.low >= 0 ? GUARD_KEPT : within.high < 0 ? GUARD_BROKEN : GUARD_UNCLEAR;
}

static int leader_of(const struct control_experiment *x, const struct experiment_report *r)
{
	int leader = 0;

	for (unsigned i = 1; i < x->variants.n; i++)
		if (r->parts[i].best > r->parts[leader].best)
			leader = (int)i;
	return leader;
}

static unsigned compared(const struct control_experiment *x, const struct experiment_report *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < x->variants.n; i++)
		n += experiment__is_compared(x, r, i);
	return n;
}

/* Is the leader's difference to the control, or the control's to each other variant, more than chance? */
static bool is_certain(const struct control_experiment *x, const struct experiment_report *r, int leader)
{
	double level = EXPERIMENT_WRONG / (compared(x, r) - 1);

	for (unsigned i = 1; i < x->variants.n; i++) {
		const struct experiment_versus *v = &r->parts[i].versus[x->primary];

		if (experiment__is_compared(x, r, i) && (!leader || leader == (int)i) &&
		    (!v->known || v->p_always > level))
			return false;
	}
	return r->parts[leader].best >= EXPERIMENT_BEST;
}

/* What stands in the way of any verdict; false: nothing. */
static bool is_too_early(const struct control_experiment *x, struct experiment_report *r)
{
	if (!r->people) {
		snprintf(r->why, sizeof(r->why),
			 x->status == CONTROL_DRAFT ? "it has not been started" : "nobody has been in it yet");
		return true;
	}
	if (compared(x, r) < 2) {
		snprintf(r->why, sizeof(r->why), "nothing to compare: every variant but '%.*s' has no weight",
			 STR_FMT(r->parts[0].name));
		return true;
	}
	for (unsigned i = 0; i < x->variants.n; i++)
		if ((x->variants.v[i].weight || !i) && r->parts[i].tally.people < x->minimum_people) {
			snprintf(r->why, sizeof(r->why),
				 "too early: '%.*s' has %" PRId64 " of the %u people that each variant needs",
				 STR_FMT(r->parts[i].name), r->parts[i].tally.people, x->minimum_people);
			return true;
		}
	if (r->days < x->minimum_days) {
		snprintf(r->why, sizeof(r->why), "too early: %" PRId64 " of the %u days that it must run", r->days,
			 x->minimum_days);
		return true;
	}
	if (!r->fits) {
		snprintf(
			r->why, sizeof(r->why),
			"people are not split as the weights say (p = %.2g): weights were changed, or people of a variant "
			"are lost; no figure is to be trusted before it is known which",
			r->fit.p);
		return true;
	}
	return false;
}

/* Nobody's chances are known while one of them has no figure. */
static bool is_unknown(const struct control_experiment *x, struct experiment_report *r)
{
	for (unsigned i = 0; i < x->variants.n && !r->parts[0].has_best; i++)
		if (experiment__is_compared(x, r, i) && !r->parts[i].figures[x->primary].has_interval) {
			snprintf(r->why, sizeof(r->why),
				 "no difference in %s is certain yet: that of '%.*s' has no interval",
				 figure_names[x->primary], STR_FMT(r->parts[i].name));
			return true;
		}
	return false;
}

/* False when the leader may not win. */
static bool guards_let(const struct control_experiment *x, struct experiment_report *r, int leader)
{
	const struct experiment_part *part = &r->parts[leader];

	for (unsigned g = 0; leader && g < x->guards.n; g++) {
		if (part->guards[g] == GUARD_KEPT)
			continue;
		snprintf(r->why, sizeof(r->why), "'%.*s' has the best %s, but it %s %g %% of %s or more",
			 STR_FMT(part->name), figure_names[x->primary],
			 part->guards[g] == GUARD_BROKEN ? "loses" : "may lose", x->guards.v[g].max_loss_percent,
			 figure_names[x->guards.v[g].metric]);
		return false;
	}
	return true;
}

static void say_won(const struct control_experiment *x, struct experiment_report *r, int leader)
{
	const struct experiment_part *part = &r->parts[leader];
	const struct experiment_figure *own = &part->figures[x->primary], *control = &r->parts[0].figures[x->primary];
	double scale = x->primary == CONTROL_REVENUE_PER_SESSION ? 1 : 100;
	const char *unit = x->primary == CONTROL_REVENUE_PER_SESSION ? "" : " %";

	if (!leader) {
		snprintf(r->why, sizeof(r->why), "the control '%.*s' has a better %s than every other variant: %.4g%s",
			 STR_FMT(part->name), figure_names[x->primary], own->of.value * scale, unit);
		return;
	}
	snprintf(r->why, sizeof(r->why),
		 "'%.*s' has the best %s: %.4g%s against %.4g%s, best with a probability of %.1f %%",
		 STR_FMT(part->name), figure_names[x->primary], own->of.value * scale, unit, control->of.value * scale,
		 unit, part->best * 100);
}

void experiment__judge(const struct control_experiment *x, struct experiment_report *r)
{
	int leader;

	r->winner = -1;
	for (unsigned i = 1; i < x->variants.n; i++)
		for (unsigned g = 0; g < x->guards.n; g++)
			r->parts[i].guards[g] = guard_of(&x->guards.v[g], &r->parts[i], &r->parts[0]);
	if (is_too_early(x, r) || is_unknown(x, r))
		return;
	leader = leader_of(x, r);
	if (!is_certain(x, r, leader)) {
		snprintf(r->why, sizeof(r->why),
			 "no difference in %s is certain yet: '%.*s' is best with a probability of %.1f %%",
			 figure_names[x->primary], STR_FMT(r->parts[leader].name), r->parts[leader].best * 100);
		return;
	}
	if (!guards_let(x, r, leader))
		return;
	say_won(x, r, leader);
	r->winner = leader;
}
