/*
 * bench_bare_http - libh2o on libuv with a handler that answers a fixed body: the limit of any route with a body of
 * that size.
 *
 *     bench_bare_http THREADS BODY_BYTES
 *
 * Listens on a free port of 127.0.0.1 with one loop a thread (SO_REUSEPORT), prints "http://127.0.0.1:PORT", runs
 * until SIGTERM. h2o 2.2.5.
 */
#include <arpa/inet.h>
#include <h2o.h>
#include <h2o/http1.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define BACKLOG 1024

static h2o_globalconf_t conf;
static h2o_iovec_t body;

struct loop {
	uv_loop_t uv;
	uv_tcp_t listener;
	h2o_context_t ctx;
	h2o_accept_ctx_t accept;
};

static int answer(h2o_handler_t *self, h2o_req_t *req)
{
	static h2o_generator_t generator;

	(void)self;
	req->res.status = 200;
	req->res.reason = "OK";
	req->res.content_length = body.len;
	h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("application/json"));
	h2o_start_response(req, &generator);
	h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct loop *l = listener->data;
	uv_tcp_t *conn;

	if (status)
		return;
	conn = h2o_mem_alloc(sizeof(*conn));
	uv_tcp_init(&l->uv, conn);
	if (uv_accept(listener, (uv_stream_t *)conn)) {
		uv_close((uv_handle_t *)conn, on_closed);
		return;
	}
	uv_tcp_nodelay(conn, 1);
	h2o_accept(&l->accept, h2o_uv_socket_create((uv_stream_t *)conn, on_closed));
}

static int bound(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(at);

	at.sin_port = htons((uint16_t)*port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || getsockname(fd, (struct sockaddr *)&at, &n)) {
		perror("bench_bare_http");
		exit(1);
	}
	*port = ntohs(at.sin_port);
	return fd;
}

static void *run(void *arg)
{
	struct loop *l = arg;

	uv_run(&l->uv, UV_RUN_DEFAULT);
	return NULL;
}

static void start(int *port)
{
	struct loop *l = h2o_mem_alloc(sizeof(*l));
	pthread_t thread;

	memset(l, 0, sizeof(*l));
	uv_loop_init(&l->uv);
	h2o_context_init(&l->ctx, &l->uv, &conf);
	l->accept = (h2o_accept_ctx_t){ .ctx = &l->ctx, .hosts = conf.hosts };
	uv_tcp_init(&l->uv, &l->listener);
	l->listener.data = l;
	if (uv_tcp_open(&l->listener, bound(port)) || uv_listen((uv_stream_t *)&l->listener, BACKLOG, on_connection) ||
	    pthread_create(&thread, NULL, run, l)) {
		fprintf(stderr, "bench_bare_http: cannot serve\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	long threads = argc == 3 ? strtol(argv[1], NULL, 10) : 0, bytes = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	h2o_hostconf_t *host;
	sigset_t stop;
	int port = 0, sig;

	if (threads < 1 || bytes < 1) {
		fprintf(stderr, "usage: bench_bare_http THREADS BODY_BYTES\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	body = (h2o_iovec_t){ h2o_mem_alloc((size_t)bytes), (size_t)bytes };
	memset(body.base, 'x', body.len);
	h2o_config_init(&conf);
	host = h2o_config_register_host(&conf, h2o_iovec_init(H2O_STRLIT("default")), 65535);
	h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(h2o_handler_t))->on_req = answer;
	for (long i = 0; i < threads; i++)
		start(&port);
	printf("http://127.0.0.1:%d\n", port);
	fflush(stdout);
	sigwait(&stop, &sig);
	return 0;
}
