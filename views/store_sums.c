/*
 * Merging sorted deltas into the packed rows of an adding table.
 *
 * A row's key is (group, first member it may hold); the first row of a group starts at member 0. So the row for a
 * member is the last one whose key is not above it, and a group's rows cover all members without gaps.
 */
#include "views/delta.h"
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

/* No row outgrows ROW_MAX, however wide its numbers are. */
#define ROW_FULL (ROW_MAX - SUM_ENTRY_MAX)
/* In young levels, where a few members of a row change at a time, and all of it is taken apart and packed again for them. */
#define ROW_FULL_YOUNG 600
#define ROW_SPLIT_YOUNG 400

static int flush_row(struct merge *m)
{
	unsigned char key[SUM_KEY_BYTES];
	MDB_val k = { SUM_KEY_BYTES, key }, v = { m->out_n, m->out };

	put_be64(key, m->group);
	put_be32(key + 8, m->row_first);
	m->out_n = 0;
	m->previous = 0;
	return store__write(m->t, m->cur, &k, &v, 0);
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

/* The cursor on the row that covers (group, member); NOTFOUND when the group is new. */
static int seek_row(struct merge *m, uint64_t group, uint32_t member, MDB_val *k, MDB_val *v)
{
	bool goes_on = false; /* a row of the group lies behind */
	uint64_t at;
	int rc = mdb_cursor_get(m->cur, k, v, MDB_SET_RANGE);

	if (!rc && !store__group(k, &at))
		return MDB_CORRUPTED;
	if (rc == MDB_NOTFOUND) {
		rc = mdb_cursor_get(m->cur, k, v, MDB_LAST);
	} else if (!rc && (at != group || get_be32((char *)k->mv_data + 8) != member)) {
		goes_on = at == group;
		rc = mdb_cursor_get(m->cur, k, v, MDB_PREV);
	}
	if (!rc && (!store__group(k, &at) || v->mv_size > ROW_MAX))
		return MDB_CORRUPTED;
	if (!rc && at != group)
		rc = MDB_NOTFOUND;
	/* a group's first row begins at member 0 */
	return rc == MDB_NOTFOUND && goes_on ? MDB_CORRUPTED : rc;
}

/*
 * The row that covers (group, member): its key's member and a copy of its bytes; 0 bytes when the group is new. *next is
 * the first member of the row after it, looked for only when `more` deltas of the group follow.
 */
static int find_row(struct merge *m, uint64_t group, uint32_t member, bool more, unsigned char *copy, size_t *n,
		    uint64_t *next)
{
	unsigned char key[SUM_KEY_BYTES];
	MDB_val k = { SUM_KEY_BYTES, key }, v;
	uint64_t at;
	int rc;

	put_be64(key, group);
	put_be32(key + 8, member);
	*n = 0;
	m->row_first = 0;
	*next = UINT64_C(1) << 32;
	rc = seek_row(m, group, member, &k, &v);
	if (rc)
		return rc == MDB_NOTFOUND ? 0 : rc;
	memcpy(copy, v.mv_data, v.mv_size);
	*n = v.mv_size;
	m->row_first = get_be32((char *)k.mv_data + 8);
	if (!more)
		return 0;
	rc = mdb_cursor_get(m->cur, &k, &v, MDB_NEXT);
	if (!rc && !store__group(&k, &at))
		return MDB_CORRUPTED;
	if (!rc && at == group)
		*next = get_be32((char *)k.mv_data + 8);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static void add_columns(struct sum_entry *e, const struct sum_delta *d, unsigned columns)
{
	e->member = d->member;
	for (unsigned i = 0; i < columns; i++)
		e->columns[i] = saturating_add(e->columns[i], d->columns[i]);
}

/* Merge the deltas that fall into one row with the row's old bytes. */
static int merge_row(struct merge *m, const unsigned char *old, size_t old_n, const struct sum_delta *d, size_t n)
{
	const unsigned char *p = old, *end = old + old_n;
	struct sum_entry held = { 0 };
	uint32_t previous = 0;
	bool have = false;
	size_t i = 0;
	int rc = 0;

	m->group = d[0].group;
	m->cut_at = old_n + n * (size_t)(5 + 2 * m->columns) > m->full ? m->split : m->full;
	while (!rc && (have || p < end || i < n)) {
		if (!have && p < end) {
			p = store__unpack(p, end, m->columns, previous, &held);
			if (!p)
				return MDB_CORRUPTED;
			previous = held.member;
			have = true;
		}
		if (have && (i == n || held.member < d[i].member)) {
			rc = emit(m, &held);
			have = false;
			continue;
		}
		struct sum_entry e = { 0 };

		if (have && held.member == d[i].member) {
			e = held;
			have = false;
		}
		add_columns(&e, &d[i++], m->columns);
		rc = emit(m, &e);
	}
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
	size_t dropped = 0;
	uint64_t group;
	int rc = mdb_cursor_open(t->txn, t->level->dbi[id], &cur);

	if (rc)
		return store__error(rc);
	put_be64(key, first);
	rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE);
	while (!rc && store__group(&k, &group) && group < end && dropped < rows_max) {
		rc = mdb_cursor_del(cur, 0);
		dropped++;
		if (!rc) /* after a deletion MDB_NEXT stays on the row that moved up */
			rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cur);
	if (!rc && !store__group(&k, &group))
		rc = MDB_CORRUPTED;
	if (rc && rc != MDB_NOTFOUND)
		return store__error(rc);
	return !rc && dropped == rows_max ? 1 : 0;
}
