/* Dead letters out: kept until the topic has acknowledged them, or written to a file. */
#include "processor/dead_letters_internal.h"

#include "config/clock.h"
#include "config/log.h"
#include "schemas/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define RESEND_PAUSE_MS 500
#define WAIT_MS 100
#define STOPPED_NS UINT64_C(2000000000)  /* patience when asked to stop */
#define PATIENCE_NS UINT64_C(2000000000) /* a topic that answers takes less */
#define COMPLAIN_EVERY_NS UINT64_C(10000000000)

enum letter_state { LETTER_SENDING, LETTER_DONE, LETTER_FAILED, LETTER_TOO_LARGE, LETTER_ABANDONED };

struct letter {
	struct letter *next;
	atomic_int state;
	size_t key_len, value_len, full_len; /* full_len: of both, before they were cut */
	bool has_key, has_value;
	int64_t timestamp_ms;
	char topic[512], partition[16], offset[24], timestamp[24], code[32], field[64], text[256], full[24];
	char bytes[]; /* key, value */
};

struct dead_letters {
	struct publisher *publisher;
	const char *topic;
	struct letter *first, **end;
	size_t bytes;
	uint64_t complained_ns;
	struct letters_file *file;
	dead_letters_wait waiting;
	void *waiting_arg;
};

int dead_letters_open(struct publisher *publisher, const char *topic, const char *dir, struct dead_letters **ret,
		      struct error *e)
{
	struct dead_letters *d = xcalloc(1, sizeof(*d));
	int rc = 0;

	d->publisher = publisher;
	d->topic = topic;
	d->end = &d->first;
	if (!publisher)
		rc = letters__file_open(dir, &d->file, e);
	if (rc) {
		free(d);
		return rc;
	}
	*ret = d;
	return 0;
}

void dead_letters_close(struct dead_letters *d)
{
	if (!d)
		return;
	for (struct letter *l = d->first, *next; l; l = next) {
		int sending = LETTER_SENDING;

		next = l->next;
		if (!atomic_compare_exchange_strong(&l->state, &sending, LETTER_ABANDONED))
			free(l);
	}
	letters__file_close(d->file);
	free(d);
}

static void on_done(void *arg, int code, int32_t partition, int64_t offset)
{
	struct letter *l = arg;
	int sending = LETTER_SENDING;
	int next = !code ? LETTER_DONE : code == ERR_TOO_LARGE ? LETTER_TOO_LARGE : LETTER_FAILED;

	(void)partition;
	(void)offset;
	if (!atomic_compare_exchange_strong(&l->state, &sending, next))
		free(l);
}

static void send(struct dead_letters *d, struct letter *l)
{
	struct header h[8] = {
		{ "aisle-topic", str_of(l->topic) },   { "aisle-partition", str_of(l->partition) },
		{ "aisle-offset", str_of(l->offset) }, { "aisle-timestamp", str_of(l->timestamp) },
		{ "aisle-code", str_of(l->code) },     { "aisle-field", str_of(l->field) },
		{ "aisle-text", str_of(l->text) },     { "aisle-truncated-from", str_of(l->full) },
	};
	struct str key = { l->has_key ? l->bytes : NULL, (uint32_t)l->key_len };
	const void *value = l->has_value ? l->bytes + l->key_len : NULL;
	size_t headers = l->full[0] ? 8 : 7;
	int rc;

	atomic_store(&l->state, LETTER_SENDING);
	rc = d->publisher->ops->send(d->publisher, d->topic, -1, key, value, l->value_len, l->timestamp_ms, h, headers,
				     on_done, l);
	if (rc)
		atomic_store(&l->state, rc == ERR_TOO_LARGE ? LETTER_TOO_LARGE : LETTER_FAILED);
}

static struct letter *letter_make(const struct record *r, const char *log_name, const struct error *why)
{
	struct letter *l = xmalloc(sizeof(*l) + r->key.n + r->value_len);

	memset(l, 0, sizeof(*l));
	l->key_len = r->key.n;
	l->value_len = r->value_len;
	l->full_len = r->key.n + r->value_len;
	l->has_key = r->key.p != NULL;
	l->has_value = r->value != NULL;
	l->timestamp_ms = r->timestamp_ms > 0 ? r->timestamp_ms : 0;
	snprintf(l->topic, sizeof(l->topic), "%s", log_name);
	snprintf(l->partition, sizeof(l->partition), "%d", r->partition);
	snprintf(l->offset, sizeof(l->offset), "%" PRId64, r->offset);
	snprintf(l->timestamp, sizeof(l->timestamp), "%" PRId64, r->timestamp_ms);
	snprintf(l->code, sizeof(l->code), "%s", error_slug(why->code));
	snprintf(l->field, sizeof(l->field), "%s", why->field);
	snprintf(l->text, sizeof(l->text), "%s", why->text[0] ? why->text : error_text(why->code));
	if (r->key.n)
		memcpy(l->bytes, r->key.p, r->key.n);
	if (r->value_len)
		memcpy(l->bytes + r->key.n, r->value, r->value_len);
	return l;
}

