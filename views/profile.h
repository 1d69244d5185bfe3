/*
 * profile.h - what an actor is to the shop: how long it has been coming, what it bought. Segments are computed from it.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_PROFILE_H
#define AISLE_VIEWS_PROFILE_H

#include "views/store.h"

struct profile {
	int64_t first_ms, last_ms; /* smallest and largest t of what it did; impressions are what the shop did */
	int64_t orders, units;     /* units: less returns */
	int64_t spend_micros;      /* price x quantity, less returns */
};

/* NOT_FOUND: the actor has done nothing. */
int profile_get(struct snap *sn, uint32_t actor, struct profile *ret) MUST_CHECK;
/* Of a person: all its actors together (person_actors). NOT_FOUND: none of them has done anything. */
int profile_of(struct snap *sn, const uint32_t *actors, unsigned n, struct profile *ret) MUST_CHECK;

/* Every actor that did something; non-zero stops and is returned. */
typedef int (*profile_row)(void *arg, uint32_t actor, const struct profile *p);
int profile_each(struct snap *sn, profile_row each, void *arg) MUST_CHECK;

#endif
