/* Who is in which experiment, and with which variant. */
#include "query/experiment.h"
#include "query/stats.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define PEOPLE 50000
#define NOW (20000 * MS_PER_DAY)
#define OUT 99 /* in no experiment */

static const struct control_variant two[] = { { .name = { "a", 1 }, .weight = 1 },
					      { .name = { "b", 1 }, .weight = 1 } };
static const struct control_variant three[] = { { .name = { "a", 1 }, .weight = 5 },
						{ .name = { "b", 1 }, .weight = 3 },
						{ .name = { "c", 1 }, .weight = 2 } };

static struct control_experiment running(const char *layer)
{
	return (struct control_experiment){ .layer = str_of(layer),
					    .status = CONTROL_RUNNING,
					    .variants = { 2, two },
					    .traffic_percent = 100,
					    .started_ms = CONTROL_TIME_NONE,
					    .stopped_ms = CONTROL_TIME_NONE };
}

/* Of each person: experiment * 10 + variant, or OUT; at a placement where one counts. */
static unsigned char got[2][PEOPLE];

static unsigned ask(const struct experiments *es, const char *user, struct experiment_choice ret[EXPERIMENTS_AT_ONCE])
{
	return experiments_choose(es,
				  &(struct experiment_asked){
					  .placement = STR("home"), .user_id = str_of(user), .now_ms = NOW },
				  ret);
}

static void draw_all(const struct experiment *e, unsigned n, unsigned char ret[PEOPLE])
{
	struct experiments *es = experiments_new(e, n);

	for (int i = 0; i < PEOPLE; i++) {
		struct experiment_choice c[EXPERIMENTS_AT_ONCE];
		char user[16];

		snprintf(user, sizeof(user), "u%d", i);
		ret[i] = ask(es, user, c) ? (unsigned char)(c[0].experiment * 10 + c[0].variant) : OUT;
	}
	experiments_free(es);
}

static void draw_one(const char *id, const struct control_experiment *x, unsigned char ret[PEOPLE])
{
	draw_all(&(struct experiment){ str_of(id), x }, 1, ret);
}

static int64_t count(const unsigned char *of, unsigned what)
{
	int64_t n = 0;

	for (int i = 0; i < PEOPLE; i++)
		n += of[i] == what;
	return n;
}

Test(experiment, splits_people_by_weight)
{
	struct control_experiment x = running("default");
	int64_t people[4];

	x.variants.n = 3;
	x.variants.v = three;
	draw_one("colour", &x, got[0]);
	for (unsigned v = 0; v < 3; v++)
		people[v] = count(got[0], v);
	cr_assert_eq(people[0] + people[1] + people[2], PEOPLE);
	cr_assert_gt(stats_fit(people, (const double[]){ 5, 3, 2 }, 3).p, 0.01, "%ld %ld %ld", people[0], people[1],
		     people[2]);
	x.traffic_percent = 40;
	x.holdout_percent = 25;
	draw_one("colour", &x, got[0]);
	for (unsigned v = 0; v < 3; v++)
		people[v] = count(got[0], v);
	people[3] = count(got[0], EXPERIMENT_HOLDOUT);
	cr_assert_gt(stats_fit(people, (const double[]){ 0.75 * 5, 0.75 * 3, 0.75 * 2, 0.25 * 10 }, 4).p, 0.01);
	people[0] += people[1] + people[2] + people[3];
	people[1] = count(got[0], OUT);
	cr_assert_gt(stats_fit(people, (const double[]){ 40, 60 }, 2).p, 0.01, "%ld in", people[0]);
}

Test(experiment, keeps_everybody_when_traffic_grows)
{
	struct control_experiment x = running("default");
	int64_t came = 0;

	for (x.traffic_percent = 0; x.traffic_percent <= 100; x.traffic_percent += 20) {
		memcpy(got[1], got[0], sizeof(got[1]));
		draw_one("colour", &x, got[0]);
		for (int i = 0; i < PEOPLE && x.traffic_percent > 0; i++) {
			cr_assert(got[1][i] == OUT || got[1][i] == got[0][i], "u%d had %u, has %u", i, got[1][i],
				  got[0][i]);
			came += got[1][i] == OUT && got[0][i] != OUT;
		}
	}
	cr_assert_eq(came, PEOPLE);
}

Test(experiment, holding_people_out_moves_nobody_else)
{
	struct control_experiment x = running("default");
	int64_t held = 0;

	draw_one("colour", &x, got[0]);
	x.holdout_percent = 10;
	draw_one("colour", &x, got[1]);
	for (int i = 0; i < PEOPLE; i++) {
		held += got[1][i] == EXPERIMENT_HOLDOUT;
		cr_assert(got[1][i] == EXPERIMENT_HOLDOUT || got[1][i] == got[0][i]);
	}
	cr_assert(held > PEOPLE * 9 / 100 && held < PEOPLE * 11 / 100, "%ld", held);
}

