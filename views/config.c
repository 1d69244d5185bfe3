/*
 * config: KIND/ID -> head, changedBy, document; "=" -> figures of all. config-history: KIND/ID, 0, the complement of its
 * number in this store -> the same row, so that the newest comes first.
 */
#include "views/config.h"
#include "schemas/json_keys.h"
#include "views/config_rows.h"
#include "views/keys.h"
#include "views/segment_members.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define FIGURES_KEY STR("=")

struct head {
	uint64_t revision, change_id;
	uint64_t number;  /* of its row in the history: 1, 2, ... */
	uint64_t refused; /* unsettled: the change of the last record; 0: one that cannot be read */
	int64_t changed_at_ms;
	uint32_t by_n;
	uint32_t unsettled;
};

struct figures {
	uint64_t version; /* sum of the rows' signs */
	uint64_t applied, refused;
};

static struct str history_key(struct str key, uint64_t number, char room[CONTROL_KEY_MAX + 9])
{
	memcpy(room, key.p, key.n);
	room[key.n] = 0;
	put_be64((unsigned char *)room + key.n + 1, ~number);
	return (struct str){ room, key.n + 9 };
}

static bool head_of(struct str value, struct head *ret)
{
	if (value.n < sizeof(*ret))
		return false;
	memcpy(ret, value.p, sizeof(*ret));
	return ret->number && ret->revision && ret->revision <= CONTROL_REVISION_MAX && ret->by_n <= CONTROL_BY_MAX &&
	       ret->by_n <= value.n - sizeof(*ret) && ret->unsettled <= 1 && ret->changed_at_ms >= 0 &&
	       ret->changed_at_ms < TIME_END_MS;
}

static bool figures_of(struct str value, struct figures *ret)
{
	if (value.n != sizeof(*ret))
		return false;
	memcpy(ret, value.p, sizeof(*ret));
	return true;
}

/* ---- writing ---- */

/* 0 of a deleted one: a compacted topic may know nothing of it. */
static uint64_t sign(struct str key, struct str row)
{
	struct head h;

	if (!head_of(row, &h) || row.n == sizeof(h) + h.by_n)
		return 0;
	return XXH3_64bits_withSeed(row.p + sizeof(h), row.n - sizeof(h),
				    XXH3_64bits_withSeed(key.p, key.n, h.change_id + h.revision));
}

static struct head head_after(const struct head *before, const struct control_record *rec, int64_t record_ts_ms)
{
	int64_t given = rec->changed_at_ms >= 0 ? rec->changed_at_ms : record_ts_ms;
	int64_t at = given >= 0 && given < TIME_END_MS ? given : 0;
	uint64_t from = rec->replaces == CONTROL_REPLACES_ANY ? (uint64_t)at : (uint64_t)rec->replaces;

	return (struct head){ .revision = from < CONTROL_REVISION_MAX ? from + 1 : from,
			      .change_id = rec->change_id,
			      .number = before->number + 1,
			      .changed_at_ms = at,
			      .by_n = (uint32_t)strlen(rec->changed_by) };
}

/* The caller frees its text. */
static struct str row_of(const struct head *h, const struct control_record *rec)
{
	size_t n = sizeof(*h);
	char *row = xmalloc(n + h->by_n + rec->document.n);

	memcpy(row, h, n);
	memcpy(row + n, rec->changed_by, h->by_n);
	n += h->by_n;
	if (rec->document.n)
		n += control_compact(rec->document, row + n);
	return (struct str){ row, (uint32_t)n };
}

/* Would a store that has read this one alone have the same? That of a program that sends the same bytes each day would not. */
static bool says_the_same(struct head h, struct str row, const struct head *before, struct str old)
{
	h.number = before->number;
	h.refused = before->refused;
	h.unsettled = before->unsettled;
	return !memcmp(&h, before, sizeof(h)) && row.n == old.n &&
	       !memcmp(row.p + sizeof(h), old.p + sizeof(h), row.n - sizeof(h));
}

static void put_row(struct fold *f, struct str key, const struct head *h, struct str row)
{
	char room[CONTROL_KEY_MAX + 9];

	fold_put(f, TBL_CONFIG, key, row.p, row.n);
	fold_put(f, TBL_CONFIG_HISTORY, history_key(key, h->number, room), row.p, row.n);
	if (h->number > CONFIG_HISTORY_MAX)
		fold_delete(f, TBL_CONFIG_HISTORY, history_key(key, h->number - CONFIG_HISTORY_MAX, room));
}

static void set_unsettled(struct fold *f, struct str key, struct head *h, bool unsettled, uint64_t refused)
{
	size_t n;
	unsigned char *row;

	if (h->unsettled == unsettled && h->refused == refused)
		return;
	h->unsettled = unsettled;
	h->refused = refused;
	row = fold_edit(f, TBL_CONFIG, key, 0, &n);
	memcpy(row, h, sizeof(*h));
}

