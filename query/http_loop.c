#include "query/http_feed.h"
#include "query/http_internal.h"
#include "query/http_later.h"
#include "query/http_publish.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define TICK_MS 50
#define BEAT_TICKS (10000 / TICK_MS)
#define SWEEP_TICKS (500 / TICK_MS)
#define BACKLOG 1024
#define TURN_NS UINT64_C(1000000)

/* ---- sockets ---- */

static bool split_listen(const char *listen, char *host, size_t host_size, int *port)
{
	const char *colon = strrchr(listen, ':');
	char *end;
	long v;

	if (!colon || !colon[1])
		return false;
	v = strtol(colon + 1, &end, 10);
	if (*end || v < 0 || v > 65535)
		return false;
	*port = (int)v;
	if (listen[0] == '[' && colon > listen && colon[-1] == ']')
		return (size_t)snprintf(host, host_size, "%.*s", (int)(colon - listen - 2), listen + 1) < host_size;
	return (size_t)snprintf(host, host_size, "%.*s", (int)(colon - listen), listen) < host_size;
}

static int bind_one(const struct addrinfo *ai, bool shared)
{
	int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int bound_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0)
		return 0;
	return ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
					      : ((struct sockaddr_in *)&ss)->sin_port);
}

int http_listen_resolve(const char *listen, int port, char *host, size_t host_size, struct addrinfo **ret,
			int *ret_port, struct error *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char service[8];
	int rc;

	if (!split_listen(listen, host, host_size, ret_port))
		return error_set(e, ERR_BAD_SETTING, "http.listen", "http.listen is '%s': write host:port", listen);
	snprintf(service, sizeof(service), "%d", port < 0 ? *ret_port : port);
	rc = getaddrinfo(host[0] ? host : NULL, service, &hints, ret);
	return rc ? error_set(e, ERR_BAD_SETTING, "http.listen",
			      "cannot resolve '%s': %s; set http.listen to an address or name of this machine", host,
			      gai_strerror(rc))
		  : 0;
}

int http_listen_fd(const char *listen, bool first, int *port, char *host, size_t host_size, int *ret, struct error *e)
{
	struct addrinfo *ai;
	int asked, fd, rc = http_listen_resolve(listen, first ? -1 : *port, host, host_size, &ai, &asked, e);

	if (rc)
		return rc;
	if (first && asked) {
		/* SO_REUSEPORT would let a second server share the port in silence: ask without it first */
		fd = bind_one(ai, false);
		if (fd < 0)
			goto fail;
		close(fd);
	}
	fd = bind_one(ai, true);
	if (fd < 0)
		goto fail;
	freeaddrinfo(ai);
	*port = bound_port(fd);
	*ret = fd;
	return 0;
fail:
	rc = errno;
	freeaddrinfo(ai);
	return error_set(e, ERR_IO, "http.listen", "cannot listen on %s: %s%s", listen, strerror(rc),
			 rc == EADDRINUSE ? "; end what does, or set http.listen to another port (0: a free one)" : "");
}

/* ---- the loop's thread ---- */

static void on_connection(uv_stream_t *listener, int status)
{
	struct http_loop *l = listener->data;

	if (status == 0)
		http_conn_accept(l, http_now_ns(&l->worker));
}

/*
 * A loop that always has requests keeps its core until the scheduler's next tick, 4 ms on many machines, while others wait for
 * it: the clients that its answers are for, the processor. So now and then they have their turn.
 */
static uint64_t give_way(struct http_loop *l, uint64_t now)
{
	if (now - l->turn_ns < TURN_NS)
		return now;
	if (l->waited_ns < (now - l->turn_ns) / 2) {
		sched_yield();
		now = http_now_ns(&l->worker);
	}
	l->turn_ns = now;
	l->waited_ns = 0;
	return now;
}

static void on_round(uv_prepare_t *round)
{
	struct http_loop *l = round->data;
	uint64_t now = http_now_ns(&l->worker);

	/* who has taken by now what was sent, or has sent something, is heard of until the loop has waited */
	if (l->sweeps)
		l->sweep_ns = now;
	l->waited_ns += (l->round_ns ? l->round_ns : now) - l->waits_ns;
	l->round_ns = 0;
	http_conns_answer(l);
	l->worker.shared->opt.answers->rest(l->worker.answerer);
	l->waits_ns = give_way(l, now);
}

static void on_read(uv_check_t *read)
{
	struct http_loop *l = read->data;

	http_conns_answer(l);
	if (l->sweeps)
		http_conns_sweep(l, l->sweep_ns);
	l->sweeps = false;
}

static void begin_drain(struct http_loop *l)
{
	l->phase = LOOP_DRAINING;
	l->grace_end_ns = http_now_ns(&l->worker) + (uint64_t)atomic_load(&l->stop_grace_ms) * 1000000u;
	uv_close((uv_handle_t *)&l->listener, NULL);
	h2o_context_request_shutdown(&l->ctx);
	feed_end(l);
}

