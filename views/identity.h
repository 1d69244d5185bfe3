/*
 * identity.h - which visitors are the same person as a user.
 */
#ifndef AISLE_VIEWS_IDENTITY_H
#define AISLE_VIEWS_IDENTITY_H

#include "schemas/base.h"
#include "views/store.h"

#define PERSON_VISITORS_MAX 16
#define PERSON_ACTORS_MAX (PERSON_VISITORS_MAX + 1)

/*
 * The actors of a person: the user with its linked visitors (newest link first), found from either id (both may be
 * given; n = 0 is absent). A visitor without a link is a person alone. Returns how many, 0 when neither was ever seen.
 */
int person_actors(struct snap *sn, struct str user_id, struct str visitor_id, uint32_t ret[PERSON_ACTORS_MAX]);
/* The user that a visitor is linked to; the actor itself when it is a user, or linked to nobody. */
int person_user(struct snap *sn, uint32_t actor, uint32_t *ret) MUST_CHECK;
/* As person_actors, of that one. */
int person_actors_of(struct snap *sn, uint32_t user, uint32_t ret[PERSON_ACTORS_MAX]);
/* snap_each over a table whose keys begin with an actor: only the person's with this raw id; n = 0: all. */
int person_each(struct snap *sn, enum table_id id, struct str raw_id, snap_row each, void *arg) MUST_CHECK;

#endif
