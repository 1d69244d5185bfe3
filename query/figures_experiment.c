/* The report of an experiment, from its document and its people. */
#include "query/experiment_json.h"
#include "query/figures_internal.h"
#include "views/config.h"

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

int figures_experiment(struct making *m)
{
	struct counting c = { .first_ms = INT64_MAX };
	struct experiment_report report;
	struct experiment_shown shown = { .id = str_of(m->ask->id), .as_of_ms = m->watermark_ms, .report = &report };
	struct control *doc = NULL;
	struct config_row row;
	int rc = config_get(m->sn, CONTROL_EXPERIMENT, shown.id, &row);

	if (!rc)
		rc = control_parse(CONTROL_EXPERIMENT, row.document, &doc, m->e);
	if (rc)
		return rc;
	shown.revision = row.revision;
	c.is = shown.is = &doc->experiment;
	rc = experiment_people(m->sn, shown.id, count_person, &c);
	if (!rc) {
		experiment_report(shown.is, c.tallies, c.first_ms, m->watermark_ms, &report);
		if (m->ask->csv)
			experiment_write_csv(m->out, &shown);
		else
			experiment_write_json(m->out, &shown);
	}
	control_free(doc);
	return rc;
}
