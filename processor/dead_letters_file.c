#include "processor/dead_letters_internal.h"

#include "config/log.h"
#include "schemas/fault.h"
#include "views/sync.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE64 sodium_base64_VARIANT_ORIGINAL

static const char *const kinds[TOPIC_COUNT] = { "events", "catalog", "stock", "config" };

struct letters_file {
	char path[4200];
	FILE *f;
	bool dirty;
	int failed; /* errno of the first failure */
};

static void path_of(const char *dir, char *ret, size_t n)
{
	snprintf(ret, n, "%s/dead-letters.ndjson", dir);
}

int letters__file_open(const char *dir, struct letters_file **ret, struct error *e)
{
	struct letters_file *f;

	if (access(dir, W_OK))
		return error_set(e, ERR_IO, "store.path", "cannot write dead letters to '%s': %s", dir,
				 strerror(errno));
	f = xcalloc(1, sizeof(*f));
	path_of(dir, f->path, sizeof(f->path));
	*ret = f;
	return 0;
}

void letters__file_close(struct letters_file *f)
{
	if (!f)
		return;
	if (f->f)
		fclose(f->f);
	free(f);
}

static json_t *base64(const void *p, size_t n)
{
	size_t room = sodium_base64_ENCODED_LEN(n, BASE64);
	char *text;
	json_t *ret;

	if (!p)
		return json_null();
	text = xmalloc(room);
	sodium_bin2base64(text, room, p, n, BASE64);
	ret = json_string_nocheck(text);
	free(text);
	return ret;
}

/* Messages may quote the record's own bad bytes. */
static json_t *printable(const char *z)
{
	json_t *ret = json_string(z);
	char *copy;

	if (ret)
		return ret;
	copy = xstrndup(z, strlen(z));
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	ret = json_string(copy);
	free(copy);
	return ret;
}

/* To append to. A crash may have cut the last line: it ends here, or it would spoil the next one. */
static FILE *open_at_line(const char *path)
{
	FILE *f = fopen(path, "a+e");
	bool cut = f && fseek(f, -1, SEEK_END) == 0 && fgetc(f) != '\n';

	if (f && fseek(f, 0, SEEK_END) == 0 && cut)
		fputc('\n', f);
	return f;
}

/* Renamed or removed, as logrotate does: what comes goes into a new one. All that was added to it is on the disk. */
static void leave_moved(struct letters_file *f)
{
	struct stat ours, named;

	if (fstat(fileno(f->f), &ours) == 0 && stat(f->path, &named) == 0 && ours.st_ino == named.st_ino &&
	    ours.st_dev == named.st_dev)
		return;
	fclose(f->f);
	f->f = NULL;
}

void letters__file_add(struct letters_file *f, const struct record *r, const char *log_name, const struct error *why)
{
	json_t *j;

	if (f->f && !f->dirty)
		leave_moved(f);
	if (!f->f && !f->failed) {
		f->f = open_at_line(f->path);
		f->failed = f->f && !sync_parent(f->path) ? 0 : errno;
	}
	if (f->failed)
		return;
	j = json_pack("{so ss si sI sI ss so so so so}", "topic", printable(log_name), "kind",
		      r->topic < TOPIC_COUNT ? kinds[r->topic] : "", "partition", (int)r->partition, "offset",
		      (json_int_t)r->offset, "timestamp", (json_int_t)r->timestamp_ms, "code", error_slug(why->code),
		      "field", printable(why->field), "text", printable(why->text), "key", base64(r->key.p, r->key.n),
		      "value", base64(r->value, r->value_len));
	if (!j || json_dumpf(j, f->f, JSON_COMPACT) || fputc('\n', f->f) == EOF)
		f->failed = errno ? errno : EIO;
	json_decref(j);
	f->dirty = true;
	FAULT_POINT("letters-file:buffered");
}

int letters__file_sync(struct letters_file *f, struct error *e)
{
	if (!f->failed && f->dirty && fflush(f->f))
		f->failed = errno;
	FAULT_POINT("letters-file:written");
	if (!f->failed && f->dirty && fsync(fileno(f->f)))
		f->failed = errno;
	FAULT_POINT("letters-file:synced");
	if (f->failed)
		return error_set(e, ERR_IO, "store.path", "cannot write '%s': %s", f->path, strerror(f->failed));
	f->dirty = false;
	return 0;
}

/* Heap bytes of a base64 string member, NULL when it is null; *n their number. */
static unsigned char *bytes_of(const json_t *j, const char *name, size_t *n)
{
	const json_t *member = json_object_get(j, name);
	size_t len = json_string_length(member);
	unsigned char *ret;

	*n = 0;
	if (!json_is_string(member))
		return NULL;
	ret = xmalloc(len / 4 * 3 + 1);
	if (sodium_base642bin(ret, len / 4 * 3 + 1, json_string_value(member), len, NULL, n, NULL, BASE64))
		*n = 0;
	return ret;
}

static const char *text_of(const json_t *j, const char *name)
{
	const char *z = json_string_value(json_object_get(j, name));

	return z ? z : "";
}

static int64_t int_of(const json_t *j, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(j, name));
}

static int give(const struct settings *set, const json_t *j, const char *id, dead_letter_each each, void *arg)
{
	enum topic kind = TOPIC_EVENTS;
	size_t key_len, value_len;
	unsigned char *key = bytes_of(j, "key", &key_len), *value = bytes_of(j, "value", &value_len);
	int rc;

	while (kind < TOPIC_COUNT && strcmp(kinds[kind], text_of(j, "kind")))
		kind++;
	rc = each(arg, &(struct dead_letter){
			       .id = id,
			       .topic = text_of(j, "topic"),
			       .resend_topic = kind < TOPIC_COUNT ? setting_topic(set, kind) : "",
			       .partition = (int32_t)int_of(j, "partition"),
			       .offset = int_of(j, "offset"),
			       .timestamp_ms = int_of(j, "timestamp"),
			       .code = text_of(j, "code"),
			       .field = text_of(j, "field"),
			       .text = text_of(j, "text"),
			       .key = { (char *)key, (uint32_t)key_len },
			       .value = value,
			       .value_len = value_len,
		       });
	free(key);
	free(value);
	return rc;
}

int letters__file_read(const struct settings *set, const char *dir, const char *prefix, dead_letter_each each,
		       void *arg, struct error *e)
{
	char path[4200], id[48], *line = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *f;
	int rc = 0;

	path_of(dir, path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT
			       ? 0
			       : error_set(e, ERR_IO, "store.path", "cannot read '%s': %s", path, strerror(errno));
	for (unsigned long number = 1; !rc && (n = getline(&line, &room, f)) > 0; number++) {
		json_t *j = json_loadb(line, (size_t)n, 0, NULL);

		/* a crash may have cut the last line; its record was not committed and comes again */
		if (!j) {
			log_warn("line of dead letters is not whole", "file=%s line=%lu", path, number);
			continue;
		}
		snprintf(id, sizeof(id), "%s:%lu", prefix, number);
		rc = give(set, j, id, each, arg);
		json_decref(j);
	}
	free(line);
	fclose(f);
	return rc;
}
