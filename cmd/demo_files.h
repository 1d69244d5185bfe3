/*
 * demo_files.h - the files of the demo that are part of the program: the page, the shop's data and what is decided in it.
 */
#ifndef AISLE_CMD_DEMO_FILES_H
#define AISLE_CMD_DEMO_FILES_H

#include "schemas/base.h"

enum demo_file {
	DEMO_PRODUCTS_GZ,
	DEMO_ORDERS_GZ,
	DEMO_SIMILAR_THIRD,
	DEMO_CHRISTMAS_IN_MAILS,
	DEMO_NO_TRIFLES_IN_BASKETS,
	DEMO_WELCOME,
	DEMO_INDEX_HTML,
	DEMO_APP_CSS,
	DEMO_APP_JS
};

/* Valid as long as the program runs. */
struct str demo_file(enum demo_file which);

#endif
