/*
 * figures.h - what went on in a period, counted: the answers of /v1/analytics, as JSON or as CSV. Each is a function of
 * one snapshot.
 *
 * Counts and money are exact; a ratio of two of them is null when there is nothing to divide by. Rows of a period by hour
 * or day have all of its hours or days, also those in which nothing happened.
 * Thread: any (a snapshot has one thread); too slow for an event loop (http_later.h).
 */
#ifndef AISLE_QUERY_FIGURES_H
#define AISLE_QUERY_FIGURES_H

#include "schemas/control.h"
#include "schemas/error.h"
#include "schemas/json_out.h"
#include "views/store.h"

#define FIGURES_ROWS_MAX 50000    /* of one answer */
#define FIGURES_PEOPLE_MAX 500000 /* who came in a period, by segment: some 3 s of the figures' thread at most */
#define FIGURES_DAYS_DEFAULT 28
#define FIGURES_CSV_TYPE "text/csv; charset=utf-8; header=present"

enum figures_kind {
	FIGURES_SALES,
	FIGURES_ENGAGEMENT,
	FIGURES_STRATEGIES,
	FIGURES_CATEGORIES,
	FIGURES_SEGMENTS,
	FIGURES_EXPERIMENT, /* experiment_report.h */
	FIGURES_SERVICE,    /* figures_service.h */
	FIGURES_KINDS
};

enum { BY_HOUR = 1, BY_DAY = 2, BY_SCENARIO = 4, BY_STRATEGY = 8, BY_VARIANT = 16 };

struct figures_ask {
	enum figures_kind kind;
	int64_t from_ms, to_ms;      /* TIME_NONE: FIGURES_DAYS_DEFAULT days to the end of the watermark's */
	unsigned by;                 /* BY_ bits, the last three of strategies only; 0: day, of strategies all in one */
	bool csv;                    /* the rows alone */
	char id[CONTROL_ID_MAX + 1]; /* of the experiment; a report has no period */
};

/* 0 and the answer in *ret; BAD_REQUEST with e->field, NOT_FOUND (there is no such experiment), or an error of the store. */
int figures_make(struct snap *sn, const struct figures_ask *ask, struct json_out *ret, struct error *e) MUST_CHECK;

#endif
