/* The control room's page: query/dashboard/, all of it in the program (rules.mk). */
#include "query/http_page.h"

/* clang-format off */
#define DASHBOARD_FILE(symbol, name, type) PAGE_DATA(dashboard_##symbol##_gz)
#include "query/dashboard/files.def"
#undef DASHBOARD_FILE

static const struct page_file files[] = {
#define DASHBOARD_FILE(symbol, name, type) PAGE_FILE(name, type "; charset=utf-8", dashboard_##symbol##_gz, true),
#include "query/dashboard/files.def"
#undef DASHBOARD_FILE
};
/* clang-format on */
static struct str plain[ARRAY_SIZE(files)];

/* who may write rules clicks here: the page is in nobody's frame */
static const struct page dashboard = {
	.path = "/dashboard",
	.policy =
		"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	.files = files,
	.file_count = ARRAY_SIZE(files),
	.plain = plain,
};

void route_dashboard(struct http_req *rq)
{
	page_reply(rq, &dashboard, STR(""));
}

void route_dashboard_file(struct http_req *rq)
{
	page_reply(rq, &dashboard, rq->params[0]);
}
