#include "cmd/command.h"
#include "schemas/suggest.h"
#include "processor/dead_letters.h"
#include "processor/sources.h"
#include "schemas/decode.h"
#include "schemas/json_keys.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MS 15000
#define SHOWN_BYTES 200

struct dlq_options {
	const char *verb;
	const char **ids;
	size_t n;
	const char *code;
	bool all, json;
};

/* A code that is none would find no letters and look like good news. */
static void check_code(const char *code, struct argp_state *state)
{
	const char *slugs[ERROR_COUNT], *near;

	for (int i = 0; i < ERROR_COUNT; i++) {
		slugs[i] = error_slug(-1 - i);
		if (!strcmp(code, slugs[i]))
			return;
	}
	near = suggest_nearest(code, slugs, ERROR_COUNT);
	argp_error(state, "no code '%s'%s%s%s", code, near ? ", did you mean '" : "", near ? near : "",
		   near ? "'?" : "");
}

static bool is_id(const char *text)
{
	int topic = 0, file = 0, rebuilt = 0;

	sscanf(text, "%*[0-9]:%*[0-9]%n", &topic);
	sscanf(text, "file:%*[0-9]%n", &file);
	sscanf(text, "file@%*[0-9]:%*[0-9]%n", &rebuilt);
	return *text && (int)strlen(text) == topic + file + rebuilt;
}

static error_t dlq_parse(int key, char *arg, struct argp_state *state)
{
	struct dlq_options *opt = state->input;

	switch (key) {
	case 'a':
		opt->all = true;
		return 0;
	case 'j':
		opt->json = true;
		return 0;
	case 'c':
		check_code(arg, state);
		opt->code = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (!opt->verb) {
			opt->verb = arg;
			return 0;
		}
		if (!is_id(arg))
			argp_error(state, "'%s' is no id: PARTITION:OFFSET, file:LINE or file@GENERATION:LINE", arg);
		opt->ids = xrealloc(opt->ids, (opt->n + 1) * sizeof(*opt->ids));
		opt->ids[opt->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opt->verb ||
		    (strcmp(opt->verb, "list") && strcmp(opt->verb, "show") && strcmp(opt->verb, "resend")))
			argp_error(state, "say list, show or resend");
		else if (strcmp(opt->verb, "list") && !opt->n && !opt->all)
			argp_error(state, "%s needs ids as `aisle dlq list' prints them, or --all", opt->verb);
		else if (opt->n && opt->all)
			argp_error(state, "ids and --all exclude one another");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct dlq {
	const struct dlq_options *opt;
	struct publisher *publisher;
	bool *found; /* by place in opt->ids */
	void *sent;  /* fingerprints, of tsearch */
	size_t seen, chosen;
	int failed; /* sends that the broker refused */
};

static bool is_chosen(struct dlq *q, const struct dead_letter *l)
{
	bool named = q->opt->n == 0;

	for (size_t i = 0; i < q->opt->n; i++) {
		bool same = !strcmp(q->opt->ids[i], l->id);

		named |= same;
		q->found[i] |= same;
	}
	return named && (!q->opt->code || !strcmp(q->opt->code, l->code));
}

/* Bytes for a person: what is not printable ASCII becomes \xNN. */
static void print_bytes(const void *p, size_t n, size_t most)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n && i < most; i++) {
		if (b[i] >= 0x20 && b[i] < 0x7f)
			putchar(b[i]);
		else
			printf("\\x%02x", b[i]);
	}
	if (n > most)
		printf("... (%zu bytes)", n);
}

static void print_text(const struct dead_letter *l, bool whole)
{
	char when[32] = "-";

	if (l->timestamp_ms >= 0)
		format_rfc3339(l->timestamp_ms, when);
	if (!whole) {
		printf("%-12s %-24s %-20s %s[%d]@%lld  %s\n", l->id, when, l->code, l->topic, l->partition,
		       (long long)l->offset, l->text);
		return;
	}
	printf("id         %s\nfrom       %s[%d]@%lld\ntimestamp  %s\n", l->id, l->topic, l->partition,
	       (long long)l->offset, when);
	printf("code       %s\nfield      %s\ntext       %s\nkey        ", l->code, l->field, l->text);
	print_bytes(l->key.p, l->key.n, SHOWN_BYTES);
	printf("\nbytes      %zu%s\nvalue      ", l->value_len,
	       l->truncated_from ? " (only the beginning was kept)" : "");
	print_bytes(l->value, l->value_len, isatty(STDOUT_FILENO) ? SHOWN_BYTES * 10 : SIZE_MAX);
	printf("\n\n");
}

