#include "views/status.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define STATUS_FORMAT UINT64_C(0x6169736c65000002)

_Static_assert(sizeof(struct status_page) <= PAGE_FILE_BYTES, "the status is one page");

struct status {
	void *page;
	ino_t file; /* of a reader; 0: its page is of none */
	bool writer;
};

static void file_of(const char *store_path, char ret[4200])
{
	snprintf(ret, 4200, "%s/status", store_path);
}

int status_open(const char *store_path, bool writer, struct status **ret, struct error *e)
{
	struct status_page *page;
	struct status *st;
	struct stat file = { 0 };
	char path[4200];
	void *p = NULL;
	int rc;

	file_of(store_path, path);
	if (stat(path, &file) == 0 && !S_ISREG(file.st_mode))
		return error_set(e, ERR_STORE_OPEN, "store.path", "'%s' is no file: remove it", path);
	rc = page_file_map(path, writer, &p, e);
	if (rc)
		return rc;
	page = p;
	if (writer) {
		/* how fresh the views are outlives the processor; its own counters do not */
		struct status_page old = page->format == STATUS_FORMAT ? *page : (struct status_page){ 0 };

		memset(page, 0, sizeof(*page));
		page->fresh_ms = old.fresh_ms;
		page->fresh_mono_ms = old.fresh_mono_ms;
		page->boot = old.boot;
		page->watermark_ms = INT64_MIN;
		page->lag_records = -1;
		STATUS_SET(page, processor_pid, (int64_t)getpid());
		STATUS_SET(page, format, STATUS_FORMAT);
	} else if (page->format && page->format != STATUS_FORMAT) {
		page_file_unmap(p);
		return error_set(
			e, ERR_STORE_VERSION, "store.path",
			"'%s' was written by another version, or is damaged: restart the processor, or remove the file",
			path);
	}
	st = xcalloc(1, sizeof(*st));
	st->page = p;
	st->file = page->format ? file.st_ino : 0;
	st->writer = writer;
	*ret = st;
	return 0;
}

void status_close(struct status *st)
{
	if (!st)
		return;
	if (st->writer)
		STATUS_SET(status_page(st), processor_pid, (int64_t)0);
	page_file_unmap(st->page);
	free(st);
}

struct status_page *status_page(struct status *st)
{
	return st->page;
}

void status_look(struct status *st, const char *store_path)
{
	struct stat file;
	char path[4200];

	file_of(store_path, path);
	if (!st->writer && stat(path, &file) == 0 && file.st_ino != st->file && page_file_look(path, st->page))
		st->file = file.st_ino;
}

/* 0: unknown */
static uint64_t this_boot(void)
{
	static _Atomic uint64_t known;
	uint64_t ret = atomic_load(&known);
	char id[CLOCK_BOOT_MAX];

	if (ret)
		return ret;
	clock_boot(id);
	ret = *id ? XXH3_64bits(id, strlen(id)) : 0;
	atomic_store(&known, ret);
	return ret;
}

static int64_t mono_ms(const struct clock *clock)
{
	return (int64_t)(clock->monotonic_ns(clock) / 1000000u);
}

void status_set_fresh(struct status_page *p, int64_t fresh_ms, const struct clock *clock)
{
	int64_t ago = clock->wall_ms(clock) - fresh_ms;

	STATUS_SET(p, boot, this_boot());
	STATUS_SET(p, fresh_mono_ms, mono_ms(clock) - (ago > 0 ? ago : 0));
	STATUS_SET(p, fresh_ms, fresh_ms);
}

void status_set_wait(struct status_page *p, enum status_wait what, const char *why)
{
	if (what)
		snprintf(p->waits_why, sizeof(p->waits_why), "%s", why);
	if (p->waits_for != what)
		STATUS_SET(p, waits_for, (uint64_t)what);
}

int64_t status_lag_ms(const struct status_page *p, const struct clock *clock)
{
	int64_t fresh = STATUS_GET(p, fresh_ms), lag;
	uint64_t boot = STATUS_GET(p, boot);

	if (!fresh)
		return 0;
	lag = boot && boot == this_boot() ? mono_ms(clock) - STATUS_GET(p, fresh_mono_ms)
					  : clock->wall_ms(clock) - fresh;
	return lag > 0 ? lag : 0;
}

const char *status_wait_name(enum status_wait what)
{
	static const char *const names[WAIT_COUNT] = {
		[WAIT_LOG] = "log", [WAIT_DEAD_LETTERS] = "dead-letters", [WAIT_STORE] = "store"
	};

	return what < WAIT_COUNT ? names[what] : NULL;
}
