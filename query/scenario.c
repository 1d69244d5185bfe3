#include "query/strategy.h"

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

static void from_strategy(size_t i, struct scenario *ret)
{
	const struct strategy *s = strategies[i];

	*ret = (struct scenario){ .slug = s->slug,
				  .inputs = s->inputs | INPUT_COMMON,
				  .required = s->required,
				  .is_strategy = true,
				  .chain_n = 1,
				  .alone = { s, 0 } };
	ret->chain = &ret->alone;
}

static void from_placement(size_t i, struct scenario *ret)
{
	const struct placement *p = &placements[i];

	*ret = (struct scenario){ .slug = p->slug,
				  .inputs = INPUT_COMMON,
				  .required = p->required,
				  .filter = p->filter,
				  .chain = p->chain,
				  .chain_n = p->chain_n };
	for (unsigned k = 0; k < p->chain_n; k++)
		ret->inputs |= p->chain[k].strategy->inputs;
}

bool scenario_find(struct str slug, struct scenario *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(placements); i++)
		if (str_eq(slug, str_of(placements[i].slug))) {
			from_placement(i, ret);
			return true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++)
		if (str_eq(slug, str_of(strategies[i]->slug))) {
			from_strategy(i, ret);
			return true;
		}
	return false;
}

bool scenario_info(size_t index, struct scenario_info *ret)
{
	bool is_strategy = index >= ARRAY_SIZE(placements);
	struct scenario sc;

	if (!is_strategy)
		from_placement(index, &sc);
	else if (index - ARRAY_SIZE(placements) < ARRAY_SIZE(strategies))
		from_strategy(index - ARRAY_SIZE(placements), &sc);
	else
		return false;
	*ret = (struct scenario_info){
		.slug = sc.slug, .is_strategy = is_strategy, .inputs = sc.inputs, .required = sc.required
	};
	ret->meaning = is_strategy ? sc.alone.strategy->meaning : placements[index].meaning;
	ret->filter = sc.filter;
	if (is_strategy) {
		ret->formula = sc.alone.strategy->formula;
		return true;
	}
	for (unsigned k = 0; k < sc.chain_n; k++) {
		ret->chain[k] = sc.chain[k].strategy->slug;
		ret->shares[k] = sc.chain[k].share;
	}
	return true;
}
