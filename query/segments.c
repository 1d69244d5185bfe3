#include "query/segments.h"
#include "views/config.h"
#include "views/keys.h"
#include "views/segment_members.h"

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

static bool parse(struct filter_space *space, struct str text, struct filter *ret)
{
	struct error e = { 0 };

	filter_space_clear(space);
	*ret = (struct filter){ 0 };
	return !text.n || filter_parse_person(&space->pool, "filter", text, ret, &e) == 0;
}

/* Unless the filter is none. */
static void add(struct making *m, struct str id, struct str meaning, struct str filter, bool by_members, int number)
{
	struct segment_set *set = m->set;
	struct segment *s = &set->v[set->n];

	if (set->n == SEGMENTS_MAX || !parse(m->space, filter, &s->when))
		return;
	set->n++;
	snprintf(s->id, sizeof(s->id), "%.*s", STR_FMT(id));
	s->shipped = number;
	s->meaning = xstrndup(meaning.n ? meaning.p : "", meaning.n);
	s->filter = xstrndup(filter.n ? filter.p : "", filter.n);
	s->pool = filter_pool_pack(&m->space->pool);
	s->by_members = by_members;
	set->reads |= filter_reads(s->pool, s->when) | (by_members ? READS_MEMBERS : 0);
	set->sign = XXH3_64bits_withSeed(s->id, strlen(s->id), set->sign + (uint64_t)(number + 1));
	set->sign = XXH3_64bits_withSeed(s->filter, filter.n, set->sign);
}

static void add_shipped(struct making *m, size_t i)
{
	add(m, str_of(shipped[i].id), str_of(shipped[i].meaning), str_of(shipped[i].filter), false, (int)i);
}

static void add_text(struct making *m, struct str id, struct str document)
{
	struct control *doc = NULL;
	struct error e = { 0 };

	/* the fold has parsed it; one that this program does not understand is none */
	if (control_parse(CONTROL_SEGMENT, document, &doc, &e) == 0 && doc->enabled)
		add(m, id, doc->description.n ? doc->description : doc->name, doc->segment.filter, doc->segment.members,
		    -1);
	control_free(doc);
}

static int add_document(void *arg, const struct config_row *row)
{
	add_text(arg, row->id, row->document);
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

uint64_t member_hash(const void *hash)
{
	return get_be64(hash);
}

static int read_members(struct segment_set *set, struct segment *s, struct snap *sn)
{
	struct str list;
	int rc = members_get(sn, str_of(s->id), &list);

	if (rc || !list.n)
		return rc;
	s->member_n = list.n / ACTOR_HASH_BYTES;
	s->members = xmalloc(s->member_n * sizeof(*s->members));
	for (uint32_t i = 0; i < s->member_n; i++)
		s->members[i] = member_hash(list.p + (size_t)i * ACTOR_HASH_BYTES);
	set->sign = XXH3_64bits_withSeed(s->members, s->member_n * sizeof(*s->members),
					 set->sign + (uint64_t)(s - set->v)); /* whose list it is */
	return 0;
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
	for (unsigned i = 0; i < m.set->n && !rc; i++)
		if (m.set->v[i].by_members)
			rc = read_members(m.set, &m.set->v[i], sn);
	free(m.space);
	if (rc)
		segments_release(m.set);
	else
		*ret = m.set;
	return rc;
}

static void copy_members(struct segment_set *set, const struct segment *from)
{
	struct segment *to = set->n ? &set->v[set->n - 1] : NULL;

	if (!to || strcmp(to->id, from->id) != 0 || !to->by_members || !from->member_n)
		return;
	to->member_n = from->member_n;
	to->members = xmalloc(from->member_n * sizeof(*to->members));
	memcpy(to->members, from->members, from->member_n * sizeof(*to->members));
}

struct segment_set *segments_with(const struct segment_set *set, struct str id, struct str document)
{
	struct making m = { set_new(), xmalloc(sizeof(*m.space)) };

	for (unsigned i = 0; i < set->n; i++) {
		const struct segment *s = &set->v[i];

		if (str_eq(id, str_of(s->id)))
			continue;
		add(&m, str_of(s->id), str_of(s->meaning), str_of(s->filter), s->by_members, s->shipped);
		copy_members(m.set, s);
	}
	for (size_t i = 0; i < ARRAY_SIZE(shipped) && !document.n; i++)
		if (str_eq(id, str_of(shipped[i].id)))
			add_shipped(&m, i);
	if (document.n) {
		int place = segment_find(set, id);

		add_text(&m, id, document);
		if (place >= 0)
			copy_members(m.set, &set->v[place]);
	}
	free(m.space);
	return m.set;
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
		free(own->v[i].members);
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

static int compare_hashes(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

static bool is_listed(const struct segment *s, const uint64_t *hashes, unsigned n)
{
	for (unsigned i = 0; i < n && s->member_n; i++)
		if (bsearch(&hashes[i], s->members, s->member_n, sizeof(*s->members), compare_hashes))
			return true;
	return false;
}

uint64_t segments_of(const struct segment_set *set, const struct filter_person *person, const uint64_t *hashes,
		     unsigned hash_n)
{
	uint64_t in = 0;

	for (unsigned i = 0; i < set->n; i++) {
		const struct segment *s = &set->v[i];

		if ((person && s->when.end && filter_matches_person(s->pool, s->when, person)) ||
		    is_listed(s, hashes, hash_n))
			in |= UINT64_C(1) << i;
	}
	return in;
}
