/*
 * demo_once.h - `aisle demo --once`: a few answers, readable, that must not be empty.
 */
#ifndef AISLE_CMD_DEMO_ONCE_H
#define AISLE_CMD_DEMO_ONCE_H

#include "config/settings.h"
#include "schemas/error.h"
#include "views/status.h"
#include "views/store.h"

/* Prints to stdout. ERR_NOT_FOUND when a list that must have items has none. Thread: main. */
int demo_print_answers(struct store *store, struct status *status, const struct settings *settings,
		       struct error *e) MUST_CHECK;

#endif
