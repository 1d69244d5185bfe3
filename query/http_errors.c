/* What h2o says by itself: its error pages, and lines on standard error. */
#include "query/http_internal.h"

#include <stdio.h>
#include <unistd.h>

struct rewrite {
	h2o_ostream_t super;
	h2o_iovec_t body;
};

static void rewrite_send(h2o_ostream_t *self, h2o_req_t *h, h2o_iovec_t *bufs, size_t bufcnt, h2o_send_state_t state)
{
	struct rewrite *r = (struct rewrite *)self;

	(void)bufs;
	(void)bufcnt;
	h2o_ostream_send_next(self, h, &r->body, r->body.len ? 1 : 0, state);
	r->body.len = 0;
}

static void rewrite_setup(h2o_filter_t *self, h2o_req_t *h, h2o_ostream_t **slot)
{
	struct http_loop *l = (struct http_loop *)h->conn->ctx;
	enum http_problem kind = problem_of_status(h->res.status);
	struct problem p;
	struct rewrite *r;

	(void)self;
	if (h->res.status >= 400) {
		r = (struct rewrite *)h2o_add_ostream(h, sizeof(*r), slot);
		slot = &r->super.next;
		r->super.do_send = rewrite_send;
		problem_set(&p, kind, NULL, "%s", h->res.reason ? h->res.reason : "");
		p.status = h->res.status;
		json_out_reset(&l->worker.out);
		problem_write(&l->worker.out, &p, STR(""));
		r->body = h2o_strdup(&h->pool, l->worker.out.p, l->worker.out.n);
		h->res.content_length = r->body.len;
		h2o_set_header(&h->pool, &h->res.headers, H2O_TOKEN_CONTENT_TYPE, PROBLEM_CONTENT_TYPE,
			       sizeof(PROBLEM_CONTENT_TYPE) - 1, 1);
		h2o_set_header(&h->pool, &h->res.headers, H2O_TOKEN_CACHE_CONTROL, H2O_STRLIT("no-store"), 1);
		metrics_count(l->worker.metrics, ROUTE_COUNT, p.status, 0);
	}
	h2o_setup_next_ostream(h, slot);
}

void http_errors_register(h2o_pathconf_t *pathconf)
{
	h2o_create_filter(pathconf, sizeof(h2o_filter_t))->on_setup_ostream = rewrite_setup;
}

/* ---- standard error ---- */

/* One for each frame of 9 bytes that a client sends and nobody knows: it could fill a disk. */
static ssize_t write_but_frames(void *cookie, const char *p, size_t n)
{
	static const char frame[] = "skipping frame (type:";

	(void)cookie;
	if (n >= sizeof(frame) - 1 && memcmp(p, frame, sizeof(frame) - 1) == 0)
		return (ssize_t)n;
	return write(STDERR_FILENO, p, n);
}

static void replace_stderr(void)
{
	FILE *filtered = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_but_frames });

	if (!filtered)
		return;
	setvbuf(filtered, NULL, _IONBF, 0);
	stderr = filtered;
}

void http_hush(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, replace_stderr);
}