static void on_wake(uv_async_t *wake)
{
	struct http_loop *l = wake->data;

	publish_queue_run(l->worker.publishes, http_now_ns(&l->worker));
	later_run(l->worker.laters);
	feed_pump(l, false);
	if (l->phase == LOOP_RUNNING && atomic_load(&l->stop_grace_ms) >= 0)
		begin_drain(l);
}

static void on_tick(uv_timer_t *tick)
{
	struct http_loop *l = tick->data;
	uint64_t now = http_now_ns(&l->worker);
	bool waiting;

	l->sweeps |= ++l->ticks % SWEEP_TICKS == 0;
	waiting = publish_queue_run(l->worker.publishes, now);
	waiting |= later_run(l->worker.laters);
	if (l->ticks % BEAT_TICKS == 0) {
		feed_pump(l, true);
		/* a loop that is asked nothing holds no generation that was replaced */
		l->worker.shared->opt.answers->rest(l->worker.answerer);
		snap_park(l->worker.snap);
	}
	if (l->phase == LOOP_RUNNING)
		return;
	if (l->phase == LOOP_DRAINING && (!waiting || now >= l->grace_end_ns)) {
		publish_queue_cancel(l->worker.publishes);
		later_close(l->worker.laters);
		l->phase = LOOP_CLOSING;
		return; /* one tick for the answers to leave */
	}
	if (l->phase == LOOP_CLOSING) {
		http_conns_end(l, now >= l->grace_end_ns);
		if (!l->conns.n)
			uv_stop(&l->uv);
	}
}

static void *loop_main(void *arg)
{
	struct http_loop *l = arg;
	sigset_t pipe_signal;

	/* libuv writes to sockets that may be closed: that is an error of the write here, not a signal */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	feed_attach(l->worker.shared->feed, l->worker.index, NULL);
	publish_queue_close(l->worker.publishes);
	later_close(l->worker.laters);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->tick, NULL);
	uv_close((uv_handle_t *)&l->round, NULL);
	uv_close((uv_handle_t *)&l->read, NULL);
	/* the shutdown request left its GOAWAY timer; dispose wants none */
	if (h2o_timeout_is_linked(&l->ctx.http2._graceful_shutdown_timeout))
		h2o_timeout_unlink(&l->ctx.http2._graceful_shutdown_timeout);
	h2o_context_dispose(&l->ctx);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	return NULL;
}

/* ---- main ---- */

int http_loop_start(struct http_loop *l, h2o_globalconf_t *conf, int fd, unsigned connections_max, SSL_CTX *tls,
		    struct error *e)
{
	const struct settings *set = l->worker.shared->opt.settings;
	int rc;

	atomic_init(&l->stop_grace_ms, -1);
	uv_loop_init(&l->uv);
	uv_async_init(&l->uv, &l->wake, on_wake);
	uv_timer_init(&l->uv, &l->tick);
	uv_tcp_init(&l->uv, &l->listener);
	uv_prepare_init(&l->uv, &l->round);
	uv_check_init(&l->uv, &l->read);
	l->wake.data = l->tick.data = l->listener.data = l->round.data = l->read.data = l;
	http_conns_init(l, set, connections_max);
	l->wait_max_ns = (uint64_t)setting_int(set, SET_HTTP_WAIT_MAX) * 1000000u;
	h2o_context_init(&l->ctx, &l->uv, conf);
	l->accept = (h2o_accept_ctx_t){ .ctx = &l->ctx, .hosts = conf->hosts, .ssl_ctx = tls };
	l->worker.publishes = publish_queue_new(&l->wake, setting_int(set, SET_HTTP_PUBLISH_TIMEOUT));
	later_attach(l->worker.laters, &l->wake);
	feed_attach(l->worker.shared->feed, l->worker.index, &l->wake);
	uv_timer_start(&l->tick, on_tick, TICK_MS, TICK_MS);
	uv_prepare_start(&l->round, on_round);
	uv_check_start(&l->read, on_read);
	rc = uv_tcp_open(&l->listener, fd);
	if (rc != 0)
		close(fd);
	else
		rc = uv_listen((uv_stream_t *)&l->listener, BACKLOG, on_connection);
	if (rc == 0)
		rc = -pthread_create(&l->thread, NULL, loop_main, l);
	if (rc == 0)
		return 0;
	/* run the ending here: it is what the thread would have done */
	uv_close((uv_handle_t *)&l->listener, NULL);
	uv_stop(&l->uv);
	loop_main(l);
	uv_loop_close(&l->uv);
	return error_set(e, ERR_IO, "http.listen", "cannot serve: %s", uv_strerror(rc));
}

void http_loop_ask_stop(struct http_loop *l, int grace_ms)
{
	atomic_store(&l->stop_grace_ms, grace_ms < 0 ? 0 : grace_ms);
	uv_async_send(&l->wake);
}

void http_loop_join(struct http_loop *l)
{
	int rc;

	pthread_join(l->thread, NULL);
	rc = uv_loop_close(&l->uv);
	assert(rc == 0);
	(void)rc;
}
