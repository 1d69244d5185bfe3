#include "views/facts.h"
#include "views/fold_internal.h"
#include "views/catalog_rows.h"
#include "views/config_rows.h"
#include "views/history_rows.h"
#include "views/keys.h"
#include "views/session_rows.h"
#include "views/view.h"

#include <sodium.h>
#include <stdlib.h>

int fold__read_meta(struct snap *sn, struct fold_meta *ret)
{
	struct str row;
	int rc = snap_get(sn, TBL_META, FOLD_META, &row);

	*ret = (struct fold_meta){ .watermark_ms = TIME_NONE };
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (row.n != sizeof(*ret))
		return ERR_STORE_CORRUPT;
	memcpy(ret, row.p, sizeof(*ret));
	if (ret->watermark_ms != TIME_NONE && (ret->watermark_ms < 0 || ret->watermark_ms >= TIME_END_MS))
		return ERR_STORE_CORRUPT;
	return ret->newest_session < SESSION_NUMBERS_END ? 0 : ERR_STORE_CORRUPT;
}

int fold__load_meta(struct fold *f)
{
	struct fold_meta meta;
	int rc = fold__read_meta(f->snap, &meta);

	if (rc)
		return rc;
	f->now = meta;
	f->lane = LANE_NONE;
	rc = versions_of_snap(f->snap, &f->versions);
	if (!rc)
		rc = credit_desk_look(f->desk, f->snap);
	return rc ? rc : lanes_load(&f->lanes, f->snap);
}

int snap_watermark(struct snap *sn, int64_t *ret)
{
	struct snap_note *note = snap_note(sn);
	struct fold_meta meta;
	int rc = note->has_watermark ? 0 : fold__read_meta(sn, &meta);

	if (rc)
		return rc;
	if (!note->has_watermark) {
		note->has_watermark = true;
		note->watermark_ms = meta.watermark_ms;
	}
	*ret = note->watermark_ms;
	return 0;
}

int session_state_get(struct snap *sn, struct session_state *ret)
{
	struct fold_meta meta;
	int rc = fold__read_meta(sn, &meta);

	if (rc)
		return rc;
	*ret = (struct session_state){ meta.changes, meta.newest_session, meta.sessions, meta.watermark_ms };
	return 0;
}

/* Is the last of n ids there? A damaged number would have readers look for those that there are not, and make room for them. */
static int check_last(struct snap *sn, enum table_id id, uint32_t n)
{
	unsigned char be[4];
	struct str row;
	int rc = n ? snap_get(sn, id, id_key(n - 1, be), &row) : 0;

	return rc == ERR_NOT_FOUND ? ERR_STORE_CORRUPT : rc;
}

int snap_items(struct snap *sn, uint32_t *ret)
{
	struct fold_meta meta;
	int rc = fold__read_meta(sn, &meta);

	if (!rc)
		rc = check_last(sn, TBL_ITEM_NAMES, meta.next_item);
	if (!rc)
		*ret = meta.next_item;
	return rc;
}

int snap_actors(struct snap *sn, uint32_t *ret)
{
	struct fold_meta meta;
	int rc = fold__read_meta(sn, &meta);

	if (!rc)
		rc = check_last(sn, TBL_ACTOR_HASHES, meta.next_actor);
	if (!rc)
		*ret = meta.next_actor;
	return rc;
}

int fold_new(struct store *s, struct fold **ret, struct error *e)
{
	struct fold *f = xcalloc(1, sizeof(*f));
	int rc;

	f->store = s;
	f->id_cache = xmalloc(ID_CACHE_SLOTS * sizeof(*f->id_cache));
	fold__forget_ids(f); /* writes all of it, so that memory is flat from the start */
	f->prints.slots = xmalloc(PRINTS_SLOTS * sizeof(*f->prints.slots));
	f->journal = journal_new();
	f->desk = credit_desk_new(store_person_key(s));
	f->merger = merger_new(s, fold__expire);
	randombytes_buf(&f->id_seed, sizeof(f->id_seed));
	delta_init(&f->batch.delta);
	delta_init(&f->writer.batch.delta);
	rc = snap_open(s, &f->snap);
	if (!rc)
		rc = fold__load_meta(f);
	if (!rc)
		rc = versions_check(&f->versions, store_path(s), e);
	if (rc) {
		fold_free(f);
		return error_set(e, rc, "store.path", "cannot read store '%s': %s", store_path(s), error_text(rc));
	}
	*ret = f;
	return 0;
}

void fold_free(struct fold *f)
{
	if (!f)
		return;
	fold__writer_end(f);
	merger_free(f->merger);
	snap_close(f->snap);
	delta_fini(&f->batch.delta);
	delta_fini(&f->writer.batch.delta);
	lanes_fini(&f->lanes);
	journal_free(f->journal);
	credit_desk_free(f->desk);
	free(f->prints.slots);
	free(f->id_cache);
	free(f);
}

