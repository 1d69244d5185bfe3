#include "cmd/command.h"
#include "cmd/ingest.h"
#include "processor/sources.h"
#include "schemas/json_out.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 4096
#define LINE_EVERY_S 5.0
#define BAR_CELLS 30

struct replay_options {
	const char *files[FILES_MAX];
	size_t n;
	bool from_file, json;
};

static error_t replay_parse(int key, char *arg, struct argp_state *state)
{
	struct replay_options *opt = state->input;

	switch (key) {
	case 'f':
		opt->from_file = true;
		/* fall through */
	case ARGP_KEY_ARG:
		if (opt->n == FILES_MAX)
			argp_error(state, "more than %d files", FILES_MAX);
		opt->files[opt->n++] = arg;
		return 0;
	case 'j':
		opt->json = true;
		return 0;
	case ARGP_KEY_END:
		if (!opt->from_file)
			argp_error(state, "--from-file is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct progress {
	struct source *source;
	double began, shown;
	bool terminal;
};

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void show_bar(double part, unsigned long long records, double rate, double left_s)
{
	char bar[BAR_CELLS + 1];

	memset(bar, ' ', BAR_CELLS);
	memset(bar, '#', (size_t)(part * BAR_CELLS));
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r%3.0f%% [%s] %llu records, %.0f/s, %d:%02d left\033[K", part * 100, bar, records, rate,
		(int)left_s / 60, (int)left_s % 60);
}

static void show(void *arg, uint64_t records, int64_t left)
{
	struct progress *pr = arg;
	double now = seconds_now(), rate = (double)records / (now - pr->began + 1e-9), part, left_s;
	uint64_t done, total;

	(void)left;
	source_files_progress(pr->source, &done, &total);
	part = total ? (double)done / (double)total : 0;
	part = part > 1 ? 1 : part;
	left_s = part > 0 ? (now - pr->began) * (1 - part) / part : 0;
	if (pr->terminal && total) {
		show_bar(part, (unsigned long long)records, rate, left_s);
	} else if (now - pr->shown >= LINE_EVERY_S) {
		fprintf(stderr, "%llu records, %.0f/s", (unsigned long long)records, rate);
		if (total)
			fprintf(stderr, ", %.0f%%, %.0f s left", part * 100, left_s);
		fputc('\n', stderr);
		pr->shown = now;
	}
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
	json_out_key(&j, "records");
	json_out_int(&j, (int64_t)pg->records);
	json_out_key(&j, "events");
	json_out_int(&j, (int64_t)pg->events);
	json_out_key(&j, "deadLetters");
	json_out_int(&j, (int64_t)pg->dead_letters);
	json_out_key(&j, "duplicates");
	json_out_int(&j, (int64_t)pg->duplicates);
	json_out_key(&j, "commits");
	json_out_int(&j, (int64_t)pg->commits);
	json_out_key(&j, "milliseconds");
	json_out_int(&j, (int64_t)(seconds * 1000));
	json_out_key(&j, "refusedFiles");
	json_out_int(&j, (int64_t)pg->stopped_partitions);
	json_out_end_object(&j);
	fwrite(j.p, 1, j.n, stdout);
	putchar('\n');
	json_out_fini(&j);
}

static struct processor *interrupted;
static volatile sig_atomic_t was_interrupted;

static void on_signal(int sig)
{
	(void)sig;
	was_interrupted = 1;
	processor_stop(interrupted);
}

static int replay_files(struct ingest *in, const struct replay_options *opt, const struct settings *set,
			struct error *e)
{
	struct progress pr = { .began = seconds_now(), .terminal = isatty(STDERR_FILENO) && !opt->json };
	struct sigaction stop = { .sa_handler = on_signal }; /* no SA_RESTART: a silent pipe can be left */
	struct processor_options more = { .progress = show, .progress_arg = &pr };
	int rc = ingest_open(in, set, e);

	pr.shown = pr.began;
	if (!rc)
		rc = ingest_processor(in, set, &more, e);
	if (!rc)
		rc = source_files_open(set, opt->files, opt->n, processor_resume, in->processor, &in->source, e);
	if (rc)
		return rc;
	pr.source = in->source;
	interrupted = in->processor;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	rc = processor_run(in->processor, in->source, e);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (pr.terminal)
		fputc('\n', stderr);
	summary(status_page(in->status), seconds_now() - pr.began, opt->json);
	return rc;
}

static int replay_run(struct command_context *ctx)
{
	const struct replay_options *opt = ctx->options;
	struct ingest in = { 0 };
	struct error e = { 0 };
	int status = 0;

	if (replay_files(&in, opt, ctx->settings, &e))
		status = command_failed("%s", e.text);
	else if (was_interrupted)
		status = command_failed("stopped; what was read is committed, the same command goes on from there");
	else if (status_page(in.status)->stopped_partitions)
		status = command_failed("%s", status_page(in.status)->stopped_why);
	ingest_close(&in);
	return status;
}

static const struct argp_option replay_own_options[] = {
	{ "from-file", 'f', "FILE", 0, "Read this file, and those named after it; `-' is standard input", 0 },
	{ "json", 'j', NULL, 0, "The summary as JSON", 0 },
	{ 0 },
};

const struct command command_replay = {
	.name = "replay",
	.summary = "Read events from files into the store",
	.usage = "[FILE...]",
	.description =
		"Files are NDJSON or MessagePack maps, `.gz' too, one after the other. A line is an event, or "
		"{\"topic\":\"shop.catalog\",\"key\":K,\"value\":{...},\"timestamp\":MS} for any topic of the settings. "
		"Each file is read on from where it was left, so the same command twice changes nothing; a file that became another one is refused. "
		"Standard input is read from its start; what is repeated there counts once by its eventId. Lines "
		"that cannot be read go to dead-letters.ndjson in the store's directory (see `aisle dlq').\n\n"
		"Examples:\n"
		"  aisle replay --from-file events.ndjson.gz --store ./store\n"
		"  aisle replay --from-file export/*.ndjson\n"
		"  aisle simulate --events 100000 --to-file - | aisle replay --from-file -\n",
	.options = replay_own_options,
	.parse = replay_parse,
	.options_size = sizeof(struct replay_options),
	.run = replay_run,
};
