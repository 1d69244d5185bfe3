/*
 * countries.h - where a person is: what the last of an actor's events that named a country said, impressions left out.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_COUNTRIES_H
#define AISLE_VIEWS_COUNTRIES_H

#include "views/store.h"

/* NOT_FOUND: no event of the actor named one. *ret is as it was written there, valid until the snapshot is renewed. */
int country_get(struct snap *sn, uint32_t actor, struct str *ret) MUST_CHECK;

#endif
