#include "query/next_calibrate.h"
#include "query/next.h"
#include "schemas/error.h"

#include <stdlib.h>

struct calibrating {
	struct next_source source;
	struct next_options options;
	struct next_work work;
	struct next_calibration *ret;
};

static const struct next_candidate *best_new(const struct next_work *w)
{
	const struct next_candidate *best = NULL;

	for (size_t i = 0; i < w->v_n; i++)
		if (w->v[i].rate < 0 && w->v[i].share > 0 && (!best || w->v[i].share > best->share))
			best = &w->v[i];
	return best;
}

static int look_at(struct calibrating *c, const uint32_t *views, uint32_t n)
{
	const struct next_candidate *best;
	int rc;

	next_begin(&c->work, views, n);
	rc = next_score(&c->work, &c->source, &c->options);
	if (rc)
		return rc;
	best = best_new(&c->work);
	c->ret->prefixes++;
	c->ret->shares += best ? best->share : 0;
	c->ret->hits += best && best->item == views[n];
	return 0;
}

static int go_through(struct calibrating *c, uint32_t number, uint32_t prefixes_max)
{
	uint32_t views[SESSION_VIEWS_MAX];
	struct session s;
	int rc = session_get(c->source.index, number, &s);

	if (rc || s.n < 2)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	for (uint32_t j = 0; j < s.n; j++)
		views[j] = session_item(&s, j);
	c->source.self = number;
	c->ret->sessions++;
	for (uint32_t n = 1; n < s.n && c->ret->prefixes < prefixes_max && !rc; n++)
		rc = look_at(c, views, n);
	return rc;
}

static int calibrate(struct calibrating *c, struct ranker *ranker, uint32_t prefixes_max)
{
	const struct rankings *ra;
	uint32_t *numbers = NULL;
	size_t n = 0;
	int rc = ranker_refresh(ranker);

	if (rc)
		return rc;
	ra = ranker_acquire(ranker);
	c->source.totals = rankings_all_totals(ra, &c->source.totals_n);
	c->source.rates = rankings_revisits(ra);
	rc = snap_renew(c->source.sn);
	if (!rc)
		rc = session_index_begin(c->source.index, c->source.sn);
	if (!rc)
		rc = sessions_total(c->source.sn, &c->source.sessions);
	if (!rc)
		rc = session_all(c->source.index, &numbers, &n);
	while (n > 0 && c->ret->prefixes < prefixes_max && !rc)
		rc = go_through(c, numbers[--n], prefixes_max);
	free(numbers);
	rankings_release(ra);
	return rc;
}

int next_calibrate(struct store *st, const struct settings *set, uint32_t prefixes_max, struct next_calibration *ret,
		   struct error *e)
{
	struct calibrating c = { .ret = ret };
	struct ranker *ranker = NULL;
	int rc;

	*ret = (struct next_calibration){ 0 };
	next_options_of(set, &c.options);
	c.source.index = session_index_new();
	rc = ranker_start(st, set, &ranker, e);
	if (rc)
		goto out;
	rc = snap_open(st, &c.source.sn);
	if (!rc)
		rc = calibrate(&c, ranker, prefixes_max);
	if (!rc && ret->shares <= 0)
		rc = ERR_NOT_FOUND;
	if (rc)
		error_set(e, rc, "", "%s",
			  rc == ERR_NOT_FOUND ? "no session of the store has two views to learn from" : error_text(rc));
	else
		ret->kappa = ret->hits / ret->shares;
out:
	session_index_free(c.source.index);
	next_work_fini(&c.work);
	snap_close(c.source.sn);
	ranker_stop(ranker);
	return rc;
}
