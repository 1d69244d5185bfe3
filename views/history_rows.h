/*
 * history_rows.h - writing the history view, which also knows duplicates.
 *
 * An actor's row is a set of its events; what is kept is the union of its last 256 events of any type (the window of
 * duplicates) and the events of its last 256 item rows. Thread: processor.
 */
#ifndef AISLE_VIEWS_HISTORY_ROWS_H
#define AISLE_VIEWS_HISTORY_ROWS_H

#include "views/fold.h"

/* false: a duplicate, nothing changed. */
bool history_remember(struct fold *f, uint32_t actor, const struct event *ev);

/* Then, for the view `profile`. Sets the moment's new_actor, new_day and new_country. */
struct moment;
void profile_add(struct fold *f, struct moment *m);

#endif
