/* Dead letters back: the topic read from its beginning to its present end by a consumer of its own. */
#include "config/log.h"
#include "processor/dead_letters_internal.h"
#include "processor/kafka_ask.h"
#include "processor/kafka_conf.h"
#include "processor/sources.h"
#include "views/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define POLL_MS 100

/* A header as text in `buf`; "" when it is not there. */
static const char *header(const rd_kafka_headers_t *h, const char *name, char *buf, size_t n)
{
	const void *p = NULL;
	size_t len = 0;

	buf[0] = '\0';
	if (h && !rd_kafka_header_get_last(h, name, &p, &len) && p)
		snprintf(buf, n, "%.*s", (int)(len < n ? len : n - 1), (const char *)p);
	return buf;
}

static int give(const rd_kafka_message_t *m, dead_letter_each each, void *arg)
{
	char id[48], topic[512], partition[24], offset[24], timestamp[24], code[64], field[128], text[512], full[24];
	rd_kafka_headers_t *h = NULL;

	if (rd_kafka_message_headers(m, &h))
		h = NULL;
	snprintf(id, sizeof(id), "%d:%lld", m->partition, (long long)m->offset);
	header(h, "aisle-topic", topic, sizeof(topic));
	return each(arg, &(struct dead_letter){
				 .id = id,
				 .topic = topic,
				 .resend_topic = strncmp(topic, "file:", 5) ? topic : "",
				 .partition = (int32_t)strtol(header(h, "aisle-partition", partition, 24), NULL, 10),
				 .offset = strtoll(header(h, "aisle-offset", offset, 24), NULL, 10),
				 .timestamp_ms = strtoll(header(h, "aisle-timestamp", timestamp, 24), NULL, 10),
				 .code = header(h, "aisle-code", code, sizeof(code)),
				 .field = header(h, "aisle-field", field, sizeof(field)),
				 .text = header(h, "aisle-text", text, sizeof(text)),
				 .truncated_from = strtoull(header(h, "aisle-truncated-from", full, 24), NULL, 10),
				 .key = { m->key, (uint32_t)m->key_len },
				 .value = m->payload,
				 .value_len = m->len,
			 });
}

static int no_answer(struct error *e)
{
	char why[KAFKA_WORDS_BYTES];

	return error_set(e, ERR_SOURCE_RETRY, "kafka.bootstrap.servers",
			 "the broker does not answer; is kafka.bootstrap.servers right? %s",
			 kafka_words(RD_KAFKA_RESP_ERR__TRANSPORT, why));
}

/* What there is to read of one partition. */
struct part {
	int64_t high; /* of later letters it is not known how many there will be */
	bool done;
};

static int look(rd_kafka_t *rk, const char *topic, struct part *parts, int n, int timeout_ms, struct error *e)
{
	for (int i = 0; i < n; i++) {
		int64_t low;

		if (kafka_ask_ends(rk, topic, i, &low, &parts[i].high, timeout_ms))
			return no_answer(e);
	}
	return 0;
}

static int take(const rd_kafka_message_t *m, struct part *parts, dead_letter_each each, void *arg, struct error *e)
{
	if (m->partition < 0)
		return 0;
	if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return error_set(e, ERR_SOURCE_RETRY, "topics.deadLetters", "cannot read '%s': %s",
				 rd_kafka_topic_name(m->rkt), rd_kafka_message_errstr(m));
	/* where the last offset is a transaction's end, or was compacted away, only the end of the partition tells */
	parts[m->partition].done |= m->err || m->offset >= parts[m->partition].high - 1;
	return m->err || m->offset >= parts[m->partition].high ? 0 : give(m, each, arg);
}

/* Until every partition is read as far as it went at first: one at its end says so again with each new letter. */
static int read_to_end(rd_kafka_t *rk, struct part *parts, int n, int timeout_ms, dead_letter_each each, void *arg,
		       struct error *e)
{
	int done = 0, silent_ms = 0, rc = 0;

	while (!rc && done < n) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, POLL_MS);

		silent_ms = m ? 0 : silent_ms + POLL_MS;
		if (silent_ms >= timeout_ms)
			return no_answer(e);
		if (!m)
			continue;
		rc = take(m, parts, each, arg, e);
		rd_kafka_message_destroy(m);
		while (done < n && parts[done].done)
			done++;
	}
	return rc;
}

