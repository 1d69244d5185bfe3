/* What a report says of people whose chances are known, and when it names a winner. */
#include "query/experiment_report.h"

#include <criterion/criterion.h>
#include <math.h>

#define RUNS 1000
#define LOOKS 5
#define PEOPLE 400 /* a variant, at the last look */
#define NOW (20000 * MS_PER_DAY)

static const struct control_variant variants[] = { { .name = { "a", 1 }, .weight = 1 },
						   { .name = { "b", 1 }, .weight = 1 },
						   { .name = { "c", 1 }, .weight = 1 } };

static struct control_experiment planned(enum control_metric primary)
{
	return (struct control_experiment){ .status = CONTROL_RUNNING,
					    .variants = { 2, variants },
					    .traffic_percent = 100,
					    .primary = primary,
					    .minimum_people = PEOPLE / LOOKS,
					    .minimum_days = 7,
					    .started_ms = CONTROL_TIME_NONE,
					    .stopped_ms = CONTROL_TIME_NONE };
}

/* ---- people with known chances ---- */

struct chances {
	double click, buy; /* of an impression; of a session */
};
static const struct chances usual = { 0.1, 0.08 }, better = { 0.13, 0.12 };

static uint64_t random_state;

static double chance(void)
{
	/* splitmix64 */
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/*
 * A person comes 1 to 4 times and is shown 5 items each time. Some like to click and to buy more than others, so that what
 * one person does hangs together: x 0.4 or 1.6. An order is of 20 to 60.
 */
static struct exposed someone(const struct chances *c)
{
	struct exposed p = { .sessions = 1 + (int64_t)(chance() * 4) };
	double zeal = chance() < 0.5 ? 0.4 : 1.6;

	for (int64_t s = 0; s < p.sessions; s++) {
		double u = chance();

		p.impressions += 5;
		for (int i = 0; i < 5; i++)
			p.clicks += chance() < c->click * zeal;
		if (u < c->buy * zeal) {
			p.orders++;
			p.revenue_micros += (int64_t)((20 + 40 * u / (c->buy * zeal)) * MICROS);
		}
	}
	return p;
}

/* The figure of infinitely many. */
static double truth(const struct chances *c, enum control_metric m)
{
	double none = 0;

	if (m == CONTROL_CTR)
		return c->click;
	if (m == CONTROL_REVENUE_PER_SESSION)
		return c->buy * 40;
	for (int s = 1; s <= 4; s++)
		none += (pow(1 - c->buy * 0.4, s) + pow(1 - c->buy * 1.6, s)) / 8;
	return 1 - none;
}

/* ---- many experiments ---- */

struct outcome {
	unsigned covered[EXPERIMENT_METRICS][3]; /* of a, of b, of the difference */
	unsigned winners, best_wins;             /* at any look */
};

static void add_covered(const struct experiment_report *r, const struct chances *a, const struct chances *b,
			struct outcome *ret)
{
	for (unsigned m = 0; m < EXPERIMENT_METRICS; m++) {
		double ta = truth(a, m), tb = truth(b, m);
		const struct interval *wa = &r->parts[0].figures[m].within, *wb = &r->parts[1].figures[m].within;
		const struct interval *wd = &r->parts[1].versus[m].within;

		ret->covered[m][0] += wa->low <= ta && ta <= wa->high;
		ret->covered[m][1] += wb->low <= tb && tb <= wb->high;
		ret->covered[m][2] += wd->low <= tb - ta && tb - ta <= wd->high;
	}
}

static struct outcome run_many(const struct control_experiment *x, const struct chances *a, const struct chances *b)
{
	struct outcome ret = { 0 };

	for (unsigned run = 0; run < RUNS; run++) {
		struct experiment_tally t[EXPERIMENT_PARTS_MAX] = { 0 };
		struct experiment_report r;
		int winner = -1;

		for (int look = 1; look <= LOOKS; look++) {
			while (t[0].people < look * PEOPLE / LOOKS) {
				struct exposed pa = someone(a), pb = someone(b);

				experiment_tally_add(&t[0], &pa);
				experiment_tally_add(&t[1], &pb);
			}
			experiment_report(x, t, NOW - 7 * MS_PER_DAY, NOW, &r);
			winner = winner < 0 ? r.winner : winner;
		}
		ret.winners += winner >= 0;
		ret.best_wins += winner == 1;
		add_covered(&r, a, b, &ret);
	}
	return ret;
}

static void expect_covered(const struct outcome *o)
{
	for (unsigned m = 0; m < EXPERIMENT_METRICS; m++)
		for (unsigned i = 0; i < 3; i++)
			cr_assert(o->covered[m][i] >= RUNS * 93 / 100 && o->covered[m][i] <= RUNS * 97 / 100,
				  "%s %u: %u of %u", experiment_metric_name(m), i, o->covered[m][i], RUNS);
}

Test(experiment_report, of_variants_alike_covers_the_truth_and_names_a_winner_in_five_percent_at_most)
{
	struct control_experiment x = planned(CONTROL_CONVERSION);
	struct outcome o;

	random_state = 1;
	o = run_many(&x, &usual, &usual);
	expect_covered(&o);
	cr_assert_leq(o.winners, RUNS * 5 / 100, "%u", o.winners);
}

Test(experiment_report, of_a_better_variant_covers_the_truth_and_names_it)
{
	struct control_experiment x = planned(CONTROL_CTR);
	struct outcome o;

	random_state = 2;
	o = run_many(&x, &usual, &better);
	expect_covered(&o);
	cr_assert_geq(o.best_wins, RUNS * 60 / 100, "%u of %u", o.best_wins, o.winners);
	cr_assert_leq(o.winners - o.best_wins, RUNS / 100);
}

/* ---- one experiment ---- */

/* Of a hundred people so many buy, once for `price`, and so many click, on one of 10 items shown. */
static struct experiment_tally crowd(int people, int buy, int click, int64_t price)
{
	struct experiment_tally t = { 0 };

	for (int i = 0; i < people; i++) {
		struct exposed p = { .impressions = 10, .sessions = 2, .clicks = i * 7 % 100 < click };

		p.orders = i * 13 % 100 < buy;
		p.revenue_micros = p.orders * price * MICROS;
		experiment_tally_add(&t, &p);
	}
	return t;
}

static struct experiment_report r;

static void report(const struct control_experiment *x, struct experiment_tally a, struct experiment_tally b,
		   struct experiment_tally c, struct experiment_tally held, int days)
{
	struct experiment_tally t[EXPERIMENT_PARTS_MAX] = { a, b, c };

	t[EXPERIMENT_HOLDOUT] = held;
	experiment_report(x, t, NOW - days * MS_PER_DAY, NOW, &r);
}

static const struct experiment_tally none;

static void expect_none(const char *why)
{
	cr_assert_eq(r.winner, -1);
	cr_assert(strstr(r.why, why), "%s", r.why);
}

Test(experiment_report, is_too_early_until_people_and_days_are_enough)
{
	struct control_experiment x = planned(CONTROL_CONVERSION);
	struct experiment_tally a = crowd(5000, 10, 5, 1), b = crowd(5000, 20, 5, 1);

	x.minimum_people = 1000;
	report(&x, none, none, none, none, 0);
	expect_none("nobody");
	cr_assert_not(r.parts[0].figures[CONTROL_CONVERSION].has_value);
	x.status = CONTROL_DRAFT;
	report(&x, none, none, none, none, 0);
	expect_none("not been started");
	x.status = CONTROL_RUNNING;
	report(&x, a, crowd(999, 90, 5, 1), none, none, 30);
	expect_none("'b' has 999 of the 1000 people");
	report(&x, a, b, none, none, 6);
	expect_none("6 of the 7 days");
	report(&x, a, b, none, none, 7);
	cr_assert_eq(r.winner, 1, "%s", r.why);
	cr_assert_str_eq(r.why, "'b' has the best conversion: 20 % against 10 %, best with a probability of 100.0 %");
	x.started_ms = NOW - 3 * MS_PER_DAY;
	report(&x, a, b, none, none, 7);
	expect_none("3 of the 7 days");
	x.started_ms = CONTROL_TIME_NONE;
	x.stopped_ms = NOW - 7 * MS_PER_DAY;
	report(&x, a, b, none, none, 12);
	expect_none("5 of the 7 days");
}

Test(experiment_report, says_whose_figure_is_not_known)
{
	struct control_experiment x = planned(CONTROL_CTR);

	report(&x, crowd(1000, 10, 20, 1), crowd(1000, 10, 0, 1), none, none, 7);
	cr_assert_not(r.parts[0].has_best);
	expect_none("in click-through rate is certain yet: that of 'b' has no interval");
}

Test(experiment_report, leaves_a_variant_for_later_out)
{
	struct control_experiment x = planned(CONTROL_CONVERSION);
	struct control_variant weighed[] = { variants[0], variants[1], variants[2] };
	struct experiment_tally low = crowd(5000, 10, 5, 1), high = crowd(5000, 20, 5, 1);

	weighed[1].weight = 0;
	x.variants.n = 3;
	x.variants.v = weighed;
	report(&x, low, none, high, none, 7);
	cr_assert_eq(r.winner, 2, "%s", r.why);
	cr_assert_not(r.parts[1].has_best);
	cr_assert_float_eq(r.parts[0].best + r.parts[2].best, 1, 1e-6);
	report(&x, high, none, low, none, 7);
	cr_assert_eq(r.winner, 0, "%s", r.why);
	report(&x, low, crowd(1000, 0, 0, 1), high, none, 7);
	cr_assert(r.parts[1].has_best, "it had people before its weight was taken away");
	weighed[2].weight = 0;
	report(&x, low, none, none, none, 7);
	expect_none("nothing to compare: every variant but 'a' has no weight");
}

Test(experiment_report, trusts_no_split_but_that_of_the_weights)
{
	struct control_experiment x = planned(CONTROL_CONVERSION);
	struct experiment_tally a = crowd(5200, 10, 5, 1), b = crowd(4800, 20, 5, 1);
	struct control_variant weighed[] = { variants[0], variants[1] };

	report(&x, a, b, none, none, 7);
	cr_assert_float_eq(r.fit.chi2, 16, 1e-9);
	cr_assert_not(r.fits);
	expect_none("not split as the weights say");
	weighed[0].weight = 52;
	weighed[1].weight = 48;
	x.variants.v = weighed;
	report(&x, a, b, none, none, 7);
	cr_assert_float_eq(r.fit.chi2, 0, 1e-9);
	cr_assert_eq(r.winner, 1);
	/* who is held out belongs to the split, and is apart otherwise */
	x.holdout_percent = 50;
	report(&x, a, b, none, crowd(10000, 99, 99, 1), 7);
	cr_assert_float_eq(r.fit.chi2, 0, 1e-9);
	cr_assert_eq(r.winner, 1);
	cr_assert_eq(r.part_n, 3);
	cr_assert(r.parts[2].held_out && !r.parts[2].has_best && r.parts[2].versus[CONTROL_CONVERSION].known);
	report(&x, a, b, none, crowd(9000, 99, 99, 1), 7);
	cr_assert_not(r.fits);
}

Test(experiment_report, lets_win_who_keeps_the_guard_rails)
{
	static const struct control_guard guard = { CONTROL_REVENUE_PER_SESSION, 5 };
	struct control_experiment x = planned(CONTROL_CTR);
	struct experiment_tally a = crowd(20000, 10, 20, 100);

	x.guards.n = 1;
	x.guards.v = &guard;
	report(&x, a, crowd(20000, 10, 30, 100), none, none, 7);
	expect_none("may lose 5 % of revenue per session");
	cr_assert_eq(r.parts[1].guards[0], GUARD_UNCLEAR);
	report(&x, a, crowd(20000, 10, 30, 80), none, none, 7);
	expect_none("it loses 5 % of revenue per session");
	cr_assert_eq(r.parts[1].guards[0], GUARD_BROKEN);
	report(&x, a, crowd(20000, 10, 30, 110), none, none, 7);
	cr_assert_eq(r.parts[1].guards[0], GUARD_KEPT);
	cr_assert_eq(r.winner, 1, "%s", r.why);
	report(&x, crowd(20000, 10, 30, 100), crowd(20000, 10, 20, 80), none, none, 7);
	cr_assert_eq(r.winner, 0, "the control needs no guard: %s", r.why);
	cr_assert(strstr(r.why, "the control 'a'"), "%s", r.why);
}

Test(experiment_report, names_one_of_several_when_it_is_better_than_all)
{
	struct control_experiment x = planned(CONTROL_CONVERSION);
	struct experiment_tally low = crowd(5000, 10, 5, 1), high = crowd(5000, 20, 5, 1);

	x.variants.n = 3;
	report(&x, low, high, high, none, 7);
	expect_none("no difference in conversion is certain");
	cr_assert_float_eq(r.parts[1].best, 0.5, 1e-6);
	report(&x, low, low, high, none, 7);
	cr_assert_eq(r.winner, 2, "%s", r.why);
	report(&x, high, low, high, none, 7);
	cr_assert_eq(r.winner, -1, "not all are worse than the control");
	report(&x, high, low, low, none, 7);
	cr_assert_eq(r.winner, 0, "%s", r.why);
	report(&x, low, low, low, none, 7);
	cr_assert_eq(r.winner, -1);
	report(&x, crowd(5000, 0, 0, 1), crowd(5000, 0, 0, 1), crowd(5000, 0, 0, 1), none, 7);
	expect_none("no difference");
	cr_assert_not(r.parts[1].versus[CONTROL_CTR].known);
	cr_assert_not(r.parts[0].figures[CONTROL_CTR].has_interval);
	cr_assert(r.parts[0].figures[CONTROL_CONVERSION].has_interval, "Wilson's is one of nobody who bought, too");
}

Test(experiment_report, a_variant_that_sells_nothing_is_told_from_one_that_does)
{
	static const struct control_guard guard = { CONTROL_CONVERSION, 5 };
	struct control_experiment x = planned(CONTROL_CONVERSION);
	struct experiment_tally some = crowd(1000, 10, 5, 1), nothing = crowd(1000, 0, 5, 1);
	const struct experiment_versus *v = &r.parts[1].versus[CONTROL_CONVERSION];

	x.guards.n = 1;
	x.guards.v = &guard;
	report(&x, some, nothing, none, none, 7);
	cr_assert_eq(r.winner, 0, "%s", r.why);
	cr_assert_eq(r.parts[1].guards[0], GUARD_BROKEN);
	cr_assert(v->known);
	cr_assert_float_eq(v->by.value, -0.1, 1e-12);
	cr_assert_float_eq(v->by.variance, 0.05 * 0.95 * 2 / 1000, 1e-12);
	cr_assert(v->within.low < -0.1 && v->within.high > -0.1 && v->within.high < 0);
	report(&x, nothing, some, none, none, 7);
	cr_assert_eq(r.winner, 1, "%s", r.why);
	report(&x, crowd(1, 100, 0, 1), crowd(24, 25, 0, 1), none, none, 7);
	cr_assert(v->known && v->p > 0.05, "one person is no proof: %g", v->p);
}

Test(experiment_report, revenue_that_is_too_much_to_count_stays_at_the_most)
{
	struct experiment_tally t = { .revenue_micros = INT64_MAX };

	experiment_tally_add(&t, &(struct exposed){ .sessions = 1, .orders = 1, .revenue_micros = 5 });
	cr_assert_eq(t.revenue_micros, INT64_MAX);
}

Test(experiment_report, figures_are_sums_over_people)
{
	struct control_experiment x = planned(CONTROL_CTR);

	report(&x, crowd(1000, 10, 20, 30), crowd(1000, 12, 20, 25), none, none, 7);
	cr_assert_eq(r.people, 2000);
	cr_assert_eq(r.parts[0].tally.impressions, 10000);
	cr_assert_eq(r.parts[0].tally.clicks, 200);
	cr_assert_eq(r.parts[1].tally.orders, 120);
	cr_assert_eq(r.parts[1].tally.buyers, 120);
	cr_assert_eq(r.parts[1].tally.revenue_micros, 3000 * MICROS);
	cr_assert_float_eq(r.parts[0].figures[CONTROL_CTR].of.value, 0.02, 1e-12);
	cr_assert_float_eq(r.parts[1].figures[CONTROL_CONVERSION].of.value, 0.12, 1e-12);
	cr_assert_float_eq(r.parts[1].figures[CONTROL_REVENUE_PER_SESSION].of.value, 1.5, 1e-12);
	cr_assert_float_eq(r.parts[1].versus[CONTROL_REVENUE_PER_SESSION].by.value, 0, 1e-12);
	cr_assert_float_eq(r.parts[1].versus[CONTROL_CONVERSION].by.value, 0.02, 1e-12);
	cr_assert_eq(r.parts[0].versus[CONTROL_CONVERSION].known, false);
	/* all were shown 10 items: a tenth of the share of people that clicked, interval and all */
	cr_assert_float_eq(r.parts[0].figures[CONTROL_CTR].within.high - 0.02, 1.96 * sqrt(0.2 * 0.8 / 1000) / 10,
			   1e-5);
}
