#include "processor/store_watch.h"

#include "config/clock.h"
#include "config/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_EVERY_NS UINT64_C(1000000000)
#define COUNT_EVERY_NS UINT64_C(10000000000) /* free pages, */
#define COUNT_SHARE 200                      /* or this many times what counting them took */
#define NAME_EVERY_NS UINT64_C(60000000000)
#define CALM_PERCENT 3 /* so far below a warning's mark it may be warned of again */

struct seen {
	struct store_reader reader;
	uint64_t since_ns, named_ns;
};

struct store_watch {
	struct store *store;
	struct status_page *page;
	uint64_t age_max_ns, look_ns, count_ns;
	struct seen seen[STORE_READERS_MAX];
	unsigned seen_n;
	unsigned warned; /* percent; 0: not */
};

struct store_watch *store_watch_new(const struct settings *set, struct store *s, struct status_page *page)
{
	struct store_watch *w = xcalloc(1, sizeof(*w));

	w->store = s;
	w->page = page;
	w->age_max_ns = (uint64_t)setting_int(set, SET_STORE_READER_AGE_MAX) * 1000000u;
	return w;
}

void store_watch_free(struct store_watch *w)
{
	free(w);
}

/* "aisle inspect history", of a process; what it cannot be shown as is replaced. */
static const char *command_of(long pid, char ret[80])
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, 79);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return "unknown";
	ret[n] = '\0';
	for (char *c = ret; c < ret + n; c++)
		if (*c == '\0')
			*c = ' ';
		else if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			*c = '?';
	while (n && ret[n - 1] == ' ')
		ret[--n] = '\0';
	return ret;
}

static void name_reader(struct store_watch *w, struct seen *r, uint64_t now_ns)
{
	char command[80];

	if (r->named_ns && now_ns - r->named_ns < NAME_EVERY_NS)
		return;
	r->named_ns = now_ns;
	log_warn("reader holds an old snapshot, the store grows until it ends",
		 "pid=%ld command=\"%s\" seconds=%llu transactions=%llu store=%s", r->reader.pid,
		 command_of(r->reader.pid, command), (unsigned long long)((now_ns - r->since_ns) / 1000000000u),
		 (unsigned long long)r->reader.behind, store_path(w->store));
}

static const struct seen *seen_before(const struct store_watch *w, const struct store_reader *r)
{
	for (unsigned i = 0; i < w->seen_n; i++) {
		const struct store_reader *o = &w->seen[i].reader;

		if (o->pid == r->pid && o->thread == r->thread && o->level == r->level && o->txn == r->txn)
			return &w->seen[i];
	}
	return NULL;
}

/* Only a snapshot that is not the newest pins anything. */
static void look_at_readers(struct store_watch *w, uint64_t now_ns)
{
	struct store_reader readers[STORE_READERS_MAX];
	struct seen still[STORE_READERS_MAX] = { 0 };
	unsigned n = store_readers(w->store, readers, STORE_READERS_MAX), kept = 0;
	uint64_t oldest_ns = now_ns, stuck = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct seen *old = seen_before(w, &readers[i]);
		struct seen *r = &still[kept];

		if (!readers[i].behind)
			continue;
		*r = old ? *old : (struct seen){ .since_ns = now_ns };
		r->reader = readers[i];
		oldest_ns = r->since_ns < oldest_ns ? r->since_ns : oldest_ns;
		if (now_ns - r->since_ns >= w->age_max_ns) {
			stuck++;
			name_reader(w, r, now_ns);
		}
		kept++;
	}
	memcpy(w->seen, still, kept * sizeof(still[0]));
	w->seen_n = kept;
	STATUS_SET(w->page, stuck_readers, stuck);
	STATUS_SET(w->page, oldest_reader_ms, (int64_t)((now_ns - oldest_ns) / 1000000u));
}

static void look_at_room(struct store_watch *w, const struct store_figures *f)
{
	static const unsigned marks[] = { 95, 90, 80 };
	uint64_t free_bytes = w->page->store_free_bytes;
	uint64_t used = f->used_bytes > free_bytes ? f->used_bytes - free_bytes : 0;
	unsigned percent = f->map_size ? (unsigned)(used * 100 / f->map_size) : 0, mark = 0;

	for (size_t i = 0; i < ARRAY_SIZE(marks) && !mark; i++)
		if (percent >= marks[i])
			mark = marks[i];
	if (mark > w->warned)
		log_warn("store is nearly full, at store.mapSize it takes no more: raise it and restart",
			 "percent=%u used=%llu mapSize=%llu store=%s", percent, (unsigned long long)used,
			 (unsigned long long)f->map_size, store_path(w->store));
	if (mark > w->warned || percent + CALM_PERCENT < w->warned)
		w->warned = mark;
}

static void count_free(struct store_watch *w, uint64_t now_ns)
{
	uint64_t bytes, took_ns;

	if (store_free_bytes(w->store, &bytes) == 0)
		STATUS_SET(w->page, store_free_bytes, bytes);
	took_ns = clock_now_ns() - now_ns;
	w->count_ns = now_ns + (COUNT_SHARE * took_ns > COUNT_EVERY_NS ? COUNT_SHARE * took_ns : COUNT_EVERY_NS);
}

void store_watch_look(struct store_watch *w, uint64_t now_ns)
{
	struct store_figures f;
	unsigned dead;

	if (now_ns < w->look_ns)
		return;
	w->look_ns = now_ns + LOOK_EVERY_NS;
	dead = store_drop_dead_readers(w->store);
	if (dead)
		log_info("snapshots of ended processes are let go", "readers=%u", dead);
	if (now_ns >= w->count_ns)
		count_free(w, now_ns);
	if (store_figures(w->store, &f))
		return;
	look_at_readers(w, now_ns);
	look_at_room(w, &f);
}
