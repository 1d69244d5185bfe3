/*
 * http_later.h - a request whose answer takes longer to work out than a loop may wait: one thread works, one request
 * after the other, and the loop answers.
 *
 *     http_later(rq, &figures_work, work);
 *
 * Invariants: each `work` given to http_later is dropped exactly once, on any thread; `answer` is called at
 * most once, on the request's loop, and not when the client has left. At most LATER_MAX requests wait: the next one is
 * refused as overloaded, and so is one that was not answered when its loop stops.
 * Thread: loop, unless said.
 */
#ifndef AISLE_QUERY_HTTP_LATER_H
#define AISLE_QUERY_HTTP_LATER_H

#include "query/http_req.h"

#define LATER_MAX 64
#define LATER_NICE 5 /* answers that are quick go first */

struct later_ops {
	/* On the thread, with a fresh snapshot of its own. What went wrong is kept in `work`. */
	void (*work)(void *work, struct snap *sn);
	void (*answer)(struct http_req *rq, void *work);
	void (*drop)(void *work);
};

/* Takes `work`; answers the request, now or later. */
void http_later(struct http_req *rq, const struct later_ops *ops, void *work);

/* ---- for server.c and the loops ---- */
struct later_thread;
struct later_box; /* one a loop: what is done */
struct uv_async_s;

/* Main thread. Boxes are the thread's and live as long. */
struct later_thread *later_start(struct store *s, unsigned loops);
/* All loops have ended. NULL is fine. */
void later_stop(struct later_thread *t);
struct later_box *later_box(struct later_thread *t, unsigned loop);
/* Main thread, before the loop runs. */
void later_attach(struct later_box *box, struct uv_async_s *wake);
/* Answer what is done; false when nothing waits. */
bool later_run(struct later_box *box);
/* Refuse what waits and what comes from now on: before the loop's async handle goes. */
void later_close(struct later_box *box);

#endif
