#include "query/http_feed.h"

#include "query/http_internal.h"

#include <stdlib.h>

#define CHUNK_MAX 65536 /* bytes of one write */

struct message {
	char *p;
	uint32_t n;
};

struct feed {
	pthread_mutex_t lock;
	struct message ring[FEED_MESSAGES_MAX]; /* message i is at i % FEED_MESSAGES_MAX */
	uint64_t next;
	_Atomic uint64_t dropped;
	_Atomic unsigned clients;
	unsigned loops;
	uv_async_t *wake[];
};

struct feed_client {
	h2o_generator_t super; /* first */
	struct feed *feed;
	struct http_loop *loop;
	h2o_req_t *h2o;
	struct http_flight *flight;
	struct feed_client *next, *prev;
	char *chunk; /* CHUNK_MAX bytes; being written: untouched while `sending` */
	size_t chunk_n;
	uint64_t cursor;
	bool sending, ending;
};

struct feed *feed_new(unsigned loops)
{
	struct feed *f = xcalloc(1, sizeof(*f) + loops * sizeof(f->wake[0]));

	pthread_mutex_init(&f->lock, NULL);
	f->loops = loops;
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < FEED_MESSAGES_MAX; i++)
		free(f->ring[i].p);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

void feed_publish(struct feed *f, struct str json)
{
	struct message *slot;

	if (!f || !json.n || json.n > FEED_MESSAGE_BYTES_MAX)
		return;
	pthread_mutex_lock(&f->lock);
	slot = &f->ring[f->next % FEED_MESSAGES_MAX];
	free(slot->p);
	*slot = (struct message){ xstrndup(json.p, json.n), json.n };
	/* a line break ends an event's data line; inside JSON it is only white space */
	for (uint32_t i = 0; i < slot->n; i++)
		if (slot->p[i] == '\n' || slot->p[i] == '\r')
			slot->p[i] = ' ';
	f->next++;
	for (unsigned i = 0; i < f->loops; i++)
		if (f->wake[i] && atomic_load(&f->clients))
			uv_async_send(f->wake[i]);
	pthread_mutex_unlock(&f->lock);
}

uint64_t feed_dropped(const struct feed *f)
{
	return f ? atomic_load(&f->dropped) : 0;
}

void feed_attach(struct feed *f, unsigned loop, struct uv_async_s *wake)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->wake[loop] = wake;
	pthread_mutex_unlock(&f->lock);
}

static void append(struct feed_client *c, const char *p, size_t n)
{
	memcpy(c->chunk + c->chunk_n, p, n);
	c->chunk_n += n;
}

static void collect(struct feed_client *c)
{
	struct feed *f = c->feed;

	pthread_mutex_lock(&f->lock);
	if (f->next - c->cursor > FEED_MESSAGES_MAX) {
		atomic_fetch_add(&f->dropped, f->next - c->cursor - FEED_MESSAGES_MAX);
		c->cursor = f->next - FEED_MESSAGES_MAX;
	}
	for (; c->cursor < f->next; c->cursor++) {
		const struct message *m = &f->ring[c->cursor % FEED_MESSAGES_MAX];

		if (c->chunk_n + m->n + 8 > CHUNK_MAX)
			break;
		append(c, "data: ", 6);
		append(c, m->p, m->n);
		append(c, "\n\n", 2);
	}
	pthread_mutex_unlock(&f->lock);
}

static void leave(struct feed_client *c)
{
	if (!c->feed)
		return;
	*(c->prev ? &c->prev->next : &c->loop->feed_clients) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	atomic_fetch_sub(&c->feed->clients, 1);
	c->feed = NULL;
}

static void client_disposed(void *p)
{
	struct feed_client *c = p;

	leave(c);
	free(c->chunk);
}

static void flush(struct feed_client *c, const char *more)
{
	h2o_iovec_t vec;

	if (c->sending)
		return;
	c->chunk_n = 0;
	append(c, more, strlen(more));
	if (!c->ending)
		collect(c);
	if (!c->chunk_n && !c->ending)
		return;
	vec = h2o_iovec_init(c->chunk, c->chunk_n);
	http_flight_sent(c->flight);
	if (c->ending) {
		leave(c);
		h2o_send(c->h2o, &vec, vec.len ? 1 : 0, H2O_SEND_STATE_FINAL);
		return;
	}
	c->sending = true;
	h2o_send(c->h2o, &vec, 1, H2O_SEND_STATE_IN_PROGRESS);
}

static void client_proceed(h2o_generator_t *self, h2o_req_t *h)
{
	struct feed_client *c = (struct feed_client *)self;

	(void)h;
	c->sending = false;
	http_flight_taken(c->flight);
	flush(c, "");
}

static void client_stop(h2o_generator_t *self, h2o_req_t *h)
{
	(void)h;
	leave((struct feed_client *)self);
}

void feed_join(struct http_req *rq)
{
	struct feed *f = rq->w->shared->feed;
	struct http_loop *l = http_loop_of(rq);
	struct feed_client *c;

	if (l->phase != LOOP_RUNNING) {
		http_refuse(rq, PROBLEM_STOPPING, NULL, "try another server");
		return;
	}
	if (atomic_fetch_add(&f->clients, 1) >= FEED_CLIENTS_MAX) {
		atomic_fetch_sub(&f->clients, 1);
		http_refuse(rq, PROBLEM_FEED_FULL, NULL, "at most %d clients", FEED_CLIENTS_MAX);
		return;
	}
	c = h2o_mem_alloc_shared(&rq->h2o->pool, sizeof(*c), client_disposed);
	*c = (struct feed_client){
		.super = { client_proceed, client_stop }, .feed = f, .loop = l, .h2o = rq->h2o, .flight = rq->flight
	};
	c->chunk = xmalloc(CHUNK_MAX);
	pthread_mutex_lock(&f->lock);
	c->cursor = f->next;
	pthread_mutex_unlock(&f->lock);
	c->next = l->feed_clients;
	if (c->next)
		c->next->prev = c;
	l->feed_clients = c;
	http_start(rq, 200, "text/event-stream");
	http_count(rq, 200);
	h2o_start_response(rq->h2o, &c->super);
	flush(c, ": hello\n\n");
}

void feed_pump(struct http_loop *l, bool beat)
{
	for (struct feed_client *c = l->feed_clients, *next; c; c = next) {
		next = c->next;
		flush(c, beat ? ": beat\n\n" : "");
	}
}

void feed_end(struct http_loop *l)
{
	for (struct feed_client *c = l->feed_clients; c; c = c->next)
		c->ending = true;
	feed_pump(l, false);
}
