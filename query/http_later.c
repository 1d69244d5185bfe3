#include "query/http_later.h"

#include "query/http_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

struct later {
	struct http_req rq; /* rq.h2o NULL: the client is gone, or the loop */
	struct http_end *end;
	const struct later_ops *ops;
	void *work;
	int failed; /* no snapshot */
	struct later_box *box;
	struct later *next;          /* to be worked on, or done */
	struct later *newer, *older; /* loop: while it waits */
};

struct later_box {
	struct later_thread *t;
	pthread_mutex_t lock;
	struct later *done;   /* locked */
	uv_async_t *wake;     /* set by the loop, under the lock; NULL: it answers nothing any more */
	struct later *newest; /* loop: waiting */
};

struct later_thread {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct later *first, *last; /* locked, as are these: */
	unsigned n;
	bool stops;
	unsigned loops;
	struct later_box boxes[];
};

static void later_free(struct later *l)
{
	l->ops->drop(l->work);
	free(l);
}

/* ---- the thread ---- */

static struct later *take(struct later_thread *t)
{
	struct later *l;

	pthread_mutex_lock(&t->lock);
	while (!t->first && !t->stops)
		pthread_cond_wait(&t->changed, &t->lock);
	l = t->stops ? NULL : t->first;
	if (l) {
		t->first = l->next;
		t->last = t->first ? t->last : NULL;
		t->n--;
	}
	pthread_mutex_unlock(&t->lock);
	return l;
}

static void post(struct later *l)
{
	struct later_box *box = l->box;
	bool open;

	pthread_mutex_lock(&box->lock);
	open = box->wake != NULL;
	if (open) {
		l->next = box->done;
		box->done = l;
		uv_async_send(box->wake);
	}
	pthread_mutex_unlock(&box->lock);
	if (!open)
		later_free(l);
}

static void *work_main(void *arg)
{
	struct later_thread *t = arg;
	struct later *l;

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LATER_NICE);
	while ((l = take(t))) {
		struct snap *sn;

		l->failed = snap_open(t->store, &sn);
		if (!l->failed) {
			l->ops->work(l->work, sn);
			snap_close(sn);
		}
		post(l);
	}
	return NULL;
}

/* ---- loop ---- */

static void client_left(void *arg)
{
	struct later *l = arg;

	l->rq.h2o = NULL;
	l->end = NULL;
}

/* The loop lets go of it: nothing of the request is used any more. */
static void let_go(struct later *l)
{
	*(l->newer ? &l->newer->older : &l->box->newest) = l->older;
	if (l->older)
		l->older->newer = l->newer;
	if (l->end)
		l->end->ended = NULL;
	l->end = NULL;
}

static bool enqueue(struct later_thread *t, struct later *l)
{
	bool room;

	pthread_mutex_lock(&t->lock);
	room = t->n < LATER_MAX;
	if (room) {
		*(t->last ? &t->last->next : &t->first) = l;
		t->last = l;
		t->n++;
		pthread_cond_signal(&t->changed);
	}
	pthread_mutex_unlock(&t->lock);
	return room;
}

void http_later(struct http_req *rq, const struct later_ops *ops, void *work)
{
	struct later_box *box = rq->w->laters;
	struct later *l;

	if (!box->wake) {
		ops->drop(work);
		http_refuse(rq, PROBLEM_STOPPING, NULL, "it takes longer than this server is up");
		return;
	}
	l = xmalloc(sizeof(*l));
	*l = (struct later){ .rq = *rq, .ops = ops, .work = work, .box = box, .older = box->newest };
	l->end = http_on_end(rq, client_left, l);
	if (box->newest)
		box->newest->newer = l;
	box->newest = l;
	if (enqueue(box->t, l))
		return;
	let_go(l);
	later_free(l);
	http_refuse(rq, PROBLEM_OVERLOADED, NULL, "%d requests for figures wait already", LATER_MAX);
}

static void answer(struct later *l)
{
	let_go(l);
	if (!l->rq.h2o)
		;
	else if (l->failed)
		http_refuse_error(&l->rq, l->failed, NULL);
	else
		l->ops->answer(&l->rq, l->work);
	later_free(l);
}

bool later_run(struct later_box *box)
{
	struct later *list, *next;

	pthread_mutex_lock(&box->lock);
	list = box->done;
	box->done = NULL;
	pthread_mutex_unlock(&box->lock);
	for (; list; list = next) {
		next = list->next;
		answer(list);
	}
	return box->newest != NULL;
}

void later_close(struct later_box *box)
{
	struct later *list, *next;

	/* what waits is not done while the lock is held, so the thread has not dropped it */
	pthread_mutex_lock(&box->lock);
	list = box->done;
	box->done = NULL;
	box->wake = NULL;
	while (box->newest) {
		struct later *l = box->newest;

		let_go(l);
		if (l->rq.h2o)
			http_refuse(&l->rq, PROBLEM_STOPPING, NULL, "it was not worked out yet");
	}
	pthread_mutex_unlock(&box->lock);
	for (; list; list = next) {
		next = list->next;
		later_free(list);
	}
}

/* ---- main ---- */

struct later_thread *later_start(struct store *s, unsigned loops)
{
	struct later_thread *t = xcalloc(1, sizeof(*t) + loops * sizeof(t->boxes[0]));
	int rc;

	t->store = s;
	t->loops = loops;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	for (unsigned i = 0; i < loops; i++) {
		t->boxes[i].t = t;
		pthread_mutex_init(&t->boxes[i].lock, NULL);
	}
	rc = pthread_create(&t->thread, NULL, work_main, t);
	assert(rc == 0);
	(void)rc;
	return t;
}

void later_stop(struct later_thread *t)
{
	struct later *l;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stops = true;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	while ((l = t->first)) {
		t->first = l->next;
		later_free(l);
	}
	for (unsigned i = 0; i < t->loops; i++)
		pthread_mutex_destroy(&t->boxes[i].lock);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct later_box *later_box(struct later_thread *t, unsigned loop)
{
	return &t->boxes[loop];
}

void later_attach(struct later_box *box, struct uv_async_s *wake)
{
	box->wake = wake;
}
