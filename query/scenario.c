#include "schemas/suggest.h"
#include "query/control_internal.h"

#include <stdio.h>

/* Rules and experiments read who asks and in which category, whatever a placement's strategies read. */
#define INPUT_PLACED (INPUT_COMMON | INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY)

static const struct strategy *const strategies[] = {
#define STRATEGY(name) &strategy_##name,
#include "schemas/strategies.def"
#undef STRATEGY
};

struct placement {
	const char *slug, *meaning;
	unsigned required;
	const char *filter;
	const struct chain_link *chain;
	unsigned chain_n;
};

#define THEN(name) \
	{ \
		&strategy_##name, 0 \
	}
#define MIX(name, share) \
	{ \
		&strategy_##name, share \
	}
#define SCENARIO(name, slug, meaning, required, filter, ...) \
	static const struct chain_link chain_##name[] = { __VA_ARGS__ }; \
	_Static_assert(ARRAY_SIZE(chain_##name) <= SCENARIO_CHAIN_MAX, slug ": too many strategies");
#include "query/scenarios.def"
#undef SCENARIO

static const struct placement placements[] = {
#define SCENARIO(name, slug, meaning, required, filter, ...) \
	{ slug, meaning, required, filter, chain_##name, ARRAY_SIZE(chain_##name) },
#include "query/scenarios.def"
#undef SCENARIO
};

static void from_strategy(const struct strategy *s, struct scenario *ret)
{
	*ret = (struct scenario){ .slug = s->slug,
				  .inputs = s->inputs | INPUT_COMMON,
				  .required = s->required,
				  .is_strategy = true,
				  .chain_n = 1,
				  .alone = { s, 0 } };
	ret->chain = &ret->alone;
}

static void from_placement(const struct placement *p, struct scenario *ret)
{
	*ret = (struct scenario){ .slug = p->slug,
				  .inputs = INPUT_PLACED,
				  .required = p->required,
				  .filter = str_of(p->filter),
				  .chain = p->chain,
				  .chain_n = p->chain_n };
	for (unsigned k = 0; k < p->chain_n; k++)
		ret->inputs |= p->chain[k].strategy->inputs;
}

/* What the document does not say is as the scenario has it. */
void scenario_override(struct scenario *sc, const struct scenario_part *part)
{
	const struct control_scenario *doc = part->of;

	if (doc->given & SCENARIO_CHAIN) {
		sc->chain = part->chain;
		sc->chain_n = doc->chain.n;
		sc->inputs |= part->inputs;
	}
	if (doc->given & SCENARIO_REQUIRES)
		sc->required = part->required;
	if (doc->given & SCENARIO_FILTER)
		sc->filter = doc->filter;
	if (doc->given & SCENARIO_DIVERSITY)
		sc->diversity = doc->diversity;
	if (doc->given & SCENARIO_MIN_SCORE) {
		sc->has_min_score = true;
		sc->min_score = doc->min_score;
	}
	if (doc->given & SCENARIO_COUNT)
		sc->count = doc->count;
	if (doc->given & SCENARIO_BOOST) {
		sc->boost = doc->boost.v;
		sc->boost_n = doc->boost.n;
	}
	if (doc->given & SCENARIO_FILL)
		sc->fill = (enum fill_mode)doc->fill;
}

_Static_assert((int)FILL_NONE == (int)CONTROL_FILL_NONE && (int)FILL_FILTERED == (int)CONTROL_FILL_FILTERED &&
		       (int)FILL_ANY == (int)CONTROL_FILL_ANY,
	       "documents say fill as requests do");

static void from_document(const struct control_doc *d, struct scenario *ret)
{
	*ret = (struct scenario){ .slug = d->id, .inputs = INPUT_PLACED };
	scenario_override(ret, d->parts);
}

const struct strategy *strategy_find(struct str slug, const char **ret_near)
{
	const char *names[ARRAY_SIZE(strategies)];
	char given[SUGGEST_WORD_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++) {
		if (str_eq(slug, str_of(strategies[i]->slug)))
			return strategies[i];
		names[i] = strategies[i]->slug;
	}
	snprintf(given, sizeof(given), "%.*s", STR_FMT(slug));
	if (ret_near)
		*ret_near = suggest_nearest(given, names, ARRAY_SIZE(names));
	return NULL;
}

bool scenario_find(const struct control_set *set, struct str slug, struct scenario *ret)
{
	const struct control_doc *d = control_set__find(set, CONTROL_SCENARIO, slug);
	const struct strategy *s;

	if (d) {
		from_document(d, ret);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(placements); i++)
		if (str_eq(slug, str_of(placements[i].slug))) {
			from_placement(&placements[i], ret);
			return true;
		}
	s = strategy_find(slug, NULL);
	if (s)
		from_strategy(s, ret);
	return s != NULL;
}

const char *scenario_near(struct str slug)
{
	const char *names[ARRAY_SIZE(placements) + ARRAY_SIZE(strategies)];
	char given[SUGGEST_WORD_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(placements); i++)
		names[n++] = placements[i].slug;
	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++)
		names[n++] = strategies[i]->slug;
	snprintf(given, sizeof(given), "%.*s", STR_FMT(slug));
	return suggest_nearest(given, names, n);
}

static void tell(const struct scenario *sc, struct scenario_info *ret)
{
	*ret = (struct scenario_info){
		.slug = sc->slug, .is_strategy = sc->is_strategy, .inputs = sc->inputs, .required = sc->required
	};
	if (sc->is_strategy) {
		ret->meaning = sc->alone.strategy->meaning;
		ret->formula = sc->alone.strategy->formula;
		return;
	}
	for (unsigned k = 0; k < sc->chain_n; k++) {
		ret->chain[k] = sc->chain[k].strategy->slug;
		ret->shares[k] = sc->chain[k].share;
	}
}

bool scenario_info(size_t index, struct scenario_info *ret)
{
	bool is_strategy = index >= ARRAY_SIZE(placements);
	struct scenario sc;

	if (!is_strategy)
		from_placement(&placements[index], &sc);
	else if (index - ARRAY_SIZE(placements) < ARRAY_SIZE(strategies))
		from_strategy(strategies[index - ARRAY_SIZE(placements)], &sc);
	else
		return false;
	tell(&sc, ret);
	if (!is_strategy) {
		ret->meaning = placements[index].meaning;
		ret->filter = placements[index].filter;
	}
	return true;
}

bool scenario_decided(const struct control_set *set, size_t index, struct scenario_info *ret)
{
	const struct control_docs *docs = set ? &set->docs[CONTROL_SCENARIO] : NULL;
	struct scenario sc;

	for (unsigned i = 0; docs && i < docs->n; i++) {
		if (!control_doc_counts(docs->v[i]) || index--)
			continue;
		from_document(docs->v[i], &sc);
		tell(&sc, ret);
		ret->meaning = docs->v[i]->meaning;
		ret->filter = docs->v[i]->filter_text;
		return true;
	}
	return false;
}
