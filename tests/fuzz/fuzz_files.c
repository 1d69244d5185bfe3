/*
 * fuzz_files - a file as a log: any bytes cut into records, plain or gzip. Lines come back as they are; the same bytes
 * packed give the same records; reading goes on behind a stored position; another file under its name is refused; what
 * is read of the file's beginning is what is read first of the whole, and reading goes on from there.
 */
#include "config/settings.h"
#include "processor/sources.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#define RECORDS_MAX 256
#define POLL_MAX 3 /* few, so that records are released in between */

struct seen {
	size_t n;
	int rc; /* how the reading ended */
	struct {
		int64_t offset;
		uint64_t print;
		enum topic topic;
	} v[RECORDS_MAX];
	struct error stopped;
};

static char path[64];
static struct settings *settings;

static void clean_up(void)
{
	unlink(path);
}

static void write_file(const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd))
		abort();
}

static bool resume_at(void *arg, const char *log_name, int32_t partition, struct position *ret)
{
	assert(!strncmp(log_name, "file:", 5) && partition == 0);
	if (arg)
		*ret = *(struct position *)arg;
	return arg != NULL;
}

static void see(struct seen *ret, const struct record *r)
{
	assert(r->log == 0 && r->partition == 0 && r->topic <= TOPIC_COUNT);
	assert(ret->n == 0 || r->offset > ret->v[(ret->n - 1) % RECORDS_MAX].offset);
	assert(!r->value_len || r->value);
	if (ret->n < RECORDS_MAX) {
		ret->v[ret->n].offset = r->offset;
		ret->v[ret->n].print = record_fingerprint(r); /* reads all of it */
		ret->v[ret->n].topic = r->topic;
		ret->n++;
	}
}

static void read_all(struct position *from, struct seen *ret)
{
	const char *paths[] = { path };
	struct record records[POLL_MAX];
	struct error e = { 0 };
	struct source *s;
	const char *log_name;
	int32_t partition;
	int n;

	memset(ret, 0, offsetof(struct seen, v));
	ret->stopped = (struct error){ 0 };
	assert(!source_files_open(settings, paths, 1, resume_at, from, &s, &e));
	while ((n = s->ops->poll(s, records, POLL_MAX, 0, &e)) > 0) {
		assert(n <= POLL_MAX);
		for (int i = 0; i < n; i++)
			see(ret, &records[i]);
		assert(s->ops->lag(s) >= -1);
		s->ops->release(s);
	}
	ret->rc = n;
	expect_error(n, &e);
	s->ops->stopped(s, 0, &log_name, &partition, &ret->stopped);
	s->ops->close(s);
}

static void expect_same(const struct seen *a, const struct seen *b, size_t from)
{
	assert(a->n >= from && a->n - from == b->n && b->rc == ERR_SOURCE_END && b->stopped.code == a->stopped.code);
	for (size_t i = 0; i < b->n; i++)
		assert(a->v[from + i].offset == b->v[i].offset && a->v[from + i].print == b->v[i].print);
}

static void try_packed(const uint8_t *bytes, size_t n, const struct seen *plain)
{
	static struct seen packed;
	size_t room = compressBound(n) + 64;
	unsigned char *out = xmalloc(room);
	z_stream z = { 0 };

	/* two members, as `cat a.gz b.gz` makes */
	z.next_out = out;
	z.avail_out = (uInt)room;
	for (int half = 0; half < 2; half++) {
		z.next_in = (unsigned char *)bytes + (half ? n / 2 : 0);
		z.avail_in = (uInt)(half ? n - n / 2 : n / 2);
		assert(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
		assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
		deflateEnd(&z);
	}
	write_file(out, room - z.avail_out);
	read_all(NULL, &packed);
	expect_same(plain, &packed, 0);
	free(out);
}

static void try_resume(const uint8_t *bytes, size_t n, const struct seen *all)
{
	static struct seen rest;
	size_t at = all->n / 2;
	struct position pos = { .last = all->v[at].offset,
				.next = all->v[at].offset + 1,
				.last_timestamp_ms = -1,
				.fingerprint = all->v[at].print };

	write_file(bytes, n);
	read_all(&pos, &rest);
	expect_same(all, &rest, at + 1);
	pos.fingerprint++;
	read_all(&pos, &rest);
	assert(rest.n == 0 && rest.stopped.code == ERR_LOG_RECREATED);
	pos.last = INT64_MAX - 1;
	read_all(&pos, &rest);
	assert(rest.n == 0 && rest.stopped.code == (all->stopped.code ? all->stopped.code : ERR_LOG_TRUNCATED));
}

/* Read when only its beginning was written, and again when all of it was. */
static void try_growing(const uint8_t *bytes, size_t n, const struct seen *all)
{
	static struct seen begun, rest;
	struct position pos = { 0 };

	write_file(bytes, n / 2);
	read_all(NULL, &begun);
	if (begun.rc != ERR_SOURCE_END || begun.stopped.code || !begun.n || begun.n == RECORDS_MAX)
		return;
	pos.last = begun.v[begun.n - 1].offset;
	pos.next = pos.last + 1;
	pos.last_timestamp_ms = -1;
	pos.fingerprint = begun.v[begun.n - 1].print;
	write_file(bytes, n);
	read_all(&pos, &rest);
	if (rest.stopped.code != ERR_LOG_RECREATED) /* bytes that are not white behind an object */
		expect_same(all, &rest, begun.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct seen plain;
	bool gzip = n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;

	if (!settings) {
		struct settings_sources from = { .file = NULL };

		be_quiet();
		snprintf(path, sizeof(path), "/dev/shm/aisle-fuzz-files-%ld", (long)getpid());
		atexit(clean_up);
		if (settings_load(&from, &settings, NULL))
			abort();
	}
	write_file(bytes, n);
	read_all(NULL, &plain);
	assert(plain.rc == ERR_SOURCE_END || (gzip && plain.rc == ERR_IO));
	if (gzip)
		return 0;
	try_packed(bytes, n, &plain);
	if (plain.n && plain.n < RECORDS_MAX)
		try_resume(bytes, n, &plain);
	if (plain.n < RECORDS_MAX)
		try_growing(bytes, n, &plain);
	return 0;
}
