#include "query/http_page.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

static pthread_mutex_t unpacking = PTHREAD_MUTEX_INITIALIZER;

static void unpack(const struct page_file *f, struct str *ret)
{
	const unsigned char *size = (const unsigned char *)f->end - 4; /* gzip's last word, the lowest byte first */
	uint32_t n = size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24;
	char *bytes = xmalloc((size_t)n + 1);
	z_stream z = { .next_in = (Bytef *)f->start,
		       .avail_in = (uInt)(f->end - f->start),
		       .next_out = (Bytef *)bytes,
		       .avail_out = n + 1 };

	if (inflateInit2(&z, 16 + MAX_WBITS) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END)
		*ret = (struct str){ bytes, (uint32_t)z.total_out };
	else
		free(bytes);
	inflateEnd(&z);
}

/* Made when the first client asks, the same bytes for all. p is NULL: cannot be unpacked */
static struct str plain_of(const struct page *page, size_t i)
{
	struct str ret;

	pthread_mutex_lock(&unpacking);
	if (!page->plain[i].p)
		unpack(&page->files[i], &page->plain[i]);
	ret = page->plain[i];
	pthread_mutex_unlock(&unpacking);
	return ret;
}

static void reply_file(struct http_req *rq, const struct page *page, size_t i)
{
	const struct page_file *f = &page->files[i];
	struct str bytes = { f->start, (uint32_t)(f->end - f->start) };
	bool unpacked = f->packed && !http_takes_gzip(rq);

	if (unpacked)
		bytes = plain_of(page, i);
	if (!bytes.p) {
		http_refuse(rq, PROBLEM_INTERNAL, NULL, "cannot unpack '%s'", f->name);
		return;
	}
	http_header(rq, "content-security-policy", page->policy);
	http_reply_file(rq, f->content_type, bytes, f->packed && !unpacked ? "gzip" : NULL);
}

void page_reply(struct http_req *rq, const struct page *page, struct str name)
{
	if (http_refuses_query(rq))
		return;
	for (size_t i = 0; i < page->file_count; i++)
		if (str_eq(name, str_of(page->files[i].name))) {
			reply_file(rq, page, i);
			return;
		}
	http_refuse(rq, PROBLEM_UNKNOWN_ROUTE, NULL, "the page is %s", page->path);
}
