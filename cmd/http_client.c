#include "cmd/http_client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SCHEME "http://"

void http_answer_fini(struct http_answer *a)
{
	free(a->bytes);
	*a = (struct http_answer){ 0 };
}

static int failed(struct error *e, const char *server, const char *why)
{
	return error_set(e, ERR_IO, "server", "cannot ask '%s': %s", server, why);
}

static bool is_port(const char *p, size_t n)
{
	return n && n <= 5 && strspn(p, "0123456789") >= n;
}

/* "http://[::1]:8600/" to host and port. */
static bool split(const char *server, char host[256], char port[8])
{
	const char *at = server + strlen(SCHEME), *colon;
	size_t n, port_n = 2;

	if (strncmp(server, SCHEME, strlen(SCHEME)) != 0)
		return false;
	n = strcspn(at, "/");
	if (at[n] && at[n + 1])
		return false;
	colon = memrchr(at, ':', n);
	colon = colon && !memchr(colon, ']', (size_t)(at + n - colon)) ? colon : NULL;
	if (colon) {
		port_n = (size_t)(at + n - colon) - 1;
		if (!is_port(colon + 1, port_n))
			return false;
		n = (size_t)(colon - at);
	}
	snprintf(port, 8, "%.*s", (int)port_n, colon ? colon + 1 : "80");
	if (n >= 2 && at[0] == '[' && at[n - 1] == ']') {
		at++;
		n -= 2;
	}
	snprintf(host, 256, "%.*s", (int)n, at);
	return n && n < 256 && !strpbrk(host, " \t\r\n[]");
}

bool http_server_valid(const char *server)
{
	char host[256], port[8];

	return split(server, host, port);
}

static int connect_to(const char *server, int *ret, struct error *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	struct timeval timeout = { .tv_sec = HTTP_CLIENT_TIMEOUT_S };
	char host[256], port[8];
	int rc, fd = -1;

	if (!split(server, host, port))
		return error_set(e, ERR_BAD_REQUEST, "server", "'%s' is not http://HOST:PORT", server);
	rc = getaddrinfo(host, port, &hints, &list);
	if (rc)
		return failed(e, server, gai_strerror(rc));
	for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
		fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
		if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
			rc = errno;
			close(fd);
			errno = rc;
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		return failed(e, server, strerror(errno));
	*ret = fd;
	return 0;
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* All that comes until the server closes. */
static bool receive_all(int fd, char **ret, size_t *ret_n)
{
	size_t room = 65536, n = 0;
	char *p = xmalloc(room);
	ssize_t got;

	while ((got = recv(fd, p + n, room - n - 1, 0)) > 0) {
		n += (size_t)got;
		if (n + 1 < room)
			continue;
		if (room > HTTP_CLIENT_ANSWER_MAX)
			break;
		room *= 2;
		p = xrealloc(p, room);
	}
	p[n] = '\0';
	*ret = p;
	*ret_n = n;
	return got == 0;
}

static bool take_answer(struct http_answer *a, size_t n)
{
	char *end = strstr(a->bytes, "\r\n\r\n");
	const char *length = strcasestr(a->bytes, "\r\ncontent-length:");
	size_t head;

	if (!end || sscanf(a->bytes, "HTTP/1.%*d %d", &a->status) != 1)
		return false;
	head = (size_t)(end - a->bytes) + 4;
	a->body = (struct str){ a->bytes + head, (uint32_t)(n - head) };
	return !length || length > end || strtoul(length + strlen("\r\ncontent-length:"), NULL, 10) == n - head;
}

int http_ask(const char *server, const char *method, const char *path, const char *headers, struct str body,
	     struct http_answer *ret, struct error *e)
{
	struct http_answer a = { 0 };
	char *head = NULL;
	size_t n = 0;
	int fd = -1, head_n, rc = connect_to(server, &fd, e);

	if (rc)
		return rc;
	head_n = asprintf(&head, "%s %s HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n%s%scontent-length: %u\r\n\r\n",
			  method, path, server + strlen(SCHEME), headers,
			  body.n ? "content-type: application/json\r\n" : "", body.n);
	if (head_n < 0)
		abort();
	if (!send_all(fd, head, (size_t)head_n) || !send_all(fd, body.p, body.n))
		rc = failed(e, server, strerror(errno));
	else if (!receive_all(fd, &a.bytes, &n) || !take_answer(&a, n))
		rc = failed(e, server, "the answer is not whole");
	close(fd);
	free(head);
	if (rc)
		http_answer_fini(&a);
	else
		*ret = a;
	return rc;
}
