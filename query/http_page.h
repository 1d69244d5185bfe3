/*
 * http_page.h - a page whose files are part of the program: /docs, /dashboard.
 *
 * Packed files were compressed with gzip at build time and are sent as they are; for a client that takes no gzip they are
 * unpacked once. Nothing is fetched from elsewhere: `policy` is the page's Content-Security-Policy.
 * Errors: a name that is not in the table is answered with 404.
 * Thread: loop.
 */
#ifndef AISLE_QUERY_HTTP_PAGE_H
#define AISLE_QUERY_HTTP_PAGE_H

#include "query/http_req.h"

struct page_file {
	const char *name; /* "": the page itself */
	const char *content_type;
	const char *start, *end;
	bool packed;
};

struct page {
	const char *path, *policy;
	const struct page_file *files;
	size_t file_count;
	struct str *plain; /* file_count of them, empty: page_reply's */
};

/* What `ld -r -b binary` made of a file, and the file's line in a table of page_file. */
#define PAGE_DATA(symbol) extern const char _binary_##symbol##_start[], _binary_##symbol##_end[];
#define PAGE_FILE(name, type, symbol, packed) \
	{ \
		name, type, _binary_##symbol##_start, _binary_##symbol##_end, packed \
	}

void page_reply(struct http_req *rq, const struct page *page, struct str name);

#endif