bool dead_letters_add(struct dead_letters *d, const struct record *r, const char *log_name, const struct error *why)
{
	struct letter *l;

	if (d->file) {
		letters__file_add(d->file, r, log_name, why);
		return false;
	}
	l = letter_make(r, log_name, why);
	*d->end = l;
	d->end = &l->next;
	d->bytes += sizeof(*l) + r->key.n + r->value_len;
	FAULT_POINT("letter:unsent");
	send(d, l);
	FAULT_POINT("letter:sent");
	return d->bytes >= LETTERS_BYTES_MAX;
}

/* The topic takes no record of that size: send its beginning and say so. */
static void cut(struct letter *l)
{
	size_t *len = l->value_len ? &l->value_len : &l->key_len, n = *len / 2;

	if (!l->full[0])
		log_warn("dead letter is too large for its topic, only its beginning is kept",
			 "topic=%s partition=%s offset=%s bytes=%zu", l->topic, l->partition, l->offset, l->full_len);
	/* halved as long as that is too large too; of the key there is less when no value is left */
	*len = n < LETTER_TRUNCATED_BYTES ? n : LETTER_TRUNCATED_BYTES;
	snprintf(l->full, sizeof(l->full), "%zu", l->full_len);
}

static void complain(struct dead_letters *d, size_t letters)
{
	uint64_t now = clock_now_ns();

	if (d->complained_ns && now - d->complained_ns < COMPLAIN_EVERY_NS)
		return;
	d->complained_ns = now;
	log_warn("dead-letter topic takes nothing, the log is read no further until it does", "topic=%s letters=%zu",
		 d->topic, letters);
}

void dead_letters_on_wait(struct dead_letters *d, dead_letters_wait waiting, void *arg)
{
	d->waiting = waiting;
	d->waiting_arg = arg;
}

/* So many letters are not acknowledged yet. */
static void tell_waiting(struct dead_letters *d, size_t letters, uint64_t since_ns)
{
	bool is_long = clock_now_ns() - since_ns > PATIENCE_NS;
	char why[256];

	if (is_long)
		complain(d, letters);
	snprintf(why, sizeof(why), "dead-letter topic '%.150s' takes nothing", d->topic);
	if (d->waiting)
		d->waiting(d->waiting_arg, is_long ? why : NULL);
}

/* One pass: drop what is safe, send again what failed; returns how many are left, *failed how many had failed. */
static size_t sweep(struct dead_letters *d, size_t *failed)
{
	struct letter **at = &d->first;
	size_t left = 0;

	while (*at) {
		struct letter *l = *at;
		int state = atomic_load(&l->state);

		if (state == LETTER_DONE) {
			*at = l->next;
			free(l);
			continue;
		}
		if (state == LETTER_TOO_LARGE && l->value_len + l->key_len) {
			cut(l);
			send(d, l);
		} else if (state != LETTER_SENDING) {
			++*failed;
		}
		left++;
		at = &l->next;
	}
	d->end = at;
	return left;
}

static void resend_failed(struct dead_letters *d)
{
	clock_rest_ms(RESEND_PAUSE_MS);
	for (struct letter *l = d->first; l; l = l->next)
		if (atomic_load(&l->state) != LETTER_SENDING && atomic_load(&l->state) != LETTER_DONE)
			send(d, l);
}

/* Until all are answered, or for WAIT_MS; in flushes of a millisecond, since others' sends are not to be waited for. */
static void await_answers(const struct dead_letters *d)
{
	int ms = 0;

	for (struct letter *l = d->first; l; l = l->next)
		while (atomic_load(&l->state) == LETTER_SENDING && ms++ < WAIT_MS)
			(void)d->publisher->ops->flush(d->publisher, 1); /* seen in the letters' own states */
}

int dead_letters_settle(struct dead_letters *d, const atomic_bool *stop, struct error *e)
{
	size_t failed = 0, left;
	uint64_t began_ns = clock_now_ns(), stopped_ns = 0;

	if (d->file)
		return letters__file_sync(d->file, e);
	while ((left = sweep(d, &failed)) > 0) {
		if (atomic_load(stop) && !stopped_ns)
			stopped_ns = clock_now_ns();
		if (stopped_ns && clock_now_ns() - stopped_ns > STOPPED_NS)
			return error_set(e, ERR_SOURCE_RETRY, "topics.deadLetters",
					 "stopped before dead letters were acknowledged");
		tell_waiting(d, left, began_ns);
		if (failed)
			resend_failed(d);
		failed = 0;
		await_answers(d);
	}
	if (d->complained_ns)
		log_info("dead-letter topic takes records again", "topic=%s", d->topic);
	d->complained_ns = 0;
	d->bytes = 0;
	return 0;
}
