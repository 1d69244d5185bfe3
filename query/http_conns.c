/*
 * Connections and the requests on them: how many there may be, and how long a client may take to read.
 *
 * A loop's connections are in the order of their last activity, the newest first. An answer that was handed over stands
 * in `unread`, the oldest first, until the client has taken it.
 */
#include "query/http_internal.h"

#include "config/log.h"

#include <stdlib.h>
#include <sys/resource.h>

#define FILES_BESIDE 512 /* open files that are no connections: the store, Kafka, listeners */
#define READY_WAIT_NS UINT64_C(1000000)
#define UPLOAD_TIMEOUTS \
	2 /* times http.timeout without a whole request: h2o times HTTP/1 itself, HTTP/2 only when idle */

static void unlink_conn(struct http_conn *c)
{
	struct http_conns *s = &c->loop->conns;

	*(c->prev ? &c->prev->next : &s->newest) = c->next;
	*(c->next ? &c->next->prev : &s->oldest) = c->prev;
	c->prev = c->next = NULL;
}

static void link_newest(struct http_conn *c)
{
	struct http_conns *s = &c->loop->conns;

	c->next = s->newest;
	*(s->newest ? &s->newest->prev : &s->oldest) = c;
	s->newest = c;
}

static void touch(struct http_conn *c, uint64_t now_ns)
{
	c->active_ns = now_ns;
	if (c->loop->conns.newest == c || c->cut)
		return;
	unlink_conn(c);
	link_newest(c);
}

static void conn_closed(uv_handle_t *handle)
{
	struct http_conn *c = (struct http_conn *)handle;
	struct http_loop *l = c->loop;

	if (c->sock) {
		unlink_conn(c);
		l->conns.n--;
		metrics_add(&l->worker.metrics->connections, -1);
	}
	free(c);
}

/* h2o closes a connection when its socket reads the end or cannot be written. */
static void shut(struct http_conn *c, int how)
{
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
		shutdown(fd, how);
}

static void cut(struct http_conn *c)
{
	shut(c, SHUT_RDWR);
	c->cut = true;
	unlink_conn(c); /* out of the way of whoever looks for the oldest */
	link_newest(c);
	metrics_add(&c->loop->worker.metrics->connections_cut, 1);
}

/* One connection less, the one that has been idle for longest; false when all have requests under way. */
static bool make_room(struct http_conns *s)
{
	struct http_conn *c = s->oldest;

	while (c && (c->requests || c->cut))
		c = c->prev;
	if (c)
		cut(c);
	return c != NULL;
}