static bool is_tombstone(const struct control_record *rec)
{
	return !rec->change_id && !rec->document.n && rec->replaces == CONTROL_REPLACES_ANY;
}

/* All of it, since a compacted topic does so too. */
static void forget(struct fold *f, struct str key, uint64_t number)
{
	char room[CONTROL_KEY_MAX + 9];

	fold_delete(f, TBL_CONFIG, key);
	for (unsigned i = 0; i < CONFIG_HISTORY_MAX && i < number; i++)
		fold_delete(f, TBL_CONFIG_HISTORY, history_key(key, number - i, room));
}

static bool replaces(const struct control_record *rec, const struct head *before)
{
	return !before->revision || rec->replaces == CONTROL_REPLACES_ANY ||
	       (uint64_t)rec->replaces == before->revision || (rec->overrules && rec->overrules == before->change_id);
}

bool config_store(struct fold *f, const struct control_record *rec, int64_t record_ts_ms)
{
	char room[CONTROL_KEY_MAX];
	struct str key = control_key_of(rec->kind, rec->id, room), old = fold_get(f, TBL_CONFIG, key);
	struct str all = fold_get(f, TBL_CONFIG, FIGURES_KEY), row;
	struct figures figures = { 0 };
	struct head before = { 0 }, h;
	bool repeats, applies;

	if ((old.n && !head_of(old, &before)) || (all.n && !figures_of(all, &figures))) {
		fold_damaged(f);
		return false;
	}
	if (is_tombstone(rec) && !before.revision)
		return false;
	h = head_after(&before, rec, record_ts_ms);
	row = row_of(&h, rec);
	repeats = before.revision && !is_tombstone(rec) && says_the_same(h, row, &before, old);
	applies = replaces(rec, &before);
	if (repeats || !applies) {
		set_unsettled(f, key, &before, !repeats, repeats ? 0 : rec->change_id);
		figures.refused += !repeats;
	} else {
		figures.version += sign(key, row) - sign(key, old);
		if (is_tombstone(rec))
			forget(f, key, before.number);
		else
			put_row(f, key, &h, row);
		figures.applied++;
	}
	fold_put(f, TBL_CONFIG, FIGURES_KEY, &figures, sizeof(figures));
	free((char *)row.p);
	return applies && !repeats;
}

void config_store_unreadable(struct fold *f, enum control_kind kind, struct str id)
{
	char room[CONTROL_KEY_MAX];
	struct str key = control_key_of(kind, id, room), old = fold_get(f, TBL_CONFIG, key);
	struct head h;

	if (old.n && head_of(old, &h))
		set_unsettled(f, key, &h, true, 0);
	else if (old.n)
		fold_damaged(f);
}

/* ---- reading ---- */

/* False for what is damaged. */
static bool unpack(struct str key, struct str value, struct config_row *ret)
{
	const char *slash = key.n ? memchr(key.p, '/', key.n) : NULL;
	uint32_t kind_n = slash ? (uint32_t)(slash - key.p) : 0;
	struct head h;

	*ret = (struct config_row){ .kind = control_kind_find((struct str){ key.p, kind_n }, false) };
	if (!slash || ret->kind == CONTROL_KIND_COUNT || !head_of(value, &h))
		return false;
	ret->id = (struct str){ slash + 1, key.n - kind_n - 1 };
	ret->revision = h.revision;
	ret->change_id = h.change_id;
	ret->changed_at_ms = h.changed_at_ms;
	ret->unsettled = h.unsettled;
	ret->refused = h.refused;
	ret->changed_by = (struct str){ value.p + sizeof(h), h.by_n };
	ret->document = (struct str){ value.p + sizeof(h) + h.by_n, value.n - (uint32_t)sizeof(h) - h.by_n };
	return control_id_valid(ret->id) && (!ret->document.n || control_is_object(ret->document));
}

int config_find(struct snap *sn, enum control_kind kind, struct str id, struct config_row *ret)
{
	char room[CONTROL_KEY_MAX];
	struct config_row row;
	struct str key, value;
	int rc;

	if (!control_id_valid(id))
		return ERR_NOT_FOUND;
	key = control_key_of(kind, id, room);
	rc = snap_get(sn, TBL_CONFIG, key, &value);
	if (rc)
		return rc;
	if (!unpack(key, value, &row))
		return ERR_STORE_CORRUPT;
	row.id = id;
	*ret = row;
	return 0;
}

