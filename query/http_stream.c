#include "query/http_stream.h"

#include "query/http_internal.h"

struct stream {
	h2o_generator_t super; /* first */
	struct http_req rq;
	struct json_out out; /* the piece under way */
	stream_fill fill;
	void (*ended)(void *arg);
	void *arg;
};

static void stream_disposed(void *p)
{
	struct stream *s = p;

	s->ended(s->arg);
	json_out_fini(&s->out);
}

static void send_piece(struct stream *s)
{
	uint64_t start_ns = http_now_ns(s->rq.w);
	bool more = true;
	h2o_iovec_t vec;

	s->out.n = 0;
	while (more && s->out.n < STREAM_PIECE_BYTES && http_now_ns(s->rq.w) - start_ns < STREAM_PIECE_NS)
		more = s->fill(&s->rq, &s->out, s->arg);
	vec = h2o_iovec_init(s->out.p, s->out.n);
	http_flight_sent(s->rq.flight);
	if (!more)
		http_count(&s->rq, 200);
	h2o_send(s->rq.h2o, &vec, 1, more ? H2O_SEND_STATE_IN_PROGRESS : H2O_SEND_STATE_FINAL);
}

static void stream_proceed(h2o_generator_t *self, h2o_req_t *h)
{
	(void)h;
	send_piece((struct stream *)self);
}

void http_stream(struct http_req *rq, const char *content_type, stream_fill fill, void (*ended)(void *arg), void *arg)
{
	struct stream *s = h2o_mem_alloc_shared(&rq->h2o->pool, sizeof(*s), stream_disposed);

	*s = (struct stream){ .super = { stream_proceed, NULL }, .rq = *rq, .fill = fill, .ended = ended, .arg = arg };
	if (rq->h2o->version < 0x101) /* it knows no chunks: the end of the answer is the connection's */
		rq->h2o->http1_is_persistent = 0;
	http_start(rq, 200, content_type);
	h2o_start_response(rq->h2o, &s->super);
	send_piece(s);
}