void http_conn_accept(struct http_loop *l, uint64_t now_ns)
{
	struct http_conn *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	uv_tcp_init(&l->uv, &c->tcp);
	if (uv_accept((uv_stream_t *)&l->listener, (uv_stream_t *)&c->tcp) != 0 ||
	    (l->conns.n >= l->conns.max && !make_room(&l->conns))) {
		uv_close((uv_handle_t *)&c->tcp, conn_closed);
		return;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	c->active_ns = now_ns;
	link_newest(c);
	l->conns.n++;
	metrics_add(&l->worker.metrics->connections, 1);
	c->sock = h2o_uv_socket_create((uv_stream_t *)&c->tcp, conn_closed);
	c->sock->on_close.data = c; /* without a callback: only the way from a request to its connection */
	h2o_accept(&l->accept, c->sock);
}

/* ---- requests under way ---- */

static void unlink_flight(struct http_flight *f, struct http_flight **first, struct http_flight **last)
{
	*(f->prev ? &f->prev->next : first) = f->next;
	*(f->next ? &f->next->prev : last) = f->prev;
	f->prev = f->next = NULL;
}

static void append_flight(struct http_flight *f, struct http_flight **first, struct http_flight **last)
{
	f->prev = *last;
	*(*last ? &(*last)->next : first) = f;
	*last = f;
}

void http_flight_taken(struct http_flight *f)
{
	struct http_conns *s = &f->conn->loop->conns;

	if (f->sent_ns)
		unlink_flight(f, &s->unread, &s->unread_last);
	f->sent_ns = 0;
}

static void flight_ended(void *p)
{
	struct http_flight *f = p;

	http_flight_taken(f);
	if (f->ready)
		unlink_flight(f, &f->conn->loop->conns.ready, &f->conn->loop->conns.ready_last);
	f->conn->requests--;
}

struct http_flight *http_flight_begin(h2o_req_t *h, uint64_t now_ns)
{
	struct http_flight *f = h2o_mem_alloc_shared(&h->pool, sizeof(*f), flight_ended);

	*f = (struct http_flight){ .conn = h->conn->callbacks->get_socket(h->conn)->on_close.data };
	f->conn->requests++;
	touch(f->conn, now_ns);
	return f;
}

void http_flight_sent(struct http_flight *f)
{
	const struct http_loop *l = f->conn->loop;
	struct http_conns *s = &f->conn->loop->conns;

	http_flight_taken(f);
	f->sent_ns = http_now_ns(&l->worker);
	append_flight(f, &s->unread, &s->unread_last);
	touch(f->conn, f->sent_ns);
}

void http_conns_answer(struct http_loop *l)
{
	static h2o_generator_t no_more = { NULL, NULL };
	struct http_conns *s = &l->conns;

	while (s->ready) {
		struct http_flight *f = s->ready;
		h2o_req_t *h = f->ready;

		unlink_flight(f, &s->ready, &s->ready_last);
		f->ready = NULL;
		http_flight_sent(f);
		h2o_start_response(h, &no_more);
		h2o_send(h, &f->body, f->body.len ? 1 : 0, H2O_SEND_STATE_FINAL);
	}
}

void http_flight_ready(struct http_flight *f, h2o_req_t *h, h2o_iovec_t body)
{
	struct http_loop *l = f->conn->loop;
	struct http_conns *s = &l->conns;
	uint64_t now_ns = http_now_ns(&l->worker);

	if (!s->ready)
		s->ready_ns = now_ns;
	f->ready = h;
	f->body = body;
	append_flight(f, &s->ready, &s->ready_last);
	if (now_ns - s->ready_ns > READY_WAIT_NS)
		http_conns_answer(l);
}

/* ---- the loop's tick ---- */

/*
 * libuv takes no write on a stream that was reset. h2o 2.2.5 does not look whether a write was taken: to say goodbye over
 * TLS to a client that reset the connection, it would wait for ever. Twice, as what was written may only just be told.
 */
static void unstick_all(struct http_loop *l)
{
	for (struct http_conn *c = l->conns.newest, *next; c && l->accept.ssl_ctx; c = next) {
		const uv_stream_t *stream = (const uv_stream_t *)&c->tcp;
		bool stuck = c->sock->_cb.write && !uv_is_writable(stream) && !uv_is_closing((uv_handle_t *)&c->tcp) &&
			     !uv_stream_get_write_queue_size(stream);

		next = c->next;
		if (stuck && c->stuck)
			c->sock->_cb.write(c->sock, h2o_socket_error_io);
		else
			c->stuck = stuck;
	}
}

void http_conns_sweep(struct http_loop *l, uint64_t now_ns)
{
	struct http_conns *s = &l->conns;

	while (s->unread && s->unread->sent_ns + s->read_max_ns < now_ns) {
		struct http_flight *f = s->unread;

		http_flight_taken(f);
		if (!f->conn->cut)
			cut(f->conn);
	}
	for (struct http_conn *c = s->oldest, *next; c && c->active_ns + s->silent_max_ns < now_ns; c = next) {
		next = c->prev;
		if (!c->requests && !c->cut)
			cut(c);
	}
	unstick_all(l);
}

void http_conns_end(struct http_loop *l, bool at_once)
{
	for (struct http_conn *c = l->conns.newest; c; c = c->next)
		if (at_once || !c->requests)
			shut(c, at_once ? SHUT_RDWR : SHUT_RD);
	unstick_all(l);
}

/* ---- start ---- */

void http_conns_init(struct http_loop *l, const struct settings *set, unsigned max)
{
	l->conns.max = max;
	l->conns.read_max_ns = (uint64_t)setting_int(set, SET_HTTP_READ_TIMEOUT) * 1000000u;
	l->conns.silent_max_ns = (uint64_t)setting_int(set, SET_HTTP_TIMEOUT) * 1000000u * UPLOAD_TIMEOUTS;
}

unsigned http_conns_max(const struct settings *set)
{
	int64_t asked = setting_int(set, SET_HTTP_CONNECTIONS_MAX), threads = setting_int(set, SET_HTTP_THREADS);
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		rlim_t need = (rlim_t)asked + FILES_BESIDE;

		if (files.rlim_cur < need) {
			files.rlim_cur = files.rlim_max < need ? files.rlim_max : need;
			if (setrlimit(RLIMIT_NOFILE, &files) != 0)
				getrlimit(RLIMIT_NOFILE, &files);
		}
		if (files.rlim_cur < need) {
			int64_t most = (int64_t)files.rlim_cur - FILES_BESIDE;

			asked = most > threads ? most : threads;
			log_warn("fewer connections than asked for",
				 "http.connectionsMax=%lld becomes=%lld why=\"at most %llu "
				 "files may be open (ulimit -n)\"",
				 (long long)setting_int(set, SET_HTTP_CONNECTIONS_MAX), (long long)asked,
				 (unsigned long long)files.rlim_cur);
		}
	}
	return (unsigned)((asked + threads - 1) / threads);
}
