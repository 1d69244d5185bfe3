/* Documents in a directory. */
#include "cmd/config_list.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".json"
#define REVISIONS ".revisions"
#define FILE_MAX (4 * CONTROL_DOCUMENT_MAX) /* with its white space */

static int io_failed(struct error *e, const char *what, const char *path)
{
	return error_set(e, ERR_IO, "", "cannot %s '%s': %s", what, path, strerror(errno));
}

/* A pipe or a device may have no end. */
static int open_file(const char *path, FILE **ret, struct error *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(e, ERR_IO, "", "'%s' is not a regular file", path);
	*ret = fopen(path, "r");
	return *ret ? 0 : io_failed(e, "open", path);
}

static int read_file(const char *path, char **ret, size_t *ret_n, struct error *e)
{
	FILE *in = NULL;
	int rc = open_file(path, &in, e);
	char *p;

	if (rc)
		return rc;
	p = xmalloc(FILE_MAX + 1);
	*ret_n = fread(p, 1, FILE_MAX + 1, in);
	if (ferror(in))
		rc = io_failed(e, "read", path);
	else if (*ret_n > FILE_MAX)
		rc = error_set(e, ERR_TOO_LARGE, "", "'%s' has more than %d bytes", path, FILE_MAX);
	fclose(in);
	*ret = p;
	if (rc) {
		free(p);
		*ret = NULL;
	}
	return rc;
}

static int load_file(const char *path, struct config_doc *doc, struct error *e)
{
	struct control *parsed = NULL;
	struct error why = { 0 };
	char *bytes = NULL;
	size_t n = 0;
	int rc = read_file(path, &bytes, &n, e);

	if (rc)
		return rc;
	config_doc__set(doc, (struct str){ bytes, (uint32_t)n });
	rc = control_parse(doc->kind, doc->text, &parsed, &why);
	if (rc)
		error_set(e, rc, why.field, "'%s' is not valid: %s", path, why.text);
	control_free(parsed);
	free(bytes);
	return rc;
}