int config_get(struct snap *sn, enum control_kind kind, struct str id, struct config_row *ret)
{
	struct config_row row;
	int rc = config_find(sn, kind, id, &row);

	if (!rc && !row.document.n)
		rc = ERR_NOT_FOUND;
	if (!rc)
		*ret = row;
	return rc;
}

struct walk {
	config_each_row each;
	void *arg;
	uint32_t key_n; /* of what stands before a history's number; 0: rows of the present */
	bool unsettled; /* only these */
};

static int walk_row(void *arg, struct str key, struct str value)
{
	const struct walk *w = arg;
	struct config_row row;

	if (!w->key_n && str_eq(key, FIGURES_KEY))
		return 0;
	if (w->key_n && key.n != w->key_n + 9)
		return ERR_STORE_CORRUPT;
	if (!unpack(w->key_n ? (struct str){ key.p, w->key_n } : key, value, &row))
		return ERR_STORE_CORRUPT;
	if (w->unsettled ? !row.unsettled : !w->key_n && !row.document.n)
		return 0;
	return w->each(w->arg, &row);
}

int config_each(struct snap *sn, enum control_kind kind, config_each_row each, void *arg)
{
	struct walk w = { .each = each, .arg = arg };
	char prefix[CONTROL_KEY_MAX];

	return snap_each(sn, TBL_CONFIG, control_key_of(kind, STR(""), prefix), walk_row, &w);
}

int config_each_unsettled(struct snap *sn, config_each_row each, void *arg)
{
	struct walk w = { .each = each, .arg = arg, .unsettled = true };

	return snap_each(sn, TBL_CONFIG, (struct str){ NULL, 0 }, walk_row, &w);
}

int config_history(struct snap *sn, enum control_kind kind, struct str id, config_each_row each, void *arg)
{
	char room[CONTROL_KEY_MAX + 1];
	struct walk w = { .each = each, .arg = arg };
	struct str key;

	if (!control_id_valid(id))
		return 0;
	key = control_key_of(kind, id, room);
	w.key_n = key.n;
	room[key.n++] = 0;
	return snap_each(sn, TBL_CONFIG_HISTORY, key, walk_row, &w);
}

static int get_figures(struct snap *sn, struct figures *ret)
{
	struct str value;
	int rc = snap_get(sn, TBL_CONFIG, FIGURES_KEY, &value);

	*ret = (struct figures){ 0 };
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	return figures_of(value, ret) ? 0 : ERR_STORE_CORRUPT;
}

int config_version(struct snap *sn, uint64_t *ret)
{
	uint64_t lists;
	struct figures figures;
	int rc = get_figures(sn, &figures);

	if (!rc)
		rc = members_version(sn, &lists);
	if (!rc)
		*ret = figures.version + lists;
	return rc;
}

int config_counts(struct snap *sn, struct config_counts *ret)
{
	struct figures figures;
	int rc = get_figures(sn, &figures);

	if (!rc)
		*ret = (struct config_counts){ figures.applied, figures.refused };
	return rc;
}

/* ---- as JSON ---- */

static void write_change(struct json_out *j, const char *name, uint64_t id)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)id);
	key_text(j, name, text);
}

static void write_row(struct json_out *j, const struct config_row *row, const char *number, uint64_t revision)
{
	json_out_object(j);
	key_text(j, "kind", control_kind_name(row->kind));
	key_str(j, "id", row->id);
	key_int(j, number, (int64_t)revision);
	write_change(j, "changeId", row->change_id);
	key_str(j, "changedBy", row->changed_by);
	key_int(j, "changedAt", row->changed_at_ms);
	json_out_key(j, "document");
	if (row->document.n)
		json_out_raw(j, row->document);
	else
		json_out_null(j);
}

void config_write_record(struct json_out *j, const struct config_row *row)
{
	write_row(j, row, "replaces", row->revision - 1);
	if (row->refused)
		write_change(j, "overrules", row->refused);
	json_out_end_object(j);
}

struct printing {
	struct json_out out;
	view_row each;
	void *arg;
};

static int print_row(void *arg, const struct config_row *row)
{
	struct printing *p = arg;

	json_out_reset(&p->out);
	write_row(&p->out, row, "revision", row->revision);
	json_out_end_object(&p->out);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int config_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .each = each, .arg = arg };
	struct walk w = { .each = print_row, .arg = &p };
	int rc;

	(void)filter;
	rc = snap_each(sn, TBL_CONFIG, (struct str){ NULL, 0 }, walk_row, &w);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_config = {
	.name = "config",
	.version = 1,
	.meaning = "scenarios, rules, experiments, segments, offers and promotions as they stand",
	.tables = TABLE_BIT(TBL_CONFIG) | TABLE_BIT(TBL_CONFIG_HISTORY),
	.topic = TOPIC_CONFIG,
	.rows = config_rows,
};
