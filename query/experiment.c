#include "query/experiment.h"

#include <stdlib.h>
#include <xxhash.h>

struct entry {
	struct experiment of;
	unsigned index;
	uint64_t seed;
};

struct experiments {
	unsigned n;
	struct entry v[]; /* by layer, what chooses first first */
};

static int by_turn(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int64_t s = x->of.is->started_ms, t = y->of.is->started_ms;
	int c = str_cmp(x->of.is->layer, y->of.is->layer);

	if (c)
		return c;
	if (s == t)
		return str_cmp(x->of.id, y->of.id);
	if (s == CONTROL_TIME_NONE || t == CONTROL_TIME_NONE)
		return s == CONTROL_TIME_NONE ? 1 : -1;
	return s < t ? -1 : 1;
}

struct experiments *experiments_new(const struct experiment *e, unsigned n)
{
	struct experiments *es;

	if (!n)
		return NULL;
	es = xcalloc(1, sizeof(*es) + n * sizeof(*es->v));
	es->n = n;
	for (unsigned i = 0; i < n; i++)
		es->v[i] = (struct entry){ e[i], i, XXH3_64bits(e[i].id.p, e[i].id.n) };
	qsort(es->v, n, sizeof(*es->v), by_turn);
	return es;
}

void experiments_free(struct experiments *es)
{
	free(es);
}

struct str experiment_variant_name(const struct control_experiment *x, unsigned variant)
{
	return variant == EXPERIMENT_HOLDOUT ? STR(CONTROL_HOLDOUT) : x->variants.v[variant].name;
}

static bool is_placed(const struct control_experiment *x, const struct experiment_asked *asked)
{
	for (uint32_t i = 0; i < x->placements.n; i++)
		if (str_eq(x->placements.v[i], asked->placement))
			return true;
	return !x->placements.n && !asked->is_strategy;
}

static bool is_running(const struct control_experiment *x, int64_t now_ms)
{
	return x->status == CONTROL_RUNNING && (x->started_ms == CONTROL_TIME_NONE || x->started_ms <= now_ms) &&
	       (x->stopped_ms == CONTROL_TIME_NONE || now_ms < x->stopped_ms);
}

static bool find_allowed(const struct control_experiment *x, const struct experiment_asked *asked, unsigned *ret)
{
	for (unsigned i = 0; i < x->allow.n; i++) {
		const struct control_allowed *a = &x->allow.v[i];
		unsigned k = 0;

		if (!(a->user_id.n && str_eq(a->user_id, asked->user_id)) &&
		    !(a->visitor_id.n && str_eq(a->visitor_id, asked->visitor_id)))
			continue;
		while (k < x->variants.n && !str_eq(x->variants.v[k].name, a->variant))
			k++;
		*ret = k < x->variants.n ? k : EXPERIMENT_HOLDOUT;
		return true;
	}
	return false;
}

/* False: the person is not in. */
static bool draw(const struct entry *en, struct str person, unsigned *ret)
{
	const struct control_experiment *x = en->of.is;
	XXH128_hash_t h = XXH3_128bits_withSeed(person.p, person.n, en->seed);
	double in = (double)(h.high64 >> 32) * 0x1p-32 * 100, out = (double)(uint32_t)h.high64 * 0x1p-32 * 100;
	double place = (double)(h.low64 >> 11) * 0x1p-53, sum = 0;
	unsigned k;

	if (in >= x->traffic_percent)
		return false;
	for (k = 0; k < x->variants.n; k++)
		sum += x->variants.v[k].weight;
	place *= sum;
	for (k = 0; k + 1 < x->variants.n && place >= x->variants.v[k].weight; k++)
		place -= x->variants.v[k].weight;
	*ret = out < x->holdout_percent ? EXPERIMENT_HOLDOUT : k;
	return true;
}

/* The one of entries [from, to), a layer, that has the person. */
static const struct entry *choose_in(const struct experiments *es, unsigned from, unsigned to,
				     const struct experiment_asked *asked, struct str person,
				     struct experiment_choice *ret)
{
	ret->counts = false;
	for (unsigned i = from; i < to; i++)
		if (is_placed(es->v[i].of.is, asked) && find_allowed(es->v[i].of.is, asked, &ret->variant))
			return &es->v[i];
	for (unsigned i = from; i < to; i++)
		if (find_allowed(es->v[i].of.is, asked, &ret->variant))
			return &es->v[i];
	for (unsigned i = from; i < to; i++)
		if (is_running(es->v[i].of.is, asked->now_ms) && draw(&es->v[i], person, &ret->variant)) {
			ret->counts = true;
			return &es->v[i];
		}
	return NULL;
}

unsigned experiments_choose(const struct experiments *es, const struct experiment_asked *asked,
			    struct experiment_choice ret[EXPERIMENTS_AT_ONCE])
{
	struct str person = asked->user_id.n ? asked->user_id : asked->visitor_id;
	unsigned n = 0;

	if (!es || !person.n)
		return 0;
	for (unsigned from = 0, to; from < es->n && n < EXPERIMENTS_AT_ONCE; from = to) {
		const struct entry *en;

		for (to = from + 1; to < es->n && str_eq(es->v[to].of.is->layer, es->v[from].of.is->layer); to++)
			;
		en = choose_in(es, from, to, asked, person, &ret[n]);
		if (en && is_placed(en->of.is, asked))
			ret[n++].experiment = en->index;
	}
	return n;
}