static int read_topic(const struct settings *set, int timeout_ms, dead_letter_each each, void *arg, struct error *e)
{
	const char *topic = setting_string(set, SET_TOPIC_DEAD_LETTERS);
	rd_kafka_topic_partition_list_t *list = NULL;
	struct part *parts = NULL;
	rd_kafka_t *rk = NULL;
	rd_kafka_conf_t *conf;
	int32_t n;
	int rc;

	rc = kafka_conf_make(set, KAFKA_CONSUMER, &conf, e);
	if (!rc)
		rc = kafka_client_new(RD_KAFKA_CONSUMER, conf, &rk, e);
	if (rc)
		return rc;
	if (kafka_ask_partitions(rk, topic, &n, timeout_ms))
		rc = no_answer(e);
	else if (n == 0)
		log_warn("topic does not exist, it is taken as empty", "setting=topics.deadLetters topic=%s", topic);
	if (rc || n == 0)
		goto out;
	parts = xcalloc((size_t)n, sizeof(*parts));
	rc = look(rk, topic, parts, n, timeout_ms, e);
	if (rc)
		goto out;
	rd_kafka_poll_set_consumer(rk);
	list = rd_kafka_topic_partition_list_new(n);
	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
	if (rd_kafka_assign(rk, list))
		rc = error_set(e, ERR_SOURCE_OPEN, "topics.deadLetters", "cannot read '%s'", topic);
	else
		rc = read_to_end(rk, parts, n, timeout_ms, each, arg, e);
	rd_kafka_topic_partition_list_destroy(list);
out:
	free(parts);
	kafka_client_destroy(rk);
	return rc;
}

/* ---- the letters of a rebuild ---- */

/* A record's letter may be there of its first reading and of each rebuild. */
struct seen {
	uint64_t fingerprint;
	int64_t offset, partition;
};

struct once {
	struct seen *v;
	size_t n, room;
	dead_letter_each each;
	void *arg;
};

uint64_t dead_letter_fingerprint(const struct dead_letter *l, const char *topic)
{
	struct record r = {
		.timestamp_ms = l->timestamp_ms, .key = l->key, .value = l->value, .value_len = l->value_len
	};

	return XXH3_64bits_withSeed(topic, strlen(topic), record_fingerprint(&r) + (uint32_t)l->partition);
}

static struct seen seen_of(const struct dead_letter *l)
{
	return (struct seen){ dead_letter_fingerprint(l, l->topic), l->offset, l->partition };
}

static int compare_seen(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct seen));
}

static int give_and_note(void *arg, const struct dead_letter *l)
{
	struct once *o = arg;

	ARRAY_GROW(o->v, o->n, o->room, 256);
	o->v[o->n++] = seen_of(l);
	return o->each(o->arg, l);
}

static int give_unless_seen(void *arg, const struct dead_letter *l)
{
	struct once *o = arg;
	struct seen key = seen_of(l);

	return o->n && bsearch(&key, o->v, o->n, sizeof(key), compare_seen) ? 0 : o->each(o->arg, l);
}

static int read_rebuilt(const struct settings *set, struct once *o, struct error *e)
{
	const char *store = setting_string(set, SET_STORE_PATH);
	char dir[GENERATION_PATH_MAX], prefix[32];
	unsigned n;
	int rc = generation_current(store, &n, e);

	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (o->n)
		qsort(o->v, o->n, sizeof(*o->v), compare_seen);
	generation_path(store, n, dir);
	snprintf(prefix, sizeof(prefix), "file@%u", n);
	return letters__file_read(set, dir, prefix, give_unless_seen, o, e);
}

int dead_letters_read(const struct settings *set, int timeout_ms, dead_letter_each each, void *arg, struct error *e)
{
	struct once o = { .each = each, .arg = arg };
	const char *store = setting_string(set, SET_STORE_PATH);
	int rc = generation_may_read(store, e);

	if (!rc)
		rc = letters__file_read(set, store, "file", give_and_note, &o, e);
	if (!rc && kafka_names_broker(set))
		rc = read_topic(set, timeout_ms, give_and_note, &o, e);
	if (!rc)
		rc = read_rebuilt(set, &o, e);
	free(o.v);
	return rc;
}