/* ---- replacing and adding, for views ---- */

static struct str value_of(const struct delta_row *row)
{
	return row->n ? (struct str){ (char *)row->value, row->n } : (struct str){ NULL, 0 };
}

/* As the store has it, or will have it when the batch that is being written is in it; { NULL, 0 } when it has none. */
static struct str get_stored(struct fold *f, enum table_id id, struct str key)
{
	const struct delta_row *row = f->writer.running ? delta_find(&f->writer.batch.delta, id, key) : NULL;
	struct str ret;
	int rc;

	if (row)
		return value_of(row);
	rc = snap_get(f->snap, id, key, &ret);
	if (rc && rc != ERR_NOT_FOUND && !f->read_error)
		f->read_error = rc;
	return rc ? (struct str){ NULL, 0 } : ret;
}

static struct delta_row *load_row(struct fold *f, enum table_id id, struct str key)
{
	bool is_new;
	struct delta_row *row = delta_row(&f->batch.delta, id, key, &is_new);

	if (is_new) {
		struct str stored = get_stored(f, id, key);

		delta_row_reserve(&f->batch.delta, row, stored.n);
		if (stored.n)
			memcpy(row->value, stored.p, stored.n);
		row->n = stored.n;
	}
	return row;
}

struct str fold_get(struct fold *f, enum table_id id, struct str key)
{
	return value_of(load_row(f, id, key));
}

struct str fold_peek(struct fold *f, enum table_id id, struct str key)
{
	const struct delta_row *row = delta_find(&f->batch.delta, id, key);

	return row ? value_of(row) : get_stored(f, id, key);
}

void fold_damaged(struct fold *f)
{
	if (!f->read_error)
		f->read_error = ERR_STORE_CORRUPT;
}

void fold_put(struct fold *f, enum table_id id, struct str key, const void *value, size_t n)
{
	bool is_new;
	struct delta_row *row = delta_row(&f->batch.delta, id, key, &is_new);

	fold__forget_prints(f, id, key);
	row->n = 0;
	delta_row_reserve(&f->batch.delta, row, n);
	if (n)
		memcpy(row->value, value, n);
	row->n = (uint32_t)n;
	row->dirty = true;
	row->deleted = false;
}

void fold_delete(struct fold *f, enum table_id id, struct str key)
{
	bool is_new;
	struct delta_row *row = delta_row(&f->batch.delta, id, key, &is_new);

	fold__forget_prints(f, id, key);
	row->n = 0;
	row->dirty = true;
	row->deleted = true;
}

unsigned char *fold_edit(struct fold *f, enum table_id id, struct str key, size_t room, size_t *n)
{
	struct delta_row *row = load_row(f, id, key);

	fold__forget_prints(f, id, key);
	delta_row_reserve(&f->batch.delta, row, row->n + room);
	row->dirty = true;
	row->deleted = false;
	*n = row->n;
	return row->value;
}

void fold_edited(struct fold *f, enum table_id id, struct str key, size_t n)
{
	bool is_new;

	delta_row(&f->batch.delta, id, key, &is_new)->n = (uint32_t)n;
}

void fold_add(struct fold *f, enum table_id id, uint64_t group, uint32_t member, unsigned column, int64_t delta)
{
	sum_log_add(&f->batch.delta.sums[id], group, member, column, delta);
}

void fold_tally(struct fold *f, enum table_id id, uint32_t member, unsigned column)
{
	delta_tally(&f->batch.delta, id, member, column);
}

uint32_t fold_lane(const struct fold *f)
{
	return f->lane;
}

int64_t fold_lane_watermark(const struct fold *f)
{
	return lanes_watermark(&f->lanes, f->lane);
}

/* ---- records in ---- */

void fold_partition(struct fold *f, const char *log_name, int32_t partition)
{
	f->lane = lanes_find(&f->lanes, log_name, partition)->number;
}

static void advance_watermarks(struct fold *f, int64_t t_ms)
{
	struct lane *l = &f->lanes.v[f->lane];

	if (t_ms > l->watermark_ms) {
		l->watermark_ms = t_ms;
		l->changed = true;
	}
	if (t_ms > f->now.watermark_ms)
		f->now.watermark_ms = t_ms;
}

static int check_record_time(int64_t record_ts_ms, struct error *e)
{
	if (record_ts_ms < TIME_END_MS)
		return 0;
	return error_set(e, ERR_OUT_OF_RANGE, "timestamp",
			 "the record's timestamp is beyond the year 9999: is it in microseconds?");
}

