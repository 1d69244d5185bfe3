/*
 * sync.h - names that outlast a power cut: what is in a directory is durable once the directory was synced, a synced
 * file without its name is lost. Both return 0, or -1 with errno. Thread: any.
 */
#ifndef AISLE_VIEWS_SYNC_H
#define AISLE_VIEWS_SYNC_H

#include "schemas/base.h"

int sync_directory(const char *path) MUST_CHECK;
/* The directory in which the last name of the path stands. */
int sync_parent(const char *path) MUST_CHECK;

#endif
