/* generation_internal.h - what generation*.c share, and store_*.c of them. */
#ifndef AISLE_VIEWS_GENERATION_INTERNAL_H
#define AISLE_VIEWS_GENERATION_INTERNAL_H

#include "views/generation.h"

#define GENERATION_FOLDER "generations"

/* "cannot WHAT 'path': errno's words"; returns the code. */
int generation__failed(struct error *e, const char *what, const char *path);
/* What a link like those of generation_path's last parts points to; 0 when there is none. */
unsigned generation__number_of_link(const char *path);
/* The directory's entries are on the disk. */
int generation__sync(const char *path, struct error *e) MUST_CHECK;

/* ---- store_refuse.c: may this user do that? What is missing is fine ---- */

/* `mode` as for access(). */
int store__check_access(const char *path, int mode, struct error *e) MUST_CHECK;
/* The store's directory; root does not write to that of another user. */
int store__check_place(const char *path, bool writes, struct error *e) MUST_CHECK;

#endif
