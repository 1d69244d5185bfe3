/*
 * vocabulary.h - event names of other systems (vocabulary.def) onto our event types.
 *
 * A name means the same in every vocabulary that has it. Our own names are always known.
 */
#ifndef AISLE_SCHEMAS_VOCABULARY_H
#define AISLE_SCHEMAS_VOCABULARY_H

#include "schemas/error.h"
#include "schemas/event.h"

#define VOCABULARY_SLOTS 128 /* a power of two, at least twice the names */

struct vocabulary {
	struct {
		struct str name;
		enum event_type type;
	} slot[VOCABULARY_SLOTS];
};

/* `names`: a comma list as decode_options.vocabularies. ERR_BAD_SETTING names the one that is unknown. */
int vocabulary_init(struct vocabulary *v, const char *names, struct error *e) MUST_CHECK;

bool vocabulary_find(const struct vocabulary *v, struct str name, enum event_type *ret);

#endif
