#include "query/http_publish.h"

#include "query/http_internal.h"

#include <assert.h>
#include <stdlib.h>

struct publish_entry {
	struct publish *owner;
	_Atomic int state; /* enum publish_state; written last, with release */
	int told;          /* what it was when the request is answered: more may be acknowledged meanwhile */
	int32_t partition;
	int64_t offset;
};

struct publish {
	struct publish_queue *q;
	struct http_req rq; /* rq.h2o NULL: the client is gone */
	struct http_end *end;
	publish_finish finish;
	publish_ready ready; /* NULL: acknowledged is enough */
	void *arg;
	uint64_t deadline_ns;
	bool held; /* acknowledged, but not ready */
	bool is_ready, answered;
	_Atomic unsigned refs;       /* the loop's, and one of all sends under way */
	_Atomic unsigned in_flight;  /* sends under way, and one until publish_wait */
	struct publish *next, *prev; /* waiting, oldest first */
	struct publish *next_done;
	size_t n;
	struct publish_entry entries[];
};

struct publish_queue {
	_Atomic unsigned refs; /* the loop's, and one a publish */
	pthread_mutex_t lock;
	struct publish *done; /* locked */
	bool open;            /* locked */
	uv_async_t *wake;     /* used under the lock while open */
	uint64_t timeout_ns;
	struct publish *first, *last; /* loop: waiting */
	size_t held;                  /* of them */
};

