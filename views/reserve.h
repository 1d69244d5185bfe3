/*
 * reserve.h - room on the disk before a file is written through memory: later a full disk would be a signal, not an error.
 * Thread: any.
 */
#ifndef AISLE_VIEWS_RESERVE_H
#define AISLE_VIEWS_RESERVE_H

#include "schemas/base.h"

/*
 * The file has its bytes from..end, whatever its size is and stays; where the file system cannot say, nothing is done.
 * Returns an errno.
 */
int reserve_bytes(int fd, uint64_t from, uint64_t end) MUST_CHECK;

#endif
