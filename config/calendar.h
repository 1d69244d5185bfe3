/*
 * calendar.h - which seasons of the shop's year a moment lies in: the setting answers.seasons, "NAME=MM-DD/MM-DD, ...".
 *
 * Both days belong to the season; one whose end lies before its beginning goes over the new year. A name may stand there
 * more than once. Names are compared without regard to ASCII case. All days are UTC. Thread: any.
 */
#ifndef AISLE_CONFIG_CALENDAR_H
#define AISLE_CONFIG_CALENDAR_H

#include "schemas/base.h"

#define CALENDAR_SEASONS_MAX 32

struct calendar {
	unsigned n;
	struct {
		struct str name; /* in the setting's text */
		int from, to;    /* month x 32 + day */
	} seasons[CALENDAR_SEASONS_MAX];
};

/* NULL, or what is wrong with the text, which must outlive *ret. */
const char *calendar_parse(const char *text, struct calendar *ret) MUST_CHECK;

/* The seasons of this name, a bit each; 0: there is none. */
uint32_t calendar_named(const struct calendar *c, struct str name);
/* The seasons that t lies in, a bit each. */
uint32_t calendar_at(const struct calendar *c, int64_t t_ms);

#endif
