/*
 * fuzz_dead_letters - the file of dead letters: any bytes in it are read without harm, and a letter of any record comes
 * back with the same bytes. The first byte picks which.
 */
#include "processor/dead_letters.h"
#include "schemas/scan.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct {
	char dir[64], path[128];
	struct settings *settings;
} f;

static void clean_up(void)
{
	unlink(f.path);
	rmdir(f.dir);
}

static void open_dir(void)
{
	static char set[128];
	const char *sets[] = { set };
	struct settings_sources from = { .sets = sets, .sets_n = 1 };

	be_quiet();
	snprintf(f.dir, sizeof(f.dir), "/dev/shm/aisle-fuzz-XXXXXX");
	if (!mkdtemp(f.dir))
		abort();
	atexit(clean_up);
	snprintf(f.path, sizeof(f.path), "%s/dead-letters.ndjson", f.dir);
	snprintf(set, sizeof(set), "store.path=%s", f.dir);
	if (settings_load(&from, &f.settings, NULL))
		abort();
}

static int see(void *arg, const struct dead_letter *l)
{
	size_t *n = arg;

	++*n;
	assert(!strncmp(l->id, "file:", 5) && l->topic && l->resend_topic && l->code && l->field && l->text);
	assert((l->key.p || !l->key.n) && (l->value || !l->value_len));
	return 0;
}

static void try_read(struct bytes in)
{
	int fd = open(f.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct error e = { 0 };
	size_t letters = 0, lines = 1;

	if (fd < 0 || write(fd, in.p, in.n) != (ssize_t)in.n || close(fd))
		abort();
	for (size_t i = 0; i < in.n; i++)
		lines += in.p[i] == '\n';
	assert(!dead_letters_read(f.settings, 0, see, &letters, &e));
	assert(letters <= lines);
}

struct sent {
	struct record r;
	struct error why;
	unsigned n;
};

static int compare(void *arg, const struct dead_letter *l)
{
	struct sent *s = arg;

	s->n++;
	assert(l->partition == s->r.partition && l->offset == s->r.offset && l->timestamp_ms == s->r.timestamp_ms);
	assert(!strcmp(l->code, error_slug(s->why.code)) && !l->truncated_from);
	assert((l->key.p != NULL) == (s->r.key.p != NULL) && str_eq(l->key, s->r.key));
	assert((l->value != NULL) == (s->r.value != NULL) && l->value_len == s->r.value_len);
	assert(!l->value_len || !memcmp(l->value, s->r.value, l->value_len));
	if (utf8_valid(s->why.text, strlen(s->why.text)))
		assert(!strcmp(l->text, s->why.text));
	return 0;
}

static void try_write(struct bytes in)
{
	struct sent s = { .r = { .partition = take_byte(&in), .offset = take_byte(&in) } };
	struct error e = { 0 };
	struct dead_letters *d;
	struct str text;

	unlink(f.path);
	s.r.topic = (enum topic)(take_byte(&in) % (TOPIC_COUNT + 1));
	s.r.timestamp_ms = (int64_t)take_byte(&in) - 1;
	text = take_bytes(&in, take_byte(&in));
	if (take_byte(&in) % 4)
		s.r.key = take_bytes(&in, take_byte(&in));
	if (take_byte(&in) % 4)
		s.r.value = in.p;
	s.r.value_len = s.r.value ? in.n : 0;
	error_set(&s.why, ERR_BAD_JSON, "field", "%.*s", STR_FMT(text));
	assert(!dead_letters_open(NULL, NULL, f.dir, &d, &e));
	dead_letters_add(d, &s.r, "shop.events", &s.why);
	assert(!dead_letters_settle(d, NULL, &e));
	dead_letters_close(d);
	assert(!dead_letters_read(f.settings, 0, compare, &s, &e));
	assert(s.n == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct bytes in = { bytes, n };

	if (!f.settings)
		open_dir();
	if (take_byte(&in) % 2)
		try_write(in);
	else
		try_read(in);
	return 0;
}
