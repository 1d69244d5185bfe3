/*
 * What libh2o 2.2 lets pass and a proxy in front of it may read in another way, so that one of them takes for the next request
 * what the other has as a body (RFC 9112: 3.2, 5.2, 6.3). Refused here, and the connection is closed.
 */
#include "query/http_internal.h"

struct counts {
	unsigned hosts, lengths, codings;
};

static bool is_named(const char *line, size_t n, const char *name, size_t name_n)
{
	return n > name_n && line[name_n] == ':' && strncasecmp(line, name, name_n) == 0;
}

static const char *look_at(const char *line, size_t n, struct counts *c)
{
	if (*line == ' ' || *line == '\t')
		return "a header line may not be folded";
	if (is_named(line, n, "host", 4) && ++c->hosts > 1)
		return "there are two host lines";
	if (is_named(line, n, "content-length", 14) && ++c->lengths > 1)
		return "there are two content-length lines";
	if (is_named(line, n, "transfer-encoding", 17))
		c->codings++;
	if (c->codings > 1 || (c->codings && c->lengths))
		return "transfer-encoding stands alone: not twice, and not beside content-length";
	return NULL;
}

/* A header of which one line is read: the other one would be dropped without a word. */
static const char *line_too_many(const h2o_headers_t *h)
{
	static const struct {
		const char *name, *flaw;
	} single[] = { { "content-type", "there are two content-type lines" },
		       { "x-changed-by", "there are two x-changed-by lines" } };

	for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
		ssize_t at = h2o_find_header_by_str(h, single[i].name, strlen(single[i].name), -1);

		if (at != -1 && h2o_find_header_by_str(h, single[i].name, strlen(single[i].name), at) != -1)
			return single[i].flaw;
	}
	return NULL;
}

/* The head is still what the socket's buffer begins with, however the body came; HTTP/2 has its own framing. */
const char *http_head_flaw(h2o_req_t *h)
{
	const h2o_buffer_t *in;
	const char *p, *end, *stop, *flaw = line_too_many(&h->headers);
	struct counts c = { 0 };

	if (h->conn->callbacks->push_path)
		return flaw;
	in = h->conn->callbacks->get_socket(h->conn)->input;
	p = in->bytes;
	end = p + in->size;
	while (p < end && (*p == '\r' || *p == '\n')) /* of a client that ends its body with a line */
		p++;
	for (bool first = true; !flaw && p < end && (stop = memchr(p, '\n', (size_t)(end - p))); p = stop + 1) {
		if (stop == p || (stop == p + 1 && *p == '\r'))
			break;
		if (!first)
			flaw = look_at(p, (size_t)(stop - p), &c);
		first = false;
	}
	return flaw;
}