static void queue_unref(struct publish_queue *q)
{
	if (atomic_fetch_sub(&q->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void publish_unref(struct publish *p)
{
	if (atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	queue_unref(p->q);
	free(p);
}

static void client_left(void *arg)
{
	struct publish *p = arg;

	p->rq.h2o = NULL;
	p->end = NULL;
}

bool publish_possible(struct http_req *rq)
{
	if (rq->w->shared->opt.publisher)
		return true;
	http_refuse(rq, PROBLEM_READ_ONLY, NULL, "set kafka.bootstrap.servers to write");
	return false;
}

struct publish *publish_new(struct http_req *rq, size_t n, publish_finish finish, void *arg)
{
	struct publish *p = xcalloc(1, sizeof(*p) + n * sizeof(p->entries[0]));

	p->q = rq->w->publishes;
	atomic_fetch_add(&p->q->refs, 1);
	p->rq = *rq;
	p->end = http_on_end(rq, client_left, p);
	p->finish = finish;
	p->arg = arg;
	p->n = n;
	atomic_init(&p->refs, 2);
	atomic_init(&p->in_flight, 1);
	for (size_t i = 0; i < n; i++)
		p->entries[i].owner = p;
	return p;
}

/* ---- publisher's thread ---- */

static void post(struct publish *p)
{
	struct publish_queue *q = p->q;
	bool open;

	pthread_mutex_lock(&q->lock);
	open = q->open;
	if (open) {
		p->next_done = q->done;
		q->done = p;
		uv_async_send(q->wake);
	}
	pthread_mutex_unlock(&q->lock);
	if (!open)
		publish_unref(p);
}

static enum publish_state state_of(int code)
{
	return !code ? PUBLISH_ACKED : code == ERR_TOO_LARGE ? PUBLISH_TOO_LARGE : PUBLISH_FAILED;
}

static void on_done(void *arg, int code, int32_t partition, int64_t offset)
{
	struct publish_entry *entry = arg;
	struct publish *p = entry->owner;

	entry->partition = partition;
	entry->offset = offset;
	atomic_store_explicit(&entry->state, state_of(code), memory_order_release);
	if (atomic_fetch_sub(&p->in_flight, 1) == 1)
		post(p);
}

/* ---- loop ---- */

void publish_send(struct publish *p, size_t i, const char *topic, struct str key, const void *value, size_t value_len)
{
	struct publisher *publisher = p->rq.w->shared->opt.publisher;
	struct publish_entry *entry = &p->entries[i];
	int rc;

	assert(i < p->n && atomic_load(&entry->state) == PUBLISH_UNSENT);
	atomic_store(&entry->state, PUBLISH_WAITING);
	atomic_fetch_add(&p->in_flight, 1);
	rc = publisher->ops->send(publisher, topic, -1, key, value, value_len, 0, NULL, 0, on_done, entry);
	if (rc) {
		atomic_fetch_sub(&p->in_flight, 1);
		atomic_store(&entry->state, state_of(rc));
	}
}

void publish_until(struct publish *p, publish_ready ready)
{
	p->ready = ready;
}

bool publish_was_ready(const struct publish *p)
{
	return p->is_ready;
}

void publish_problem(const struct publish *p, size_t i, struct problem *ret)
{
	if (publish_result(p, i, NULL, NULL) == PUBLISH_TOO_LARGE)
		problem_set(ret, PROBLEM_BODY_SIZE, NULL, "the broker takes no record of this size");
	else
		problem_set(ret, PROBLEM_PUBLISH, NULL,
			    "not acknowledged; sending again is safe, an event with its eventId");
}

static void count(struct publish *p)
{
	int64_t acked = 0, failed = 0;

	for (size_t i = 0; i < p->n; i++) {
		int state = p->entries[i].told;

		acked += state == PUBLISH_ACKED;
		failed += state == PUBLISH_FAILED || state == PUBLISH_WAITING || state == PUBLISH_TOO_LARGE;
	}
	metrics_add(&p->rq.w->metrics->events_published, acked);
	metrics_add(&p->rq.w->metrics->publish_failed, failed);
}

/* Once: answer, and the loop lets go. */
static void answer(struct publish *p)
{
	struct publish_queue *q = p->q;

	assert(!p->answered);
	p->answered = true;
	*(p->prev ? &p->prev->next : &q->first) = p->next;
	*(p->next ? &p->next->prev : &q->last) = p->prev;
	q->held -= p->held;
	for (size_t i = 0; i < p->n; i++)
		p->entries[i].told = atomic_load_explicit(&p->entries[i].state, memory_order_acquire);
	count(p);
	if (p->end)
		p->end->ended = NULL;
	if (p->rq.h2o)
		p->finish(&p->rq, p, p->arg);
	publish_unref(p);
}

static bool is_acked(const struct publish *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (atomic_load_explicit(&p->entries[i].state, memory_order_acquire) != PUBLISH_ACKED)
			return false;
	return true;
}

/* Nothing is under way any more: answer it, unless there is more to wait for. */
static void try_answer(struct publish *p)
{
	p->is_ready = !p->ready || !p->rq.h2o || !is_acked(p) || p->ready(&p->rq, p, p->arg);
	if (p->is_ready) {
		answer(p);
	} else if (!p->held) {
		p->held = true;
		p->q->held++;
	}
}

void publish_wait(struct publish *p)
{
	struct publish_queue *q = p->q;
	bool complete;

	p->deadline_ns = http_now_ns(p->rq.w) + q->timeout_ns;
	p->prev = q->last;
	*(q->last ? &q->last->next : &q->first) = p;
	q->last = p;
	complete = atomic_fetch_sub(&p->in_flight, 1) == 1;
	if (!complete)
		return;
	try_answer(p);
	publish_unref(p);
}

enum publish_state publish_result(const struct publish *p, size_t i, int32_t *ret_partition, int64_t *ret_offset)
{
	const struct publish_entry *entry = &p->entries[i];
	int state = p->answered ? entry->told : atomic_load_explicit(&entry->state, memory_order_acquire);

	if (state == PUBLISH_ACKED && ret_partition) {
		*ret_partition = entry->partition;
		*ret_offset = entry->offset;
	}
	return (enum publish_state)state;
}

struct publish_queue *publish_queue_new(struct uv_async_s *wake, int64_t timeout_ms)
{
	struct publish_queue *q = xcalloc(1, sizeof(*q));

	atomic_init(&q->refs, 1);
	pthread_mutex_init(&q->lock, NULL);
	q->open = true;
	q->wake = wake;
	q->timeout_ns = (uint64_t)timeout_ms * 1000000u;
	return q;
}

static struct publish *take_done(struct publish_queue *q, bool open)
{
	struct publish *list;

	pthread_mutex_lock(&q->lock);
	list = q->done;
	q->done = NULL;
	q->open = open;
	pthread_mutex_unlock(&q->lock);
	return list;
}

static void settle(struct publish *list)
{
	while (list) {
		struct publish *p = list;

		list = p->next_done;
		if (!p->answered)
			try_answer(p);
		publish_unref(p);
	}
}

bool publish_queue_run(struct publish_queue *q, uint64_t now_ns)
{
	settle(take_done(q, true));
	for (struct publish *p = q->held ? q->first : NULL, *next; p; p = next) {
		next = p->next;
		if (p->held)
			try_answer(p);
	}
	while (q->first && q->first->deadline_ns <= now_ns)
		answer(q->first);
	return q->first != NULL;
}

void publish_queue_cancel(struct publish_queue *q)
{
	while (q->first)
		answer(q->first);
}

void publish_queue_close(struct publish_queue *q)
{
	settle(take_done(q, false));
	publish_queue_cancel(q);
	queue_unref(q);
}
