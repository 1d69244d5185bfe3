#include "cmd/command.h"
#include "cmd/simulate_sink.h"
#include "config/clock.h"
#include "processor/simulate.h"
#include "schemas/decode.h"
#include "schemas/json_out.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX UINT64_C(100000000000)
#define DAYS_MAX 36500
#define START_DEFAULT "2024-01-01T00:00:00Z"

struct simulate_command_options {
	struct simulate_options traffic;
	bool has_events, to_kafka;
	const char *file, *truth;
};

enum {
	OPT_EVENTS = 0x100,
	OPT_SEED,
	OPT_ITEMS,
	OPT_USERS,
	OPT_START,
	OPT_DAYS,
	OPT_KAFKA,
	OPT_FILE,
	OPT_CATALOG,
	OPT_RECOMMENDATIONS,
	OPT_TRUTH
};

static const struct argp_option options[] = {
	{ "events", OPT_EVENTS, "N", 0, "How many events, copies among them (needed)", 1 },
	{ "seed", OPT_SEED, "S", 0, "Another shop for another number (1)", 1 },
	{ "items", OPT_ITEMS, "N", 0, "Items of the shop (100000)", 1 },
	{ "users", OPT_USERS, "N", 0, "Users, and as many guests (200000)", 1 },
	{ "start", OPT_START, "TIME", 0, "Event time of the first event, RFC 3339 (" START_DEFAULT ")", 1 },
	{ "days", OPT_DAYS, "D", 0, "Event time from first to last in days (one day per 200000 events)", 1 },
	{ "catalog", OPT_CATALOG, NULL, 0, "First a catalogue and a stock record of each item", 1 },
	{ "recommendations", OPT_RECOMMENDATIONS, NULL, 0,
	  "Pages show answers, signed with the key of person.key.file, and people follow them", 1 },
	{ "truth", OPT_TRUTH, "FILE", 0, "Write what these answers truly led to there, as JSON", 1 },
	{ "to-file", OPT_FILE, "FILE", 0, "Write NDJSON there instead of to standard output; gzip when it ends in .gz",
	  2 },
	{ "to-kafka", OPT_KAFKA, NULL, 0, "Send to the topics of the settings and wait for every acknowledgement", 2 },
	{ 0 },
};

static int64_t days(struct argp_state *state, const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !isfinite(v) || v <= 0 || v > DAYS_MAX)
		argp_error(state, "--days: '%s' is not a number above 0, up to %d", text, DAYS_MAX);
	v *= (double)MS_PER_DAY;
	return v < 1 ? 1 : (int64_t)v;
}

static double span_days(const struct simulate_options *t)
{
	return t->span_ms ? (double)t->span_ms / (double)MS_PER_DAY : (double)t->events / SIMULATE_EVENTS_A_DAY;
}

static error_t at_end(struct argp_state *state, const struct simulate_command_options *opt)
{
	if (!opt->has_events)
		argp_error(state, "--events is needed");
	if (opt->to_kafka && opt->file)
		argp_error(state, "--to-kafka and --to-file exclude each other");
	if (opt->truth && !opt->traffic.recommendations)
		argp_error(state, "--truth needs --recommendations");
	/* the last event may lie some minutes behind the span */
	if (opt->traffic.start_ms < 0 ||
	    (double)opt->traffic.start_ms + (span_days(&opt->traffic) + 1) * (double)MS_PER_DAY >= (double)TIME_END_MS)
		argp_error(state, "--start: the events, and a day behind them, must lie in the years 1970 to 9999");
	if (opt->traffic.recommendations && span_days(&opt->traffic) > SIMULATE_ANSWERS_DAYS_MAX)
		argp_error(state, "--recommendations: at most %d days", SIMULATE_ANSWERS_DAYS_MAX);
	return 0;
}

