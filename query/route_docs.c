/* The page that shows schemas/openapi.yaml, all of it in the program (rules.mk). */
#include "query/http_req.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

/* nothing is fetched from anywhere else, whatever the UI may want to */
#define POLICY "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

/* made by the linker; a `const char name[]` each */
#define DATA(symbol) extern const char _binary_##symbol##_start[], _binary_##symbol##_end[];
DATA(index_html)
DATA(docs_js)
DATA(licenses_txt)
DATA(swagger_ui_css_gz)
DATA(swagger_ui_bundle_js_gz)
#undef DATA

static const struct docs_file {
	const char *name, *content_type;
	const char *start, *end;
	bool packed; /* with gzip */
} files[] = {
#define FILE_ROW(name, type, symbol, packed) \
	{ \
		name, type, _binary_##symbol##_start, _binary_##symbol##_end, packed \
	}
	FILE_ROW("", "text/html; charset=utf-8", index_html, false),
	FILE_ROW("docs.js", "text/javascript; charset=utf-8", docs_js, false),
	FILE_ROW("licenses.txt", "text/plain; charset=utf-8", licenses_txt, false),
	FILE_ROW("swagger-ui.css", "text/css; charset=utf-8", swagger_ui_css_gz, true),
	FILE_ROW("swagger-ui-bundle.js", "text/javascript; charset=utf-8", swagger_ui_bundle_js_gz, true),
#undef FILE_ROW
};

/* For clients that take no gzip: made when the first one asks, the same bytes for all. NULL: cannot be unpacked */
static struct str plain[ARRAY_SIZE(files)];

static void unpack(const struct docs_file *f, struct str *ret)
{
	const unsigned char *size = (const unsigned char *)f->end - 4; /* gzip's last word, the lowest byte first */
	uint32_t n = size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24;
	char *bytes = xmalloc((size_t)n + 1);
	z_stream z = { .next_in = (Bytef *)f->start,
		       .avail_in = (uInt)(f->end - f->start),
		       .next_out = (Bytef *)bytes,
		       .avail_out = n + 1 };

	if (inflateInit2(&z, 16 + MAX_WBITS) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END)
		*ret = (struct str){ bytes, (uint32_t)z.total_out };
	else
		free(bytes);
	inflateEnd(&z);
}

static void unpack_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i].packed)
			unpack(&files[i], &plain[i]);
}

static void reply_plain(struct http_req *rq, size_t i)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, unpack_all);
	if (plain[i].p)
		http_reply_file(rq, files[i].content_type, plain[i], NULL);
	else
		http_refuse(rq, PROBLEM_INTERNAL, NULL, "cannot unpack '%s'", files[i].name);
}

static void reply(struct http_req *rq, struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct docs_file *f = &files[i];
		struct str bytes = { f->start, (uint32_t)(f->end - f->start) };

		if (!str_eq(name, str_of(f->name)))
			continue;
		http_header(rq, "content-security-policy", POLICY);
		if (f->packed && !http_takes_gzip(rq))
			reply_plain(rq, i);
		else
			http_reply_file(rq, f->content_type, bytes, f->packed ? "gzip" : NULL);
		return;
	}
	http_refuse(rq, PROBLEM_UNKNOWN_ROUTE, NULL, "the page is /docs");
}

void route_docs(struct http_req *rq)
{
	if (!http_refuses_query(rq))
		reply(rq, STR(""));
}

void route_docs_file(struct http_req *rq)
{
	if (!http_refuses_query(rq))
		reply(rq, rq->params[0]);
}
