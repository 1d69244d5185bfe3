/*
 * experiment_report.h - what an experiment has shown so far, and whether that is enough to name a winner.
 *
 * Figures of a variant, each of the people that were exposed to it (views/experiments.h):
 *   ctr                 clicks / impressions; interval by the delta method over people
 *   conversion          people that ordered / people; Wilson's interval
 *   revenuePerSession   revenue / sessions; by the delta method over people
 * Each is compared with the control's, the first variant's. Intervals and p are those of one look at a moment chosen
 * before (stats.h).
 *
 * A winner is named when all of this holds, however often one looks (a variant without weight and people takes no part):
 *   - every variant with a weight has `minimumPeople`, and `minimumDays` have passed since the first of them came;
 *   - people are split as the weights say: p of the chi-square test at least EXPERIMENT_FIT_P (a mismatch means that
 *     people are lost on one side, or that weights were changed: A. Fabijan et al., "Diagnosing Sample Ratio Mismatch in
 *     Online Controlled Experiments", KDD 2019);
 *   - the variant is the most probable to be best in `primary`, by EXPERIMENT_BEST at least;
 *   - it differs from the control, or the control from every other, by the always valid p at a level of EXPERIMENT_WRONG
 *     shared by the comparisons: so that of experiments whose variants do not differ at most that part ever names one;
 *   - each guard-rail is kept: a loss of `maxLossPercent` of the control's figure lies outside the interval.
 * Who is held out is reported apart, and takes part in the split alone.
 *
 * A pure function of the document and the tallies. Thread: any.
 */
#ifndef AISLE_QUERY_EXPERIMENT_REPORT_H
#define AISLE_QUERY_EXPERIMENT_REPORT_H

#include "query/experiment.h"
#include "query/stats.h"
#include "views/experiments.h"

#define EXPERIMENT_METRICS 3 /* enum control_metric */
#define EXPERIMENT_FIT_P 0.001
#define EXPERIMENT_BEST 0.95
#define EXPERIMENT_WRONG 0.05
#define EXPERIMENT_PARTS_MAX (CONTROL_VARIANTS_MAX + 1) /* and who is held out */
#define EXPERIMENT_WHY_MAX 320

/* Exact sums over people. */
struct experiment_tally {
	int64_t people, buyers, impressions, clicks, sessions, orders, revenue_micros;
	struct moments clicking, paying;
};

void experiment_tally_add(struct experiment_tally *t, const struct exposed *p);

struct experiment_figure {
	struct estimate of;
	bool has_value; /* there is something to divide by */
	bool has_interval;
	struct interval within;
};

/* Difference to the control's. */
struct experiment_versus {
	struct estimate by;
	bool known; /* else nothing can be said */
	struct interval within;
	double p, p_always;
};

enum guard_state { GUARD_UNCLEAR, GUARD_KEPT, GUARD_BROKEN };

struct experiment_part {
	struct str name;
	bool held_out;
	struct experiment_tally tally;
	struct experiment_figure figures[EXPERIMENT_METRICS];
	struct experiment_versus versus[EXPERIMENT_METRICS]; /* none of the control */
	bool has_best;
	double best;                                 /* probability to be best in `primary` */
	enum guard_state guards[CONTROL_GUARDS_MAX]; /* none of the control and who is held out */
};

struct experiment_report {
	int64_t people;
	int64_t days; /* whole ones */
	struct fit fit;
	bool fits;
	unsigned part_n; /* variants, then who is held out when the experiment does that */
	struct experiment_part parts[EXPERIMENT_PARTS_MAX];
	int winner; /* index; -1: none */
	char why[EXPERIMENT_WHY_MAX];
};

const char *experiment_metric_name(enum control_metric m);

/* Tallies by variant, EXPERIMENT_HOLDOUT the last; [first_ms, now_ms): from the first person to now, in event time. */
void experiment_report(const struct control_experiment *x, const struct experiment_tally tallies[EXPERIMENT_PARTS_MAX],
		       int64_t first_ms, int64_t now_ms, struct experiment_report *ret);

/* Inside experiment_*.c: is it compared? A variant without weight and people is one for later. */
static inline bool experiment__is_compared(const struct control_experiment *x, const struct experiment_report *r,
					   unsigned variant)
{
	return !variant || x->variants.v[variant].weight || r->parts[variant].tally.people;
}

/* The part's figure less `factor` times the control's. */
struct estimate experiment__difference(const struct experiment_part *part, double factor,
				       const struct experiment_part *control, enum control_metric metric);

/* The guards, the winner and why, of figures that are there. */
void experiment__judge(const struct control_experiment *x, struct experiment_report *r);

#endif
