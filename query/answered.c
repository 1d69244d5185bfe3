#include "query/answered.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define SLOTS 256        /* a power of two, above ANSWERED_NAMES_MAX */
#define PIECE_BITS 16384 /* of a group's bits, made when one of them is set */
#define PIECES (ANSWERED_ITEMS_MAX / PIECE_BITS)
#define PIECE_WORDS (PIECE_BITS / 64)

typedef _Atomic uint64_t word;

struct group {
	char name[TOKEN_SCENARIO_MAX + 1];
	word lists, items, short_lists, fallbacks, out_of_stock;
	struct histogram took_us, lag_ms;
	word *_Atomic seen[PIECES];
	uint64_t counted; /* loop: the last list that it is in */
};

struct names {
	struct group *_Atomic slots[SLOTS]; /* by the hash of the name; NULL: free */
	unsigned n;
	struct group *_Atomic other;
};

struct answered {
	struct names of[ANSWERED_KINDS];
	word out_of_stock, generation;
	uint64_t lists;
};

struct answered *answered_new(void)
{
	return xcalloc(1, sizeof(struct answered));
}

static void group_free(struct group *g)
{
	for (unsigned i = 0; g && i < PIECES; i++)
		free(g->seen[i]);
	free(g);
}

void answered_free(struct answered *a)
{
	for (unsigned by = 0; a && by < ANSWERED_KINDS; by++) {
		for (unsigned i = 0; i < SLOTS; i++)
			group_free(a->of[by].slots[i]);
		group_free(a->of[by].other);
	}
	free(a);
}

/* ---- counting ---- */

static void add(word *w, uint64_t by)
{
	/* one writer: no locked instruction needed */
	atomic_store_explicit(w, atomic_load_explicit(w, memory_order_relaxed) + by, memory_order_relaxed);
}

static struct group *make(struct group *_Atomic *place, const char *name)
{
	struct group *g = xcalloc(1, sizeof(*g));

	snprintf(g->name, sizeof(g->name), "%s", name);
	atomic_store_explicit(place, g, memory_order_release);
	return g;
}

static struct group *group_of(struct names *names, const char *name)
{
	size_t n = strnlen(name, TOKEN_SCENARIO_MAX);
	unsigned at = (unsigned)XXH3_64bits(name, n) % SLOTS;
	struct group *g;

	while ((g = atomic_load_explicit(&names->slots[at], memory_order_relaxed))) {
		if (strncmp(g->name, name, n) == 0 && !g->name[n])
			return g;
		at = (at + 1) % SLOTS;
	}
	if (names->n < ANSWERED_NAMES_MAX) {
		names->n++;
		return make(&names->slots[at], name);
	}
	g = atomic_load_explicit(&names->other, memory_order_relaxed);
	return g ? g : make(&names->other, "");
}

static void count_list(struct group *g, const struct answer *answer, uint64_t took_ns)
{
	add(&g->lists, 1);
	add(&g->short_lists, answer->item_count < answer->count);
	add(&g->fallbacks, answer->fallback);
	histogram_count(&g->took_us, took_ns / 1000);
	histogram_count(&g->lag_ms, (uint64_t)answer->lag_ms);
}

static void count_item(struct group *g, uint32_t item)
{
	word *piece, *w;

	add(&g->items, 1);
	if (item >= ANSWERED_ITEMS_MAX)
		return;
	piece = atomic_load_explicit(&g->seen[item / PIECE_BITS], memory_order_relaxed);
	if (!piece) {
		piece = xcalloc(PIECE_WORDS, sizeof(*piece));
		atomic_store_explicit(&g->seen[item / PIECE_BITS], piece, memory_order_release);
	}
	w = &piece[item % PIECE_BITS / 64];
	atomic_store_explicit(w, atomic_load_explicit(w, memory_order_relaxed) | UINT64_C(1) << item % 64,
			      memory_order_relaxed);
}

static void forget_group(struct group *g)
{
	for (unsigned i = 0; g && i < PIECES; i++) {
		word *piece = atomic_load_explicit(&g->seen[i], memory_order_relaxed);

		for (unsigned j = 0; piece && j < PIECE_WORDS; j++)
			atomic_store_explicit(&piece[j], 0, memory_order_relaxed);
	}
}