static void json_hex(struct json_out *j, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *b = p;
	char *hex = xmalloc(2 * n + 1);

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[b[i] >> 4];
		hex[2 * i + 1] = digits[b[i] & 15];
	}
	hex[2 * n] = '\0';
	json_out_text(j, hex);
	free(hex);
}

static void print_json(const struct dead_letter *l, bool whole)
{
	struct json_out j = { 0 };
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "id", l->id }, { "topic", l->topic }, { "code", l->code }, { "field", l->field }, { "text", l->text }
	};

	json_out_object(&j);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		key_text(&j, texts[i].name, texts[i].value);
	key_int(&j, "partition", l->partition);
	key_int(&j, "offset", l->offset);
	key_int(&j, "timestamp", l->timestamp_ms);
	key_int(&j, "bytes", (int64_t)l->value_len);
	key_int(&j, "truncatedFrom", (int64_t)l->truncated_from);
	if (whole) {
		json_out_key(&j, "keyHex");
		json_hex(&j, l->key.p, l->key.n);
		json_out_key(&j, "valueHex");
		json_hex(&j, l->value, l->value_len);
	}
	json_out_end_object(&j);
	fwrite(j.p, 1, j.n, stdout);
	putchar('\n');
	json_out_fini(&j);
}

static int print_one(void *arg, const struct dead_letter *l)
{
	struct dlq *q = arg;
	bool whole = !strcmp(q->opt->verb, "show");

	q->seen++;
	if (!is_chosen(q, l))
		return 0;
	q->chosen++;
	if (q->opt->json)
		print_json(l, whole);
	else
		print_text(l, whole);
	return ferror(stdout) ? ERR_IO : 0;
}

static void on_sent(void *arg, int code, int32_t partition, int64_t offset)
{
	(void)partition;
	(void)offset;
	if (code)
		__atomic_fetch_add(&((struct dlq *)arg)->failed, 1, __ATOMIC_RELAXED);
}