/* People by both draws, against what it would be if one said nothing about the other. */
static double independence(void)
{
	int64_t people[4] = { 0 };

	for (int i = 0; i < PEOPLE; i++)
		people[(got[0][i] % 10) * 2 + got[1][i] % 10]++;
	return stats_fit(people, (const double[]){ 1, 1, 1, 1 }, 4).p;
}

Test(experiment, says_nothing_about_another)
{
	struct control_experiment x = running("default"), y = running("other");

	draw_one("colour", &x, got[0]);
	draw_one("colour-2", &x, got[1]);
	cr_assert_gt(independence(), 0.01);
	draw_one("colour", &x, got[1]);
	cr_assert_lt(independence(), 1e-9, "the same twice is seen");
	/* in by half the traffic of one, variant of the other */
	x.traffic_percent = 50;
	draw_one("size", &x, got[0]);
	draw_one("place", &y, got[1]);
	for (int i = 0; i < PEOPLE; i++)
		got[0][i] = got[0][i] == OUT;
	cr_assert_gt(independence(), 0.01);
}

Test(experiment, of_a_layer_takes_nobody_from_one_that_started_before)
{
	struct control_experiment old = running("default"), young = running("default");
	struct experiment both[] = { { STR("b-old"), &old }, { STR("a-young"), &young } };
	int64_t in_young;

	old.started_ms = NOW - 2 * MS_PER_DAY;
	old.traffic_percent = 30;
	young.traffic_percent = 50;
	draw_all(both, 1, got[0]);
	draw_all(both, 2, got[1]);
	for (int i = 0; i < PEOPLE; i++)
		cr_assert(got[0][i] == OUT || got[0][i] == got[1][i], "u%d left the old one", i);
	in_young = count(got[1], 10) + count(got[1], 11);
	cr_assert(in_young > PEOPLE * 34 / 100 && in_young < PEOPLE * 36 / 100, "half of the 70 %%: %ld", in_young);
	/* the old one ends: nobody leaves the young one */
	old.status = CONTROL_STOPPED;
	draw_all(both, 2, got[0]);
	for (int i = 0; i < PEOPLE; i++)
		cr_assert(got[1][i] < 10 || got[1][i] == got[0][i], "u%d left the young one", i);
	/* that one started, too, and before: it is the first to choose */
	old.status = CONTROL_RUNNING;
	young.started_ms = NOW - 3 * MS_PER_DAY;
	draw_all(both, 2, got[1]);
	for (int i = 0; i < PEOPLE; i++)
		cr_assert(got[0][i] == OUT || got[0][i] == got[1][i]);
}

/* "0a 1b" for u: experiments and variants by index, * when it is not counted. */
static const char *said(const struct experiment *e, unsigned n, struct experiment_asked asked)
{
	static char text[64];
	struct experiments *es = experiments_new(e, n);
	struct experiment_choice c[EXPERIMENTS_AT_ONCE];
	size_t at = 0;

	asked.now_ms = asked.now_ms ? asked.now_ms : NOW;
	n = experiments_choose(es, &asked, c);
	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u%.1s%s", i ? " " : "", c[i].experiment,
				       experiment_variant_name(e[c[i].experiment].is, c[i].variant).p,
				       c[i].counts ? "" : "*");
	experiments_free(es);
	return text;
}

#define SAID(n, ...) said(all, n, (struct experiment_asked){ __VA_ARGS__ })

Test(experiment, allow_list_is_stronger_than_all_else_and_is_not_counted)
{
	static const struct str home = { "home", 4 };
	static const struct control_allowed allowed[] = { { .user_id = { "boss", 4 }, .variant = { "b", 1 } },
							  { .visitor_id = { "v7", 2 }, .variant = { "a", 1 } },
							  { .user_id = { "old", 3 }, .variant = { "holdout", 7 } } };
	struct control_experiment first = running("default"), draft = running("default");
	struct experiment all[] = { { STR("first"), &first }, { STR("next"), &draft } };

	draft.status = CONTROL_DRAFT;
	draft.traffic_percent = 0;
	draft.placements = (struct control_texts){ 1, &home };
	draft.allow.n = ARRAY_SIZE(allowed);
	draft.allow.v = allowed;
	cr_assert_str_eq(SAID(2, .placement = home, .user_id = STR("boss")), "1b*");
	cr_assert_str_eq(SAID(2, .placement = home, .visitor_id = STR("v7")), "1a*");
	cr_assert_str_eq(SAID(2, .placement = home, .user_id = STR("u1"), .visitor_id = STR("v7")), "1a*");
	cr_assert_str_eq(SAID(2, .placement = home, .user_id = STR("old")), "1h*");
	cr_assert_str_eq(SAID(2, .placement = STR("cart"), .user_id = STR("boss")), "",
			 "the layer's, and not placed here");
	cr_assert_neq(SAID(2, .placement = home, .user_id = STR("v7"))[0], '1', "a user is no visitor");
}

