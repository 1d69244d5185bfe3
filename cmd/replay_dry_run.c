/* What a rebuild would read, and whether there is room for it. */
#include "cmd/replay.h"

#include "views/generation.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct room {
	int64_t base, young,
		available; /* bytes; young: of the levels above base, whose rows a new generation has in its base */
};

static int64_t bytes_of(const char *path, unsigned generation)
{
	char dir[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	struct stat st;

	generation_path(path, generation, dir);
	snprintf(file, sizeof(file), "%s/base/data.mdb", dir);
	return stat(file, &st) ? 0 : (int64_t)st.st_blocks * 512;
}

/* A store that is not there yet is made in its parent. */
static int space_of(const char *path, struct statvfs *ret)
{
	char *parent;
	int r = statvfs(path, ret);

	if (!r || errno != ENOENT)
		return r;
	parent = xstrndup(path, strlen(path));
	r = statvfs(dirname(parent), ret);
	free(parent);
	return r;
}

static int look_at_room(const struct rebuild *rb, struct room *ret, struct error *e)
{
	struct store_options opt = command_store_options(rb->set);
	struct store *current = NULL;
	struct statvfs fs;
	int rc;

	*ret = (struct room){ 0 };
	if (space_of(rb->path, &fs))
		return error_set(e, ERR_IO, "store.path", "cannot ask for the space of '%s': %s", rb->path,
				 strerror(errno));
	ret->available = (int64_t)(fs.f_bavail * fs.f_frsize);
	if (!rb->before)
		return 0;
	ret->base = bytes_of(rb->path, rb->before);
	opt.generation = rb->before;
	rc = store_open(&opt, &current, e);
	if (!rc)
		ret->young = (int64_t)store_young_bytes_above(current);
	store_close(current);
	return rc;
}

static void dry_run_json(const struct rebuild *rb, bool at_work, uint64_t rate, const struct room *room)
{
	struct json_out j = { 0 };

	json_out_object(&j);
	key_int(&j, "generation", rb->generation);
	key_int(&j, "current", rb->before);
	if (rb->opt->view) {
		key_text(&j, "view", rb->opt->view->name);
	}
	key_bool(&j, "resumed", rb->resumed);
	key_bool(&j, "otherAtWork", at_work);
	json_out_key(&j, "dropped");
	json_out_array(&j);
	for (size_t i = 0; i < rb->leftover_n; i++)
		json_out_int(&j, rb->leftovers[i]);
	json_out_end_array(&j);
	json_out_key(&j, "partitions");
	json_out_array(&j);
	for (size_t i = 0; i < rb->plan.n; i++) {
		const struct replay_part *p = &rb->plan.v[i];

		json_out_object(&j);
		key_text(&j, "topic", setting_topic(rb->set, (enum topic)p->log));
		key_int(&j, "partition", p->id);
		key_int(&j, "begin", p->begin);
		key_int(&j, "end", p->end);
		key_int(&j, "low", p->low);
		key_int(&j, "high", p->high);
		json_out_end_object(&j);
	}
	json_out_end_array(&j);
	key_int(&j, "records", replay_plan_offsets(&rb->plan));
	key_int(&j, "recordsPerSecondLastTime", rate);
	key_int(&j, "bytesOfCurrent", room->base + room->young);
	key_int(&j, "bytesOfYoungLevels", room->young);
	key_int(&j, "bytesAvailable", room->available);
	replay_print_json(&j);
}

static void print_parts(const struct rebuild *rb)
{
	const struct view *view = rb->opt->view;

	for (size_t i = 0; i < rb->plan.n; i++) {
		const struct replay_part *p = &rb->plan.v[i];

		if (view && p->log != view->topic)
			continue;
		printf("  %s %d: offsets %lld to %lld, %lld records at most",
		       setting_topic(rb->set, (enum topic)p->log), p->id, (long long)p->begin, (long long)p->end,
		       (long long)(p->end - p->begin));
		if (p->whole && p->low)
			printf("; the log begins at %lld, what was before is gone", (long long)p->low);
		putchar('\n');
	}
}

static void print_total(const struct rebuild *rb, uint64_t rate)
{
	int64_t records = replay_plan_offsets(&rb->plan);

	if (rb->from.kind != POINT_NONE)
		printf("%lld records at most", (long long)records);
	if (rb->opt->n)
		printf("%s%zu file%s", rb->from.kind == POINT_NONE ? "all lines of " : ", and all lines of ",
		       rb->opt->n, rb->opt->n == 1 ? "" : "s");
	if (rate && !rb->opt->n)
		printf("; %lld s at %llu/s, the rate of the last replay or its limit",
		       (long long)(records / (int64_t)rate), (unsigned long long)rate);
}

static void print_leftovers(const struct rebuild *rb)
{
	char plan[GENERATION_PLAN_MAX] = "";

	for (size_t i = 0; i < rb->leftover_n; i++)
		if (generation_marked(rb->path, rb->leftovers[i], plan))
			printf("generation %u, %s, would be dropped\n", rb->leftovers[i],
			       strcmp(plan, REPLAY_KEPT) ? "half built by a replay with other options or settings"
							 : "kept by --no-swap");
}

static void dry_run_text(const struct rebuild *rb, bool at_work, uint64_t rate, const struct room *room)
{
	int64_t used = room->base + room->young;
	int64_t needed = rb->opt->view ? 2 * used : used;
	const struct view *view = rb->opt->view;

	if (at_work)
		printf("another replay is at work: until it has ended this one would be refused\n");
	printf("generation %u would be %s; current is ", rb->generation, rb->resumed ? "gone on with" : "built");
	printf(rb->before ? "%u\n" : "none\n", rb->before);
	print_leftovers(rb);
	if (view)
		printf("all views would be as they are now, but '%s' made anew\n", view->name);
	print_parts(rb);
	for (size_t i = 0; i < rb->opt->n; i++)
		printf("  %s\n", rb->opt->files[i]);
	print_total(rb, rate);
	printf("\nthe current generation takes %lld MB, ", (long long)(used >> 20));
	if (room->young)
		printf("%lld MB of them in young levels, ", (long long)(room->young >> 20));
	printf("the disk has %lld MB left%s\n", (long long)(room->available >> 20),
	       needed <= room->available ? ""
	       : view                    ? ": TOO LITTLE for two more as large"
					 : ": TOO LITTLE for one more as large");
}

int rebuild_dry_run(struct rebuild *rb, struct error *e)
{
	struct replay_page last = { 0 };
	struct room room;
	bool at_work;
	uint64_t rate, most;
	int rc = look_at_room(rb, &room, e);

	if (rc)
		return rc;
	if (replay_status_read(rb->path, &last, &at_work, e))
		return e->code;
	if (at_work) /* it would be refused */
		rb->leftover_n = 0;
	rate = last.phase == REPLAY_DONE ? last.built_per_second : 0;
	most = rebuild_rate(rb);
	if (most && (!rate || rate > most))
		rate = most;
	(rb->opt->json ? dry_run_json : dry_run_text)(rb, at_work, rate, &room);
	return 0;
}
