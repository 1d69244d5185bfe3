/*
 * query_figures.h - figures of a shop that a test plays: its store, and answers of figures.h taken apart. What is returned
 * lives until figures_fini. One at a time: a test program is forked for each test.
 */
#ifndef AISLE_TESTS_LIB_QUERY_FIGURES_H
#define AISLE_TESTS_LIB_QUERY_FIGURES_H

#include "query/figures.h"
#include "tests/lib/views_shop.h"

#include <criterion/criterion.h>
#include <jansson.h>

extern struct shop shop;

void figures_init(void);
void figures_fini(void);

/* ms at this day of the shop: SHOP_START, 2052-02-20, is day 0 */
int64_t day(double n);
/* The answer, or why there is none. */
const char *made(struct figures_ask ask);
json_t *json_of(struct figures_ask ask);
/* The member at a path of names and numbers, "rows/0/orders", as text. */
const char *at(json_t *j, const char *path);

#define expect_at(j, path, text) cr_expect_str_eq(at(j, path), text, "%s", path)

struct figures_ask sales(double from, double to);
/* `category` and `other`: "": none */
void put_in_catalog(const char *id, const char *category, const char *other);
/* Two answers, one of them of a variant, shown in hour 0; what followed. */
void recommend_for_a_day(void);

#endif
