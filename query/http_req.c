#include "query/http_body.h"
#include "query/http_internal.h"

#include "config/log.h"
#include "query/http_query.h"

#include <stdarg.h>
#include <stdio.h>
#include <xxhash.h>

#define COMPLAIN_EVERY_NS UINT64_C(10000000000)

void *http_alloc(struct http_req *rq, size_t n)
{
	return h2o_mem_alloc_pool(&rq->h2o->pool, n ? n : 1);
}

static void end_dispose(void *p)
{
	struct http_end *end = p;

	if (end->ended)
		end->ended(end->arg);
}

struct str http_header_of(const struct http_req *rq, const char *name)
{
	ssize_t at = h2o_find_header_by_str(&rq->h2o->headers, name, strlen(name), -1);
	struct str ret = { NULL, 0 };

	if (at == -1)
		return ret;
	ret = (struct str){ rq->h2o->headers.entries[at].value.base, (uint32_t)rq->h2o->headers.entries[at].value.len };
	while (ret.n && (ret.p[ret.n - 1] == ' ' || ret.p[ret.n - 1] == '\t')) /* which h2o leaves behind a value */
		ret.n--;
	return ret;
}

struct str http_list_of(struct http_req *rq, const char *name)
{
	const h2o_headers_t *h = &rq->h2o->headers;
	size_t room = 0, n = 0;
	char *p;

	for (ssize_t at = -1; (at = h2o_find_header_by_str(h, name, strlen(name), at)) != -1;)
		room += h->entries[at].value.len + 1;
	if (!room)
		return (struct str){ NULL, 0 };
	p = http_alloc(rq, room);
	for (ssize_t at = -1; (at = h2o_find_header_by_str(h, name, strlen(name), at)) != -1; p[n++] = ',') {
		memcpy(p + n, h->entries[at].value.base, h->entries[at].value.len);
		n += h->entries[at].value.len;
	}
	return body_trim((struct str){ p, (uint32_t)n - 1 });
}

struct http_end *http_on_end(struct http_req *rq, void (*ended)(void *arg), void *arg)
{
	struct http_end *end = h2o_mem_alloc_shared(&rq->h2o->pool, sizeof(*end), end_dispose);

	*end = (struct http_end){ ended, arg };
	return end;
}

static char *copied(struct http_req *rq, const char *p, size_t n)
{
	char *ret = http_alloc(rq, n + 1);

	if (n)
		memcpy(ret, p, n);
	ret[n] = '\0';
	return ret;
}

void http_header(struct http_req *rq, const char *name, const char *value)
{
	size_t n = strlen(value);

	h2o_add_header_by_str(&rq->h2o->pool, &rq->h2o->res.headers, name, strlen(name), 1, NULL, copied(rq, value, n),
			      n);
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = { { 200, "OK" },
		      { 202, "Accepted" },
		      { 204, "No Content" },
		      { 207, "Multi-Status" },
		      { 304, "Not Modified" },
		      { 400, "Bad Request" },
		      { 404, "Not Found" },
		      { 405, "Method Not Allowed" },
		      { 412, "Precondition Failed" },
		      { 413, "Content Too Large" },
		      { 414, "URI Too Long" },
		      { 415, "Unsupported Media Type" },
		      { 428, "Precondition Required" },
		      { 503, "Service Unavailable" } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].status == status)
			return known[i].text;
	return "Internal Server Error";
}

void http_count(struct http_req *rq, int status)
{
	metrics_count(rq->w->metrics, rq->route ? rq->route->id : ROUTE_COUNT, status,
		      http_now_ns(rq->w) - rq->started_ns);
}

void http_start(struct http_req *rq, int status, const char *content_type)
{
	rq->h2o->res.status = status;
	rq->h2o->res.reason = reason(status);
	if (content_type)
		http_header(rq, "content-type", content_type);
	if (h2o_find_header(&rq->h2o->res.headers, H2O_TOKEN_CACHE_CONTROL, -1) == -1)
		http_header(rq, "cache-control", "no-store");
}

