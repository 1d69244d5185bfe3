#include "processor/source_files.h"

#include <stdlib.h>

int cutter__open(struct cutter *c, const char *path, struct error *e)
{
	*c = (struct cutter){ 0 };
	return files_input_open(path, &c->in, e);
}

void cutter__close(struct cutter *c)
{
	files_input_close(c->in);
	free(c->buf);
	*c = (struct cutter){ 0 };
}

static bool give(struct cutter *c, size_t n, size_t skip, struct piece *ret)
{
	*ret = (struct piece){ { c->buf + c->at, (uint32_t)n }, c->next_number++ };
	c->at += n + skip;
	c->have -= n + skip;
	c->scanned = 0;
	return true;
}

/* The rest of a line whose beginning was handed out already. */
static bool skip_rest_of_line(struct cutter *c)
{
	const char *nl = memchr(c->buf + c->at, '\n', c->have);
	size_t n = nl ? (size_t)(nl + 1 - (c->buf + c->at)) : c->have;

	c->at += n;
	c->have -= n;
	c->skip_line = !nl;
	return nl != NULL;
}

static bool next_line(struct cutter *c, struct piece *ret)
{
	const char *from, *nl;

	if (c->skip_line && !skip_rest_of_line(c))
		return false;
	from = c->buf + c->at;
	nl = memchr(from + c->scanned, '\n', c->have - c->scanned);
	if (nl && nl - from <= PIECE_MAX)
		return give(c, (size_t)(nl - from), 1, ret);
	c->scanned = nl ? 0 : c->have;
	if (nl || c->have > PIECE_MAX) {
		c->skip_line = true;
		return give(c, PIECE_MAX, 0, ret);
	}
	return c->eof && c->have && give(c, c->have, 0, ret);
}

static bool next_map(struct cutter *c, struct piece *ret)
{
	int64_t n = c->have && msgpack_is_map((unsigned char)c->buf[c->at]) ? msgpack_length(c->buf + c->at, c->have)
		    : c->have                                               ? -1
									    : 0;

	if (n > 0 && n <= PIECE_MAX)
		return give(c, (size_t)n, 0, ret);
	/* a broken one is given when all of it is here, however the file is read */
	if (!c->have || (n <= 0 && !c->eof && c->have < PIECE_MAX))
		return false;
	/* where the next map begins is not known any more: the rest is one bad record, the last one */
	give(c, c->have < PIECE_MAX ? c->have : PIECE_MAX, 0, ret);
	c->have = 0;
	c->eof = true;
	return true;
}

bool cutter__next(struct cutter *c, struct piece *ret)
{
	if (!c->have)
		return false;
	if (!c->started) {
		c->msgpack = msgpack_is_map((unsigned char)c->buf[c->at]);
		c->started = true;
	}
	return c->msgpack ? next_map(c, ret) : next_line(c, ret);
}

int cutter__more(struct cutter *c, struct error *e)
{
	ssize_t n;

	if (c->eof)
		return c->have > 0;
	if (c->have)
		memmove(c->buf, c->buf + c->at, c->have);
	c->at = 0;
	if (c->room - c->have < CHUNK_BYTES) {
		c->room = c->room * 2 > c->have + CHUNK_BYTES ? c->room * 2 : c->have + CHUNK_BYTES;
		c->buf = xrealloc(c->buf, c->room);
	}
	n = files_input_read(c->in, c->buf + c->have, c->room - c->have, e);
	if (n < 0)
		return (int)n;
	c->have += (size_t)n;
	c->eof = n == 0;
	return c->have > 0 || n > 0;
}
