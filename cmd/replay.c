#include "cmd/replay.h"
#include "config/log.h"
#include "views/generation.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	OPT_FROM = 0x100,
	OPT_TO,
	OPT_RATE,
	OPT_REBUILD,
	OPT_INTO_CURRENT,
	OPT_DRY_RUN,
	OPT_NO_SWAP,
	OPT_WITHOUT_FILES,
	OPT_ROLLBACK,
	OPT_SWAP,
	OPT_DROP_OLD,
	OPT_VIEW,
};

static void take_point(const char *arg, struct replay_point *ret, struct argp_state *state)
{
	struct error e = { 0 };

	if (replay_point_parse(arg, ret, &e))
		argp_error(state, "%s", e.text);
}

static void take_view(const char *arg, struct replay_options *opt, struct argp_state *state)
{
	const struct view *v = view_find(arg);
	char names[1024] = "";
	size_t n = 0;

	for (size_t i = 0; view_registry[i]; i++)
		if (view_registry[i]->tables && n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
					      view_registry[i]->name);
	if (!v)
		argp_error(state, "there is no view '%s': %s", arg, names);
	else if (!strcmp(v->name, "profile"))
		argp_error(state, "view 'profile' lies in the rows of 'history': use --view history");
	else if (!v->tables)
		argp_error(state, "view '%s' cannot be made anew without the others; these can: %s", arg, names);
	opt->view = v;
}

static const char *contradiction_of_view(const struct replay_options *opt)
{
	if (opt->view && opt->to_text)
		return "--view goes together with no --to: it reads to where the store stands";
	if (opt->view && opt->view->topic != TOPIC_EVENTS && opt->from_text && opt->from.kind != POINT_EARLIEST)
		return "--from is about events; catalog, stock and config are always made of their whole topics";
	return NULL;
}

/* What goes together. allow size: a table of conditions */
static const char *contradiction(const struct replay_options *opt)
{
	bool builds = opt->from_text || opt->rebuild || opt->view;
	bool of_a_build = opt->dry_run | opt->no_swap | opt->without_files | opt->rate_given;
	int swaps = opt->rollback + (opt->swap_to != 0), kinds = swaps + builds + opt->into_current;
	const struct {
		bool wrong;
		const char *text;
	} rules[] = {
		{ !opt->n && !kinds && !opt->drop_old,
		  "nothing to do: --from, --from-file, --view, --rollback, --swap or --drop-old is needed" },
		{ kinds > 1, "--rollback, --swap, --into-current and a rebuild exclude one another" },
		{ swaps && opt->n, "--rollback and --swap read no files" },
		{ opt->drop_old && !builds && (swaps || opt->n),
		  "--drop-old goes by itself or with a rebuild, not with --rollback, --swap or files into the current generation" },
		{ opt->drop_old && opt->no_swap, "--drop-old drops what a swap leaves behind: it excludes --no-swap" },
		{ opt->to_text && !opt->from_text && !opt->view, "--to needs --from" },
		{ opt->to.kind == POINT_EARLIEST, "--to cannot be earliest" },
		{ opt->from_text && opt->n && !opt->rebuild && !opt->view, "files and --from together need --rebuild" },
		{ opt->rebuild && opt->view, "--view makes a new generation by itself: leave --rebuild out" },
		{ opt->rebuild && !opt->n && !opt->from_text, "--rebuild needs --from or --from-file" },
		{ opt->into_current && !opt->n, "--into-current needs --from-file" },
		{ of_a_build && !builds,
		  "--dry-run, --no-swap, --without-files and --rate are of a rebuild: --from, --rebuild or --view" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].wrong)
			return rules[i].text;
	return contradiction_of_view(opt);
}

