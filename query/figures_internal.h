/*
 * figures_internal.h - inside figures*.c: the period that is asked about, and rows as JSON or CSV.
 */
#ifndef AISLE_QUERY_FIGURES_INTERNAL_H
#define AISLE_QUERY_FIGURES_INTERNAL_H

#include "query/figures.h"
#include "query/json_keys.h"

/* One answer being made. */
struct making {
	struct snap *sn;
	const struct figures_ask *ask;
	struct json_out *out;
	struct error *e;
	int64_t watermark_ms;         /* TIME_NONE: the store is empty, and from = to = 0 */
	int64_t from_ms, to_ms, unit; /* whole hours or days (`unit` ms) */
	bool headed;                  /* CSV: the first line is written */
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

/* A member of a JSON object. */
void figure_write(struct json_out *j, const struct figure *v);
/* A row: an object of the array that is open, or a line. */
void figures_row(struct making *m, const struct figure *v, unsigned n);

/* The members that all answers begin with, and open the array "rows". In CSV nothing, as all else but figures_row. */
void figures_begin(struct making *m);
/* Close "rows". */
void figures_end_rows(struct making *m);
void figures_end(struct making *m);

/* How many rows the period has by its unit. */
static inline size_t figures_buckets(const struct making *m)
{
	return (size_t)((m->to_ms - m->from_ms) / m->unit);
}

int figures_sales(struct making *m) MUST_CHECK;
int figures_engagement(struct making *m) MUST_CHECK;

#endif
