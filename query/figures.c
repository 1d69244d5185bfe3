#include "query/figures_internal.h"

/* ---- rows ---- */

static void write_value(struct json_out *j, const struct figure *v)
{
	char time[32];

	switch (v->kind) {
	case FIGURE_TEXT:
		if (v->text.p)
			json_out_str(j, v->text);
		else
			json_out_null(j);
		break;
	case FIGURE_TIME:
		format_rfc3339(v->n, time);
		json_out_text(j, time);
		break;
	case FIGURE_COUNT:
		json_out_int(j, v->n);
		break;
	case FIGURE_MONEY:
		json_out_micros(j, v->n);
		break;
	case FIGURE_RATIO:
	case FIGURE_MONEY_RATIO:
		if (!v->of)
			json_out_null(j);
		else
			json_out_number(j, (double)v->n / (v->kind == FIGURE_RATIO ? 1 : 1e6) / (double)v->of);
		break;
	case FIGURE_NUMBER:
		if (!v->of)
			json_out_null(j);
		else
			json_out_number(j, v->number);
		break;
	}
}

static void write_object(struct json_out *j, const struct figure *v, unsigned n)
{
	json_out_object(j);
	for (unsigned i = 0; i < n; i++) {
		json_out_key(j, v[i].name);
		write_value(j, &v[i]);
	}
	json_out_end_object(j);
}

void figures_object(struct json_out *j, const char *name, const struct figure *v, unsigned n)
{
	json_out_key(j, name);
	write_object(j, v, n);
}

/* Text without commas of its own between values. */
static void put(struct json_out *j, struct str text)
{
	j->comma = false;
	json_out_raw(j, text);
}

/* RFC 4180: quoted when it must be, quotes doubled. */
static void put_cell(struct json_out *j, struct str text)
{
	bool quoted = false;

	for (uint32_t i = 0; i < text.n && !quoted; i++)
		quoted = memchr(",\"\r\n", text.p[i], 4) != NULL;
	if (!quoted) {
		put(j, text);
		return;
	}
	put(j, STR("\""));
	for (uint32_t i = 0; i < text.n; i++)
		put(j, text.p[i] == '"' ? STR("\"\"") : (struct str){ text.p + i, 1 });
	put(j, STR("\""));
}

static void put_value(struct json_out *j, const struct figure *v)
{
	char time[32];

	j->comma = false;
	if (v->kind == FIGURE_TEXT) {
		put_cell(j, v->text.p ? v->text : STR(""));
	} else if (v->kind == FIGURE_TIME) {
		format_rfc3339(v->n, time);
		put(j, str_of(time));
	} else if (v->kind < FIGURE_RATIO || v->of) {
		write_value(j, v);
	}
}

static void put_line(struct json_out *j, const struct figure *v, unsigned n, bool names)
{
	for (unsigned i = 0; i < n; i++) {
		if (i)
			put(j, STR(","));
		if (names)
			put(j, str_of(v[i].name));
		else
			put_value(j, &v[i]);
	}
	put(j, STR("\r\n"));
}

void figures_row(struct making *m, const struct figure *v, unsigned n)
{
	if (m->ask->csv)
		put_line(m->out, v, n, false);
	else
		write_object(m->out, v, n);
}

void figures_begin(struct making *m, const struct figure *row, unsigned n)
{
	struct json_out *j = m->out;
	bool none = m->from_ms == m->to_ms;

	if (m->ask->csv) {
		put_line(j, row, n, true);
		return;
	}
	json_out_object(j);
	key_time(j, "from", none ? TIME_NONE : m->from_ms);
	key_time(j, "to", none ? TIME_NONE : m->to_ms);
	key_time(j, "asOf", m->watermark_ms);
	json_out_key(j, "rows");
	json_out_array(j);
}

void figures_end_rows(struct making *m)
{
	if (!m->ask->csv)
		json_out_end_array(m->out);
}

void figures_end(struct making *m)
{
	if (!m->ask->csv)
		json_out_end_object(m->out);
}

/* ---- the period ---- */

static int set_period(struct making *m)
{
	const struct figures_ask *ask = m->ask;
	int64_t end = m->watermark_ms == TIME_NONE ? 0 : (time_bucket(m->watermark_ms, MS_PER_DAY) + 1) * MS_PER_DAY;

	m->unit = ask->by & BY_HOUR ? MS_PER_HOUR : MS_PER_DAY;
	m->to_ms = ask->to_ms == TIME_NONE ? end : ask->to_ms;
	if (ask->to_ms == TIME_NONE && ask->from_ms >= end) /* today, and nothing has happened yet */
		m->to_ms = ask->from_ms + 1;
	m->from_ms = ask->from_ms == TIME_NONE ? m->to_ms - FIGURES_DAYS_DEFAULT * MS_PER_DAY : ask->from_ms;
	if (m->from_ms < 0)
		m->from_ms = 0;
	m->from_ms = time_bucket(m->from_ms, m->unit) * m->unit;
	m->to_ms = time_bucket(m->to_ms + m->unit - 1, m->unit) * m->unit;
	/* a store without events has a period of nothing, nobody asks for one */
	if (m->to_ms < m->from_ms || (m->to_ms == m->from_ms && ask->to_ms != TIME_NONE))
		return error_set(m->e, ERR_BAD_REQUEST, "from", "'from' is not before 'to'");
	if (figures_buckets(m) > FIGURES_ROWS_MAX)
		return error_set(m->e, ERR_BAD_REQUEST, "from",
				 "the period has more than %d rows: ask for a shorter one, or by=day",
				 FIGURES_ROWS_MAX);
	return 0;
}

int figures_make(struct snap *sn, const struct figures_ask *ask, struct json_out *ret, struct error *e)
{
	static int (*const makers[FIGURES_KINDS])(struct making *) = {
		[FIGURES_SALES] = figures_sales,           [FIGURES_ENGAGEMENT] = figures_engagement,
		[FIGURES_STRATEGIES] = figures_strategies, [FIGURES_CATEGORIES] = figures_categories,
		[FIGURES_SEGMENTS] = figures_segments,     [FIGURES_EXPERIMENT] = figures_experiment,
	};
	struct making m = { .sn = sn, .ask = ask, .out = ret, .e = e };
	int rc = snap_watermark(sn, &m.watermark_ms);

	json_out_reset(ret);
	if (rc == 0)
		rc = set_period(&m);
	return rc ? rc : makers[ask->kind](&m);
}
