/*
 * shop.h - the shop that answers are measured on: SHOP_CATEGORIES shelves, SHOP_PEOPLE people, sessions of about seven views
 * over 180 days; half of a session's views stay on one shelf, the rest is Zipf 1.0 over the shop.
 */
#ifndef AISLE_BENCH_SHOP_H
#define AISLE_BENCH_SHOP_H

#include "views/fold.h"

#define SHOP_CATEGORIES 100
#define SHOP_PEOPLE 20000

extern unsigned shop_items; /* 10,000 unless told */

/* Catalogue, stock and so many events. */
void shop_fill(struct store *store, unsigned events);

uint64_t shop_draw(void);
unsigned shop_zipf(unsigned n);
/* "item-00042" */
struct str shop_text(char buf[32], const char *kind, unsigned n);
uint64_t shop_now_ns(void);
/* Ends the program unless rc is 0. */
void shop_check(int rc, const struct error *e);

#endif
