/*
 * demo_files.h - the files of the demo that are part of the program: the page and the shop's data.
 */
#ifndef AISLE_CMD_DEMO_FILES_H
#define AISLE_CMD_DEMO_FILES_H

#include "schemas/base.h"

enum demo_file { DEMO_PRODUCTS_GZ, DEMO_ORDERS_GZ, DEMO_INDEX_HTML, DEMO_APP_CSS, DEMO_APP_JS };

/* Valid as long as the program runs. */
struct str demo_file(enum demo_file which);

#endif
