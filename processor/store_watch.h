/*
 * store_watch.h - looks after the store while the processor runs, once a second: readers that have died, readers that
 * hold an old snapshot for too long, and how full it is.
 *
 * A snapshot keeps every page that was freed since its transaction from being used again, so one that is forgotten
 * makes the store grow with each commit. Slots of processes that have ended are freed; a living reader is named, with
 * its pid and command, in the log and as a metric. It is not ended from here: a pid may be of another program or of
 * another namespace. Our own long readers end themselves (cmd/snapshot_limit.h).
 *
 * Thread: processor.
 */
#ifndef AISLE_PROCESSOR_STORE_WATCH_H
#define AISLE_PROCESSOR_STORE_WATCH_H

#include "config/settings.h"
#include "views/status.h"
#include "views/store.h"

struct store_watch;

/* Store and page are borrowed. */
struct store_watch *store_watch_new(const struct settings *set, struct store *s, struct status_page *page);
void store_watch_free(struct store_watch *w);
/* Look when it is time to; now_ns is monotonic. */
void store_watch_look(struct store_watch *w, uint64_t now_ns);

#endif
