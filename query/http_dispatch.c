#include "query/http_internal.h"
#include "query/http_query.h"

#include <stdio.h>

static struct str str_of_iovec(h2o_iovec_t v)
{
	return (struct str){ v.base, (uint32_t)v.len };
}

/* Bytes of "http://host" before the path: every server takes that form too (RFC 9112, 3.2.2). */
static uint32_t authority_length(struct str target)
{
	uint32_t scheme = target.n && *target.p == '/'                            ? 0
			  : target.n > 7 && !strncasecmp(target.p, "http://", 7)  ? 7
			  : target.n > 8 && !strncasecmp(target.p, "https://", 8) ? 8
										  : 0;
	const char *slash = scheme ? memchr(target.p + scheme, '/', target.n - scheme) : NULL;

	return slash ? (uint32_t)(slash - target.p) : scheme ? target.n : 0;
}

static unsigned method_of(struct str m, bool *head)
{
	*head = str_eq(m, STR("HEAD"));
	if (*head || str_eq(m, STR("GET")))
		return METHOD_GET;
	if (str_eq(m, STR("POST")))
		return METHOD_POST;
	if (str_eq(m, STR("PUT")))
		return METHOD_PUT;
	return str_eq(m, STR("DELETE")) ? METHOD_DELETE : 0;
}

static const struct static_file *static_find(const struct server_options *opt, struct str path)
{
	for (size_t i = 0; i < opt->file_count; i++)
		if (str_eq(str_of(opt->files[i].path), path))
			return &opt->files[i];
	return NULL;
}

static void add_cors(struct http_req *rq)
{
	const char *origin = setting_string(rq->w->shared->opt.settings, SET_HTTP_CORS_ORIGIN);

	if (!*origin)
		return;
	http_header(rq, "access-control-allow-origin", origin);
	http_header(rq, "access-control-expose-headers", "etag, retry-after");
	if (strcmp(origin, "*") != 0)
		http_header(rq, "vary", "origin");
}

static void answer_options(struct http_req *rq, unsigned methods)
{
	char allow[64];

	route_allow(methods, allow);
	http_header(rq, "allow", allow);
	if (*setting_string(rq->w->shared->opt.settings, SET_HTTP_CORS_ORIGIN)) {
		http_header(rq, "access-control-allow-methods", allow);
		http_header(rq, "access-control-allow-headers", "content-type, if-match, if-none-match, x-changed-by");
		http_header(rq, "access-control-max-age", "600");
	}
	http_reply(rq, 204, NULL, STR(""));
}

/* A body must say that it is JSON: a page of another origin cannot send that without a preflight. */
static bool body_is_json(struct http_req *rq)
{
	struct str v = http_header_of(rq, "content-type"), type = STR("application/json");

	return v.n >= type.n && strncasecmp(v.p, type.p, type.n) == 0 && (v.n == type.n || strchr("; \t", v.p[type.n]));
}

/* A body that is packed, with methods that have one. */
static bool body_is_packed(struct http_req *rq)
{
	struct str coding = http_list_of(rq, "content-encoding");

	return coding.n && !(coding.n == 8 && strncasecmp(coding.p, "identity", 8) == 0);
}

static void refuse_method(struct http_req *rq, unsigned methods)
{
	struct problem p;
	char allow[64];

	route_allow(methods, allow);
	problem_set(&p, PROBLEM_METHOD, NULL, "this path takes %s", allow);
	p.allow = allow;
	http_problem(rq, &p);
}

/* True: the body was refused. One of a GET or DELETE would be dropped without a word. */
static bool refuses_body(struct http_req *rq)
{
	const struct error of_get = {
		.text = "a GET takes no body: use the query string, or POST where the path takes it"
	};
	const struct error of_delete = { .text = "a DELETE takes no body: all that its path names goes" };

	if (!rq->body.n)
		return false;
	if (rq->method == METHOD_GET)
		http_refuse_error(rq, ERR_BAD_REQUEST, &of_get);
	else if (rq->method == METHOD_DELETE)
		http_refuse_error(rq, ERR_BAD_REQUEST, &of_delete);
	else if (!body_is_json(rq))
		http_refuse(rq, PROBLEM_MEDIA_TYPE, "content-type",
			    "send the body with content-type: application/json");
	else if (body_is_packed(rq))
		http_refuse(rq, PROBLEM_MEDIA_TYPE, "content-encoding", "send the body as it is, not packed");
	else
		return false;
	return true;
}

