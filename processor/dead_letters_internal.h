/* dead_letters_internal.h - the file that takes dead letters when there is no broker. Thread: the caller's. */
#ifndef AISLE_PROCESSOR_DEAD_LETTERS_INTERNAL_H
#define AISLE_PROCESSOR_DEAD_LETTERS_INTERNAL_H

#include "processor/dead_letters.h"

struct letters_file;

/* The file is made with the first letter. */
int letters__file_open(const char *dir, struct letters_file **ret, struct error *e) MUST_CHECK;
void letters__file_close(struct letters_file *f);
/* Errors are kept for letters__file_sync. */
void letters__file_add(struct letters_file *f, const struct record *r, const char *log_name, const struct error *why);
/* 0 when all that was added is on the disk. */
int letters__file_sync(struct letters_file *f, struct error *e) MUST_CHECK;
/* The file in `dir`; ids are "PREFIX:LINE". */
int letters__file_read(const struct settings *set, const char *dir, const char *prefix, dead_letter_each each,
		       void *arg, struct error *e) MUST_CHECK;

#endif
