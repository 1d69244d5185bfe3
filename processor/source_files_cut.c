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

static void pass(struct cutter *c, size_t n)
{
	c->at += n;
	c->have -= n;
	c->passed += n;
}

static bool give(struct cutter *c, size_t n, size_t skip, struct piece *ret)
{
	*ret = (struct piece){ { c->buf + c->at, (uint32_t)n }, c->next_number++, false };
	pass(c, n + skip);
	c->scanned = 0;
	return true;
}

/* What the file ends in. */
static bool give_open(struct cutter *c, struct piece *ret)
{
	if (!c->eof || !c->have)
		return false;
	give(c, c->have, 0, ret);
	ret->open = true;
	return true;
}

/* The rest of a line whose beginning was handed out already. */
static bool skip_rest_of_line(struct cutter *c)
{
	const char *nl = memchr(c->buf + c->at, '\n', c->have);
	size_t n = nl ? (size_t)(nl + 1 - (c->buf + c->at)) : c->have;

	pass(c, n);
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
	return give_open(c, ret);
}

static bool next_map(struct cutter *c, struct piece *ret)
{
	int64_t n = -1;

	if (!c->have || c->broken)
		return false;
	if (msgpack_is_map((unsigned char)c->buf[c->at]))
		n = msgpack_length(c->buf + c->at, c->have);
	if (n > 0 && n <= PIECE_MAX)
		return give(c, (size_t)n, 0, ret);
	c->broken = n || c->have >= PIECE_MAX;
	return !c->broken && give_open(c, ret);
}

/* Whether lines or maps; false while there are too few bytes to tell. A byte order mark before lines is passed. */
static bool start(struct cutter *c)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t most = sizeof(mark) - 1, n = c->have < most ? c->have : most;
	bool marked = !memcmp(c->buf + c->at, mark, n);

	if (marked && n < most && !c->eof)
		return false;
	c->msgpack = msgpack_is_map((unsigned char)c->buf[c->at]);
	c->started = true;
	if (marked && n == most)
		pass(c, n);
	return true;
}

bool cutter__next(struct cutter *c, struct piece *ret)
{
	if (!c->have || (!c->started && !start(c)))
		return false;
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
