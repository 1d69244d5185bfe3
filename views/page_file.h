/*
 * page_file.h - one page of shared memory in a file: written by one process, read by any, no part of the state.
 *
 * A reader of a missing or short file gets a page of zeros of its own, until it looks again. Thread: any.
 */
#ifndef AISLE_VIEWS_PAGE_FILE_H
#define AISLE_VIEWS_PAGE_FILE_H

#include "schemas/base.h"
#include "schemas/error.h"

#define PAGE_FILE_BYTES 4096

/* Fields are single aligned words; a reader may see two of them of different moments. */
#define PAGE_SET(page, field, value) __atomic_store_n(&(page)->field, (value), __ATOMIC_RELEASE)
#define PAGE_GET(page, field) __atomic_load_n(&(page)->field, __ATOMIC_ACQUIRE)

/* `writer` makes the file when it is missing. STORE_OPEN when it cannot be mapped. */
int page_file_map(const char *path, bool writer, void **ret, struct error *e) MUST_CHECK;
/* A reader's page, which others may be reading, becomes that of the file there is by now; false: there is none. */
bool page_file_look(const char *path, void *page);
/* NULL is fine. */
void page_file_unmap(void *page);

#endif
