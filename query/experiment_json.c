#include "query/experiment_json.h"

#include "query/figures_internal.h"

static void key_number_or_null(struct json_out *j, const char *key, bool known, double v)
{
	json_out_key(j, key);
	if (known)
		json_out_number(j, v);
	else
		json_out_null(j);
}

static void write_figure(struct json_out *j, const struct experiment_figure *f)
{
	json_out_object(j);
	key_number_or_null(j, "value", f->has_value, f->of.value);
	key_number_or_null(j, "low", f->has_interval, f->within.low);
	key_number_or_null(j, "high", f->has_interval, f->within.high);
	json_out_end_object(j);
}

static void write_versus(struct json_out *j, const struct experiment_versus *v)
{
	json_out_object(j);
	key_number_or_null(j, "diff", v->known, v->by.value);
	key_number_or_null(j, "low", v->known, v->within.low);
	key_number_or_null(j, "high", v->known, v->within.high);
	key_number_or_null(j, "p", v->known, v->p);
	key_number_or_null(j, "pAlways", v->known, v->p_always);
	json_out_end_object(j);
}

static void write_part(struct json_out *j, const struct experiment_part *part, bool is_control)
{
	const struct experiment_tally *t = &part->tally;

	json_out_object(j);
	key_str(j, "name", part->name);
	key_bool(j, "holdout", part->held_out);
	key_int(j, "people", t->people);
	key_int(j, "buyers", t->buyers);
	key_int(j, "sessions", t->sessions);
	key_int(j, "impressions", t->impressions);
	key_int(j, "clicks", t->clicks);
	key_int(j, "orders", t->orders);
	key_micros(j, "revenue", t->revenue_micros);
	for (unsigned m = 0; m < EXPERIMENT_METRICS; m++) {
		json_out_key(j, experiment_metric_name(m));
		write_figure(j, &part->figures[m]);
	}
	json_out_key(j, "versusControl");
	if (is_control) {
		json_out_null(j);
	} else {
		json_out_object(j);
		for (unsigned m = 0; m < EXPERIMENT_METRICS; m++) {
			json_out_key(j, experiment_metric_name(m));
			write_versus(j, &part->versus[m]);
		}
		json_out_end_object(j);
	}
	key_number_or_null(j, "probabilityBest", part->has_best, part->best);
	json_out_end_object(j);
}

static void write_guards(struct json_out *j, const struct experiment_shown *s)
{
	static const char *const states[] = { "unclear", "kept", "broken" };

	json_out_array(j);
	for (unsigned g = 0; g < s->is->guards.n; g++)
		for (unsigned i = 1; i < s->is->variants.n; i++) {
			json_out_object(j);
			key_str(j, "variant", s->report->parts[i].name);
			key_text(j, "metric", experiment_metric_name(s->is->guards.v[g].metric));
			key_number(j, "maxLossPercent", s->is->guards.v[g].max_loss_percent);
			key_text(j, "state", states[s->report->parts[i].guards[g]]);
			json_out_end_object(j);
		}
	json_out_end_array(j);
}

void experiment_write_json(struct json_out *j, const struct experiment_shown *s)
{
	static const char *const statuses[] = { "draft", "running", "stopped" };
	const struct experiment_report *r = s->report;

	json_out_object(j);
	key_str(j, "experiment", s->id);
	key_int(j, "revision", (int64_t)s->revision);
	key_text(j, "status", statuses[s->is->status]);
	key_text(j, "primary", experiment_metric_name(s->is->primary));
	key_int(j, "people", r->people);
	key_int(j, "days", r->days);
	key_time(j, "asOf", s->as_of_ms);
	json_out_key(j, "srm");
	json_out_object(j);
	key_number(j, "chi2", r->fit.chi2);
	key_number(j, "p", r->fit.p);
	key_bool(j, "ok", r->fits);
	json_out_end_object(j);
	json_out_key(j, "variants");
	json_out_array(j);
	for (unsigned i = 0; i < r->part_n; i++)
		write_part(j, &r->parts[i], !i);
	json_out_end_array(j);
	json_out_key(j, "guardRails");
	write_guards(j, s);
	json_out_key(j, "winner");
	if (r->winner < 0)
		json_out_null(j);
	else
		json_out_str(j, r->parts[r->winner].name);
	key_text(j, "why", r->why);
	json_out_end_object(j);
}

/* "ctr", "ctrLow", "ctrHigh" */
static unsigned put_figure(struct figure *ret, const struct experiment_figure *f, unsigned metric)
{
	static const char *const names[EXPERIMENT_METRICS][3] = { { "ctr", "ctrLow", "ctrHigh" },
								  { "conversion", "conversionLow", "conversionHigh" },
								  { "revenuePerSession", "revenuePerSessionLow",
								    "revenuePerSessionHigh" } };

	ret[0] = (struct figure){ names[metric][0], FIGURE_NUMBER, .number = f->of.value, .of = f->has_value };
	ret[1] = (struct figure){ names[metric][1], FIGURE_NUMBER, .number = f->within.low, .of = f->has_interval };
	ret[2] = (struct figure){ names[metric][2], FIGURE_NUMBER, .number = f->within.high, .of = f->has_interval };
	return 3;
}

void experiment_write_csv(struct json_out *j, const struct experiment_shown *s)
{
	static const struct figures_ask ask = { .csv = true };
	struct making m = { .ask = &ask, .out = j };

	for (unsigned i = 0; i < s->report->part_n; i++) {
		const struct experiment_part *part = &s->report->parts[i];
		const struct experiment_tally *t = &part->tally;
		struct figure row[8 + 3 * EXPERIMENT_METRICS + 1] = {
			{ "variant", FIGURE_TEXT, .text = part->name },
			{ "people", FIGURE_COUNT, .n = t->people },
			{ "buyers", FIGURE_COUNT, .n = t->buyers },
			{ "sessions", FIGURE_COUNT, .n = t->sessions },
			{ "impressions", FIGURE_COUNT, .n = t->impressions },
			{ "clicks", FIGURE_COUNT, .n = t->clicks },
			{ "orders", FIGURE_COUNT, .n = t->orders },
			{ "revenue", FIGURE_MONEY, .n = t->revenue_micros },
		};
		unsigned n = 8;

		for (unsigned metric = 0; metric < EXPERIMENT_METRICS; metric++)
			n += put_figure(row + n, &part->figures[metric], metric);
		row[n++] =
			(struct figure){ "probabilityBest", FIGURE_NUMBER, .number = part->best, .of = part->has_best };
		if (!i)
			figures_begin(&m, row, n);
		figures_row(&m, row, n);
	}
}
