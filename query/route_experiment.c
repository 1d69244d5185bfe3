#include "query/experiment_json.h"
#include "query/figures.h"
#include "query/http_later.h"
#include "query/http_query.h"
#include "views/config.h"

#include <stdlib.h>

/* What is asked and what comes of it, on the way to a thread and back. */
struct asked_report {
	char id[CONTROL_ID_MAX + 1];
	bool csv;
	int rc;
	struct error e;
	struct json_out out;
};

struct counting {
	const struct control_experiment *is;
	struct experiment_tally tallies[EXPERIMENT_PARTS_MAX];
	int64_t first_ms;
};

/* A variant that the document has no more is left out. */
static int count_person(void *arg, struct str variant, uint32_t actor, const struct exposed *p)
{
	struct counting *c = arg;
	unsigned i = 0;

	(void)actor;
	while (i < c->is->variants.n && !str_eq(c->is->variants.v[i].name, variant))
		i++;
	if (i == c->is->variants.n && !str_eq(variant, STR(CONTROL_HOLDOUT)))
		return 0;
	experiment_tally_add(&c->tallies[i == c->is->variants.n ? EXPERIMENT_HOLDOUT : i], p);
	if (p->first_ms < c->first_ms)
		c->first_ms = p->first_ms;
	return 0;
}

static int write_report(struct asked_report *a, struct snap *sn)
{
	struct counting c = { .first_ms = INT64_MAX };
	struct experiment_shown shown = { .id = str_of(a->id), .as_of_ms = TIME_NONE };
	struct experiment_report report;
	struct control *doc = NULL;
	struct config_row row;
	int rc = config_get(sn, CONTROL_EXPERIMENT, shown.id, &row);

	if (!rc)
		rc = control_parse(CONTROL_EXPERIMENT, row.document, &doc, &a->e);
	if (!rc)
		rc = snap_watermark(sn, &shown.as_of_ms);
	if (rc)
		goto out;
	shown.revision = row.revision;
	c.is = shown.is = &doc->experiment;
	rc = experiment_people(sn, shown.id, count_person, &c);
	if (rc)
		goto out;
	experiment_report(shown.is, c.tallies, c.first_ms, shown.as_of_ms, &report);
	shown.report = &report;
	if (a->csv)
		experiment_write_csv(&a->out, &shown);
	else
		experiment_write_json(&a->out, &shown);
out:
	control_free(doc);
	return rc;
}

static void work(void *arg, struct snap *sn)
{
	struct asked_report *a = arg;

	a->rc = write_report(a, sn);
}

static void answer(struct http_req *rq, void *arg)
{
	struct asked_report *a = arg;

	if (!a->rc) {
		http_header(rq, "cache-control", "no-store");
		http_reply(rq, 200, a->csv ? FIGURES_CSV_TYPE : "application/json",
			   (struct str){ a->out.p, (uint32_t)a->out.n });
	} else if (a->rc == ERR_NOT_FOUND) {
		http_refuse(rq, PROBLEM_UNKNOWN_DOCUMENT, "id", "there is no experiment '%s'", a->id);
	} else {
		http_refuse_error(rq, a->rc, &a->e);
	}
}

static void free_report(void *arg)
{
	struct asked_report *a = arg;

	json_out_fini(&a->out);
	free(a);
}

/* format=json or csv, the only parameter; false: it was refused. */
static bool take_format(struct http_req *rq, bool *csv)
{
	struct str rest = rq->query, name, value;
	bool given = false;

	while (query_next(&rest, &name, &value)) {
		if (!str_eq(name, STR("format"))) {
			http_refuse_parameter(rq, name, "a report takes format");
			return false;
		}
		*csv = str_eq(value, STR("csv"));
		if (given || !(*csv || str_eq(value, STR("json")))) {
			http_refuse(rq, PROBLEM_BAD_PARAMETER, "format", "'format' must be json or csv, once");
			return false;
		}
		given = true;
	}
	return true;
}

/* GET /v1/analytics/experiments/{id} */
void route_experiment(struct http_req *rq)
{
	static const struct later_ops ops = { work, answer, free_report };
	bool csv = http_accepts(rq, "text/csv");
	struct asked_report *a;

	if (!take_format(rq, &csv))
		return;
	if (!control_id_valid(rq->params[0])) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "id", "an id has 1 to %d bytes of a-z, 0-9 and '-'",
			    CONTROL_ID_MAX);
		return;
	}
	a = xcalloc(1, sizeof(*a));
	a->csv = csv;
	memcpy(a->id, rq->params[0].p, rq->params[0].n);
	http_later(rq, &ops, a);
}
