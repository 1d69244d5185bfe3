/* The page that shows schemas/openapi.yaml, all of it in the program (rules.mk). */
#include "query/http_page.h"

PAGE_DATA(index_html)
PAGE_DATA(docs_js)
PAGE_DATA(licenses_txt)
PAGE_DATA(swagger_ui_css_gz)
PAGE_DATA(swagger_ui_bundle_js_gz)

static const struct page_file files[] = {
	PAGE_FILE("", "text/html; charset=utf-8", index_html, false),
	PAGE_FILE("docs.js", "text/javascript; charset=utf-8", docs_js, false),
	PAGE_FILE("licenses.txt", "text/plain; charset=utf-8", licenses_txt, false),
	PAGE_FILE("swagger-ui.css", "text/css; charset=utf-8", swagger_ui_css_gz, true),
	PAGE_FILE("swagger-ui-bundle.js", "text/javascript; charset=utf-8", swagger_ui_bundle_js_gz, true),
};
static struct str plain[ARRAY_SIZE(files)];

static const struct page docs = {
	.path = "/docs",
	.policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
	.files = files,
	.file_count = ARRAY_SIZE(files),
	.plain = plain,
};

void route_docs(struct http_req *rq)
{
	page_reply(rq, &docs, STR(""));
}

void route_docs_file(struct http_req *rq)
{
	page_reply(rq, &docs, rq->params[0]);
}
