/*
 * http_internal.h - inside the HTTP binding (http_*.c and server.c): one event loop with its h2o context.
 *
 *     RUNNING --stop asked--> DRAINING --no publish waits, or grace over--> CLOSING --no connection left--> gone
 *
 * DRAINING: the listener is closed, feeds end, answers say "connection: close". CLOSING: connections without a request
 * under way are cut; at the end of the grace all are.
 */
#ifndef AISLE_QUERY_HTTP_INTERNAL_H
#define AISLE_QUERY_HTTP_INTERNAL_H

#include "query/http_req.h"

#include <h2o.h>
#include <netdb.h>
#include <pthread.h>

enum loop_phase { LOOP_RUNNING, LOOP_DRAINING, LOOP_CLOSING };

struct feed_client;

struct http_conn {
	uv_tcp_t tcp; /* first: h2o's handle */
	struct http_loop *loop;
	struct http_conn *prev, *next; /* newer, older activity */
	uint64_t active_ns;            /* when it was accepted, or a request came or was answered */
	unsigned requests;             /* under way: whole, and their answers not taken yet */
	h2o_socket_t *sock;            /* NULL: none of the loop's, it was not let in */
	bool cut, stuck;
};

/* A request under way. */
struct http_flight {
	struct http_conn *conn;
	uint64_t sent_ns;                /* when its answer, or a piece of it, was handed over; 0: not yet */
	struct http_flight *prev, *next; /* in the order of sent_ns, or of what is ready */
	h2o_req_t *ready;                /* its whole answer is made, and is handed over with others; NULL: it is not */
	h2o_iovec_t body;
};

struct http_conns {
	struct http_conn *newest, *oldest; /* by activity */
	struct http_flight *unread, *unread_last, *ready, *ready_last;
	uint64_t ready_ns; /* when the first of `ready` was made */
	unsigned n, max;
	uint64_t read_max_ns;   /* for the client to take what was sent */
	uint64_t silent_max_ns; /* without a whole request */
};

struct http_loop {
	h2o_context_t ctx; /* first: a request's conn->ctx is its loop */
	struct http_worker worker;
	uv_loop_t uv;
	uv_tcp_t listener;
	uv_async_t wake; /* publishes done, feed messages, stop */
	uv_timer_t tick; /* deadlines */
	h2o_accept_ctx_t accept;
	uv_prepare_t round;          /* before the loop waits: its round is over */
	uv_check_t read;             /* after it has read from all sockets that had something */
	uint64_t round_ns;           /* when the first request of this round was looked at; 0: none was */
	uint64_t turn_ns, waited_ns; /* when its turn on the core began; how long it had nothing to do in it */
	uint64_t waits_ns;           /* when it began to wait for events */
	uint64_t wait_max_ns;        /* after which one is refused */
	struct http_conns conns;
	struct feed_client *feed_clients;
	unsigned ticks;
	bool sweeps;       /* once the loop has waited */
	uint64_t sweep_ns; /* by this time */
	enum loop_phase phase;
	uint64_t grace_end_ns;
	_Atomic int stop_grace_ms; /* -1 until a stop is asked for */
	pthread_t thread;
};

/* ---- http_loop.c, main thread ---- */

/* What http.listen is: *ret for freeaddrinfo, at `port`, -1: the setting's own. */
int http_listen_resolve(const char *listen, int port, char *host, size_t host_size, struct addrinfo **ret,
			int *ret_port, struct error *e) MUST_CHECK;
/* A listening socket, SO_REUSEPORT; *port 0 picks one and is filled. `first` refuses a port that somebody listens on. */
int http_listen_fd(const char *listen, bool first, int *port, char *host, size_t host_size, int *ret,
		   struct error *e) MUST_CHECK;
/* The worker is set up already. Takes `fd` in any case. */
int http_loop_start(struct http_loop *l, h2o_globalconf_t *conf, int fd, unsigned connections_max, SSL_CTX *tls,
		    struct error *e) MUST_CHECK;
/* Asks; http_loop_join waits and frees what the loop had. */
void http_loop_ask_stop(struct http_loop *l, int grace_ms);
void http_loop_join(struct http_loop *l);

/* ---- http_tls.c, main thread ---- */

/* By http.tls.*; *ret NULL when none is asked for. */
int http_tls_open(const struct settings *set, SSL_CTX **ret, struct error *e) MUST_CHECK;
void http_tls_close(SSL_CTX *tls);

/* ---- http_conns.c ---- */

/* Connections a loop may have, by http.connectionsMax and the open files that the process may have. Main thread. */
unsigned http_conns_max(const struct settings *set);
void http_conns_init(struct http_loop *l, const struct settings *set, unsigned max);
/* Take one from the listener; when there are too many, the one that has been idle for longest goes. */
void http_conn_accept(struct http_loop *l, uint64_t now_ns);
/* Now and then: cut who has not read its answer, or has sent no whole request. Right after the loop has read what came before now_ns. */
void http_conns_sweep(struct http_loop *l, uint64_t now_ns);
/* Close those without requests under way; at_once: all. */
void http_conns_end(struct http_loop *l, bool at_once);
struct http_flight *http_flight_begin(h2o_req_t *h, uint64_t now_ns);
/* The answer, or a piece of it, is handed over: from now on the client is waited for. */
void http_flight_sent(struct http_flight *f);
/* It has taken that; more will be sent some time. */
void http_flight_taken(struct http_flight *f);
/*
 * The answer is made: status, headers, and this body, which lives as long as the request. It is handed over at the end of the
 * round, or READY_WAIT_NS after the first one of the round.
 */
void http_flight_ready(struct http_flight *f, h2o_req_t *h, h2o_iovec_t body);
/* Hand over all that is ready. */
void http_conns_answer(struct http_loop *l);

/* ---- http_head.c, http_dispatch.c, http_errors.c ---- */

/* What is wrong with the lines of a request's head, NULL: nothing. */
const char *http_head_flaw(h2o_req_t *h);

int http_on_req(h2o_handler_t *self, h2o_req_t *h);
/* h2o's own error pages of this path configuration become problem+json. */
void http_errors_register(h2o_pathconf_t *pathconf);
/* From now on stderr is without what h2o prints of clients' frames. Main thread. */
void http_hush(void);

/* ---- http_req.c ---- */

/* Status and content type, before h2o_start_response. */
void http_start(struct http_req *rq, int status, const char *content_type);

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