static void defaults(struct simulate_options *t)
{
	t->seed = 1;
	t->items = 100000;
	t->users = 200000;
	parse_rfc3339(STR(START_DEFAULT), &t->start_ms);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct simulate_command_options *opt = state->input;
	struct simulate_options *t = &opt->traffic;

	switch (key) {
	case ARGP_KEY_INIT:
		defaults(t);
		return 0;
	case OPT_EVENTS:
		t->events = command_number(state, "--events", arg, 0, EVENTS_MAX);
		opt->has_events = true;
		return 0;
	case OPT_SEED:
		t->seed = command_number(state, "--seed", arg, 0, UINT64_MAX);
		return 0;
	case OPT_ITEMS:
		t->items = (uint32_t)command_number(state, "--items", arg, 1, SIMULATE_ITEMS_MAX);
		return 0;
	case OPT_USERS:
		t->users = (uint32_t)command_number(state, "--users", arg, 1, SIMULATE_ITEMS_MAX);
		return 0;
	case OPT_START:
		if (!parse_rfc3339(str_of(arg), &t->start_ms))
			argp_error(state, "--start: '%s' is not a time like " START_DEFAULT, arg);
		return 0;
	case OPT_DAYS:
		t->span_ms = days(state, arg);
		return 0;
	case OPT_CATALOG:
		t->catalog = true;
		return 0;
	case OPT_RECOMMENDATIONS:
		t->recommendations = true;
		return 0;
	case OPT_TRUTH:
		opt->truth = arg;
		return 0;
	case OPT_KAFKA:
		opt->to_kafka = true;
		return 0;
	case OPT_FILE:
		opt->file = arg;
		return 0;
	case ARGP_KEY_END:
		return at_end(state, opt);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int send_all(struct simulation *sim, struct simulate_sink *sink, uint64_t *ret_records, struct error *e)
{
	struct simulated record;
	int r = 0;

	for (*ret_records = 0; r == 0 && simulation_next(sim, &record); ++*ret_records)
		r = simulate_sink_put(sink, &record, e);
	return r;
}

/* Those who sign must have the key of the store that is to believe them. */
static int read_key(const struct settings *set, unsigned char ret[32], struct error *e)
{
	const char *name = setting_string(set, SET_PERSON_KEY_FILE);
	unsigned char bytes[33];
	size_t n = 0;
	FILE *f;

	if (!*name)
		return error_set(e, ERR_BAD_SETTING, "person.key.file",
				 "--recommendations signs with a store's key: set person.key.file to it");
	f = fopen(name, "rb");
	if (!f)
		return error_set(e, ERR_IO, "person.key.file", "cannot open '%s': %s", name, strerror(errno));
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	if (n != 32)
		return error_set(e, ERR_BAD_SETTING, "person.key.file", "'%s' has not the 32 bytes of a key", name);
	memcpy(ret, bytes, 32);
	return 0;
}

static int write_truth(const struct simulation *sim, const char *name, struct error *e)
{
	struct json_out out = { 0 };
	FILE *f = fopen(name, "wb");
	int number = 0;

	if (!f)
		return error_set(e, ERR_IO, NULL, "cannot write '%s': %s", name, strerror(errno));
	simulation_truth(sim, &out);
	if (fwrite(out.p, 1, out.n, f) != out.n || fputc('\n', f) == EOF)
		number = errno;
	if (fclose(f) != 0 && !number)
		number = errno;
	json_out_fini(&out);
	return number ? error_set(e, ERR_IO, NULL, "cannot write '%s': %s", name, strerror(number)) : 0;
}

static int run(struct command_context *ctx)
{
	const struct simulate_command_options *opt = ctx->options;
	struct simulate_options traffic = opt->traffic;
	uint64_t began = clock_now_ns(), records = 0;
	struct simulation *sim = NULL;
	struct simulate_sink *sink = NULL;
	struct error e = { 0 };
	double seconds;
	int r, closed;

	r = traffic.recommendations ? read_key(ctx->settings, traffic.person_key, &e) : 0;
	if (r == 0)
		r = simulate_sink_open(ctx->settings, opt->to_kafka, opt->file, &sink, &e);
	if (r < 0)
		return command_failed("%s", e.text);
	sim = simulation_new(&traffic);
	r = send_all(sim, sink, &records, &e);
	closed = simulate_sink_close(sink, &e);
	if (r == 0 && closed == 0 && opt->truth)
		r = write_truth(sim, opt->truth, &e);
	simulation_free(sim);
	if (r < 0 || closed < 0)
		return command_failed("%s", e.text);
	seconds = (double)(clock_now_ns() - began) / 1e9;
	fprintf(stderr, "%llu records in %.2f s, %.0f a second\n", (unsigned long long)records, seconds,
		(double)records / (seconds > 0 ? seconds : 1));
	return 0;
}

const struct command command_simulate = {
	.name = "simulate",
	.summary = "Make up a shop's traffic, the same for the same seed",
	.description =
		"Sessions of users and guests who view, search, fill carts, buy and return: 100 views to 5.5 cart-adds to 1.7\n"
		"purchases, items by Zipf's law, some guests who log in, 2 % exact copies, event times slightly out of order.\n"
		"The same options give the same bytes on every machine. Files hold one event a line; catalogue and stock are\n"
		"{\"topic\":..,\"key\":..,\"value\":..} lines. `aisle replay --from-file' reads them.\n"
		"\n"
		"Examples:\n"
		"  aisle simulate --events 1000 --seed 7\n"
		"  head -c 32 /dev/urandom >person.key\n"
		"  aisle simulate --events 100000 --recommendations --truth truth.json \\\n"
		"      --set person.key.file=person.key --to-file shop.ndjson\n"
		"  aisle simulate --events 5000000 --catalog --to-file shop.ndjson.gz\n"
		"  aisle simulate --events 100000 --to-kafka \\\n"
		"      --set kafka.bootstrap.servers=localhost:9092\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct simulate_command_options),
	.run = run,
};
