/*
 * experiment_json.h - the report of an experiment as GET /v1/analytics/experiments/{id} answers it: JSON, or a line of CSV
 * for each variant. Thread: any.
 */
#ifndef AISLE_QUERY_EXPERIMENT_JSON_H
#define AISLE_QUERY_EXPERIMENT_JSON_H

#include "query/experiment_report.h"
#include "schemas/json_out.h"

struct experiment_shown {
	struct str id;
	uint64_t revision;
	int64_t as_of_ms; /* watermark; TIME_NONE in an empty store */
	const struct control_experiment *is;
	const struct experiment_report *report;
};

void experiment_write_json(struct json_out *j, const struct experiment_shown *s);
void experiment_write_csv(struct json_out *j, const struct experiment_shown *s);

#endif