int fold_event(struct fold *f, struct event *ev, int64_t record_ts_ms, struct error *e)
{
	enum actor_kind kind = ev->user_id.n ? ACTOR_USER : ACTOR_VISITOR;
	struct moment m;
	uint32_t actor;

	f->batch.records++;
	if (f->lane == LANE_NONE)
		fold_partition(f, "", 0);
	if (check_record_time(record_ts_ms, e))
		return ERR_OUT_OF_RANGE;
	if (!ev->has_time) {
		if (record_ts_ms < 0)
			return error_set(e, ERR_MISSING_FIELD, "eventTime",
					 "an event of a record without a timestamp needs an eventTime");
		ev->t_ms = record_ts_ms;
	} else if (record_ts_ms >= 0 && ev->t_ms > record_ts_ms + TIME_AHEAD_MAX_MS) {
		return error_set(e, ERR_TIME_IN_FUTURE, "eventTime",
				 "eventTime is %lld ms after its record's timestamp",
				 (long long)(ev->t_ms - record_ts_ms));
	}
	actor = fold__actor(f, kind, event_actor(ev));
	if (!history_remember(f, actor, ev))
		return 1;
	journal_take(f->journal, f, ev, actor, &m);
	profile_add(f, &m);
	m.user = kind == ACTOR_USER ? actor : ID_NONE;
	m.visitor = kind == ACTOR_VISITOR ? actor
		    : ev->visitor_id.n    ? fold__actor(f, ACTOR_VISITOR, ev->visitor_id)
					  : ID_NONE;
	credit_take(f->desk, f, &m);
	for (size_t i = 0; view_registry[i]; i++)
		if (view_registry[i]->apply && !f->versions.frozen[i])
			view_registry[i]->apply(f, &m);
	advance_watermarks(f, ev->t_ms);
	return 0;
}

int fold_catalog(struct fold *f, const struct catalog_item *item, bool deleted)
{
	f->batch.records++;
	f->batch.has_catalog = true;
	catalog_store(f, item, deleted);
	return 0;
}

int fold_stock(struct fold *f, const struct stock_record *rec, bool deleted, int64_t record_ts_ms, struct error *e)
{
	f->batch.records++;
	/* the larger asOf wins, the record's time where there is none: one from a bad clock would hold the row for good */
	if (check_record_time(record_ts_ms, e))
		return ERR_OUT_OF_RANGE;
	if (rec->has_as_of && record_ts_ms >= 0 && rec->as_of_ms > record_ts_ms + TIME_AHEAD_MAX_MS)
		return error_set(e, ERR_TIME_IN_FUTURE, "asOf", "asOf is %lld ms after its record's timestamp",
				 (long long)(rec->as_of_ms - record_ts_ms));
	f->batch.has_stock = true;
	stock_store(f, rec, deleted, record_ts_ms);
	return 0;
}

int fold_config(struct fold *f, const struct control_record *rec, int64_t record_ts_ms)
{
	f->batch.records++;
	return config_store(f, rec, record_ts_ms) ? 0 : 1;
}

void fold_config_unreadable(struct fold *f, enum control_kind kind, struct str id)
{
	config_store_unreadable(f, kind, id);
}

int fold_members(struct fold *f, struct str segment, const void *value, size_t n, struct error *e)
{
	f->batch.records++;
	return members_store(f, segment, value, n, e);
}

void fold_position(struct fold *f, const char *log_name, int32_t partition, const struct position *pos)
{
	struct lane *l = lanes_find(&f->lanes, log_name, partition);

	l->at = *pos;
	l->changed = true;
}

bool fold_stored_position(struct fold *f, const char *log_name, int32_t partition, struct position *ret)
{
	int rc = fold_wait(f);

	if (!rc)
		rc = offsets_get(f->snap, log_name, partition, ret);
	if (rc && rc != ERR_NOT_FOUND && !f->read_error)
		f->read_error = rc;
	return rc == 0;
}

int64_t fold_newest_ms(const struct fold *f)
{
	int64_t ret = 0;

	for (size_t i = 0; i < f->lanes.n; i++)
		if (f->lanes.v[i].at.last_timestamp_ms > ret)
			ret = f->lanes.v[i].at.last_timestamp_ms;
	return ret;
}

bool fold_frozen(const struct fold *f, char *ret, size_t size)
{
	return versions_describe(&f->versions, ret, size);
}

size_t fold_pending_bytes(const struct fold *f)
{
	return delta_bytes(&f->batch.delta);
}

const uint64_t *fold_credit_refused(const struct fold *f)
{
	return credit_refused(f->desk);
}

int64_t fold_watermark(const struct fold *f)
{
	return f->now.watermark_ms;
}