static int load_kind(const char *dir, enum control_kind kind, struct config_docs *ret, struct error *e)
{
	char folder[4096], path[4400];
	const struct dirent *entry;
	DIR *d;
	int rc = 0;

	snprintf(folder, sizeof(folder), "%s/%s", dir, control_kind_plural(kind));
	d = opendir(folder);
	if (!d)
		return errno == ENOENT ? 0 : io_failed(e, "open", folder);
	while (!rc && (entry = readdir(d))) {
		size_t n = strlen(entry->d_name), cut = strlen(SUFFIX);
		struct str id = { entry->d_name, n > cut ? (uint32_t)(n - cut) : 0 };

		if (!id.n || strcmp(entry->d_name + id.n, SUFFIX) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		rc = control_id_valid(id)
			     ? load_file(path, config_docs__add(ret, kind, id), e)
			     : error_set(e, ERR_BAD_ID, "", "'%s': an id is made of a-z, 0-9 and - alone", path);
	}
	closedir(d);
	return rc;
}

static int load_revisions(const char *dir, struct config_docs *ret, struct error *e)
{
	char path[4200], line[256], kind_name[32], id[CONTROL_ID_MAX + 1];
	struct config_doc *doc;
	long long revision;
	uint64_t noted;
	FILE *in = NULL;
	int rc;

	snprintf(path, sizeof(path), "%s/" REVISIONS, dir);
	if (access(path, F_OK) && errno == ENOENT)
		return 0;
	rc = open_file(path, &in, e);
	if (rc)
		return rc;
	while (fgets(line, sizeof(line), in)) {
		enum control_kind kind = CONTROL_KIND_COUNT;

		noted = 0;
		if (sscanf(line, "%31[a-z]/%64[a-z0-9-] %lld %16" SCNx64, kind_name, id, &revision, &noted) >= 3)
			kind = control_kind_find(str_of(kind_name), true);
		if (kind == CONTROL_KIND_COUNT) {
			fclose(in);
			return error_set(e, ERR_BAD_REQUEST, "",
					 "'%s' has a line that is none of its own: remove the file", path);
		}
		doc = config_docs__add(ret, kind, str_of(id));
		doc->revision = revision;
		doc->noted = noted;
	}
	fclose(in);
	return 0;
}

int config_docs_load(const char *dir, struct config_docs *ret, struct error *e)
{
	struct stat st;
	int rc = 0;

	if (stat(dir, &st) != 0)
		return io_failed(e, "open", dir);
	for (unsigned kind = 0; kind < CONTROL_KIND_COUNT && !rc; kind++)
		rc = load_kind(dir, (enum control_kind)kind, ret, e);
	return rc ? rc : load_revisions(dir, ret, e);
}

static void write_break(FILE *out, unsigned depth)
{
	fprintf(out, "\n%*s", (int)(2 * depth), "");
}

static bool ends_value(char c)
{
	return c == '}' || c == ']';
}

/* What stands outside of a text; *i moves over what is written with it. */
static void write_sign(FILE *out, struct str json, uint32_t *i, unsigned *depth)
{
	char c = json.p[*i], next = *i + 1 < json.n ? json.p[*i + 1] : '\0';
	bool opens = c == '{' || c == '[';

	if (ends_value(c))
		write_break(out, --*depth);
	fputc(c, out);
	if (opens && ends_value(next))
		fputc(json.p[++*i], out);
	else if (opens)
		write_break(out, ++*depth);
	else if (c == ',')
		write_break(out, *depth);
	else if (c == ':')
		fputc(' ', out);
}

/* The rest of the text whose first quote is at i; returns where its last one is. */
static uint32_t write_text(FILE *out, struct str json, uint32_t i)
{
	for (i++; json.p[i] != '"'; i++) {
		fputc(json.p[i], out);
		if (json.p[i] == '\\')
			fputc(json.p[++i], out);
	}
	fputc('"', out);
	return i;
}

/* Compact JSON, a member or an entry a line. */
static void write_lines(FILE *out, struct str json)
{
	unsigned depth = 0;

	for (uint32_t i = 0; i < json.n; i++) {
		write_sign(out, json, &i, &depth);
		if (json.p[i] == '"')
			i = write_text(out, json, i);
	}
	fputc('\n', out);
}

static int save_as(const char *path, struct str text, struct error *e)
{
	FILE *out = fopen(path, "w");
	bool bad;

	if (!out)
		return io_failed(e, "write", path);
	write_lines(out, text);
	bad = ferror(out);
	return fclose(out) || bad ? io_failed(e, "write", path) : 0;
}

int config_dir_make(const char *dir, struct error *e)
{
	return mkdir(dir, 0777) != 0 && errno != EEXIST ? io_failed(e, "make", dir) : 0;
}

int config_doc_save(const char *dir, const struct config_doc *doc, struct error *e)
{
	char path[4400];

	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, control_kind_plural(doc->kind));
	rc = config_dir_make(path, e);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/%s/%s" SUFFIX, dir, control_kind_plural(doc->kind), doc->id);
	if (doc->text.n)
		return save_as(path, doc->text, e);
	return unlink(path) != 0 && errno != ENOENT ? io_failed(e, "remove", path) : 0;
}

int config_docs_note(const char *dir, const struct config_docs *docs, struct error *e)
{
	char path[4200], name[CONFIG_PATH_MAX];
	bool bad;
	FILE *out;

	snprintf(path, sizeof(path), "%s/" REVISIONS, dir);
	out = fopen(path, "w");
	if (!out)
		return io_failed(e, "write", path);
	for (size_t i = 0; i < docs->n; i++) {
		if (docs->v[i].revision < 0)
			continue;
		config_doc_name(&docs->v[i], name);
		fprintf(out, "%s %lld", name, (long long)docs->v[i].revision);
		if (docs->v[i].noted)
			fprintf(out, " %016" PRIx64, docs->v[i].noted);
		fputc('\n', out);
	}
	bad = ferror(out);
	return fclose(out) || bad ? io_failed(e, "write", path) : 0;
}
