#include "processor/source_files.h"
#include "processor/sources.h"

#include "config/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define KEY_BLOCK_BYTES 65536

struct file {
	char *path;
	char *log_name;
	uint64_t bytes;
	bool is_pipe; /* it has no beginning to go back to: what comes is new */
	bool stopped;
	struct error why;
};

/* Keys of envelopes are unescaped into these; they live until release. */
struct key_block {
	struct key_block *next;
	size_t used;
	char bytes[KEY_BLOCK_BYTES];
};

struct source_files {
	struct source base;
	const struct settings *set;
	resume_lookup resume;
	void *resume_arg;
	struct file *files;
	size_t file_count, current;
	bool open; /* `cutter` reads files[current] */
	struct cutter cutter;
	bool resumed; /* lines up to at.last were applied before */
	struct position at;
	uint64_t bytes_before; /* of the files already read */
	uint64_t bytes_total;  /* 0: a pipe is among them */
	uint64_t records;
	struct key_block *keys;
	struct envelope envelope;
};

static struct source_files *self(struct source *base)
{
	return (struct source_files *)base;
}

static struct str keep_key(struct source_files *s, const struct envelope *en)
{
	struct key_block *b = s->keys;
	char *p;

	if (!en->has_key)
		return (struct str){ NULL, 0 };
	if (!b || b->used + en->key_len > sizeof(b->bytes)) {
		b = xmalloc(sizeof(*b));
		b->next = s->keys;
		b->used = 0;
		s->keys = b;
	}
	p = b->bytes + b->used;
	memcpy(p, en->key, en->key_len);
	b->used += en->key_len;
	return (struct str){ p, (uint32_t)en->key_len };
}

static enum topic topic_named(const struct settings *set, struct str name)
{
	enum topic t = TOPIC_EVENTS;

	while (t < TOPIC_COUNT && !str_eq(name, str_of(setting_topic(set, t))))
		t++;
	return t;
}

static void record_of(struct source_files *s, const struct piece *piece, struct record *ret)
{
	struct envelope *en = &s->envelope;

	*ret = (struct record){
		.topic = TOPIC_EVENTS,
		.log = (uint16_t)s->current,
		.offset = piece->number,
		.timestamp_ms = -1,
		.value = piece->bytes.p,
		.value_len = piece->bytes.n,
	};
	if (!(s->cutter.msgpack ? envelope_of_msgpack(piece->bytes, en) : envelope_of_json(piece->bytes, en)))
		return;
	ret->topic = topic_named(s->set, en->topic);
	/* the dead letter shows the whole line, with the name nobody knows */
	if (ret->topic == TOPIC_COUNT)
		return;
	ret->key = keep_key(s, en);
	ret->timestamp_ms = en->timestamp_ms;
	ret->value = en->value.p;
	ret->value_len = en->value.n;
}

