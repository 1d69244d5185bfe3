/*
 * http_stream.h - an answer that is made piece by piece, each when the client has taken the one before it.
 *
 * A piece is at least STREAM_PIECE_BYTES, unless it is the last or took STREAM_PIECE_NS to make: so a large answer takes
 * little memory, holds up nobody else on its loop, and is made no faster than it is read.
 * Thread: loop.
 */
#ifndef AISLE_QUERY_HTTP_STREAM_H
#define AISLE_QUERY_HTTP_STREAM_H

#include "query/http_req.h"

#define STREAM_PIECE_BYTES 32768
#define STREAM_PIECE_NS 2000000

/* Append some more to `out`; false: that was the last. Not called again when the client has left. */
typedef bool (*stream_fill)(struct http_req *rq, struct json_out *out, void *arg);

/* Answers the request with status 200. `arg` must live as long as the request (http_alloc); `ended` is told when that goes, however it ended. */
void http_stream(struct http_req *rq, const char *content_type, stream_fill fill, void (*ended)(void *arg), void *arg);

#endif
