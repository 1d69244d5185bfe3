/*
 * versions.h - which version of each view the rows of a store are of.
 *
 * A new store keeps the versions of the program that makes it. When a program with another version of a view comes, that
 * view is frozen: nothing is applied to it and nothing expires, so its old rows stay and are answered from, until a
 * replay makes a generation of the new version. A view that other views are made from cannot be frozen alone: then the
 * processor does not read on (ERR_VIEW_CHANGED).
 */
#ifndef AISLE_VIEWS_VERSIONS_H
#define AISLE_VIEWS_VERSIONS_H

#include "views/view.h"

#define VIEWS_MAX 64

struct versions {
	unsigned stored[VIEWS_MAX]; /* by place in the registry; 0: the store does not know the view */
	bool frozen[VIEWS_MAX];
	bool known; /* the store says of which versions its rows are */
};

int versions_of_snap(struct snap *sn, struct versions *ret) MUST_CHECK;
int versions_of_txn(struct store_txn *t, struct versions *ret) MUST_CHECK;

/* The rows that are written next are of this program's versions. */
void versions_put(struct fold *f);

/* One sentence about the first view that is frozen, without a full stop; false when none is. */
bool versions_describe(const struct versions *v, char *ret, size_t size);
/* VIEW_CHANGED when one is frozen that others need. */
int versions_check(const struct versions *v, const char *store, struct error *e) MUST_CHECK;

#endif
