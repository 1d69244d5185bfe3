/*
 * files_input.h - one file, or stdin, as bytes: plain or gzip (several members too), told apart by its first bytes.
 * Errors: IO with the path and the reason. Thread: the caller's, one at a time.
 */
#ifndef AISLE_PROCESSOR_FILES_INPUT_H
#define AISLE_PROCESSOR_FILES_INPUT_H

#include "schemas/base.h"
#include "schemas/error.h"

#include <sys/types.h>

struct files_input;

/* "-" is stdin. A pipe that nobody writes to is opened too, and silent: reading it is SOURCE_RETRY now and then. */
int files_input_open(const char *path, struct files_input **ret, struct error *e) MUST_CHECK;
void files_input_close(struct files_input *in);
/* At least one byte unless the file ended: returns how many, 0 at the end, IO, or SOURCE_RETRY (call again). */
ssize_t files_input_read(struct files_input *in, void *buf, size_t n, struct error *e);
/* Bytes taken from the file itself, compressed ones for .gz. */
uint64_t files_input_taken(const struct files_input *in);

#endif
