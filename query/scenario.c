#include "query/strategy.h"

#define SCENARIO_NUMBER_FIRST 0x4000u /* numbers below are strategies */

static const struct strategy *const strategies[] = {
#define STRATEGY(name) &strategy_##name,
#include "query/strategies.def"
#undef STRATEGY
};

struct placement {
	const char *slug, *meaning;
	unsigned required;
	const struct strategy *const *chain; /* NULL at the end */
};

#define SCENARIO(name, slug, meaning, required, ...) \
	static const struct strategy *const chain_##name[] = { __VA_ARGS__, NULL }; \
	_Static_assert(ARRAY_SIZE(chain_##name) <= CHAIN_MAX + 1, slug ": too many strategies");
#include "query/scenarios.def"
#undef SCENARIO

static const struct placement placements[] = {
#define SCENARIO(name, slug, meaning, required, ...) { slug, meaning, required, chain_##name },
#include "query/scenarios.def"
#undef SCENARIO
};

static void from_strategy(size_t i, struct scenario *ret)
{
	const struct strategy *s = strategies[i];

	*ret = (struct scenario){ .slug = s->slug,
				  .number = (unsigned)i,
				  .inputs = s->inputs | INPUT_COMMON,
				  .required = s->required,
				  .chain = { s } };
}

static void from_placement(size_t i, struct scenario *ret)
{
	const struct placement *p = &placements[i];

	*ret = (struct scenario){ .slug = p->slug,
				  .number = SCENARIO_NUMBER_FIRST + (unsigned)i,
				  .inputs = INPUT_COMMON,
				  .required = p->required };
	for (size_t k = 0; p->chain[k]; k++) {
		ret->chain[k] = p->chain[k];
		ret->inputs |= p->chain[k]->inputs;
	}
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

	_Static_assert(ARRAY_SIZE(ret->chain) >= CHAIN_MAX + 1, "a chain fits");
	if (!is_strategy)
		from_placement(index, &sc);
	else if (index - ARRAY_SIZE(placements) < ARRAY_SIZE(strategies))
		from_strategy(index - ARRAY_SIZE(placements), &sc);
	else
		return false;
	*ret = (struct scenario_info){ .slug = sc.slug,
				       .number = sc.number,
				       .is_strategy = is_strategy,
				       .inputs = sc.inputs,
				       .required = sc.required };
	ret->meaning = is_strategy ? sc.chain[0]->meaning : placements[index].meaning;
	if (is_strategy) {
		ret->formula = sc.chain[0]->formula;
		return true;
	}
	for (size_t k = 0; sc.chain[k]; k++)
		ret->chain[k] = sc.chain[k]->slug;
	return true;
}
