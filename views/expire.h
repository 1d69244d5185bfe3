/*
 * expire.h - what is behind the retention is dropped, a bounded piece a transaction. Thread: whoever writes the store.
 *
 * What may go is decided by the watermarks that the transaction itself holds, so that a store that is set back to its
 * last commit has lost nothing that the log after it still needs. A newer version of a dropped row in a younger level
 * of the store simply wins.
 */
#ifndef AISLE_VIEWS_EXPIRE_H
#define AISLE_VIEWS_EXPIRE_H

#include "views/store.h"

/*
 * The last step of a transaction, when its rows, sums and offsets are in; `watermark_ms` is that of the rows in it. The
 * piece follows what was written, so that expiry keeps up with growth whatever the size of a transaction.
 */
int expire_step(struct store_txn *t, int64_t watermark_ms) MUST_CHECK;

#endif