Test(experiment, allow_lists_of_a_layer_are_each_for_their_placements)
{
	static const struct str home = { "home", 4 }, cart = { "cart", 4 };
	static const struct control_allowed boss = { .user_id = { "boss", 4 }, .variant = { "b", 1 } };
	struct control_experiment x[] = { running("default"), running("default") };
	struct experiment all[] = { { STR("first"), &x[0] }, { STR("next"), &x[1] } };

	x[0].placements = (struct control_texts){ 1, &home };
	x[1].placements = (struct control_texts){ 1, &cart };
	x[0].allow.n = x[1].allow.n = 1;
	x[0].allow.v = x[1].allow.v = &boss;
	cr_assert_str_eq(SAID(2, .placement = home, .user_id = STR("boss")), "0b*");
	cr_assert_str_eq(SAID(2, .placement = cart, .user_id = STR("boss")), "1b*");
	cr_assert_str_eq(SAID(2, .placement = STR("search"), .user_id = STR("boss")), "");
}

Test(experiment, is_for_its_placements_time_and_status)
{
	static const struct str places[] = { { "home", 4 }, { "cart", 4 } };
	struct control_experiment x = running("default");
	struct experiment all[] = { { STR("x"), &x } };

	cr_assert_str_neq(SAID(1, .placement = STR("search"), .user_id = STR("u")), "");
	cr_assert_str_eq(SAID(1, .placement = STR("trending"), .is_strategy = true, .user_id = STR("u")), "",
			 "not of every placement is what is one list");
	x.placements = (struct control_texts){ 2, places };
	cr_assert_str_neq(SAID(1, .placement = STR("cart"), .is_strategy = true, .user_id = STR("u")), "");
	cr_assert_str_eq(SAID(1, .placement = STR("search"), .user_id = STR("u")), "");
	cr_assert_str_neq(SAID(1, .placement = STR("cart"), .user_id = STR("u")), "");
	cr_assert_str_neq(SAID(1, .placement = STR("cart"), .visitor_id = STR("u")), "");
	cr_assert_str_eq(SAID(1, .placement = STR("cart")), "", "nobody");
	cr_assert_str_eq(SAID(0, .placement = STR("cart"), .user_id = STR("u")), "", "no experiment");
	x.started_ms = NOW;
	x.stopped_ms = NOW + 5;
	cr_assert_str_eq(SAID(1, .placement = STR("cart"), .user_id = STR("u"), .now_ms = NOW - 1), "");
	cr_assert_str_neq(SAID(1, .placement = STR("cart"), .user_id = STR("u"), .now_ms = NOW), "");
	cr_assert_str_neq(SAID(1, .placement = STR("cart"), .user_id = STR("u"), .now_ms = NOW + 4), "");
	cr_assert_str_eq(SAID(1, .placement = STR("cart"), .user_id = STR("u"), .now_ms = NOW + 5), "");
	x.stopped_ms = CONTROL_TIME_NONE;
	x.status = CONTROL_DRAFT;
	cr_assert_str_eq(SAID(1, .placement = STR("cart"), .user_id = STR("u")), "");
	x.status = CONTROL_STOPPED;
	cr_assert_str_eq(SAID(1, .placement = STR("cart"), .user_id = STR("u")), "");
}

Test(experiment, of_several_layers_count_the_first_two)
{
	struct control_experiment l[] = { running("m"), running("b"), running("z"), running("b") };
	struct experiment all[] = {
		{ STR("m"), &l[0] }, { STR("b2"), &l[1] }, { STR("z"), &l[2] }, { STR("b1"), &l[3] }
	};
	static const struct str cart = { "cart", 4 };
	const char *text = SAID(4, .placement = STR("home"), .user_id = STR("u1"));

	cr_assert(text[0] == '3' && text[3] == '0' && strlen(text) == 5, "%s", text);
	l[3].placements = (struct control_texts){ 1, &cart };
	text = SAID(4, .placement = STR("home"), .user_id = STR("u1"));
	cr_assert(text[0] == '0' && text[3] == '2' && strlen(text) == 5, "layer b is taken elsewhere: %s", text);
}

/* What was given once is given for ever: other numbers would move everybody in every experiment. */
Test(experiment, variants_are_those_of_every_version)
{
	struct control_experiment x = running("default");
	struct experiment all[] = { { STR("colour"), &x } };
	char text[21] = "";

	x.variants.n = 3;
	x.variants.v = three;
	x.traffic_percent = 80;
	for (int i = 0; i < 20; i++) {
		char user[16];
		const char *got_now;

		snprintf(user, sizeof(user), "u%d", i);
		got_now = SAID(1, .placement = STR("home"), .user_id = str_of(user));
		text[i] = got_now[0] ? got_now[1] : '-';
	}
	cr_assert_str_eq(text, "aab-a-abbcc------b--", "%s", text);
}
