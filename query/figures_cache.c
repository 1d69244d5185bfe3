#include "query/figures_cache.h"

#include "views/config.h"

#include <stdlib.h>

struct kept {
	struct figures_ask ask;
	char *text; /* NULL: none */
	size_t n;
	uint64_t made_ns, keeps_ns, version, documents; /* config_version */
	unsigned generation;
};

struct figures_cache {
	const struct clock *clock;
	struct kept v[FIGURES_KEPT];
};

struct figures_cache *figures_cache_new(const struct clock *clock)
{
	struct figures_cache *c = xcalloc(1, sizeof(*c));

	c->clock = clock;
	return c;
}

void figures_cache_free(struct figures_cache *c)
{
	for (unsigned i = 0; c && i < FIGURES_KEPT; i++)
		free(c->v[i].text);
	free(c);
}

static bool same(const struct figures_ask *a, const struct figures_ask *b)
{
	return a->kind == b->kind && a->from_ms == b->from_ms && a->to_ms == b->to_ms && a->by == b->by &&
	       a->csv == b->csv && strcmp(a->id, b->id) == 0;
}

static bool holds(const struct kept *k, const struct snap *sn, uint64_t documents, uint64_t now_ns)
{
	return k->documents == documents && (now_ns - k->made_ns < k->keeps_ns ||
					     (k->version == snap_version(sn) && k->generation == snap_generation(sn)));
}

/* The answer to the same, else the oldest one. */
static struct kept *place_of(struct figures_cache *c, const struct figures_ask *ask)
{
	struct kept *ret = &c->v[0];

	for (unsigned i = 0; i < FIGURES_KEPT; i++) {
		struct kept *k = &c->v[i];

		if (k->text && same(&k->ask, ask))
			return k;
		if (k->made_ns < ret->made_ns)
			ret = k;
	}
	return ret;
}

int figures_cache_make(struct figures_cache *c, struct snap *sn, const struct figures_ask *ask, struct json_out *ret,
		       struct error *e)
{
	uint64_t now_ns = c->clock->monotonic_ns(c->clock), costs_ns, documents;
	struct kept *k = place_of(c, ask);
	int rc = config_version(sn, &documents);

	if (rc)
		return rc;
	json_out_reset(ret);
	if (k->text && same(&k->ask, ask) && holds(k, sn, documents, now_ns)) {
		json_out_raw(ret, (struct str){ k->text, (uint32_t)k->n });
		return 0;
	}
	rc = figures_make(sn, ask, ret, e);
	if (rc || ret->n > FIGURES_KEPT_BYTES_MAX)
		return rc;
	costs_ns = (c->clock->monotonic_ns(c->clock) - now_ns) * FIGURES_KEPT_COSTS;
	free(k->text);
	*k = (struct kept){ .ask = *ask,
			    .text = xstrndup(ret->p, ret->n),
			    .n = ret->n,
			    .made_ns = now_ns,
			    .keeps_ns = costs_ns > FIGURES_KEPT_NS ? costs_ns : FIGURES_KEPT_NS,
			    .version = snap_version(sn),
			    .documents = documents,
			    .generation = snap_generation(sn) };
	return 0;
}
