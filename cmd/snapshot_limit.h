/*
 * snapshot_limit.h - a command that reads for long ends itself before its snapshot does harm.
 *
 * A snapshot keeps old pages from being used again, so a command that hangs (its output is a pager somebody left)
 * would make the store grow without end. Once its snapshot is older than store.readerAgeMax and a writer has gone on
 * meanwhile, the process ends with status 1 and a sentence. While nobody writes it may take as long as it likes.
 * Thread: main.
 */
#ifndef AISLE_CMD_SNAPSHOT_LIMIT_H
#define AISLE_CMD_SNAPSHOT_LIMIT_H

#include "config/settings.h"
#include "views/store.h"

struct snapshot_limit;

/* `held` is looked at here only. */
int snapshot_limit_start(const struct settings *set, struct store *s, const struct snap *held,
			 struct snapshot_limit **ret, struct error *e) MUST_CHECK;
/* NULL is fine. Before the store is closed. */
void snapshot_limit_stop(struct snapshot_limit *l);

#endif
