/*
 * control_set.h - what people decided (views/config.h), ready for answers: one immutable set a state of the store, shared
 * by all who answer.
 *
 * A set is made by a thread of its own within CONTROL_POLL_MS of the commit that changed a document, out of the set before
 * it: a document that did not change is not looked at again, but for segments. What cannot be used (a filter that is none,
 * a strategy that there is not) is left out, and the set says why.
 *
 * Thread: control_watch_start and _stop main; all else any.
 */
#ifndef AISLE_QUERY_CONTROL_SET_H
#define AISLE_QUERY_CONTROL_SET_H

#include "query/recommend.h"
#include "schemas/control.h"

#define CONTROL_POLL_MS 50

struct config_row;
struct control_set;
struct control_watch;
struct publisher;

/* The first set is there when it returns 0. */
int control_watch_start(struct store *s, struct control_watch **ret, struct error *e) MUST_CHECK;
/*
 * From now on its thread settles what its sender did not (views/config.h), looking once a second. Publisher and topic must outlive
 * it.
 */
void control_watch_settle(struct control_watch *w, struct publisher *publisher, const char *topic);
/* The row's record, which settles it once it is folded; 0: it is on its way, nobody waits for it. Thread: any. */
int control_send_again(struct publisher *publisher, const char *topic, const struct config_row *row);
/* NULL is fine. All sets must have been released. */
void control_watch_stop(struct control_watch *w);
/* What is in the store now, on the caller's thread. */
int control_watch_follow(struct control_watch *w) MUST_CHECK;

/* The newest set. NULL of a NULL watch. */
const struct control_set *control_set_acquire(struct control_watch *w);
/* The same, of what is in the store now; when that cannot be read, the one before. */
const struct control_set *control_set_newest(struct control_watch *w);
/* NULL is fine. */
void control_set_release(const struct control_set *set);

/* A change that was not made. */
struct control_change {
	enum control_kind kind;
	struct str id;
	struct str document; /* n = 0: it deletes */
};

/*
 * Does the document mean something beside this set (NULL: nothing was decided yet)? BAD_CONFIG with the path of the field:
 * a filter that does not parse, a strategy, placement or segment that there is not.
 */
int control_check(const struct control_set *set, const struct control_change *change, struct error *e) MUST_CHECK;
/* The set as it would be after the change (segments_with for imported lists); *ret is the caller's to release. Errors as control_check. */
int control_set_with(const struct control_set *set, const struct control_change *change, const struct control_set **ret,
		     struct error *e) MUST_CHECK;

struct segment_set;
/* Of a NULL set NULL. Valid as long as the set. */
const struct segment_set *control_set_segments(const struct control_set *set);
/*
 * A document of the store that has no effect: true, and why. It cannot be read, or of the segments or of the placements it names
 * none is there any more, or switched on. False when there is no such document, or it has one.
 */
bool control_set_problem(const struct control_set *set, enum control_kind kind, struct str id, struct error *ret);
/* Is there a segment of this id, switched on or not? *ret_near: the nearest one if not, or NULL; valid as long as the set. */
bool control_set_has_segment(const struct control_set *set, struct str id, const char **ret_near);
/* Scenarios that people decided, sound ones by id: index 0.. until false. Strings are valid as long as the set. */
bool scenario_decided(const struct control_set *set, size_t index, struct scenario_info *ret);

#endif
