/*
 * http_publish.h - a request that waits for the broker: its records are sent, and it is answered when all of them are
 * acknowledged, or at http.publishTimeout.
 *
 *     p = publish_new(rq, n, finish, arg); publish_send(p, 0, ...) ...; publish_wait(p);
 *
 * Acknowledgements come on the publisher's thread; they fill their entry and, the last one, put the publish into its
 * loop's queue and wake the loop. Whoever lets go last frees: a client that left, a stopped loop, an acknowledgement
 * after the timeout are all in order.
 *
 * Thread: loop, all of it.
 */
#ifndef AISLE_QUERY_HTTP_PUBLISH_H
#define AISLE_QUERY_HTTP_PUBLISH_H

#include "query/http_req.h"

struct uv_async_s;

enum publish_state {
	PUBLISH_UNSENT,  /* publish_send was not called: refused before */
	PUBLISH_WAITING, /* no acknowledgement (yet) */
	PUBLISH_ACKED,
	PUBLISH_FAILED,
	PUBLISH_TOO_LARGE /* for the topic: sending again is no use */
};

struct publish;

/* Answers the request. Not called when the client is gone. */
typedef void (*publish_finish)(struct http_req *rq, struct publish *p, void *arg);

/* False when it was refused: there is no broker. */
bool publish_possible(struct http_req *rq);
/* `arg` must live as long as the request (http_alloc). */
struct publish *publish_new(struct http_req *rq, size_t n, publish_finish finish, void *arg);
/*
 * Once all are acknowledged it is not answered yet: `ready` is asked now and then, until it is true or http.publishTimeout has
 * passed since publish_wait. Before publish_wait.
 */
typedef bool (*publish_ready)(struct http_req *rq, struct publish *p, void *arg);
void publish_until(struct publish *p, publish_ready ready);
/* Key and value are copied by the publisher; value NULL: a tombstone. Each i at most once. */
void publish_send(struct publish *p, size_t i, const char *topic, struct str key, const void *value, size_t value_len);
/* The request's answer comes from `finish`, perhaps before this returns; `p` is no longer the caller's. */
void publish_wait(struct publish *p);

/* ---- in finish ---- */
/* Where it is when it is acknowledged; both may be NULL. The same each time, whatever is acknowledged meanwhile. */
enum publish_state publish_result(const struct publish *p, size_t i, int32_t *ret_partition, int64_t *ret_offset);
/* Was it true what publish_until waits for? */
bool publish_was_ready(const struct publish *p);
/* Why record i was not acknowledged. */
void publish_problem(const struct publish *p, size_t i, struct problem *ret);

/* ---- for the loop ---- */
struct publish_queue *publish_queue_new(struct uv_async_s *wake, int64_t timeout_ms);
/* Answer what is complete and what is too old; false when nothing waits. */
bool publish_queue_run(struct publish_queue *q, uint64_t now_ns);
/* Answer everything that waits as not acknowledged. */
void publish_queue_cancel(struct publish_queue *q);
/* Before the loop's async handle goes. Acknowledgements that are still to come find no loop and only free. */
void publish_queue_close(struct publish_queue *q);

#endif
