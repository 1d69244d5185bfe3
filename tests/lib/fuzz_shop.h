/*
 * fuzz_shop.h - the small shop of fuzz_store, whose rows an input damages. There is one a process; it lies in /dev/shm and
 * is removed at exit.
 *
 * An input is a list of edits: a byte for what is done, a byte for the table, a byte for the row's place in it, then
 *     0  offset u8, n u8, n bytes    overwrite
 *     1  n u16                       cut to n bytes
 *     2                              drop
 *     3  key n u8, key, value n u16, value   another row as LMDB has it
 */
#ifndef AISLE_TESTS_FUZZ_SHOP_H
#define AISLE_TESTS_FUZZ_SHOP_H

#include "tests/fuzz/fuzz.h"
#include "views/status.h"
#include "views/store.h"

struct fold;
struct settings;

struct fuzz_shop {
	struct store *store;
	struct settings *settings;
	struct status *status;
	struct snap *snap;
};

void fuzz_shop_open(struct fuzz_shop *ret);
/* The whole shop again, then the input's edits; the snapshot is renewed. */
void fuzz_shop_damage(struct fuzz_shop *shop, struct bytes *in);
/* All its records. */
void fuzz_shop_fold(struct fold *fold);

#endif