static bool blank(struct str line)
{
	for (uint32_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
			return false;
	return true;
}

static void refuse(struct source_files *s, int code, const char *sentence)
{
	struct file *f = &s->files[s->current];

	f->stopped = true;
	error_set(&f->why, code, "", "'%s' is refused: %s", f->path, sentence);
	log_error("file refused", "file=%s code=%s why=\"%s\"", f->path, error_slug(code), f->why.text);
}

/* Where the next map begins is not known any more. */
static void refuse_map(struct source_files *s, uint64_t at)
{
	char sentence[128];

	snprintf(sentence, sizeof(sentence),
		 "at byte %llu there is no whole MessagePack map; mend the file from there on and read it again",
		 (unsigned long long)at);
	refuse(s, ERR_BAD_MSGPACK, sentence);
}

static void trim(struct piece *line)
{
	while (line->bytes.n && blank((struct str){ line->bytes.p + line->bytes.n - 1, 1 }))
		line->bytes.n--;
}

static bool was_applied(struct source_files *s, const struct piece *piece)
{
	struct record r;

	record_of(s, piece, &r);
	return record_fingerprint(&r) == s->at.fingerprint;
}

/* The last piece that was applied before must still be what it was; of a line taken before it had its end, up to there. */
static void compare(struct source_files *s, struct piece *piece)
{
	if (was_applied(s, piece))
		return;
	if (!s->cutter.msgpack)
		trim(piece);
	if (!was_applied(s, piece))
		refuse(s, ERR_LOG_RECREATED,
		       "it is not the file that was read before; give it another name, or start with an empty store.path");
}

/* Whoever writes the file may be in the middle of what it ends in: false, unless that is whole as it is. */
static bool take_open(struct source_files *s, struct piece *piece)
{
	struct file *f = &s->files[s->current];

	if (f->is_pipe)
		return true;
	if (!s->cutter.msgpack && json_is_closed(piece->bytes)) {
		trim(piece);
		return true;
	}
	if (s->cutter.msgpack && piece->bytes.n > setting_int(s->set, SET_DECODE_RECORD_MAX))
		refuse_map(s, s->cutter.passed - piece->bytes.n);
	else
		log_warn("the file ends in half a record, which is left unread until the rest is there",
			 "file=%s offset=%llu bytes=%u", f->path,
			 (unsigned long long)(s->cutter.passed - piece->bytes.n), piece->bytes.n);
	return false;
}

static int hand_out(struct source_files *s, struct record *ret, int max)
{
	struct file *f = &s->files[s->current];
	struct piece piece;
	int n = 0;

	while (n < max && !f->stopped && cutter__next(&s->cutter, &piece)) {
		bool applied = s->resumed && piece.number <= s->at.last;

		if (!s->cutter.msgpack && blank(piece.bytes))
			continue;
		if (applied && piece.number < s->at.last)
			continue;
		if (applied)
			compare(s, &piece);
		else if (!piece.open || take_open(s, &piece))
			record_of(s, &piece, &ret[n++]);
	}
	return n;
}

static int open_next(struct source_files *s, struct error *e)
{
	struct file *f = &s->files[s->current];
	int rc = cutter__open(&s->cutter, f->path, e);

	if (rc)
		return rc;
	s->open = true;
	s->at = (struct position){ .last = -1 };
	s->resumed = !f->is_pipe && s->resume && s->resume(s->resume_arg, f->log_name, 0, &s->at);
	return 0;
}

static void close_current(struct source_files *s)
{
	struct file *f = &s->files[s->current];

	if (!f->stopped && s->resumed && s->cutter.next_number <= s->at.last)
		refuse(s, ERR_LOG_TRUNCATED,
		       "it is shorter than what was read before; restore it, or start with an empty store.path");
	s->bytes_before += f->bytes;
	cutter__close(&s->cutter);
	s->open = false;
	s->current++;
}

static void source_release(struct source *base)
{
	struct source_files *s = self(base);

	for (struct key_block *b = s->keys, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	s->keys = NULL;
}

static int source_poll(struct source *base, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct source_files *s = self(base);
	int rc, n;

	(void)timeout_ms;
	source_release(base);
	while (s->current < s->file_count) {
		if (!s->open && (rc = open_next(s, e)))
			return rc;
		n = hand_out(s, ret, max);
		s->records += (uint64_t)n;
		if (n)
			return n;
		if (s->cutter.broken)
			refuse_map(s, s->cutter.passed);
		rc = s->files[s->current].stopped ? 0 : cutter__more(&s->cutter, e);
		if (rc < 0)
			return rc;
		if (!rc)
			close_current(s);
	}
	return error_set(e, ERR_SOURCE_END, "", "all files are read");
}

void source_files_progress(struct source *base, uint64_t *done, uint64_t *total)
{
	struct source_files *s = self(base);

	*done = s->bytes_before + (s->open ? files_input_taken(s->cutter.in) : 0);
	*total = s->bytes_total;
}

/* An estimate from the bytes: the lines left are about as long as those before. */
static int64_t source_lag(struct source *base)
{
	struct source_files *s = self(base);
	uint64_t done, total;

	source_files_progress(base, &done, &total);
	if (s->current >= s->file_count)
		return 0;
	if (!total || !done)
		return -1;
	return 1 + (int64_t)((double)(total > done ? total - done : 0) * (double)s->records / (double)done);
}

static const char *source_log_name(struct source *base, uint16_t log)
{
	assert(log < self(base)->file_count);
	return self(base)->files[log].log_name;
}

static bool source_stopped(struct source *base, size_t index, const char **log_name, int32_t *partition,
			   struct error *why)
{
	struct source_files *s = self(base);

	for (size_t i = 0; i < s->file_count; i++) {
		if (!s->files[i].stopped || index--)
			continue;
		*log_name = s->files[i].log_name;
		*partition = 0;
		*why = s->files[i].why;
		return true;
	}
	return false;
}

static void source_close(struct source *base)
{
	struct source_files *s = self(base);

	source_release(base);
	if (s->open)
		cutter__close(&s->cutter);
	for (size_t i = 0; i < s->file_count; i++) {
		free(s->files[i].path);
		free(s->files[i].log_name);
	}
	free(s->files);
	free(s);
}

static const struct source_ops source_files_ops = {
	.poll = source_poll,
	.release = source_release,
	.lag = source_lag,
	.log_name = source_log_name,
	.stopped = source_stopped,
	.close = source_close,
};

/* Why not, NULL: it can. A device may have no end, or wait for ever. */
static const char *unreadable(mode_t mode)
{
	if (S_ISREG(mode) || S_ISFIFO(mode))
		return NULL;
	return S_ISDIR(mode) ? "it is a directory"
			     : "it is no file and no pipe; name one of these, or - for standard input";
}

static int file_add(struct source_files *s, const char *path, struct error *e)
{
	struct file *f = &s->files[s->file_count];
	bool is_stdin = !strcmp(path, "-");
	struct stat st = { 0 };
	const char *why = is_stdin ? NULL : stat(path, &st) ? strerror(errno) : unreadable(st.st_mode);
	char *real;

	if (why)
		return error_set(e, ERR_SOURCE_OPEN, "", "cannot read '%s': %s", path, why);
	*f = (struct file){ .path = xstrndup(path, strlen(path)),
			    .bytes = (uint64_t)st.st_size,
			    .is_pipe = is_stdin || S_ISFIFO(st.st_mode) };
	real = is_stdin ? NULL : realpath(path, NULL); /* a pipe of the shell has no name */
	if (asprintf(&f->log_name, "file:%s", real ? real : path) < 0)
		abort();
	free(real);
	s->file_count++;
	for (size_t i = 0; i + 1 < s->file_count; i++)
		if (!strcmp(s->files[i].log_name, f->log_name))
			return error_set(e, ERR_SOURCE_OPEN, "", "'%s' is given twice", path);
	return 0;
}

int source_files_open(const struct settings *set, const char *const *paths, size_t n, resume_lookup resume,
		      void *resume_arg, struct source **ret, struct error *e)
{
	struct source_files *s = xcalloc(1, sizeof(*s));
	bool measurable = true;
	int rc = 0;

	s->base.ops = &source_files_ops;
	s->set = set;
	s->resume = resume;
	s->resume_arg = resume_arg;
	s->files = xcalloc(n, sizeof(*s->files));
	if (!n || n > UINT16_MAX)
		rc = error_set(e, ERR_SOURCE_OPEN, "", "%zu files are too %s", n, n ? "many" : "few");
	for (size_t i = 0; i < n && !rc; i++) {
		rc = file_add(s, paths[i], e);
		measurable = measurable && !rc && !s->files[i].is_pipe;
		s->bytes_total += rc ? 0 : s->files[i].bytes;
	}
	if (rc) {
		source_close(&s->base);
		return rc;
	}
	if (!measurable)
		s->bytes_total = 0;
	*ret = &s->base;
	return 0;
}