static error_t replay_parse_flag(int key, struct replay_options *opt)
{
	switch (key) {
	case 'j':
		opt->json = true;
		return 0;
	case OPT_REBUILD:
		opt->rebuild = true;
		return 0;
	case OPT_INTO_CURRENT:
		opt->into_current = true;
		return 0;
	case OPT_DRY_RUN:
		opt->dry_run = true;
		return 0;
	case OPT_NO_SWAP:
		opt->no_swap = true;
		return 0;
	case OPT_WITHOUT_FILES:
		opt->without_files = true;
		return 0;
	case OPT_ROLLBACK:
		opt->rollback = true;
		return 0;
	case OPT_DROP_OLD:
		opt->drop_old = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t replay_parse(int key, char *arg, struct argp_state *state)
{
	struct replay_options *opt = state->input;

	switch (key) {
	case 'f':
	case ARGP_KEY_ARG:
		if (key == ARGP_KEY_ARG && !opt->n)
			argp_error(state, "'%s': --from-file is needed before files", arg);
		if (opt->n == REPLAY_FILES_MAX)
			argp_error(state, "more than %d files", REPLAY_FILES_MAX);
		opt->files[opt->n++] = arg;
		return 0;
	case OPT_FROM:
		opt->from_text = arg;
		take_point(arg, &opt->from, state);
		return 0;
	case OPT_TO:
		opt->to_text = arg;
		take_point(arg, &opt->to, state);
		return 0;
	case OPT_VIEW:
		take_view(arg, opt, state);
		return 0;
	case OPT_RATE:
		opt->rate = command_number(state, "--rate", arg, 0, 1000000000);
		opt->rate_given = true;
		return 0;
	case OPT_SWAP:
		opt->swap_to = (unsigned)command_number(state, "--swap", arg, 1, 999999999);
		return 0;
	case ARGP_KEY_END:
		if (contradiction(opt))
			argp_error(state, "%s", contradiction(opt));
		opt->rebuild |= opt->view != NULL;
		return 0;
	default:
		break;
	}
	return replay_parse_flag(key, opt);
}

static struct processor *interruptible;
static volatile sig_atomic_t was_interrupted, ends_at_once;

static void end_at_once(void)
{
	static const char text[] = "aisle: stopped while the broker was asked\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1); /* nobody reads it */
	_exit(1);
}

static void on_signal(int sig)
{
	struct processor *p = interruptible;

	(void)sig;
	was_interrupted = 1;
	if (ends_at_once)
		end_at_once();
	if (p)
		processor_stop(p);
}

void replay_interruptible(struct processor *p)
{
	interruptible = p;
	if (p && was_interrupted)
		processor_stop(p);
}

void replay_ends_at_once(bool on)
{
	ends_at_once = on;
	if (on && was_interrupted)
		end_at_once();
}

bool replay_interrupted(void)
{
	return was_interrupted;
}

static void catch_signals(void)
{
	struct sigaction stop = { .sa_handler = on_signal }; /* no SA_RESTART: a silent pipe can be left */

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	command_goes_on();
}

/* ---- a new generation ---- */

static void built_json(const struct rebuild *rb, uint64_t others, double seconds)
{
	struct json_out j = { 0 };

	json_out_object(&j);
	key_int(&j, "generation", rb->generation);
	if (rb->opt->view) {
		key_text(&j, "view", rb->opt->view->name);
	}
	key_int(&j, "previous", rb->before);
	key_bool(&j, "swapped", !rb->opt->no_swap);
	key_bool(&j, "resumed", rb->resumed);
	key_int(&j, "records", rb->records);
	key_int(&j, "events", rb->events);
	key_int(&j, "duplicates", rb->duplicates);
	key_int(&j, "deadLetters", rb->dead_letters);
	key_int(&j, "otherRecords", others);
	key_int(&j, "offsetsWithoutRecord", rb->gaps);
	key_int(&j, "milliseconds", (int64_t)(seconds * 1000));
	json_out_key(&j, "views");
	json_out_array(&j);
	for (size_t i = 0; view_registry[i]; i++) {
		json_out_object(&j);
		key_text(&j, "view", view_registry[i]->name);
		key_text(&j, "digest", rb->digests[i]);
		key_int(&j, "rows", rb->rows[i]);
		json_out_end_object(&j);
	}
	json_out_end_array(&j);
	replay_print_json(&j);
}

static void built(const struct rebuild *rb, double seconds)
{
	bool swapped = !rb->opt->no_swap;
	uint64_t others = rb->records - rb->events - rb->duplicates - rb->dead_letters;

	if (rb->opt->json) {
		built_json(rb, others, seconds);
		return;
	}
	printf("%llu records in %.1f seconds: %llu events, %llu duplicates, %llu dead letters, %llu of catalogue, stock and "
	       "control plane\n",
	       (unsigned long long)rb->records, seconds, (unsigned long long)rb->events,
	       (unsigned long long)rb->duplicates, (unsigned long long)rb->dead_letters, (unsigned long long)others);
	if (rb->gaps)
		printf("%llu offsets without a record: compacted away, or the end of a transaction\n",
		       (unsigned long long)rb->gaps);
	if (!swapped)
		printf("generation %u is beside the current one; `aisle replay --swap %u' makes it the current one\n",
		       rb->generation, rb->generation);
	else if (rb->before && !rb->opt->drop_old)
		printf("generation %u is current; `aisle replay --rollback' goes back to %u\n", rb->generation,
		       rb->before);
	else
		printf("generation %u is current\n", rb->generation);
}

/* *again: what a killed replay had left was of another log, and is dropped. */
static int rebuild_once(const struct replay_options *opt, const struct settings *set, bool *again)
{
	struct rebuild rb = { .opt = opt, .set = set, .from = opt->from, .lock = -1 };
	double began = replay_seconds();
	struct error e = { 0 };
	int rc;

	rb.path = setting_string(set, SET_STORE_PATH);
	rc = rebuild_prepare(&rb, &e);
	if (!rc && rb.resumed && !opt->json && !opt->dry_run)
		replay_say("going on with", rb.generation);
	if (!rc && opt->dry_run)
		rc = rebuild_dry_run(&rb, &e);
	else if (!rc)
		rc = rebuild_run(&rb, &e);
	if (!rc && !opt->dry_run)
		built(&rb, replay_seconds() - began);
	rebuild_fini(&rb);
	*again = rb.resumed && replay_is_another_log(rc);
	if (*again)
		log_warn("begun anew, the log is another one than it was", "dropped=%u", rb.generation);
	return rc && !*again ? command_failed("%s", e.text) : 0;
}

static int rebuild(const struct replay_options *opt, const struct settings *set)
{
	bool again;
	int rc = rebuild_once(opt, set, &again);

	return again ? rebuild_once(opt, set, &again) : rc;
}

/* ---- generations that are there ---- */

static void print_number(const char *name, unsigned n)
{
	struct json_out j = { 0 };

	json_out_object(&j);
	key_int(&j, name, n);
	replay_print_json(&j);
}

static int swap_to(const struct replay_options *opt, const struct settings *set)
{
	struct error e = { 0 };
	unsigned n;

	if (replay_swap_to(set, opt->swap_to, &n, &e))
		return command_failed("%s", e.text);
	if (opt->json)
		print_number("generation", n);
	else
		printf("generation %u is current\n", n);
	return 0;
}

static int drop_old(const struct replay_options *opt, const struct settings *set)
{
	const char *path = setting_string(set, SET_STORE_PATH);
	struct error e = { 0 };
	unsigned dropped = 0;
	int lock, rc = generation_replay_lock(path, &lock, &e);

	if (rc)
		return command_failed("%s", e.text);
	rc = replay_drop_others(set, 0, &dropped, &e);
	close(lock);
	if (rc)
		return command_failed("%s", e.text[0] ? e.text : "the store has no generations");
	if (opt->json)
		print_number("dropped", dropped);
	else
		printf("%u generation%s dropped\n", dropped, dropped == 1 ? "" : "s");
	return 0;
}

static int replay_run(struct command_context *ctx)
{
	const struct replay_options *opt = ctx->options;

	catch_signals();
	if (opt->rollback || opt->swap_to)
		return swap_to(opt, ctx->settings);
	if (opt->from_text || opt->rebuild)
		return rebuild(opt, ctx->settings);
	return opt->n ? replay_into_current(opt, ctx->settings) : drop_old(opt, ctx->settings);
}

static const struct argp_option replay_own_options[] = {
	{ "from", OPT_FROM, "PLACE", 0,
	  "Build a new generation from the log: earliest, a time (of the records, not eventTime), an offset, or "
	  "PARTITION:OFFSET,... of the events; partitions that are not named from their beginning",
	  0 },
	{ "to", OPT_TO, "PLACE", 0, "Read no further than a time, an offset, or PARTITION:OFFSET,...", 0 },
	{ "view", OPT_VIEW, "NAME", 0, "Make this view anew and leave all others as they are; from earliest by itself",
	  0 },
	{ "from-file", 'f', "FILE", 0, "Read this file, and those named after it; `-' is standard input", 0 },
	{ "into-current", OPT_INTO_CURRENT, NULL, 0,
	  "Files into the current generation: what --from-file does by itself", 0 },
	{ "rebuild", OPT_REBUILD, NULL, 0, "Files into a new generation, before the log of --from if that is given",
	  0 },
	{ "rate", OPT_RATE, "N", 0,
	  "Build with at most N records a second, 0: no limit (beside a processor replay.rateMax, else no limit)", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "Say what a rebuild would read, and change nothing", 0 },
	{ "no-swap", OPT_NO_SWAP, NULL, 0, "Leave the new generation beside the current one", 0 },
	{ "without-files", OPT_WITHOUT_FILES, NULL, 0, "Rebuild from the log though the store also holds files", 0 },
	{ "rollback", OPT_ROLLBACK, NULL, 0, "Make the generation before the current one again", 0 },
	{ "swap", OPT_SWAP, "N", 0, "Make generation N the current one", 0 },
	{ "drop-old", OPT_DROP_OLD, NULL, 0,
	  "Drop all generations but the current one, by itself or after a rebuild; one half built stays, for its replay to go on with",
	  0 },
	{ "json", 'j', NULL, 0, "The summary as JSON", 0 },
	{ 0 },
};

const struct command command_replay = {
	.name = "replay",
	.summary = "Build the views anew from the log beside those in use, or read files into the store",
	.usage = "[FILE...]",
	.description =
		"With --from a new generation of all views is built from the log while the one before goes on answering and "
		"being kept up to date. It is checked, caught up with the log, and then takes its place at once: `aisle serve', "
		"`process' and `run' on this store notice it within a second. --from is about events; catalogue and stock are "
		"always read from their beginning. When it is killed, the same command goes on. The generation before is kept for "
		"--rollback until the next rebuild, or --drop-old.\n\n"
		"With --view NAME one view is made anew from the log, when its meaning changed or its rows are wrong; the new "
		"generation has all others from the current one. Where the log has lost its first records the view would lose "
		"them, which --from earliest allows.\n\n"
		"With --from-file alone files are added to the current generation; no other process may be writing to it. Each "
		"file is read on from where it was left, so the same command twice changes nothing; a file that became another one "
		"is refused. With --rebuild they make a new generation, and with --from as well the log follows after them.\n\n"
		"Files are NDJSON or MessagePack maps, `.gz' too, one after the other. A line is an event, or "
		"{\"topic\":\"shop.catalog\",\"key\":K,\"value\":{...},\"timestamp\":MS} for any topic of the settings. "
		"Standard input and pipes are read from their start, and waited for; what is repeated there counts once by its "
		"eventId. Lines "
		"that cannot be read go to dead-letters.ndjson in the store's directory (see `aisle dlq'), those of a rebuild to "
		"the generation's.\n\n"
		"Examples:\n"
		"  aisle replay --from earliest --dry-run --config /etc/aisle/aisle.conf\n"
		"  aisle replay --from 2026-11-01T00:00:00Z --rate 20000\n"
		"  aisle replay --view popularity\n"
		"  aisle replay --rollback --store /var/lib/aisle\n"
		"  aisle replay --from-file events.ndjson.gz --store ./store\n"
		"  aisle replay --rebuild -f day/*.gz --from 2026-11-01T00:00:00Z\n"
		"  aisle simulate --events 100000 --to-file - | aisle replay --from-file -\n",
	.options = replay_own_options,
	.parse = replay_parse,
	.options_size = sizeof(struct replay_options),
	.run = replay_run,
};
