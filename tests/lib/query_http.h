/*
 * query_http.h - a server over a temporary store, a raw-socket HTTP client, and a publisher that acknowledges, waits,
 * refuses or fails as the test says.
 *
 *     shopfront_open(&f, "http.eventsMax=3", NULL);
 *     r = ask(&f, "POST", "/v1/events", "{\"type\":...}");
 *     cr_assert_eq(r.status, 202);
 *
 * Every wait has a deadline of WAIT_MS; a client that is let down fails the test.
 */
#ifndef AISLE_TESTS_QUERY_HTTP_H
#define AISLE_TESTS_QUERY_HTTP_H

#include "query/server.h"

#include <pthread.h>

#define WAIT_MS 10000
#define FAKE_RECORDS_MAX 4096

/* ---- publisher ---- */

enum fake_mode { FAKE_ACK, FAKE_HOLD, FAKE_REFUSE, FAKE_FAIL };

struct fake_record {
	char topic[64];
	struct str key, value; /* value.p NULL: a tombstone */
	publish_done done;
	void *arg;
	bool told;
};

struct fake_publisher {
	struct publisher base; /* first */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	enum fake_mode mode;
	bool closing;
	size_t n;
	struct fake_record v[FAKE_RECORDS_MAX];
};

/* HOLD: acknowledgements wait until the mode is another. */
void fake_set(struct fake_publisher *p, enum fake_mode mode);
/* Records taken so far. */
size_t fake_count(struct fake_publisher *p);

/* ---- server ---- */

/* What a shopfront answers with, unless f->opt.answers is set to something else: what was asked. */
extern const struct answer_ops stub_answers;

/*
 * The stub's scenario "gate" waits until the test opens it: the n-th request to it is there when gate_wait(n) returns,
 * and is answered after gate_open(n). "slow" takes 20 ms of the clock, "large" answers 100 items.
 */
void gate_wait(unsigned n);
void gate_open(unsigned n);
/* Let the clock go on so far. */
void let_pass_ms(unsigned ms);

struct shopfront {
	char dir[64];
	struct settings *settings;
	struct store *store;
	struct status *status;
	struct fake_publisher publisher;
	struct server *server;
	struct server_options opt;
	int port;
};

/* Settings as "key=value", NULL at the end. */
void shopfront_open(struct shopfront *f, ...);
/* The same, not started: change f->opt, then shopfront_start. */
void shopfront_prepare(struct shopfront *f, const char *const *sets);
void shopfront_start(struct shopfront *f);
void shopfront_close(struct shopfront *f);

/* ---- client ---- */

struct reply {
	int status;
	char head[4096]; /* status line and headers, lower case */
	char body[1 << 18];
	size_t n;
};

struct client {
	int fd;
	char buf[1 << 18];
	size_t n;
};

void client_open(struct client *c, int port);
/* The same with hardly any room for what it does not read. */
void client_open_small(struct client *c, int port);
void client_close(struct client *c);
void client_send(struct client *c, const char *bytes, size_t n);
/* One whole reply; `head_only` for HEAD. False when the server closed instead. */
bool client_read(struct client *c, bool head_only, struct reply *ret);
/* Wait until what came in holds `text`. */
bool client_wait(struct client *c, const char *text);
/* Has the server closed the connection? Waits for it. */
bool client_closed(struct client *c);

/* One request on a connection of its own; body NULL: none, else sent as application/json. The reply is static. */
struct reply *ask(const struct shopfront *f, const char *method, const char *path, const char *body);
/* With header lines of one's own ("name: value\r\n"). */
struct reply *ask_with(const struct shopfront *f, const char *method, const char *path, const char *headers,
		       const char *body);

/* The status is `status`, the body a problem of that slug and field (NULL: none). */
void expect_problem(const struct reply *r, int status, const char *slug, const char *field, const char *what);

#endif
