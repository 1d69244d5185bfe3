/* json_scan.h - the JSON half of scan.h, with the same meanings; called through scan.c. */
#ifndef AISLE_SCHEMAS_JSON_SCAN_H
#define AISLE_SCHEMAS_JSON_SCAN_H

#include "schemas/scan.h"

int json_scan_value(struct scan *s) MUST_CHECK;
int json_scan_key(struct scan *s) MUST_CHECK;
int json_scan_item(struct scan *s) MUST_CHECK;
int json_scan_end(struct scan *s) MUST_CHECK;

/* The line of `at` in the text that begins at `from`, and how many characters of it lie before `at`. */
int json_line(const char *from, const char *at, int *ret_column);

/* A number as JSON writes it, from *p on, which moves behind it; false when there is none. */
bool json_parse_number(const unsigned char **p, const unsigned char *end, struct number *ret);

#endif
