/*
 * http_feed.h - GET /demo/feed: messages to all clients as server-sent events.
 *
 * A ring of the last FEED_MESSAGES_MAX messages, shared by all loops; a client is a cursor into it. One that reads too
 * slowly loses the oldest ones (counted), it never slows anybody down. A new client starts at the newest message.
 */
#ifndef AISLE_QUERY_HTTP_FEED_H
#define AISLE_QUERY_HTTP_FEED_H

#include "schemas/base.h"

#define FEED_MESSAGES_MAX 256
#define FEED_MESSAGE_BYTES_MAX 16384 /* longer ones are not sent */
#define FEED_CLIENTS_MAX 32

struct feed;
struct http_loop;
struct http_req;
struct uv_async_s;

/* ---- main; `loops` wakes are set with feed_attach ---- */
struct feed *feed_new(unsigned loops);
void feed_free(struct feed *f);

/* ---- any ---- */
/* `json` is one JSON value; copied. NULL feed: nothing. */
void feed_publish(struct feed *f, struct str json);
uint64_t feed_dropped(const struct feed *f);

/* ---- loop ---- */
/* wake NULL: the loop is going. */
void feed_attach(struct feed *f, unsigned loop, struct uv_async_s *wake);
/* Answers the request: a stream until the client leaves or the server stops. */
void feed_join(struct http_req *rq);
/* Send what is new; with `beat` a comment too, so that a client that left is noticed. */
void feed_pump(struct http_loop *l, bool beat);
/* End the streams of this loop. */
void feed_end(struct http_loop *l);

#endif
