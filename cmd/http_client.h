/*
 * http_client.h - a request to an aisle server and its answer: HTTP/1.1 without TLS, a connection each, waiting. For commands
 * that a person runs; a server behind TLS is asked on its own machine or through a tunnel. Thread: any.
 */
#ifndef AISLE_CMD_HTTP_CLIENT_H
#define AISLE_CMD_HTTP_CLIENT_H

#include "schemas/base.h"
#include "schemas/error.h"

#define HTTP_CLIENT_TIMEOUT_S 60
#define HTTP_CLIENT_ANSWER_MAX ((size_t)128 << 20)

struct http_answer {
	int status;
	struct str body;
	char *bytes; /* head and body */
};
void http_answer_fini(struct http_answer *a);

/* Is it "http://HOST:PORT", or without the port? */
bool http_server_valid(const char *server);

/*
 * `server`: "http://HOST:PORT". `headers`: whole lines with \r\n, or "". `body` n = 0: none, else sent as JSON. An answer of any
 * status is one; BAD_REQUEST for a URL that is none, IO when there was no answer.
 */
int http_ask(const char *server, const char *method, const char *path, const char *headers, struct str body,
	     struct http_answer *ret, struct error *e) MUST_CHECK;

#endif
