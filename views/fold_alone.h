/*
 * fold_alone.h - one view made anew while the rows of all others stay as they are.
 *
 *     base of the current generation ── alone_copy ──> base of the next one, all but the view's rows
 *                                                      │ alone_begin: the ids, so that numbers agree   ^
 *                                                      v                                              │ alone_take
 *                                 log up to there ──> scratch store, an ordinary fold of this view ───┘
 *
 * The scratch store says that all views which it need not fill are of another version, so the fold passes them by; what
 * views are made from (journal, history) it has of its own, from the first record on. `base` stands where its copy stood
 * until the view is taken; then it is an ordinary store.
 *
 * Each step may be killed and done again. `stopped` (NULL is fine) is asked now and then and ends a step with
 * SOURCE_RETRY. Thread: main, with nobody else writing to the store that is written.
 */
#ifndef AISLE_VIEWS_FOLD_ALONE_H
#define AISLE_VIEWS_FOLD_ALONE_H

#include "views/store.h"
#include "views/view.h"

enum alone_state {
	ALONE_EMPTY,  /* or copied in part */
	ALONE_COPIED, /* without the view */
	ALONE_WHOLE
};
int alone_state(struct store *base, const struct view *v, enum alone_state *ret) MUST_CHECK;

/* Of the current generation what is in its base; what is younger comes from the log again. */
int alone_copy(struct store *base, struct store *current, const struct view *v, bool (*stopped)(void)) MUST_CHECK;
/* Before the scratch store's first fold; nothing when that was done. */
int alone_begin(struct store *scratch, struct store *base, const struct view *v, bool (*stopped)(void)) MUST_CHECK;
int alone_take(struct store *base, struct store *scratch, const struct view *v, bool (*stopped)(void)) MUST_CHECK;

#endif