static int compare_prints(const void *a, const void *b)
{
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* A record that was sent again and still cannot be read has another letter for each time. */
static bool was_sent(struct dlq *q, const struct dead_letter *l)
{
	void *print = (void *)(uintptr_t)dead_letter_fingerprint(l, l->resend_topic); /* NOLINT: a number */

	if (tfind(print, &q->sent, compare_prints))
		return true;
	tsearch(print, &q->sent, compare_prints);
	return false;
}

static void forget(void *print)
{
	(void)print;
}

static int send_one(struct dlq *q, const struct dead_letter *l)
{
	struct publisher *p = q->publisher;
	int64_t ts = l->timestamp_ms > 0 ? l->timestamp_ms : 0;
	int32_t partition = strcmp(l->topic, l->resend_topic) ? -1 : l->partition; /* a file's record was on none */

	return p->ops->send(p, l->resend_topic, partition, l->key, l->value, l->value_len, ts, NULL, 0, on_sent, q);
}

static int resend_one(void *arg, const struct dead_letter *l)
{
	struct dlq *q = arg;
	int rc;

	q->seen++;
	if (!is_chosen(q, l))
		return 0;
	if (!l->resend_topic[0] || l->truncated_from) {
		fprintf(stderr, "aisle: %s is left where it is: %s\n", l->id,
			l->truncated_from ? "only its beginning was kept" : "nobody reads its topic");
		return 0;
	}
	if (q->opt->all && was_sent(q, l))
		return 0;
	q->chosen++;
	while ((rc = send_one(q, l)) == ERR_QUEUE_FULL)
		if (q->publisher->ops->flush(q->publisher, ANSWER_MS))
			return ERR_PRODUCE;
	if (rc == ERR_TOO_LARGE)
		fprintf(stderr, "aisle: %s is not taken: it is larger than kafka.message.max.bytes\n", l->id);
	else if (rc)
		fprintf(stderr, "aisle: %s is not taken: is there a partition %d of '%s'?\n", l->id, l->partition,
			l->resend_topic);
	if (rc)
		on_sent(q, rc, -1, -1);
	return 0;
}

static int look_one(void *arg, const struct dead_letter *l)
{
	struct dlq *q = arg;

	q->seen++;
	is_chosen(q, l);
	return 0;
}

static int check_found(const struct dlq *q, const char *then, struct error *e)
{
	for (size_t i = 0; i < q->opt->n; i++)
		if (!q->found[i])
			return error_set(e, ERR_NOT_FOUND, "", "'%s' is none of the %zu dead letters%s", q->opt->ids[i],
					 q->seen, then);
	return 0;
}

/* All ids must be there before the first is sent, so that the command can be repeated. */
static int check_ids(const struct dlq *q, const struct settings *set, struct error *e)
{
	struct dlq look = { .opt = q->opt, .found = q->found };
	int rc = q->opt->n ? dead_letters_read(set, ANSWER_MS, look_one, &look, e) : 0;

	return rc ? rc : check_found(&look, "; nothing was sent", e);
}

static int resend(struct dlq *q, const struct settings *set, struct error *e)
{
	int rc;

	command_goes_on();
	rc = publisher_kafka_open(set, &q->publisher, e);
	if (rc)
		return rc;
	rc = check_ids(q, set, e);
	if (!rc)
		rc = dead_letters_read(set, ANSWER_MS, resend_one, q, e);
	if (!rc)
		rc = q->publisher->ops->flush(q->publisher, ANSWER_MS);
	q->publisher->ops->close(q->publisher);
	if (!rc && q->failed)
		rc = ERR_PRODUCE;
	return error_set(e, rc, "", "%s",
			 rc == ERR_PRODUCE ? "the broker did not take every record; resend again" : error_text(rc));
}

static void print_sent(const struct dlq *q)
{
	if (q->opt->json)
		printf("{\"sent\":%zu}\n", q->chosen);
	else
		printf("%zu sent again\n", q->chosen);
}

/* No letters would look like good news where nobody was asked for them. */
static int check_places(const struct settings *set, struct error *e)
{
	bool have_topic = kafka_names_broker(set);
	const char *path = setting_string(set, SET_STORE_PATH);

	if (access(path, F_OK) && !have_topic)
		return error_set(e, ERR_BAD_SETTING, "kafka.bootstrap.servers",
				 "kafka.bootstrap.servers is not set, and store '%s' does not exist: there is nothing "
				 "to read",
				 path);
	if (access(path, F_OK))
		fprintf(stderr, "aisle: store '%s' does not exist: only letters of the topic are read\n", path);
	else if (!have_topic)
		fprintf(stderr,
			"aisle: kafka.bootstrap.servers is not set: only letters of replays in store '%s' are read\n",
			path);
	return 0;
}

static int dlq_run(struct command_context *ctx)
{
	const struct dlq_options *opt = ctx->options;
	struct dlq q = { .opt = opt, .found = xcalloc(opt->n + 1, sizeof(bool)) };
	struct error e = { 0 };
	int rc;

	if (!strcmp(opt->verb, "resend")) {
		rc = resend(&q, ctx->settings, &e);
		if (!rc)
			print_sent(&q);
	} else {
		rc = check_places(ctx->settings, &e);
		if (!rc)
			rc = dead_letters_read(ctx->settings, ANSWER_MS, print_one, &q, &e);
	}
	if (!rc)
		rc = check_found(&q, "", &e);
	tdestroy(q.sent, forget);
	free(q.found);
	free(opt->ids);
	return rc && !ferror(stdout) ? command_failed("%s", e.text[0] ? e.text : error_text(rc)) : 0;
}

static const struct argp_option dlq_own_options[] = {
	{ "all", 'a', NULL, 0, "All letters, which `list' has without it; resend: each record once", 0 },
	{ "code", 'c', "CODE", 0, "Only letters of this code, such as bad-json", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a line; bytes as hex", 0 },
	{ 0 },
};

const struct command command_dlq = {
	.name = "dlq",
	.summary = "List, show and send again the records that could not be read",
	.usage = "list|show|resend [ID...]",
	.description =
		"Reads the topic topics.deadLetters, and dead-letters.ndjson in the store's directory, where replayed files "
		"left theirs, and in the current generation's, where a rebuild left those that are in neither. A letter's id is "
		"PARTITION:OFFSET, file:LINE or file@GENERATION:LINE. `resend' sends the record's own bytes, key and "
		"timestamp to the topic and partition it came from (a file's by its key). The letter itself stays, and a record that still cannot be read has "
		"one more: `resend --all' sends each record once however many it has, those that were mended before as well, so "
		"name ids or a code.\n\n"
		"Examples:\n"
		"  aisle dlq list\n"
		"  aisle dlq list --code bad-json --json\n"
		"  aisle dlq show 0:17\n"
		"  aisle dlq resend 0:17 2:4\n"
		"  aisle dlq resend --all --code unknown-event-type\n",
	.options = dlq_own_options,
	.parse = dlq_parse,
	.options_size = sizeof(struct dlq_options),
	.run = dlq_run,
};
