#include "query/segments.h"
#include "views/config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

struct segment_set {
	atomic_uint refs;
	unsigned n, reads;
	uint64_t sign;
	struct segment v[SEGMENTS_MAX];
};

static const struct segment_shipped shipped[] = {
#define SEGMENT(name, id, meaning, filter) { id, meaning, filter },
#include "query/segments.def"
#undef SEGMENT
};

bool segment_shipped(size_t index, struct segment_shipped *ret)
{
	if (index >= ARRAY_SIZE(shipped))
		return false;
	*ret = shipped[index];
	return true;
}

/* ---- making ---- */

struct making {
	struct segment_set *set;
	struct filter_space *space;
};

static int parse(struct filter_space *space, struct str text, struct filter *ret, struct error *e)
{
	filter_space_clear(space);
	*ret = (struct filter){ 0 };
	if (!text.n || filter_parse_person(&space->pool, "filter", text, ret, e) == 0)
		return 0;
	e->code = ERR_BAD_CONFIG;
	return ERR_BAD_CONFIG;
}

int segment_check(const struct control_segment *segment, struct error *e)
{
	struct filter_space *space = xmalloc(sizeof(*space));
	struct filter f;
	int rc = parse(space, segment->filter, &f, e);

	free(space);
	return rc;
}

/* Unless the filter is none. */
static void add(struct making *m, struct str id, struct str meaning, struct str filter, int number)
{
	struct segment_set *set = m->set;
	struct segment *s = &set->v[set->n];
	struct error e = { 0 };

	if (set->n == SEGMENTS_MAX || parse(m->space, filter, &s->when, &e))
		return;
	set->n++;
	snprintf(s->id, sizeof(s->id), "%.*s", STR_FMT(id));
	s->shipped = number;
	s->meaning = xstrndup(meaning.n ? meaning.p : "", meaning.n);
	s->filter = xstrndup(filter.n ? filter.p : "", filter.n);
	s->pool = filter_pool_pack(&m->space->pool);
	set->reads |= filter_reads(s->pool, s->when);
	set->sign = XXH3_64bits_withSeed(s->id, strlen(s->id), set->sign);
	set->sign = XXH3_64bits_withSeed(s->filter, filter.n, set->sign);
}

static void add_shipped(struct making *m, size_t i)
{
	add(m, str_of(shipped[i].id), str_of(shipped[i].meaning), str_of(shipped[i].filter), (int)i);
}

static int add_document(void *arg, const struct config_row *row)
{
	struct control *doc = NULL;
	struct error e = { 0 };

	/* the fold has parsed it; one that this program does not understand is none */
	if (control_parse(CONTROL_SEGMENT, row->document, &doc, &e) == 0 && doc->enabled)
		add(arg, row->id, doc->description.n ? doc->description : doc->name, doc->segment.filter, -1);
	control_free(doc);
	return 0;
}

static struct segment_set *set_new(void)
{
	struct segment_set *set = xcalloc(1, sizeof(*set));

	atomic_init(&set->refs, 1);
	return set;
}

struct segment_set *segments_shipped(void)
{
	struct making m = { set_new(), xmalloc(sizeof(*m.space)) };

	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		add_shipped(&m, i);
	free(m.space);
	return m.set;
}

int segments_read(struct snap *sn, struct segment_set **ret)
{
	struct making m = { set_new(), xmalloc(sizeof(*m.space)) };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(shipped) && !rc; i++) {
		struct config_row row;

		rc = config_get(sn, CONTROL_SEGMENT, str_of(shipped[i].id), &row);
		if (rc == ERR_NOT_FOUND) {
			add_shipped(&m, i);
			rc = 0;
		}
	}
	if (!rc)
		rc = config_each(sn, CONTROL_SEGMENT, add_document, &m);
	free(m.space);
	if (rc)
		segments_release(m.set);
	else
		*ret = m.set;
	return rc;
}

struct segment_set *segments_ref(const struct segment_set *set)
{
	struct segment_set *own = (struct segment_set *)set;

	atomic_fetch_add(&own->refs, 1);
	return own;
}

void segments_release(const struct segment_set *set)
{
	struct segment_set *own = (struct segment_set *)set;

	if (!own || atomic_fetch_sub(&own->refs, 1) > 1)
		return;
	for (unsigned i = 0; i < own->n; i++) {
		free(own->v[i].meaning);
		free(own->v[i].filter);
		free(own->v[i].pool);
	}
	free(own);
}

/* ---- reading ---- */

uint64_t segments_sign(const struct segment_set *set)
{
	return set->sign;
}

unsigned segments_count(const struct segment_set *set)
{
	return set->n;
}

const struct segment *segment_at(const struct segment_set *set, unsigned place)
{
	return &set->v[place];
}

int segment_find(const struct segment_set *set, struct str id)
{
	for (unsigned i = 0; i < set->n; i++)
		if (str_eq(id, str_of(set->v[i].id)))
			return (int)i;
	return -1;
}

unsigned segments_read_of(const struct segment_set *set)
{
	return set->reads;
}

uint64_t segments_of(const struct segment_set *set, const struct filter_person *person)
{
	uint64_t in = 0;

	for (unsigned i = 0; i < set->n; i++)
		if (set->v[i].when.end && filter_matches_person(set->v[i].pool, set->v[i].when, person))
			in |= UINT64_C(1) << i;
	return in;
}
