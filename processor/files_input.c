#include "processor/files_input.h"

#include "config/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define RAW_BYTES (256u << 10)
#define SILENCE_MS 100 /* a pipe that says nothing is left this often, to commit and to see a stop */
#define SILENCE_TOLD_MS 5000
#define GZIP_WINDOW (15 + 16) /* zlib: largest window, gzip header only */

struct files_input {
	char *path;
	int fd;
	bool started, gzip, ended;
	bool member_done; /* between two gzip members */
	z_stream z;
	unsigned char raw[RAW_BYTES];
	size_t at, have; /* unread bytes of raw */
	uint64_t taken;
	unsigned silent_ms; /* so far */
};

int files_input_open(const char *path, struct files_input **ret, struct error *e)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? dup(STDIN_FILENO)
			  : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* of a pipe: nobody writes yet */
	struct files_input *in;

	if (fd < 0)
		return error_set(e, ERR_SOURCE_OPEN, "", "cannot open '%s': %s", path, strerror(errno));
	in = xcalloc(1, sizeof(*in));
	in->path = xstrndup(path, strlen(path));
	in->fd = fd;
	*ret = in;
	return 0;
}

void files_input_close(struct files_input *in)
{
	if (!in)
		return;
	if (in->gzip)
		inflateEnd(&in->z);
	close(in->fd);
	free(in->path);
	free(in);
}

uint64_t files_input_taken(const struct files_input *in)
{
	return in->taken;
}

static int silent(struct files_input *in, struct error *e)
{
	in->silent_ms += SILENCE_MS;
	if (in->silent_ms == SILENCE_TOLD_MS)
		log_info("nothing comes from the pipe, it is waited for", "file=%s", in->path);
	return error_set(e, ERR_SOURCE_RETRY, "", "'%s' is silent", in->path);
}

/* More raw bytes behind those that are left: 1, 0 at the end, IO, or SOURCE_RETRY. */
static int refill(struct files_input *in, struct error *e)
{
	struct pollfd readable = { .fd = in->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&readable, 1, SILENCE_MS) <= 0)
		return silent(in, e);
	in->silent_ms = 0;
	memmove(in->raw, in->raw + in->at, in->have);
	in->at = 0;
	n = read(in->fd, in->raw + in->have, sizeof(in->raw) - in->have);
	if (n < 0 && errno == EAGAIN)
		return silent(in, e); /* somebody else reads it too */
	if (n < 0)
		return error_set(e, ERR_IO, "", "cannot read '%s': %s", in->path, strerror(errno));
	in->ended = n == 0;
	in->have += (size_t)n;
	in->taken += (uint64_t)n;
	return n > 0;
}

static int start(struct files_input *in, struct error *e)
{
	int rc = 1;

	while (in->have < 2 && rc > 0)
		rc = refill(in, e);
	if (rc < 0)
		return rc;
	in->started = true;
	in->gzip = in->have >= 2 && in->raw[0] == 0x1f && in->raw[1] == 0x8b;
	if (in->gzip && inflateInit2(&in->z, GZIP_WINDOW) != Z_OK) {
		in->gzip = false;
		return error_set(e, ERR_IO, "", "cannot unpack '%s': no memory", in->path);
	}
	return 0;
}

static ssize_t inflate_some(struct files_input *in, void *buf, size_t n, struct error *e)
{
	in->z.next_out = buf;
	in->z.avail_out = (uInt)n;
	for (;;) {
		int rc;

		if (!in->have && !in->ended && (rc = refill(in, e)) < 0)
			return rc;
		if (!in->have && in->ended) {
			if (!in->member_done)
				return error_set(e, ERR_IO, "", "cannot unpack '%s': it ends too soon", in->path);
			return 0;
		}
		if (in->member_done) {
			inflateReset(&in->z);
			in->member_done = false;
		}
		in->z.next_in = in->raw + in->at;
		in->z.avail_in = (uInt)in->have;
		rc = inflate(&in->z, Z_NO_FLUSH);
		in->at += in->have - in->z.avail_in;
		in->have = in->z.avail_in;
		in->member_done = rc == Z_STREAM_END;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return error_set(e, ERR_IO, "", "cannot unpack '%s': %s", in->path,
					 in->z.msg ? in->z.msg : "bad data");
		if (in->z.avail_out < n)
			return (ssize_t)(n - in->z.avail_out);
	}
}

ssize_t files_input_read(struct files_input *in, void *buf, size_t n, struct error *e)
{
	int rc = in->started ? 0 : start(in, e);

	if (rc)
		return rc;
	if (in->gzip)
		return inflate_some(in, buf, n, e);
	if (!in->have && !in->ended && (rc = refill(in, e)) < 0)
		return rc;
	if (n > in->have)
		n = in->have;
	memcpy(buf, in->raw + in->at, n);
	in->at += n;
	in->have -= n;
	return (ssize_t)n;
}
