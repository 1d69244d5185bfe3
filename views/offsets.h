/*
 * offsets.h - where the fold stands in each partition of each log; written in the transaction it belongs to.
 */
#ifndef AISLE_VIEWS_OFFSETS_H
#define AISLE_VIEWS_OFFSETS_H

#include "schemas/record.h"
#include "views/store.h"

struct fold;

void offsets_put(struct fold *f, const char *log_name, int32_t partition, const struct position *pos);
int offsets_get(struct snap *sn, const char *log_name, int32_t partition, struct position *ret);

#endif
