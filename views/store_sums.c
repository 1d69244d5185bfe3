/*
 * Merging sorted deltas into the packed rows of an adding table.
 *
 * A row's key is (group, first member it may hold); the first row of a group starts at member 0. So the row for a
 * member is the last one whose key is not above it, and a group's rows cover all members without gaps.
 */
#include "schemas/varint.h"
#include "views/store_internal.h"

struct merge {
	struct store_txn *t;
	MDB_cursor *cur;
	unsigned columns;
	unsigned char out[ROW_MAX]; /* the row being written */
	size_t out_n;
	uint64_t group;
	uint32_t row_first; /* member in the key of the row being written */
	uint32_t previous;  /* last member written to it */
	size_t full, split; /* bytes of a row, and of one that is cut since it would have more */
	size_t cut_at;      /* of the two: the next member begins a row of its own */
};

#define NO_MEMBER (UINT64_C(1) << 32)

/* No row outgrows ROW_MAX, however wide its numbers are. */
#define ROW_FULL (ROW_MAX - SUM_ENTRY_MAX)
/* In young levels, where a few members of a row change at a time, and all of it is written again for them. */
#define ROW_FULL_YOUNG 300
#define ROW_SPLIT_YOUNG 200

static int flush_row(struct merge *m)
{
	unsigned char key[SUM_KEY_BYTES];
	MDB_val k = { SUM_KEY_BYTES, key }, v = { m->out_n, m->out };

	put_be64(key, m->group);
	put_be32(key + 8, m->row_first);
	m->out_n = 0;
	m->previous = 0;
	return store__write(m->t, m->cur, &k, &v);
}

static int emit(struct merge *m, const struct sum_entry *e)
{
	int rc = 0;

	if (m->out_n > m->cut_at) {
		rc = flush_row(m);
		m->row_first = e->member;
	}
	m->out_n += store__pack(m->out + m->out_n, m->columns, m->previous, e);
	m->previous = e->member;
	return rc;
}

/* The member in the key of a row; NO_MEMBER when it is of another group. */
static int member_of(const MDB_val *k, uint64_t group, uint64_t *ret)
{
	uint64_t at;

	if (!store__group(k, &at))
		return MDB_CORRUPTED;
	*ret = at == group ? get_be32((char *)k->mv_data + 8) : NO_MEMBER;
	return 0;
}

/* The first member of the row after the cursor's. */
static int look_after(struct merge *m, uint64_t group, uint64_t *next)
{
	MDB_val k, v;
	int rc = mdb_cursor_get(m->cur, &k, &v, MDB_NEXT);

	*next = NO_MEMBER;
	return rc == MDB_NOTFOUND ? 0 : rc ? rc : member_of(&k, group, next);
}

/*
 * The row that covers (group, member): its key's member and a copy of its bytes; 0 bytes when the group is new. *next is the first member of
 * the row after it, known for certain only when `more` deltas of the group follow.
 */
static int find_row(struct merge *m, uint64_t group, uint32_t member, bool more, unsigned char *copy, size_t *n,
		    uint64_t *next)
{
	unsigned char key[SUM_KEY_BYTES];
	MDB_val k = { SUM_KEY_BYTES, key }, v;
	uint64_t at = NO_MEMBER;
	int rc;

	put_be64(key, group);
	put_be32(key + 8, member);
	*n = 0;
	m->row_first = 0;
	*next = NO_MEMBER;
	rc = mdb_cursor_get(m->cur, &k, &v, MDB_SET_RANGE);
	if (!rc)
		rc = member_of(&k, group, &at);
	if (rc == MDB_NOTFOUND || (!rc && at != member)) {
		*next = at;
		rc = mdb_cursor_get(m->cur, &k, &v, rc ? MDB_LAST : MDB_PREV);
		if (!rc)
			rc = member_of(&k, group, &at);
		/* a group's first row begins at member 0 */
		if (rc == MDB_NOTFOUND || (!rc && at == NO_MEMBER))
			return *next == NO_MEMBER ? 0 : MDB_CORRUPTED;
		more = false;
	}
	if (rc || v.mv_size > ROW_MAX)
		return rc ? rc : MDB_CORRUPTED;
	memcpy(copy, v.mv_data, v.mv_size);
	*n = v.mv_size;
	m->row_first = (uint32_t)at;
	return more ? look_after(m, group, next) : 0;
}

static void add_columns(struct sum_entry *e, const struct sum_delta *d, unsigned columns)
{
	e->member = d->member;
	for (unsigned i = 0; i < columns; i++)
		e->columns[i] = wrapping_add(e->columns[i], d->columns[i]);
}

/* The old row as it is taken apart. */
struct old_row {
	const unsigned char *p, *end;
	uint32_t previous; /* member before p */
};

