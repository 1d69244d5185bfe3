/*
 * figures_internal.h - inside figures*.c: the period that is asked about, and rows as JSON or CSV.
 */
#ifndef AISLE_QUERY_FIGURES_INTERNAL_H
#define AISLE_QUERY_FIGURES_INTERNAL_H

#include "query/figures.h"
#include "query/json_keys.h"
#include "views/engagement.h"

/* One answer being made. */
struct making {
	struct snap *sn;
	const struct figures_ask *ask;
	struct json_out *out;
	struct error *e;
	int64_t watermark_ms;         /* TIME_NONE: the store is empty, and from = to = 0 */
	int64_t from_ms, to_ms, unit; /* whole hours or days (`unit` ms) */
};

enum figure_kind {
	FIGURE_TEXT,
	FIGURE_TIME,
	FIGURE_COUNT,
	FIGURE_MONEY,
	FIGURE_RATIO,
	FIGURE_MONEY_RATIO,
	FIGURE_NUMBER
};

struct figure {
	const char *name;
	enum figure_kind kind;
	struct str text; /* p NULL: null */
	int64_t n, of;   /* a ratio is n / of, null when `of` is 0, as a number is then; money in micros */
	double number;
};

#define FIGURE_ROW_MAX 16

/* An empty text is null. */
static inline struct figure figure_text(const char *name, struct str text)
{
	return (struct figure){ .name = name, .kind = FIGURE_TEXT, .text = { text.n ? text.p : NULL, text.n } };
}

static inline struct figure figure_time(const char *name, int64_t t_ms)
{
	return (struct figure){ .name = name, .kind = FIGURE_TIME, .n = t_ms };
}

static inline struct figure figure_count(const char *name, int64_t n)
{
	return (struct figure){ .name = name, .kind = FIGURE_COUNT, .n = n };
}

static inline struct figure figure_money(const char *name, int64_t micros)
{
	return (struct figure){ .name = name, .kind = FIGURE_MONEY, .n = micros };
}

static inline struct figure figure_ratio(const char *name, int64_t n, int64_t of)
{
	return (struct figure){ .name = name, .kind = FIGURE_RATIO, .n = n, .of = of };
}

/* (now - before) / before */
static inline struct figure figure_growth(const char *name, int64_t now, int64_t before)
{
	return before > 0 ? figure_ratio(name, saturating_add(now, -before), before) : figure_ratio(name, 0, 0);
}

static inline struct figure figure_money_ratio(const char *name, int64_t micros, int64_t of)
{
	return (struct figure){ .name = name, .kind = FIGURE_MONEY_RATIO, .n = micros, .of = of };
}

/* A member that is an object of these. */
void figures_object(struct json_out *j, const char *name, const struct figure *v, unsigned n);
/* A row: an object of the array that is open, or a line. */
void figures_row(struct making *m, const struct figure *v, unsigned n);

/* The members that all answers begin with, and open the array "rows". In CSV the names of `row`, its first line. */
void figures_begin(struct making *m, const struct figure *row, unsigned n);
/* Close "rows"; in CSV nothing, as is figures_end. */
void figures_end_rows(struct making *m);
void figures_end(struct making *m);

/* How many rows the period has by its unit. */
static inline size_t figures_buckets(const struct making *m)
{
	return (size_t)((m->to_ms - m->from_ms) / m->unit);
}

int figures_sales(struct making *m) MUST_CHECK;
int figures_engagement(struct making *m) MUST_CHECK;
int figures_strategies(struct making *m) MUST_CHECK;
int figures_categories(struct making *m) MUST_CHECK;
int figures_segments(struct making *m) MUST_CHECK;
int figures_experiment(struct making *m) MUST_CHECK;
/* Columns of what recommendations led to, beside what the shop sold; returns how many. */
unsigned figures_credit(const struct engagement *e, int64_t shop_micros, struct figure *ret);
/* What the shop sold in the period, and in each of its rows. */
int figures_shop_revenue(struct making *m, int64_t *rows, int64_t *ret_total) MUST_CHECK;
/* "itemsShown", "coverage": how much of so many items people saw; null where that is 0. */
unsigned figures_coverage(int64_t shown, int64_t of, struct figure *ret);
/* The member "recommended": what of so much revenue is credited to recommendations. */
int figures_write_recommended(struct making *m, int64_t revenue_micros) MUST_CHECK;

#endif