static void follow_generation(struct answered *a, unsigned generation)
{
	if (atomic_load_explicit(&a->generation, memory_order_relaxed) == generation)
		return;
	for (unsigned by = 0; by < ANSWERED_KINDS; by++) {
		for (unsigned i = 0; i < SLOTS; i++)
			forget_group(a->of[by].slots[i]);
		forget_group(a->of[by].other);
	}
	atomic_store_explicit(&a->generation, generation, memory_order_release);
}

void answered_count(struct answered *a, const struct answer *answer, uint64_t took_ns)
{
	struct group *scenario = group_of(&a->of[ANSWERED_SCENARIO], answer->scenario), *strategy = NULL;

	follow_generation(a, answer->generation);
	a->lists++;
	add(&a->out_of_stock, answer->out_of_stock);
	add(&scenario->out_of_stock, answer->out_of_stock);
	count_list(scenario, answer, took_ns);
	for (unsigned i = 0; i < answer->item_count; i++) {
		if (!i || answer->items[i].strategy != answer->items[i - 1].strategy)
			strategy = group_of(&a->of[ANSWERED_STRATEGY], answer->items[i].strategy);
		if (strategy->counted != a->lists)
			count_list(strategy, answer, took_ns);
		strategy->counted = a->lists;
		count_item(strategy, answer->items[i].item);
		count_item(scenario, answer->items[i].item);
	}
}

uint64_t answered_out_of_stock(const struct answered *a)
{
	return atomic_load_explicit(&a->out_of_stock, memory_order_relaxed);
}

/* ---- reading ---- */

static unsigned place_of(const struct answered_sums *s, const char *name)
{
	unsigned i = 0;

	while (i < s->n && strcmp(s->v[i].name, name) != 0)
		i++;
	return i;
}

static struct answered_sum *sum_of(struct answered_sums *s, const char *name)
{
	unsigned i = place_of(s, name);

	if (i >= ANSWERED_NAMES_MAX) { /* loops may know different names */
		name = "";
		i = place_of(s, name);
	}
	if (i == s->n) {
		snprintf(s->v[i].name, sizeof(s->v[i].name), "%s", name);
		s->v[i].seen = xcalloc(ANSWERED_ITEMS_MAX / 64, sizeof(*s->v[i].seen));
		s->n++;
	}
	return &s->v[i];
}

static void add_group(struct answered_sums *s, const struct group *g, bool same_generation)
{
	struct answered_sum *sum;

	if (!g)
		return;
	sum = sum_of(s, g->name);
	sum->lists += g->lists;
	sum->items += g->items;
	sum->short_lists += g->short_lists;
	sum->fallbacks += g->fallbacks;
	sum->out_of_stock += g->out_of_stock;
	histogram_add(&sum->took_us, &g->took_us);
	histogram_add(&sum->lag_ms, &g->lag_ms);
	for (unsigned i = 0; same_generation && i < PIECES; i++) {
		const word *piece = atomic_load_explicit(&g->seen[i], memory_order_acquire);

		for (unsigned j = 0; piece && j < PIECE_WORDS; j++)
			sum->seen[i * PIECE_WORDS + j] |= atomic_load_explicit(&piece[j], memory_order_relaxed);
	}
}

static int by_name(const void *pa, const void *pb)
{
	const struct answered_sum *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

struct answered_sums *answered_read(struct answered *const *loops, unsigned loop_n, enum answered_by by,
				    unsigned generation)
{
	struct answered_sums *s = xcalloc(1, sizeof(*s));

	for (unsigned i = 0; i < loop_n; i++) {
		const struct names *names = &loops[i]->of[by];
		bool same = atomic_load_explicit(&loops[i]->generation, memory_order_acquire) == generation;

		for (unsigned slot = 0; slot < SLOTS; slot++)
			add_group(s, atomic_load_explicit(&names->slots[slot], memory_order_acquire), same);
		add_group(s, atomic_load_explicit(&names->other, memory_order_acquire), same);
	}
	qsort(s->v, s->n, sizeof(s->v[0]), by_name);
	return s;
}

void answered_sums_free(struct answered_sums *s)
{
	for (unsigned i = 0; s && i < s->n; i++)
		free(s->v[i].seen);
	free(s);
}
