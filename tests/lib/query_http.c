#include "tests/lib/query_http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <ctype.h>
#include <ftw.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- publisher ---- */

static int fake_send(struct publisher *base, const char *topic, int32_t partition, struct str key, const void *value,
		     size_t value_len, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		     publish_done done, void *arg)
{
	struct fake_publisher *p = (struct fake_publisher *)base;
	struct fake_record *r;
	int rc = 0;

	(void)partition, (void)timestamp_ms, (void)headers, (void)header_count;
	pthread_mutex_lock(&p->lock);
	if (p->mode == FAKE_REFUSE || p->n == FAKE_RECORDS_MAX) {
		rc = ERR_PRODUCE;
	} else {
		r = &p->v[p->n++];
		snprintf(r->topic, sizeof(r->topic), "%s", topic);
		r->key = (struct str){ xstrndup(key.p, key.n), key.n };
		r->value = (struct str){ value ? xstrndup(value, value_len) : NULL, (uint32_t)value_len };
		r->done = done;
		r->arg = arg;
		pthread_cond_signal(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

static int fake_flush(struct publisher *base, int timeout_ms)
{
	(void)base, (void)timeout_ms;
	return 0;
}

static void fake_close(struct publisher *base)
{
	struct fake_publisher *p = (struct fake_publisher *)base;

	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	for (size_t i = 0; i < p->n; i++) {
		free((void *)p->v[i].key.p);
		free((void *)p->v[i].value.p);
	}
}

static struct fake_record *next_untold(struct fake_publisher *p)
{
	if (p->mode == FAKE_HOLD && !p->closing)
		return NULL;
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].told)
			return &p->v[i];
	return NULL;
}

static void *fake_main(void *arg)
{
	struct fake_publisher *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct fake_record *r = next_untold(p);

		if (!r && p->closing)
			break;
		if (!r) {
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		int code = p->mode == FAKE_ACK ? 0 : ERR_PRODUCE;
		int64_t offset = r - p->v;

		r->told = true;
		pthread_mutex_unlock(&p->lock);
		r->done(r->arg, code, 3, offset);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void fake_open(struct fake_publisher *p)
{
	static const struct publisher_ops ops = { fake_send, fake_flush, fake_close };

	p->base.ops = &ops;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	pthread_create(&p->thread, NULL, fake_main, p);
}

void fake_set(struct fake_publisher *p, enum fake_mode mode)
{
	pthread_mutex_lock(&p->lock);
	p->mode = mode;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

size_t fake_count(struct fake_publisher *p)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* ---- server ---- */

void shopfront_prepare(struct shopfront *f, const char *const *sets)
{
	const char *all[32] = { "http.listen=127.0.0.1:0", "http.threads=2" };
	struct settings_sources from = { .sets = all, .sets_n = 2 };
	struct error e = { 0 };

	memset(f, 0, sizeof(*f));
	while (sets && *sets)
		all[from.sets_n++] = *sets++;
	cr_assert_eq(settings_load(&from, &f->settings, &e), 0, "%s", e.text);
	snprintf(f->dir, sizeof(f->dir), "/tmp/aisle-http-XXXXXX");
	cr_assert(mkdtemp(f->dir));
	struct store_options so = { .path = f->dir, .map_size = 64 << 20, .durability = STORE_NOSYNC };

	cr_assert_eq(store_open(&so, &f->store, &e), 0, "%s", e.text);
	cr_assert_eq(status_open(f->dir, true, &f->status, &e), 0, "%s", e.text);
	status_page(f->status)->fresh_ms = (int64_t)time(NULL) * 1000 + MS_PER_DAY;
	fake_open(&f->publisher);
	f->opt = (struct server_options){ .settings = f->settings,
					  .store = f->store,
					  .status = f->status,
					  .publisher = &f->publisher.base,
					  .answers = &stub_answers };
}

void shopfront_start(struct shopfront *f)
{
	struct error e = { 0 };

	cr_assert_eq(server_start(&f->opt, &f->server, &e), 0, "%s", e.text);
	f->port = atoi(strrchr(server_url(f->server), ':') + 1);
}

void shopfront_open(struct shopfront *f, ...)
{
	const char *sets[32] = { NULL };
	va_list ap;

	va_start(ap, f);
	for (size_t i = 0; (sets[i] = va_arg(ap, const char *)); i++)
		;
	va_end(ap);
	shopfront_prepare(f, sets);
	shopfront_start(f);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void shopfront_close(struct shopfront *f)
{
	server_stop(f->server, 2000);
	f->publisher.base.ops->close(&f->publisher.base);
	status_close(f->status);
	store_close(f->store);
	settings_free(f->settings);
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- client ---- */

static void connect_to(struct client *c, int port, int receive_bytes)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	c->n = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (receive_bytes)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
	cr_assert_eq(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0, "cannot connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void client_open(struct client *c, int port)
{
	connect_to(c, port, 0);
}

void client_open_small(struct client *c, int port)
{
	connect_to(c, port, 4096);
}

void client_close(struct client *c)
{
	close(c->fd);
}

void client_send(struct client *c, const char *bytes, size_t n)
{
	while (n) {
		ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the reply, or its absence, tells */
		bytes += sent;
		n -= (size_t)sent;
	}
}

/* More bytes: their number, 0 at the end, -1 at the deadline. */
static ssize_t more(struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, WAIT_MS) <= 0 || c->n + 1 >= sizeof(c->buf))
		return -1;
	n = recv(c->fd, c->buf + c->n, sizeof(c->buf) - c->n - 1, 0);
	if (n > 0)
		c->n += (size_t)n;
	c->buf[c->n] = '\0';
	return n < 0 ? 0 : n;
}

/* The body that begins at `head` and has no length: chunks until one of 0 bytes. */
static bool read_chunks(struct client *c, size_t head, struct reply *ret)
{
	size_t at = head, n;
	char *line;

	ret->n = 0;
	do {
		while (!(line = strstr(c->buf + at, "\r\n")))
			if (more(c) <= 0)
				return false;
		n = strtoul(c->buf + at, NULL, 16);
		at = (size_t)(line - c->buf) + 2;
		cr_assert(ret->n + n < sizeof(ret->body));
		while (c->n < at + n + 2)
			if (more(c) <= 0)
				return false;
		memcpy(ret->body + ret->n, c->buf + at, n);
		ret->n += n;
		at += n + 2;
		memmove(c->buf + head, c->buf + at, c->n - at + 1);
		c->n -= at - head;
		at = head;
	} while (n);
	return true;
}

static bool read_length(struct client *c, size_t head, size_t n, struct reply *ret)
{
	cr_assert(n < sizeof(ret->body));
	while (c->n < head + n)
		if (more(c) <= 0)
			return false;
	memcpy(ret->body, c->buf + head, n);
	ret->n = n;
	memmove(c->buf + head, c->buf + head + n, c->n - head - n);
	c->n -= n;
	return true;
}

bool client_read(struct client *c, bool head_only, struct reply *ret)
{
	const char *length, *end;
	bool whole, chunked;
	size_t head;

	c->buf[c->n] = '\0';
	while (!(end = strstr(c->buf, "\r\n\r\n")))
		if (more(c) <= 0)
			return false;
	head = (size_t)(end - c->buf) + 4;
	cr_assert(head < sizeof(ret->head));
	for (size_t i = 0; i < head; i++)
		ret->head[i] = (char)tolower((unsigned char)c->buf[i]);
	ret->head[head] = '\0';
	cr_assert_eq(sscanf(ret->head, "http/1.1 %d", &ret->status), 1, "%s", ret->head);
	length = strstr(ret->head, "content-length: ");
	chunked = strstr(ret->head, "transfer-encoding: chunked") && !head_only;
	cr_assert(length || chunked || head_only || ret->status == 204 || ret->status == 304, "no length: %s",
		  ret->head);
	whole = chunked ? read_chunks(c, head, ret)
			: read_length(c, head, head_only || !length ? 0 : strtoul(length + 16, NULL, 10), ret);
	if (!whole)
		return false;
	ret->body[ret->n] = '\0';
	memmove(c->buf, c->buf + head, c->n - head + 1);
	c->n -= head;
	return true;
}

bool client_wait(struct client *c, const char *text)
{
	c->buf[c->n] = '\0';
	while (!strstr(c->buf, text))
		if (more(c) <= 0)
			return false;
	return true;
}

bool client_closed(struct client *c)
{
	ssize_t n;

	while ((n = more(c)) > 0)
		;
	return n == 0;
}

struct reply *ask_with(const struct shopfront *f, const char *method, const char *path, const char *headers,
		       const char *body)
{
	static struct client c;
	static struct reply reply;
	static char request[1 << 17];
	int n = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n%s", method, path, headers);

	if (body)
		n += snprintf(request + n, sizeof(request) - (size_t)n, "Content-Length: %zu\r\n\r\n%s", strlen(body),
			      body);
	else
		n += snprintf(request + n, sizeof(request) - (size_t)n, "\r\n");
	cr_assert((size_t)n < sizeof(request));
	client_open(&c, f->port);
	client_send(&c, request, (size_t)n);
	memset(&reply, 0, offsetof(struct reply, body) + 1);
	cr_assert(client_read(&c, strcmp(method, "HEAD") == 0, &reply), "no reply to %s %.100s", method, path);
	client_close(&c);
	return &reply;
}

struct reply *ask(const struct shopfront *f, const char *method, const char *path, const char *body)
{
	return ask_with(f, method, path, body ? "Content-Type: application/json\r\n" : "", body);
}

void expect_problem(const struct reply *r, int status, const char *slug, const char *field, const char *what)
{
	char text[200];

	cr_assert_eq(r->status, status, "%s: %d instead of %d: %s", what, r->status, status, r->body);
	cr_assert(strstr(r->head, "content-type: application/problem+json"), "%s: %s", what, r->head);
	cr_assert(strstr(r->head, "cache-control: no-store"), "%s: %s", what, r->head);
	snprintf(text, sizeof(text), "{\"type\":\"urn:aisle:problem:%s\"", slug);
	cr_assert(strncmp(r->body, text, strlen(text)) == 0, "%s: %s", what, r->body);
	snprintf(text, sizeof(text), "\"field\":\"%s\"", field ? field : "");
	cr_assert_eq(strstr(r->body, field ? text : "\"field\"") != NULL, field != NULL, "%s: %s", what, r->body);
}
