/* Lists that need a look at every record: made anew at full refreshes when records, what may be shown, or the hour changed. */
#include "query/ranker_internal.h"

#include <stdlib.h>
#include <xxhash.h>

/*
 * The rating of an item with n ratings of mean r: (C m + n r) / (C + n), the mean of its own ratings and C more of the
 * shop's mean m (a Bayesian estimate, as in IMDb's Top 250). C is the median number of ratings of a rated item.
 */
double rank_prior_rating(struct rank_prior prior, double rating, double count)
{
	double weight = prior.count + count;

	return weight > 0 ? (prior.count * prior.rating + count * rating) / weight : 0;
}

static int ascending(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static struct rank_prior prior_of(const struct categories *cats)
{
	uint32_t *counts = xcalloc((size_t)cats->items + 1, sizeof(*counts)), n = 0;
	struct rank_prior prior = { 0 };
	__int128 sum = 0; /* exact: in whatever order the items come */
	uint64_t weight = 0;

	for (uint32_t item = 0; item < cats->items; item++) {
		const struct item_facts *f = &cats->facts[item];

		if (!f->rating_count)
			continue;
		counts[n++] = f->rating_count;
		sum += (__int128)f->rating_micros * f->rating_count;
		weight += f->rating_count;
	}
	if (n) {
		uint32_t median;

		qsort(counts, n, sizeof(*counts), ascending);
		median = counts[n / 2];
		prior = (struct rank_prior){ .rating = (double)sum / (double)MICROS / (double)weight, .count = median };
	}
	free(counts);
	return prior;
}

static bool rank_rated(struct rank_prior prior, const struct item_facts *f, struct ranked *ret)
{
	ret->recent = (double)f->rating_micros / (double)MICROS;
	ret->before = f->rating_count;
	ret->score = rank_prior_rating(prior, ret->recent, f->rating_count);
	return f->rating_count > 0;
}

/* Not newer than now: what becomes available between the watermark and the wall clock is of this moment. */
static bool rank_new(const struct ranking_from *from, const struct item_facts *f, struct ranked *ret)
{
	int64_t age_ms;

	if (f->available_from_ms == TIME_ABSENT)
		return false;
	age_ms = from->now_ms - f->available_from_ms;
	if (age_ms > from->new_days * MS_PER_DAY)
		return false;
	ret->recent = (double)f->available_from_ms;
	ret->score = 1 / (1 + (double)(age_ms > 0 ? age_ms : 0) / (double)MS_PER_DAY);
	return true;
}

/*
 * As trending, with last year's season against an average one. A record that names a season of today counts as
 * SEASON_NAMED units more, one that names others only is out of season.
 */
static bool rank_seasonal(const struct ranking_from *from, uint32_t today, const struct item_facts *f, uint32_t item,
			  struct ranked *ret)
{
	struct year_units u = item < from->year->items ? from->year->v[item] : (struct year_units){ 0 };
	bool is_named = f && (f->seasons & today);
	double season = (double)u.season + (is_named ? SEASON_NAMED : 0);
	double average = u.year > 0 ? (double)u.year * SEASON_DAYS / SEASON_YEAR_DAYS : 0;

	if (season <= average || (f && f->seasons && !is_named))
		return false;
	ret->named = is_named;
	ret->recent = (double)u.season;
	ret->before = average;
	ret->score = season * (season + 10) / (average + 10);
	return true;
}

static bool rank_chosen(const struct segment_counts *segments, int segment, uint32_t item, struct ranked *ret)
{
	unsigned of = segments_count(segments->set);
	uint32_t n = item < segments->items ? segments->v[(size_t)item * of + (unsigned)segment] : 0;

	ret->score = ret->recent = n;
	return n > 0;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct list_set *make(const struct rank_parts *p, const struct ranking_from *from, enum rank_kind kind)
{
	const struct categories *cats = p->categories;
	uint32_t items = larger(cats->items, larger(from->year->items, from->segments->items)), n = 0;
	uint32_t today = calendar_at(from->calendar, from->now_ms);
	struct ranked *all = xcalloc((size_t)items + 1, sizeof(*all));
	struct list_set *set;

	for (uint32_t item = 0; item < items; item++) {
		const struct item_facts *f = item < cats->items ? &cats->facts[item] : NULL;
		bool is_in;

		all[n] = (struct ranked){ .item = item };
		if (kind >= RANK_SEGMENT)
			is_in = rank_chosen(from->segments, (int)kind - RANK_SEGMENT, item, &all[n]);
		else if (kind == RANK_SEASONAL)
			is_in = rank_seasonal(from, today, f, item, &all[n]);
		else
			is_in = f && (kind == RANK_TOP_RATED ? rank_rated(p->prior, f, &all[n])
							     : rank_new(from, f, &all[n]));
		if (is_in) {
			counts_name(from->counts, from->sn, item);
			n++;
		}
	}
	counts_order(from->counts);
	set = list_set_make(cats, from->held, from->counts->order, all, n);
	free(all);
	return set;
}

/* Of all that these lists are made of. */
static uint64_t key_of(const struct rank_parts *p, const struct ranking_from *from)
{
	const uint64_t of[] = {
		p->catalog_signature,
		p->catalog_generation,
		(uint64_t)time_bucket(from->now_ms, MS_PER_DAY),
		(uint64_t)from->year->hour,
		from->held->n ? XXH3_64bits(from->held->v, from->held->n) : 0,
	};

	return XXH3_64bits(of, sizeof(of));
}

void rank_parts_make_slow(struct rank_parts *p, const struct ranking_from *from)
{
	uint64_t key = key_of(p, from), segment_key = key ^ from->segments->hash * UINT64_C(0x9e3779b97f4a7c15);
	bool same = p->slow[0] && key == p->slow_key, same_segments = p->slow[0] && segment_key == p->segment_key;

	int last = RANK_SEGMENT + (from->segments->set ? (int)segments_count(from->segments->set) : 0);

	if (!same)
		p->prior = prior_of(p->categories);
	for (int kind = RANK_SLOW_FIRST; kind < RANK_KIND_COUNT; kind++) {
		if (kind < RANK_SEGMENT ? same : same_segments)
			continue;
		list_set_unref(p->slow[kind - RANK_SLOW_FIRST]);
		p->slow[kind - RANK_SLOW_FIRST] = kind < last ? make(p, from, (enum rank_kind)kind) : NULL;
	}
	if (!same_segments) {
		segments_release(p->segments);
		p->segments = from->segments->set ? segments_ref(from->segments->set) : NULL;
	}
	p->slow_key = key;
	p->segment_key = segment_key;
}
