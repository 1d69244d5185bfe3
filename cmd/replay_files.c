/* Files into the current generation, and what the summaries of all replays share. */
#include "cmd/replay.h"

#include "processor/sources.h"
#include "views/generation.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void replay_print_json(struct json_out *j)
{
	json_out_end_object(j);
	printf("%.*s\n", (int)j->n, j->p);
	json_out_fini(j);
}

static void summary(const struct status_page *pg, double seconds, bool as_json)
{
	struct json_out j = { 0 };

	if (!as_json) {
		printf("%llu events, %llu dead letters, %llu duplicates, %.1f seconds\n",
		       (unsigned long long)pg->events, (unsigned long long)pg->dead_letters,
		       (unsigned long long)pg->duplicates, seconds);
		return;
	}
	json_out_object(&j);
	key_int(&j, "records", pg->records);
	key_int(&j, "events", pg->events);
	key_int(&j, "deadLetters", pg->dead_letters);
	key_int(&j, "duplicates", pg->duplicates);
	key_int(&j, "commits", pg->commits);
	key_int(&j, "milliseconds", (int64_t)(seconds * 1000));
	key_int(&j, "refusedFiles", pg->stopped_partitions);
	replay_print_json(&j);
}

struct reading {
	struct replay_progress progress;
	struct source *source;
};

static void show(void *arg, uint64_t records, int64_t left)
{
	struct reading *rd = arg;
	uint64_t done, total;

	(void)left;
	source_files_progress(rd->source, &done, &total);
	replay_progress_show(&rd->progress, records, done, total);
}

int replay_check_files(const struct replay_options *opt, struct error *e)
{
	for (size_t i = 0; i < opt->n; i++)
		if (strcmp(opt->files[i], "-") != 0 && access(opt->files[i], R_OK))
			return error_set(e, ERR_SOURCE_OPEN, "", "cannot open '%s': %s", opt->files[i],
					 strerror(errno));
	return 0;
}

/* From now on no other generation becomes the current one. */
static int hold_current(const struct ingest *in, int *lock, struct error *e)
{
	const char *store = store_path(in->store);
	unsigned current;
	int rc = generation_files_lock(store, lock, e);

	if (!rc)
		rc = generation_current(store, &current, e);
	if (!rc && current != store_generation(in->store))
		rc = error_set(e, ERR_STORE_LOCKED, "store.path",
			       "generation %u has just become the current one of '%s': run the command again", current,
			       store);
	return rc;
}

static int read_files(struct ingest *in, const struct replay_options *opt, const struct settings *set, int *lock,
		      struct error *e)
{
	struct reading rd = { 0 };
	struct processor_options more = { .progress = show, .progress_arg = &rd };
	double began = replay_seconds();
	int rc = replay_check_files(opt, e);

	if (!rc)
		rc = ingest_open(in, set, e);
	if (!rc)
		rc = hold_current(in, lock, e);
	replay_progress_begin(&rd.progress, REPLAY_BUILDING, opt->json);
	if (!rc)
		rc = ingest_processor(in, set, &more, e);
	if (!rc)
		rc = source_files_open(set, opt->files, opt->n, processor_resume, in->processor, &in->source, e);
	if (rc)
		return rc;
	rd.source = in->source;
	replay_interruptible(in->processor);
	rc = processor_run(in->processor, in->source, e);
	replay_interruptible(NULL);
	replay_progress_end();
	summary(status_page(in->status), replay_seconds() - began, opt->json);
	return rc;
}

int replay_into_current(const struct replay_options *opt, const struct settings *set)
{
	struct ingest in = { 0 };
	struct error e = { 0 };
	int status = 0, lock = -1;

	if (read_files(&in, opt, set, &lock, &e) == ERR_STORE_LOCKED)
		status =
			command_failed("%s, or make a generation of files and log beside it: --rebuild --from earliest",
				       e.text);
	else if (e.code)
		status = command_failed("%s", e.text);
	else if (replay_interrupted())
		status = command_failed("stopped; what was read is committed, the same command goes on from there");
	else if (status_page(in.status)->stopped_partitions)
		status = command_failed("%s", status_page(in.status)->stopped_why);
	ingest_close(&in);
	if (lock >= 0)
		close(lock);
	return status;
}
