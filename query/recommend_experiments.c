/* Which variants of experiments the person of a request gets, and the scenario as these have it. */
#include "query/control_internal.h"

#include <stdio.h>

_Static_assert(TOKEN_VARIANT_MAX >= EXPERIMENTS_AT_ONCE * (CONTROL_ID_MAX + CONTROL_VARIANT_NAME_MAX + 2) - 1,
	       "names of all that count at once fit into a recommendationId");

/* "EXPERIMENT/VARIANT", a comma between two. */
static void add_name(char to[TOKEN_VARIANT_MAX + 1], const char *id, struct str variant)
{
	size_t n = strlen(to);

	snprintf(to + n, TOKEN_VARIANT_MAX + 1 - n, "%s%s/%.*s", n ? "," : "", id, STR_FMT(variant));
}

void experiments_apply(struct asking *q, struct scenario *sc)
{
	const struct experiment_asked asked = { str_of(sc->slug), sc->is_strategy, q->rq->user_id, q->rq->visitor_id,
						q->now_ms };
	struct experiment_choice chosen[EXPERIMENTS_AT_ONCE];
	unsigned n = q->set ? experiments_choose(q->set->experiments, &asked, chosen) : 0;

	q->ret->variant[0] = q->counted[0] = '\0';
	for (unsigned i = n; i > 0; i--) { /* the first has the last word */
		const struct experiment_choice *c = &chosen[i - 1];

		if (c->variant != EXPERIMENT_HOLDOUT)
			scenario_override(sc, &q->set->tried.v[c->experiment]->parts[c->variant]);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct control_doc *d = q->set->tried.v[chosen[i].experiment];
		struct str variant = experiment_variant_name(&d->is->experiment, chosen[i].variant);

		add_name(q->ret->variant, d->id, variant);
		if (chosen[i].counts)
			add_name(q->counted, d->id, variant);
	}
}
