/* A document made ready: its filters parsed, its strategies found. */
#include "schemas/suggest.h"
#include "query/control_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_MAX_BYTES sizeof(((struct error *)NULL)->field)

/* ---- filters ---- */

typedef int (*parse)(struct filter_pool *pool, const char *field, struct str text, struct filter *ret, struct error *e);

/* `path` is that of the filter. */
static int keep_filter(struct control_doc *d, struct filter_space *space, parse parse_filter, const char *path,
		       struct str text)
{
	int rc;

	if (!text.n)
		return 0;
	filter_space_clear(space);
	rc = parse_filter(&space->pool, path, text, &d->filter, &d->problem);
	if (rc)
		return rc;
	d->pool = filter_pool_pack(&space->pool);
	d->has_filter = true;
	return 0;
}

/* ---- scenarios ---- */

static int find_strategy(const char *before, unsigned i, const struct control_link *link, struct chain_link *ret,
			 struct error *e)
{
	char path[PATH_MAX_BYTES];
	const char *near = NULL;

	ret->strategy = strategy_find(link->strategy, &near);
	ret->share = link->share;
	if (ret->strategy)
		return 0;
	snprintf(path, sizeof(path), "%schain[%u].strategy", before, i);
	if (near)
		snprintf(e->suggestion, sizeof(e->suggestion), "%s", near);
	return error_set(e, ERR_BAD_CONFIG, path, "there is no strategy '%.*s'; GET /v1/strategies lists them",
			 STR_FMT(link->strategy));
}

/* Its conditions are parsed with each request, whose own stand beside them: here they are only looked at. */
static int check_conditions(const char *before, const struct control_scenario *sc, struct filter_space *space,
			    struct error *e)
{
	char path[PATH_MAX_BYTES];
	struct filter f;
	int rc = 0;

	filter_space_clear(space);
	snprintf(path, sizeof(path), "%sfilter", before);
	if (sc->filter.n)
		rc = filter_parse(&space->pool, path, sc->filter, &f, e);
	for (unsigned i = 0; i < sc->boost.n && !rc; i++) {
		snprintf(path, sizeof(path), "%sboost[%u].filter", before, i);
		rc = filter_parse(&space->pool, path, sc->boost.v[i].filter, &f, e);
	}
	return rc;
}

static int make_part(const char *before, const struct control_scenario *sc, struct filter_space *space,
		     struct scenario_part *ret, struct error *e)
{
	int rc = 0;

	ret->of = sc;
	for (unsigned i = 0; i < sc->requires.n; i++)
		ret->required |= input_bit(sc->requires.v[i]);
	for (unsigned i = 0; i < sc->chain.n && !rc; i++) {
		rc = find_strategy(before, i, &sc->chain.v[i], &ret->chain[i], e);
		if (!rc)
			ret->inputs |= ret->chain[i].strategy->inputs;
	}
	return rc ? rc : check_conditions(before, sc, space, e);
}

/* A request would be refused by chance. */
static int check_requires(const struct control_experiment *ex, struct error *e)
{
	char path[PATH_MAX_BYTES];

	for (unsigned i = 0; i < ex->variants.n; i++) {
		if (!(ex->variants.v[i].scenario.given & SCENARIO_REQUIRES))
			continue;
		snprintf(path, sizeof(path), "variants[%u].scenario.requires", i);
		return error_set(e, ERR_BAD_CONFIG, path,
				 "all variants of a placement require the same: put it into the scenario");
	}
	return 0;
}

static int make_variants(struct control_doc *d, struct filter_space *space)
{
	const struct control_experiment *ex = &d->is->experiment;
	int rc = check_requires(ex, &d->problem);

	d->parts = xcalloc(ex->variants.n, sizeof(*d->parts));
	for (unsigned i = 0; i < ex->variants.n && !rc; i++) {
		char before[PATH_MAX_BYTES];

		snprintf(before, sizeof(before), "variants[%u].scenario.", i);
		rc = make_part(before, &ex->variants.v[i].scenario, space, &d->parts[i], &d->problem);
	}
	return rc;
}

