/*
 * config.h - what people decided (schemas/control.h), seen from a snapshot: the last record of each key that was applied.
 *
 * A record is applied when there is nothing of its key, when it does not say what it replaces, or when that is the revision
 * that is there. Otherwise two editors began from the same one: the second is refused, counted, and changes nothing. A
 * deletion leaves a row with its revision, so that an edit of what was there before is refused too; a tombstone leaves nothing,
 * since a compacted topic forgets it.
 *
 * revision = replaces + 1, or changedAt + 1 of a record that does not say what it replaces: it comes from the record alone, so it
 * is the same when a compacted topic has only the last one. For the same reason a refused record must not stay the last one of
 * its key: such a row is `unsettled`, and who sees it sends the row's record again (config_write_record); a record that would make
 * the same row changes nothing but settles it. One that cannot be read, which is a dead letter, leaves its row unsettled too.
 *
 * A store that is made when compaction has left the refused record alone begins with it. So the record that is sent again says
 * which change it overrules, and is applied where that one is.
 *
 * Strings are borrowed until the snapshot is renewed or the next look at it. Thread: any, one snapshot each.
 */
#ifndef AISLE_VIEWS_CONFIG_H
#define AISLE_VIEWS_CONFIG_H

#include "schemas/control.h"
#include "schemas/json_out.h"
#include "views/store.h"

#define CONFIG_HISTORY_MAX 20 /* documents of an id, the newest among them */

struct config_row {
	enum control_kind kind;
	struct str id;
	uint64_t revision, change_id;
	int64_t changed_at_ms;
	struct str changed_by, document; /* document: compact JSON; n = 0: deleted */
	bool unsettled;                  /* the last record of the key was refused, or is a dead letter */
	uint64_t refused;                /* that one's change; 0: a dead letter, or settled */
};

/* NOT_FOUND: there is none, or it was deleted. */
int config_get(struct snap *sn, enum control_kind kind, struct str id, struct config_row *ret) MUST_CHECK;
/* The same, but a deleted one is found too, without a document. */
int config_find(struct snap *sn, enum control_kind kind, struct str id, struct config_row *ret) MUST_CHECK;

/* What there is of a kind, by id; stops on non-zero and returns that. */
typedef int (*config_each_row)(void *arg, const struct config_row *row);
int config_each(struct snap *sn, enum control_kind kind, config_each_row each, void *arg);
/* Those that are unsettled, of all kinds, deleted ones too. */
int config_each_unsettled(struct snap *sn, config_each_row each, void *arg);
/* The last CONFIG_HISTORY_MAX of an id that were applied, deletions too, newest first. It begins where the log begins. */
int config_history(struct snap *sn, enum control_kind kind, struct str id, config_each_row each, void *arg);

/* Another number whenever anything above, or a list of segment_members.h, is another; it is the same for the same rows in any store. */
int config_version(struct snap *sn, uint64_t *ret) MUST_CHECK;

struct config_counts {
	uint64_t applied, refused; /* records since this store began */
};
int config_counts(struct snap *sn, struct config_counts *ret) MUST_CHECK;

/* The row as the value of the record that made it. */
void config_write_record(struct json_out *j, const struct config_row *row);

#endif