/* `body` lives as long as the request. */
static void reply(struct http_req *rq, int status, const char *content_type, struct str body)
{
	h2o_req_t *h = rq->h2o;
	h2o_iovec_t vec = h2o_iovec_init((char *)body.p, rq->head ? 0 : body.n);

	http_start(rq, status, content_type);
	h->res.content_length = status == 204 || status == 304 ? SIZE_MAX : body.n;
	http_count(rq, status);
	http_flight_ready(rq->flight, h, vec);
}

void http_reply(struct http_req *rq, int status, const char *content_type, struct str body)
{
	reply(rq, status, content_type, (struct str){ rq->head ? NULL : copied(rq, body.p, body.n), body.n });
}

void http_reply_json(struct http_req *rq, int status, const struct json_out *out)
{
	http_reply(rq, status, "application/json", (struct str){ out->p, (uint32_t)out->n });
}

/* ---- what may be kept ---- */

/* If-None-Match: a list of tags, or "*" (RFC 9110, 13.1.2). */
static bool has_tag(struct str list, const char *tag)
{
	return str_eq(list, STR("*")) || (list.n && memmem(list.p, list.n, tag, strlen(tag)));
}

bool http_has_tag(struct http_req *rq, const char *tag)
{
	http_header(rq, "etag", tag);
	if (!has_tag(http_list_of(rq, "if-none-match"), strchr(tag, '"'))) /* weak ones are the same here */
		return false;
	reply(rq, 304, NULL, STR(""));
	return true;
}

