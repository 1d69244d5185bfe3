/* Documents side by side: found by id, and rules by what a request says of itself. */
#include "query/control_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

/* ---- lists of documents ---- */

static void docs_add(struct control_docs *list, struct control_doc *d)
{
	ARRAY_GROW(list->v, list->n, list->room, 16);
	list->v[list->n++] = d;
}

/* The first place whose id is not smaller. */
static unsigned docs_place(const struct control_docs *list, struct str id)
{
	unsigned low = 0, high = list->n;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (str_cmp(str_of(list->v[middle]->id), id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct control_doc *docs_find(const struct control_docs *list, struct str id)
{
	unsigned i = docs_place(list, id);

	return i < list->n && str_eq(str_of(list->v[i]->id), id) ? list->v[i] : NULL;
}

static void docs_fini(struct control_docs *list)
{
	for (unsigned i = 0; i < list->n; i++)
		control_doc_unref(list->v[i]);
	free(list->v);
}

/* ---- rules ---- */

uint64_t control_hash(struct str s)
{
	return XXH3_64bits(s.p, s.n);
}

uint64_t control_place_key(struct str placement, struct str category)
{
	return XXH3_64bits_withSeed(category.p, category.n, control_hash(placement));
}

static int by_priority(const void *pa, const void *pb)
{
	const struct control_doc *a = *(struct control_doc *const *)pa, *b = *(struct control_doc *const *)pb;

	if (a->is->rule.priority != b->is->rule.priority)
		return a->is->rule.priority > b->is->rule.priority ? -1 : 1;
	return str_cmp(str_of(a->id), str_of(b->id));
}

static void index_categories(struct control_set *set, struct str placement, const struct control_rule *rule,
			     uint32_t place)
{
	for (uint32_t i = 0; i < rule->categories.n; i++) {
		struct str raw = rule->categories.v[i];
		char *room = xmalloc(CATEGORY_JOINED_MAX(raw.n) + 1);

		control_map_add(&set->by_place, control_place_key(placement, category_join(raw, room)), place);
		free(room);
	}
	if (!rule->categories.n)
		control_map_add(&set->by_place, control_place_key(placement, STR("")), place);
}

uint64_t control_anchor_key(enum filter_anchor anchor, struct str value)
{
	return XXH3_64bits_withSeed(value.p, value.n, (uint64_t)anchor + 1);
}

/* What a filter keeps says nothing of what it drops. */
static void index_anchor(struct control_set *set, const struct control_doc *d, uint32_t place)
{
	const struct filter_value *values;
	enum filter_anchor anchor;
	unsigned n;

	if (!d->has_filter || d->is->rule.action.effect == CONTROL_FILTER ||
	    !filter_anchored(d->pool, d->filter, &anchor, &values, &n))
		return;
	set->is_anchored[place] = true;
	for (unsigned i = 0; i < n; i++)
		control_map_add(&set->by_anchor, control_anchor_key(anchor, values[i].text), place);
}

static void index_rule(struct control_set *set, const struct control_rule *rule, uint32_t place)
{
	for (uint32_t i = 0; i < rule->placements.n; i++)
		index_categories(set, rule->placements.v[i], rule, place);
	if (!rule->placements.n)
		index_categories(set, STR(""), rule, place);
	if (rule->action.effect == CONTROL_EXCLUDE)
		for (uint32_t i = 0; i < rule->action.item_ids.n; i++)
			control_map_add(&set->by_item, control_hash(rule->action.item_ids.v[i]), place);
}

static void settle_experiments(struct control_set *set)
{
	const struct control_docs *all = &set->docs[CONTROL_EXPERIMENT];
	struct experiment *of = xcalloc(all->n + 1, sizeof(*of));

	for (unsigned i = 0; i < all->n; i++)
		if (control_doc_counts(all->v[i])) {
			of[set->tried.n] = (struct experiment){ str_of(all->v[i]->id), &all->v[i]->is->experiment };
			docs_add(&set->tried, all->v[i]);
		}
	set->experiments = experiments_new(of, set->tried.n);
	free(of);
}

/* Its documents are there. */
static void settle(struct control_set *set)
{
	const struct control_docs *rules = &set->docs[CONTROL_RULE];

	for (unsigned i = 0; i < rules->n; i++)
		if (control_doc_counts(rules->v[i]))
			docs_add(&set->rules, rules->v[i]);
	if (set->rules.n)
		qsort(set->rules.v, set->rules.n, sizeof(*set->rules.v), by_priority);
	set->is_anchored = xcalloc(set->rules.n + 1, sizeof(*set->is_anchored));
	for (unsigned i = 0; i < set->rules.n; i++) {
		index_rule(set, &set->rules.v[i]->is->rule, i);
		index_anchor(set, set->rules.v[i], i);
	}
	settle_experiments(set);
	set->offers = offers_make(&set->docs[CONTROL_OFFER], &set->docs[CONTROL_PROMOTION], set->segments);
	control_map_settle(&set->by_place);
	control_map_settle(&set->by_item);
	control_map_settle(&set->by_anchor);
}

/* ---- sets ---- */

static struct control_set *set_new(void)
{
	struct control_set *set = xcalloc(1, sizeof(*set));

	atomic_init(&set->refs, 1);
	return set;
}

const struct control_set *control_set__ref(const struct control_set *set)
{
	atomic_fetch_add_explicit(&((struct control_set *)set)->refs, 1, memory_order_relaxed);
	return set;
}

void control_set_release(const struct control_set *set)
{
	struct control_set *s = (struct control_set *)set;

	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (int kind = 0; kind < CONTROL_KIND_COUNT; kind++)
		docs_fini(&s->docs[kind]);
	free(s->rules.v);
	offers_free(s->offers);
	segments_release(s->segments);
	free(s->tried.v);
	experiments_free(s->experiments);
	control_map_fini(&s->by_place);
	control_map_fini(&s->by_item);
	control_map_fini(&s->by_anchor);
	free(s->is_anchored);
	free(s);
}

struct reading {
	struct control_set *set;
	const struct control_set *before;
};

static int read_row(void *arg, const struct config_row *row)
{
	struct reading *r = arg;
	struct control_doc *d = r->before ? docs_find(&r->before->docs[row->kind], row->id) : NULL;
	uint64_t hash = control_hash(row->document);

	if (d && d->text_hash == hash) {
		control_doc_ref(d);
	} else {
		d = control_doc_make(&(struct control_change){ row->kind, row->id, row->document });
		d->text_hash = hash;
	}
	docs_add(&r->set->docs[row->kind], d);
	return 0;
}

int control_set__make(struct snap *sn, const struct control_set *before, struct control_set **ret)
{
	struct reading r = { set_new(), before };
	int rc = config_version(sn, &r.set->version);

	for (int kind = 0; kind < CONTROL_KIND_COUNT && !rc; kind++)
		rc = config_each(sn, (enum control_kind)kind, read_row, &r);
	if (!rc)
		rc = segments_read(sn, &r.set->segments);
	if (rc) {
		control_set_release(r.set);
		return rc;
	}
	settle(r.set);
	*ret = r.set;
	return 0;
}

/* ---- changes that were not made ---- */

static struct control_set *copy_without(const struct control_set *set, enum control_kind kind, struct str id)
{
	struct control_set *ret = set_new();

	ret->segments = set ? segments_ref(set->segments) : segments_shipped();
	for (int k = 0; set && k < CONTROL_KIND_COUNT; k++)
		for (unsigned i = 0; i < set->docs[k].n; i++) {
			struct control_doc *d = set->docs[k].v[i];

			if (k != (int)kind || !str_eq(str_of(d->id), id))
				docs_add(&ret->docs[k], control_doc_ref(d));
		}
	return ret;
}

int control_set_with(const struct control_set *set, const struct control_change *change, const struct control_set **ret,
		     struct error *e)
{
	struct control_set *made = copy_without(set, change->kind, change->id);
	struct control_docs *docs = &made->docs[change->kind];
	struct control_doc *d;
	unsigned at;

	if (change->document.n) {
		int rc = control__check(set, change, &d, e);

		if (rc) {
			control_set_release(made);
			return rc;
		}
		at = docs_place(docs, change->id);
		docs_add(docs, d);
		memmove(docs->v + at + 1, docs->v + at, (docs->n - 1 - at) * sizeof(*docs->v));
		docs->v[at] = d;
	}
	if (change->kind == CONTROL_SEGMENT) {
		struct segment_set *segments = segments_with(made->segments, change->id, change->document);

		segments_release(made->segments);
		made->segments = segments;
	}
	settle(made);
	*ret = made;
	return 0;
}

/* ---- looking ---- */

const struct control_doc *control_set__doc(const struct control_set *set, enum control_kind kind, struct str id)
{
	return set ? docs_find(&set->docs[kind], id) : NULL;
}

const struct control_doc *control_set__find(const struct control_set *set, enum control_kind kind, struct str id)
{
	const struct control_doc *d = control_set__doc(set, kind, id);

	return d && control_doc_counts(d) ? d : NULL;
}

const struct segment_set *control_set_segments(const struct control_set *set)
{
	return set ? set->segments : NULL;
}
