/*
 * server.h - the HTTP front end: h2o on libuv loops, one a thread, SO_REUSEPORT, answering from snapshots.
 *
 * Thread: start/stop main; all else inside is each loop's own.
 */
#ifndef AISLE_QUERY_SERVER_H
#define AISLE_QUERY_SERVER_H

#include "config/settings.h"
#include "query/recommend.h"
#include "schemas/error.h"
#include "schemas/record.h"
#include "views/status.h"
#include "views/store.h"

/* A page of the demo or of the docs, served from memory. */
struct static_file {
	const char *path; /* "/demo", "/demo/app.js" */
	const char *content_type;
	const void *bytes;
	size_t n;
};

/* The answers behind the routes: recommend.h and ranker.h, or a test's own. */
struct answer_ops {
	int (*open)(const struct answerer_options *opt, struct answerer **ret, struct error *e);
	void (*close)(struct answerer *a);
	void (*rest)(struct answerer *a);
	int (*recommend)(struct answerer *a, const struct recommend_request *rq, struct answer *ret, struct error *e);
	bool (*info)(size_t index, struct scenario_info *ret);
	bool (*scenario_of)(struct str recommendation_id, char ret[TOKEN_SCENARIO_MAX + 1]);
	bool (*given)(struct answerer *a, struct str recommendation_id, const struct recommend_request *rq);
	int (*segments)(struct answerer *a, struct str user_id, struct person_segments *ret, struct error *e);
	int (*offers)(struct answerer *a, struct str user_id, struct person_offers *ret, struct error *e);
};

struct server_options {
	const struct settings *settings;
	struct store *store;
	struct status *status;
	struct publisher *publisher;      /* NULL: POST /events and PUT answer 503 */
	const struct answer_ops *answers; /* NULL: the real ones, with a ranker */
	const struct static_file *files;
	size_t file_count;
	bool trusted_feed; /* demo: GET /demo/feed streams what was published as server-sent events */
	void (*shoppers)(void *arg,
			 bool on); /* demo: PUT /demo/shoppers lets them in, DELETE out; NULL: 404. Thread: loop */
	bool (*shoppers_are_in)(void *arg); /* GET; with `shoppers`. Thread: loop */
	void *shoppers_arg;
};

struct server;

/* Listening when it returns 0. */
int server_start(const struct server_options *opt, struct server **ret, struct error *e) MUST_CHECK;
/* "http://127.0.0.1:8600", valid until stop. */
const char *server_url(const struct server *s);
/* Answers as this server gives them, for the process it is in; the caller's, who frees it before the server stops. */
int server_answerer(struct server *s, struct answerer **ret, struct error *e) MUST_CHECK;
/* Tell `json` (one JSON value, copied) to the clients of /demo/feed. Nothing without trusted_feed. Thread: any, until stop. */
void server_feed(struct server *s, struct str json);
/* Would the files of http.tls.* be taken? BAD_SETTING with the key in the field. */
int server_tls_check(const struct settings *set, struct error *e) MUST_CHECK;
/* Is the host of http.listen an address, or a name that has one? BAD_SETTING. */
int server_listen_resolve(const struct settings *set, struct error *e) MUST_CHECK;
/* Could http.listen be listened on now? IO when somebody else does. */
int server_listen_check(const struct settings *set, struct error *e) MUST_CHECK;
/* Stop accepting, let requests under way end (at most grace_ms), join the threads. NULL is fine. */
void server_stop(struct server *s, int grace_ms);

#endif
