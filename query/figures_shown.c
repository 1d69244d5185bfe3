#include "query/figures_shown.h"

#include "views/catalog.h"
#include "views/ids.h"
#include "views/labels.h"

#include <stdlib.h>

#define TOO_LARGE 1 /* what a scan stops with */

/* A set of items is a bit an item, by number. */
struct showing {
	const struct making *m;
	struct groups *groups;
	group_of_label of;
	void *arg;
	size_t words;
	uint64_t *live, *all; /* items with a record; what was seen at all */
	uint64_t **sets;      /* by group that has figures: NULL, or what was seen of it */
	uint32_t set_n;
	size_t set_bytes;
	int64_t day;
	uint32_t label, at; /* whose rows are being read; its group */
};

static void set_bit(uint64_t *set, uint32_t item)
{
	set[item / 64] |= UINT64_C(1) << item % 64;
}

static int64_t count(const struct showing *s, const uint64_t *set)
{
	int64_t n = 0;

	for (size_t i = 0; i < s->words; i++)
		n += __builtin_popcountll(set[i] & s->live[i]);
	return n;
}

static int add_record(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct showing *s = arg;

	(void)record;
	set_bit(s->live, item);
	return 0;
}

static void count_groups(struct showing *s)
{
	for (uint32_t i = 0; i < s->set_n; i++)
		if (s->sets[i]) {
			s->groups->v[i].shown = count(s, s->sets[i]);
			free(s->sets[i]);
			s->sets[i] = NULL;
		}
	s->set_bytes = 0;
}

/* Rows come by (day, label), so that by day the sets of one day are all that is kept. */
static int turn_to(struct showing *s, int64_t day, uint32_t label)
{
	const struct group *g;
	struct engagement_label of;
	int rc = snap_label_of_answer(s->m->sn, label, &of);

	if (rc)
		return rc;
	if (day != s->day && s->m->ask->by & BY_DAY)
		count_groups(s);
	s->day = day;
	s->label = label;
	g = s->of(s->arg, day * MS_PER_DAY, &of); /* may move them */
	s->at = (uint32_t)(g - s->groups->v);
	if (s->at >= s->set_n || s->sets[s->at])
		return 0;
	s->set_bytes += s->words * sizeof(uint64_t);
	if (s->set_bytes > SHOWN_SETS_BYTES_MAX)
		return TOO_LARGE;
	s->sets[s->at] = xcalloc(s->words, sizeof(uint64_t));
	return 0;
}

static int add_item(void *arg, int64_t day, uint32_t label, uint32_t item, const struct engagement *e)
{
	struct showing *s = arg;
	int rc = day == s->day && label == s->label ? 0 : turn_to(s, day, label);

	if (rc || !e->counts[CREDIT_IMPRESSION])
		return rc;
	if (s->at < s->set_n)
		set_bit(s->sets[s->at], item);
	set_bit(s->all, item);
	return 0;
}

static int read_items(struct showing *s)
{
	const struct making *m = s->m;
	uint32_t items;
	int rc = snap_items(m->sn, &items);

	if (rc)
		return rc;
	s->words = (size_t)items / 64 + 1;
	s->live = xcalloc(s->words, sizeof(*s->live));
	s->all = xcalloc(s->words, sizeof(*s->all));
	rc = catalog_each(m->sn, add_record, s);
	return rc ? rc : engagement_items_scan(m->sn, m->from_ms / MS_PER_DAY, m->to_ms / MS_PER_DAY - 1, add_item, s);
}

int figures_shown(struct making *m, struct groups *g, group_of_label of, void *arg, struct shown_counts *ret)
{
	struct showing s = { .m = m, .groups = g, .of = of, .arg = arg, .set_n = g->n, .day = -1 };
	int rc;

	s.sets = xcalloc(s.set_n ? s.set_n : 1, sizeof(*s.sets));
	rc = read_items(&s);
	if (!rc) {
		count_groups(&s);
		*ret = (struct shown_counts){ count(&s, s.live), count(&s, s.all) };
	}
	for (uint32_t i = 0; i < s.set_n && rc; i++)
		free(s.sets[i]);
	groups_cut(g, s.set_n);
	free(s.sets);
	free(s.live);
	free(s.all);
	return rc == TOO_LARGE ? 0 : rc;
}