/* Whether the request has waited for its turn for so long that whoever asked has better things to do. */
static bool waited_too_long(struct http_req *rq)
{
	struct http_loop *l = http_loop_of(rq);
	enum route_id id = rq->route->id;

	return rq->started_ns - l->round_ns > l->wait_max_ns && id != ROUTE_HEALTHZ && id != ROUTE_READYZ &&
	       id != ROUTE_METRICS;
}

/* What the path takes, with its route; 0: there is no such path. */
static unsigned find_route(struct http_req *rq, struct str method, bool *bad)
{
	unsigned methods = 0;

	if (str_eq(method, STR("OPTIONS")) && str_eq(rq->path, STR("*"))) /* of the server itself */
		return METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE;
	rq->route = route_find(rq->path, rq->method, http_alloc(rq, rq->path.n), rq->params, &methods, bad);
	return methods;
}

static void refuse_path(struct http_req *rq)
{
	struct error e = { .text = "/docs shows the paths there are, /openapi.json lists them" };
	struct problem p;

	route_suggest(rq->path, &e);
	problem_set(&p, PROBLEM_UNKNOWN_ROUTE, NULL, "%s", e.text);
	snprintf(p.suggestion, sizeof(p.suggestion), "%s", e.suggestion);
	http_problem(rq, &p);
}

static void dispatch(struct http_req *rq, struct str method)
{
	const struct static_file *file = static_find(&rq->w->shared->opt, rq->path);
	bool bad = false;
	unsigned methods = file ? METHOD_GET : find_route(rq, method, &bad);

	if (bad)
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "path",
			    "the path is not percent-encoded UTF-8 without control characters");
	else if (!methods)
		refuse_path(rq);
	else if (str_eq(method, STR("OPTIONS")))
		answer_options(rq, methods);
	else if (!(methods & rq->method))
		refuse_method(rq, methods);
	else if (file)
		http_reply_file(rq, file->content_type, (struct str){ file->bytes, (uint32_t)file->n }, NULL);
	else if (refuses_body(rq))
		return;
	else if (waited_too_long(rq))
		http_refuse(rq, PROBLEM_OVERLOADED, NULL, "it waited for longer than http.waitMax");
	else
		rq->route->handle(rq);
}

int http_on_req(h2o_handler_t *self, h2o_req_t *h)
{
	struct http_loop *l = (struct http_loop *)h->conn->ctx;
	struct http_req rq = { .w = &l->worker, .h2o = h, .started_ns = http_now_ns(&l->worker) };
	struct str method = str_of_iovec(h->method);
	const char *flaw;
	uint32_t skip;

	(void)self;
	if (!l->round_ns)
		l->round_ns = rq.started_ns;
	rq.flight = http_flight_begin(h, rq.started_ns);
	rq.method = method_of(method, &rq.head);
	rq.path = str_of_iovec(h->path);
	rq.body = str_of_iovec(h->entity);
	if (h->query_at != SIZE_MAX) {
		rq.path.n = (uint32_t)h->query_at;
		rq.query = (struct str){ h->path.base + h->query_at + 1, (uint32_t)(h->path.len - h->query_at - 1) };
	}
	skip = authority_length(rq.path);
	rq.path = skip && skip == rq.path.n ? STR("/") : (struct str){ rq.path.p + skip, rq.path.n - skip };
	add_cors(&rq);
	flaw = http_head_flaw(h);
	if (flaw) {
		h->http1_is_persistent = 0;
		http_refuse(&rq, PROBLEM_BAD_HTTP, NULL, "%s", flaw);
		return 0;
	}
	if (h->path.len > HTTP_URL_MAX) {
		rq.path = STR("");
		http_refuse(&rq, PROBLEM_URL_SIZE, NULL, "at most %d bytes", HTTP_URL_MAX);
		return 0;
	}
	if (rq.query.n && memchr(rq.query.p, '%', rq.query.n)) {
		char *settled = http_alloc(&rq, rq.query.n);

		rq.query = (struct str){ settled, percent_settle(rq.query, settled) };
	}
	dispatch(&rq, method);
	return 0;
}
