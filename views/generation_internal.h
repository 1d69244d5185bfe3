/* generation_internal.h - what generation*.c share. */
#ifndef AISLE_VIEWS_GENERATION_INTERNAL_H
#define AISLE_VIEWS_GENERATION_INTERNAL_H

#include "views/generation.h"

#define GENERATION_FOLDER "generations"

/* "cannot WHAT 'path': errno's words"; returns the code. */
int generation__failed(struct error *e, const char *what, const char *path);
/* The directory's entries are on the disk. */
int generation__sync(const char *path, struct error *e) MUST_CHECK;

#endif