/* Past the entries of members below `below`, of which *last is the last one; NULL when the bytes are damaged. */
static const unsigned char *skip_below(const struct old_row *old, unsigned columns, uint64_t below, uint32_t *last)
{
	const unsigned char *p = old->p, *end = old->end;

	for (*last = old->previous; p < end;) {
		const unsigned char *next;
		uint64_t gap, column;

		next = get_varint(p, end, &gap);
		if (!next || gap > UINT32_MAX - *last)
			return NULL;
		if (*last + gap >= below)
			break;
		for (unsigned i = 0; next && i < columns; i++)
			next = get_varint(next, end, &column);
		if (!next)
			return NULL;
		*last += (uint32_t)gap;
		p = next;
	}
	return p;
}

/* The next entry. */
static int take(struct merge *m, struct old_row *old, struct sum_entry *ret)
{
	old->p = store__unpack(old->p, old->end, m->columns, old->previous, ret);
	old->previous = ret->member;
	return old->p ? 0 : MDB_CORRUPTED;
}

/* Entries below a member go on as they are: their bytes, but for the gap of the first, and entry by entry where rows are cut. */
static int copy_below(struct merge *m, struct old_row *old, uint64_t below)
{
	uint32_t last;
	const unsigned char *to = skip_below(old, m->columns, below, &last);
	int rc = to ? 0 : MDB_CORRUPTED;
	struct sum_entry e;

	while (!rc && old->p < to && (m->previous != old->previous || m->out_n + (size_t)(to - old->p) > m->cut_at)) {
		rc = take(m, old, &e);
		if (!rc)
			rc = emit(m, &e);
	}
	if (rc || old->p == to)
		return rc;
	memcpy(m->out + m->out_n, old->p, (size_t)(to - old->p));
	m->out_n += (size_t)(to - old->p);
	m->previous = old->previous = last;
	old->p = to;
	return 0;
}

/* One delta, added to the entry of its member when that is the next one. */
static int add_one(struct merge *m, struct old_row *old, const struct sum_delta *d)
{
	struct old_row behind = *old;
	struct sum_entry e = { 0 };

	if (old->p < old->end && take(m, &behind, &e))
		return MDB_CORRUPTED;
	if (e.member == d->member && behind.p > old->p)
		*old = behind;
	else
		e = (struct sum_entry){ 0 };
	add_columns(&e, d, m->columns);
	return emit(m, &e);
}

/* Merge the deltas that fall into one row with the row's old bytes. */
static int merge_row(struct merge *m, const unsigned char *bytes, size_t bytes_n, const struct sum_delta *d, size_t n)
{
	struct old_row old = { bytes, bytes + bytes_n, 0 };
	int rc = 0;

	m->group = d[0].group;
	m->cut_at = bytes_n + n * (size_t)(5 + 2 * m->columns) > m->full ? m->split : m->full;
	for (size_t i = 0; i < n && !rc; i++) {
		rc = copy_below(m, &old, d[i].member);
		if (!rc)
			rc = add_one(m, &old, &d[i]);
	}
	if (!rc)
		rc = copy_below(m, &old, NO_MEMBER);
	return rc ? rc : flush_row(m);
}

int store_add(struct store_txn *t, enum table_id id, const struct sum_delta *deltas, size_t n)
{
	bool young = t->level->number;
	struct merge m = { .t = t,
			   .columns = table_get(id)->columns,
			   .full = young ? ROW_FULL_YOUNG : ROW_FULL,
			   .split = young ? ROW_SPLIT_YOUNG : ROW_SPLIT };
	unsigned char old[ROW_MAX];
	int rc = store__cursor(t, id, &m.cur);

	if (rc)
		return store__error(rc);
	t->written[id] += n;
	for (size_t i = 0, end; i < n && !rc; i = end) {
		uint64_t next;
		size_t old_n;

		rc = find_row(&m, deltas[i].group, deltas[i].member,
			      i + 1 < n && deltas[i + 1].group == deltas[i].group, old, &old_n, &next);
		if (rc)
			break;
		for (end = i + 1; end < n && deltas[end].group == deltas[i].group && deltas[end].member < next;)
			end++;
		rc = merge_row(&m, old, old_n, deltas + i, end - i);
	}
	return store__error(rc);
}

int store_drop_groups(struct store_txn *t, enum table_id id, uint64_t first, uint64_t end, size_t rows_max)
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	MDB_val k = { SUM_KEY_BYTES, key }, v;
	MDB_cursor *cur;
	uint64_t group;
	int rc = mdb_cursor_open(t->txn, t->level->dbi[id], &cur);

	if (rc)
		return store__error(rc);
	put_be64(key, first);
	rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE);
	while (!rc && store__group(&k, &group) && group < end && rows_max-- > 0) {
		rc = mdb_cursor_del(cur, 0);
		if (!rc) /* after a deletion MDB_NEXT stays on the row that moved up */
			rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cur);
	if (!rc && !store__group(&k, &group))
		rc = MDB_CORRUPTED;
	return rc == MDB_NOTFOUND ? 0 : store__error(rc);
}