static char *copy_of(struct str s)
{
	return s.n ? xstrndup(s.p, s.n) : NULL;
}

static int make_scenario(struct control_doc *d, struct filter_space *space)
{
	if (strategy_find(str_of(d->id), NULL))
		return error_set(&d->problem, ERR_BAD_CONFIG, "id", "'%s' is the name of a strategy", d->id);
	d->meaning = copy_of(d->is->description.n ? d->is->description : d->is->name);
	d->filter_text = copy_of(d->is->scenario.filter);
	d->parts = xcalloc(1, sizeof(*d->parts));
	return make_part("", &d->is->scenario, space, d->parts, &d->problem);
}

/* ---- rules ---- */

static const char *action_path(const struct control_action *a)
{
	switch (a->effect) {
	case CONTROL_EXCLUDE:
		return "action.exclude.filter";
	case CONTROL_BOOST:
		return "action.boost.filter";
	case CONTROL_BURY:
		return "action.bury.filter";
	case CONTROL_QUOTA:
		return "action.quota.filter";
	default:
		return "action.filter";
	}
}

/* One without a name would be that of all. */
static int check_categories(const struct control_texts *categories, struct error *e)
{
	for (uint32_t i = 0; i < categories->n; i++) {
		struct str raw = categories->v[i];
		char path[PATH_MAX_BYTES], *room = xmalloc(CATEGORY_JOINED_MAX(raw.n) + 1);
		bool has_name = category_join(raw, room).n;

		free(room);
		if (has_name)
			continue;
		snprintf(path, sizeof(path), "categories[%u]", i);
		return error_set(e, ERR_BAD_CONFIG, path, "a category has a name");
	}
	return 0;
}

static int make_rule(struct control_doc *d, struct filter_space *space)
{
	const struct control_rule *rule = &d->is->rule;
	int rc = check_categories(&rule->categories, &d->problem);

	return rc ? rc : keep_filter(d, space, filter_parse, action_path(&rule->action), rule->action.filter);
}

/* ---- all of them ---- */

static int make(struct control_doc *d, struct filter_space *space)
{
	switch (d->kind) {
	case CONTROL_SCENARIO:
		return make_scenario(d, space);
	case CONTROL_RULE:
		return make_rule(d, space);
	case CONTROL_EXPERIMENT:
		return make_variants(d, space);
	case CONTROL_OFFER:
	case CONTROL_PROMOTION:
		return keep_filter(d, space, filter_parse, "filter", d->is->offer.filter);
	case CONTROL_SEGMENT:
		return keep_filter(d, space, filter_parse_person, "filter", d->is->segment.filter);
	default:
		return 0;
	}
}

struct control_doc *control_doc_make(const struct control_change *change)
{
	struct control_doc *d = xcalloc(1, sizeof(*d));
	struct filter_space *space;

	atomic_init(&d->refs, 1);
	d->kind = change->kind;
	snprintf(d->id, sizeof(d->id), "%.*s", STR_FMT(change->id));
	if (control_parse(change->kind, change->document, &d->is, &d->problem) == 0) {
		space = xmalloc(sizeof(*space));
		if (make(d, space) != 0)
			d->problem.code = ERR_BAD_CONFIG;
		free(space);
	}
	return d;
}

struct control_doc *control_doc_ref(struct control_doc *d)
{
	atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	return d;
}

void control_doc_unref(struct control_doc *d)
{
	if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
		return;
	control_free(d->is);
	free(d->pool);
	free(d->parts);
	free(d->meaning);
	free(d->filter_text);
	free(d);
}

bool control_doc_counts(const struct control_doc *d)
{
	return d->is && !d->problem.code && d->is->enabled;
}