/* Weak: bytes differ in when they were made, or are packed. */
static bool has_it(struct http_req *rq, uint64_t hash)
{
	char tag[] = "W/\"0123456789abcdef\"";

	for (int i = 0; i < 16; i++)
		tag[3 + i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
	return http_has_tag(rq, tag);
}

void http_reply_shared(struct http_req *rq, const struct json_out *out, uint64_t hash)
{
	int64_t age_s = setting_int(rq->w->shared->opt.settings, SET_HTTP_CACHE_MAX_AGE) / 1000;
	char text[64] = "no-cache"; /* may be kept, is to be asked for again */

	if (age_s)
		snprintf(text, sizeof(text), "public, max-age=%lld", (long long)age_s);
	http_header(rq, "cache-control", text);
	http_header(rq, "vary", "accept-encoding");
	if (!has_it(rq, hash))
		http_reply(rq, 200, "application/json", (struct str){ out->p, (uint32_t)out->n });
}

bool http_takes_gzip(const struct http_req *rq)
{
	return (h2o_get_compressible_types(&rq->h2o->headers) & H2O_COMPRESSIBLE_GZIP) != 0;
}

/* "q=0.25" is 250. */
static unsigned quality(struct str parameter)
{
	unsigned q = 0, unit = 1000;

	if (parameter.n < 3 || strncasecmp(parameter.p, "q=", 2) != 0)
		return 1000;
	for (uint32_t i = 2; i < parameter.n; i++) {
		unsigned digit = (unsigned)parameter.p[i] - '0';

		if (digit > 9)
			continue;
		q += digit * unit;
		unit /= 10;
	}
	return q;
}

unsigned http_accepts(struct http_req *rq, const char *media_type)
{
	struct str rest = http_list_of(rq, "accept"), one, part;

	while (split_next(&rest, ',', &one)) {
		unsigned q = 1000, v;

		split_next(&one, ';', &part);
		part = body_trim(part);
		if (part.n != strlen(media_type) || strncasecmp(part.p, media_type, part.n) != 0)
			continue;
		while (split_next(&one, ';', &part)) {
			v = quality(body_trim(part));
			q = v < q ? v : q;
		}
		return q;
	}
	return 0;
}

void http_reply_file(struct http_req *rq, const char *content_type, struct str bytes, const char *encoding)
{
	http_header(rq, "cache-control", "no-cache");
	http_header(rq, "vary", "accept-encoding");
	if (has_it(rq, XXH3_64bits(bytes.p, bytes.n)))
		return;
	if (encoding)
		http_header(rq, "content-encoding", encoding);
	reply(rq, 200, content_type, bytes);
}

struct json_out *http_problem_open(struct http_req *rq, const struct problem *p)
{
	struct json_out *out = &rq->w->out;

	json_out_reset(out);
	problem_write_open(out, p, text_is_utf8(rq->path) ? rq->path : STR(""));
	return out;
}

void http_problem_end(struct http_req *rq, const struct problem *p)
{
	struct json_out *out = &rq->w->out;
	char seconds[16];

	json_out_end_object(out);
	if (p->allow)
		http_header(rq, "allow", p->allow);
	if (p->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", p->retry_after_s);
		http_header(rq, "retry-after", seconds);
	}
	http_reply(rq, p->status, PROBLEM_CONTENT_TYPE, (struct str){ out->p, (uint32_t)out->n });
}

void http_problem(struct http_req *rq, const struct problem *p)
{
	http_problem_open(rq, p);
	http_problem_end(rq, p);
}

void http_refuse(struct http_req *rq, enum http_problem kind, const char *field, const char *fmt, ...)
{
	struct problem p;
	char detail[sizeof(p.detail)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	problem_set(&p, kind, field, "%s", detail);
	http_problem(rq, &p);
}

/* What the caller is not told, the operator is. */
static void complain(struct http_req *rq, int code, const struct error *e)
{
	uint64_t now = http_now_ns(rq->w);

	if (rq->w->complained_ns && now - rq->w->complained_ns < COMPLAIN_EVERY_NS)
		return;
	rq->w->complained_ns = now;
	log_error("request failed", "path=\"%.*s\" code=%s why=\"%s\"", STR_FMT(rq->path), error_slug(code),
		  e && e->text[0] ? e->text : error_text(code));
}

void http_error_problem(struct http_req *rq, int code, const struct error *e, struct problem *ret)
{
	if (error_class(code) == CLASS_FATAL)
		complain(rq, code, e);
	problem_from_error(ret, code, e);
}

void http_refuse_error(struct http_req *rq, int code, const struct error *e)
{
	struct problem p;

	http_error_problem(rq, code, e, &p);
	http_problem(rq, &p);
}

void http_refuse_parameter(struct http_req *rq, struct str name, const char *detail)
{
	char field[64];

	snprintf(field, sizeof(field), "%.*s", STR_FMT(name));
	http_refuse(rq, PROBLEM_UNKNOWN_PARAMETER, field, "%s", detail);
}

bool http_refuses_query(struct http_req *rq)
{
	struct str rest = rq->query, name, value;

	if (!query_next(&rest, &name, &value))
		return false;
	http_refuse_parameter(rq, name,
			      rq->body.n ? "beside a body this path takes no parameters"
					 : "this path takes no parameters");
	return true;
}

bool http_only_parameter(struct http_req *rq, const char *name, struct str *ret)
{
	struct str rest = rq->query, given, value;

	*ret = (struct str){ NULL, 0 };
	while (query_next(&rest, &given, &value)) {
		char detail[80];

		if (!str_eq(given, str_of(name))) {
			snprintf(detail, sizeof(detail), "this path takes '%s' alone", name);
			http_refuse_parameter(rq, given, detail);
			return false;
		}
		if (ret->p) {
			http_refuse(rq, PROBLEM_BAD_PARAMETER, name, "'%s' is given twice", name);
			return false;
		}
		*ret = value;
	}
	return true;
}

bool http_only_flag(struct http_req *rq, const char *name, bool *ret)
{
	struct str value;

	if (!http_only_parameter(rq, name, &value))
		return false;
	if (!value.p || parse_flag(value, ret))
		return true;
	http_refuse(rq, PROBLEM_BAD_PARAMETER, name, "'%s' is true or false", name);
	return false;
}
