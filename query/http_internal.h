/*
 * http_internal.h - inside the HTTP binding (http_*.c and server.c): one event loop with its h2o context.
 *
 *     RUNNING --stop asked--> DRAINING --no publish waits, or grace over--> CLOSING --no connection left--> gone
 *
 * DRAINING: the listener is closed, feeds end, answers say "connection: close". CLOSING: connections that only listen
 * are cut; at the end of the grace all are.
 */
#ifndef AISLE_QUERY_HTTP_INTERNAL_H
#define AISLE_QUERY_HTTP_INTERNAL_H

#include "query/http_req.h"

#include <h2o.h>
#include <pthread.h>

enum loop_phase { LOOP_RUNNING, LOOP_DRAINING, LOOP_CLOSING };

struct feed_client;

struct http_conn {
	uv_tcp_t tcp; /* first: h2o's handle */
	struct http_loop *loop;
	struct http_conn *prev, *next;
};

struct http_loop {
	h2o_context_t ctx; /* first: a request's conn->ctx is its loop */
	struct http_worker worker;
	uv_loop_t uv;
	uv_tcp_t listener;
	uv_async_t wake; /* publishes done, feed messages, stop */
	uv_timer_t tick; /* deadlines */
	h2o_accept_ctx_t accept;
	struct http_conn *conns;
	struct feed_client *feed_clients;
	unsigned ticks;
	enum loop_phase phase;
	uint64_t grace_end_ns;
	_Atomic int stop_grace_ms; /* -1 until a stop is asked for */
	pthread_t thread;
};

/* ---- http_loop.c, main thread ---- */

/* A listening socket, SO_REUSEPORT; *port 0 picks one and is filled. `first` refuses a port that somebody listens on. */
int http_listen_fd(const char *listen, bool first, int *port, char *host, size_t host_size, int *ret,
		   struct error *e) MUST_CHECK;
/* The worker is set up already. Takes `fd` in any case. */
int http_loop_start(struct http_loop *l, h2o_globalconf_t *conf, int fd, struct error *e) MUST_CHECK;
/* Asks; http_loop_join waits and frees what the loop had. */
void http_loop_ask_stop(struct http_loop *l, int grace_ms);
void http_loop_join(struct http_loop *l);

/* ---- http_dispatch.c, http_errors.c ---- */

int http_on_req(h2o_handler_t *self, h2o_req_t *h);
/* h2o's own error pages of this path configuration become problem+json. */
void http_errors_register(h2o_pathconf_t *pathconf);

/* ---- http_req.c ---- */

struct http_end {
	void (*ended)(void *arg); /* NULL: nothing to tell any more */
	void *arg;
};
/* `ended` is called when the request's memory goes, however it ended. */
struct http_end *http_on_end(struct http_req *rq, void (*ended)(void *arg), void *arg);

static inline struct http_loop *http_loop_of(const struct http_req *rq)
{
	return (struct http_loop *)rq->h2o->conn->ctx;
}

#endif
