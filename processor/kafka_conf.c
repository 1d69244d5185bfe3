#include "processor/kafka_conf.h"
#include "processor/sources.h"

#include "config/clock.h"
#include "config/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define END_PATIENCE_S 1
#define FAILURE_AGE_NS (60 * 1000000000ull) /* librdkafka says the same again every 30 s */

#define ROLE(r) (1u << (r))
#define CONSUMERS (ROLE(KAFKA_CONSUMER) | ROLE(KAFKA_PROBE))
#define EVERYONE (CONSUMERS | ROLE(KAFKA_PRODUCER))

struct preset {
	unsigned roles;
	const char *key, *value;
};

static const struct preset defaults[] = {
	{ EVERYONE, "client.id", "aisle" },
	{ EVERYONE, "socket.nagle.disable", "true" },
	{ EVERYONE, "socket.keepalive.enable", "true" },
	{ EVERYONE, "reconnect.backoff.max.ms", "2000" },
	{ EVERYONE, "log.connection.close", "true" }, /* the reason a connection ended: kafka_words() */
	{ CONSUMERS, "group.id", "aisle" },
	{ CONSUMERS, "topic.metadata.refresh.interval.ms", "30000" },
	{ ROLE(KAFKA_CONSUMER), "queued.min.messages", "1000000" },
	{ ROLE(KAFKA_CONSUMER), "queued.max.messages.kbytes", "131072" },
	{ ROLE(KAFKA_PRODUCER), "linger.ms", "1" },
	{ ROLE(KAFKA_PRODUCER), "message.max.bytes", "134217728" },
	{ ROLE(KAFKA_PRODUCER), "queue.buffering.max.kbytes", "524288" },
	{ ROLE(KAFKA_PRODUCER), "message.timeout.ms", "30000" },
};

static const struct preset required[] = {
	{ CONSUMERS, "enable.auto.commit", "false" },
	{ CONSUMERS, "enable.auto.offset.store", "false" },
	{ CONSUMERS, "auto.offset.reset", "error" },
	{ CONSUMERS, "isolation.level", "read_committed" },
	{ CONSUMERS, "check.crcs", "true" },
	{ CONSUMERS, "enable.partition.eof", "true" },
	{ CONSUMERS, "allow.auto.create.topics", "false" },
	{ CONSUMERS, "fetch.error.backoff.ms", "500" },
	{ ROLE(KAFKA_PRODUCER), "enable.idempotence", "true" },
	{ ROLE(KAFKA_PRODUCER), "acks", "all" },
	{ ROLE(KAFKA_PRODUCER), "partitioner", "murmur2_random" },
};

/*
 * After the user's settings: a probe reads a little and never waits. A small queue would be full after the first
 * record, and a client with a full queue sleeps up to a second.
 */
static const struct preset probe_limits[] = {
	{ ROLE(KAFKA_PROBE), "queued.min.messages", "10000" },
	{ ROLE(KAFKA_PROBE), "fetch.message.max.bytes", "1024" },
	{ ROLE(KAFKA_PROBE), "fetch.wait.max.ms", "5" },
	{ ROLE(KAFKA_PROBE), "fetch.min.bytes", "1" },
};

/* Other names that librdkafka takes for the same property. */
static const char *canonical(const char *key)
{
	if (!strcmp(key, "request.required.acks"))
		return "acks";
	if (!strcmp(key, "auto.commit.enable"))
		return "enable.auto.commit";
	if (!strcmp(key, "metadata.broker.list"))
		return "bootstrap.servers";
	return key;
}

static bool same_value(const char *key, const char *a, const char *b)
{
	if (!strcmp(key, "acks") && !strcmp(a, "-1"))
		a = "all";
	return !strcasecmp(a, b);
}

static const struct preset *required_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!strcmp(required[i].key, key))
			return &required[i];
	return NULL;
}

static int set_one(rd_kafka_conf_t *conf, const char *key, const char *value, struct error *e)
{
	char field[sizeof(e->field)], why[200];

	if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	snprintf(field, sizeof(field), "kafka.%s", key);
	return error_set(e, ERR_BAD_SETTING, field, "kafka.%s: %s", key, why);
}

static int set_all(rd_kafka_conf_t *conf, enum kafka_role role, const struct preset *v, size_t n, struct error *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		if (v[i].roles & ROLE(role))
			rc = set_one(conf, v[i].key, v[i].value, e);
	return rc;
}

static int set_users_one(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *e)
{
	const char *key = canonical(name);
	const struct preset *must = required_find(key);
	char field[sizeof(e->field)];

	if (!must)
		return set_one(conf, name, value, e);
	if (same_value(key, value, must->value))
		return 0;
	snprintf(field, sizeof(field), "kafka.%s", name);
	return error_set(e, ERR_BAD_SETTING, field, "kafka.%s must be '%s', which correct answers need; remove it",
			 name, must->value);
}

bool kafka_names_broker(const struct settings *set)
{
	const char *name, *value;

	for (size_t i = 0; settings_kafka(set, i, &name, &value); i++)
		if (!strcmp(canonical(name), "bootstrap.servers") && *value)
			return true;
	return false;
}

static int set_users(rd_kafka_conf_t *conf, const struct settings *set, struct error *e)
{
	const char *name, *value;
	int rc = 0;

	for (size_t i = 0; !rc && settings_kafka(set, i, &name, &value); i++)
		rc = set_users_one(conf, name, value, e);
	if (!rc && !kafka_names_broker(set))
		rc = error_set(e, ERR_BAD_SETTING, "kafka.bootstrap.servers",
			       "kafka.bootstrap.servers is not set; give it as host:port[,host:port]");
	return rc;
}

/* Why a connection failed last: what librdkafka returns is a transport failure whatever it was. */
static struct {
	pthread_mutex_t lock;
	uint64_t at_ns;
	char text[KAFKA_WORDS_BYTES];
} failure = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A listener that is spoken to in another protocol hangs up, now before a request is sent and now while it is. */
static bool says_less(const char *text)
{
	return strstr(failure.text, "security.protocol") && strstr(text, ": Send failed");
}

/* A broker that accepts and stays silent is taken for an old one by librdkafka, whose words begin with "HOST:PORT/ID". */
static void failure_write(const char *words)
{
	const char *silent = strstr(words, ": ApiVersionRequest failed: Local: Timed out");
	const char *id = silent ? memrchr(words, '/', (size_t)(silent - words)) : NULL;

	if (silent)
		snprintf(failure.text, sizeof(failure.text), "the broker at %.*s does not answer",
			 (int)((id ? id : silent) - words), words);
	else
		snprintf(failure.text, sizeof(failure.text), "%s", words);
}

static void failure_keep(const char *text)
{
	const char *words = strstr(text, "]: "); /* behind the name of a thread */
	char *state;

	pthread_mutex_lock(&failure.lock);
	failure.at_ns = clock_now_ns();
	if (!says_less(text))
		failure_write(words ? words + 3 : text);
	state = strstr(failure.text, " (after ");
	if (state)
		*state = '\0';
	pthread_mutex_unlock(&failure.lock);
}

const char *kafka_words(rd_kafka_resp_err_t err, char ret[KAFKA_WORDS_BYTES])
{
	bool connection = err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__TIMED_OUT;

	pthread_mutex_lock(&failure.lock);
	if (connection && failure.at_ns && clock_now_ns() - failure.at_ns < FAILURE_AGE_NS)
		snprintf(ret, KAFKA_WORDS_BYTES, "%s", failure.text);
	else
		snprintf(ret, KAFKA_WORDS_BYTES, "%s", rd_kafka_err2str(err));
	pthread_mutex_unlock(&failure.lock);
	return ret;
}

/* librdkafka repeats itself while a broker is away; our own lines say what matters, so its words are for debugging. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	if (!strcmp(facility, "FAIL"))
		failure_keep(text);
	if (level <= 2)
		log_error("kafka client", "facility=%s text=\"%s\"", facility, text);
	else
		log_debug("kafka client", "level=%d facility=%s text=\"%s\"", level, facility, text);
}

int kafka_conf_make(const struct settings *set, enum kafka_role role, rd_kafka_conf_t **ret, struct error *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc;

	rd_kafka_conf_set_log_cb(conf, on_log);
	rc = set_all(conf, role, defaults, ARRAY_SIZE(defaults), e);
	if (!rc)
		rc = set_users(conf, set, e);
	if (!rc && role == KAFKA_PROBE)
		rc = set_all(conf, role, probe_limits, ARRAY_SIZE(probe_limits), e);
	if (!rc)
		rc = set_all(conf, role, required, ARRAY_SIZE(required), e);
	if (rc) {
		rd_kafka_conf_destroy(conf);
		return rc;
	}
	*ret = conf;
	return 0;
}

int kafka_settings_usable(const struct settings *set, struct error *e)
{
	rd_kafka_conf_t *conf;
	int rc = kafka_conf_make(set, KAFKA_CONSUMER, &conf, e);

	if (!rc)
		rd_kafka_conf_destroy(conf);
	return rc;
}

int kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct error *e)
{
	char why[200];
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof(why));

	if (!rk) {
		rd_kafka_conf_destroy(conf);
		return error_set(e, ERR_SOURCE_OPEN, "kafka", "cannot make a Kafka client: %s", why);
	}
	*ret = rk;
	return 0;
}

/* A client made as it would be, but that it knows no broker: of settings that only together are wrong, or name files. */
static int try_client(const struct settings *set, enum kafka_role role, struct error *e)
{
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk = NULL;
	int rc = kafka_conf_make(set, role, &conf, e);

	if (rc)
		return rc;
	rd_kafka_conf_set(conf, "bootstrap.servers", "", NULL, 0);
	rc = kafka_client_new(role == KAFKA_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, &rk, e);
	if (!rc)
		rd_kafka_destroy(rk);
	return rc;
}

void kafka_settings_check(const struct settings *set, void (*bad)(void *arg, const char *text), void *arg)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const char *name, *value;
	struct error e = { 0 };
	char text[sizeof(e.text) + 512];
	bool good = true;

	for (size_t i = 0; settings_kafka(set, i, &name, &value); i++) {
		if (!set_users_one(conf, name, value, &e))
			continue;
		good = false;
		snprintf(text, sizeof(text), "%s: %s", settings_kafka_origin(set, i), e.text);
		bad(arg, text);
		e = (struct error){ 0 };
	}
	rd_kafka_conf_destroy(conf);
	if (good && kafka_names_broker(set) &&
	    (try_client(set, KAFKA_CONSUMER, &e) || try_client(set, KAFKA_PRODUCER, &e)))
		bad(arg, e.text);
}

/* librdkafka 2.0.2 now and then never ends a client, after a topic it read was deleted: do not end with it. */
struct ending {
	rd_kafka_t *rk;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool has_ended, left;
};

static void *end_client(void *arg)
{
	struct ending *en = arg;
	bool left;

	rd_kafka_destroy_flags(en->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	pthread_mutex_lock(&en->lock);
	en->has_ended = true;
	left = en->left;
	pthread_cond_signal(&en->ended);
	pthread_mutex_unlock(&en->lock);
	if (left)
		free(en);
	return NULL;
}

void kafka_client_destroy(rd_kafka_t *rk)
{
	struct ending *en;
	struct timespec until;
	pthread_t thread;
	bool left;
	int rc = 0;

	if (!rk)
		return;
	en = xcalloc(1, sizeof(*en));
	en->rk = rk;
	pthread_mutex_init(&en->lock, NULL);
	pthread_cond_init(&en->ended, NULL);
	if (pthread_create(&thread, NULL, end_client, en)) {
		end_client(en);
		free(en);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += END_PATIENCE_S;
	pthread_mutex_lock(&en->lock);
	while (!en->has_ended && rc == 0)
		rc = pthread_cond_clockwait(&en->ended, &en->lock, CLOCK_MONOTONIC, &until);
	left = en->left = !en->has_ended;
	pthread_mutex_unlock(&en->lock);
	if (left) {
		log_warn("kafka client does not end, it is left behind", "seconds=%d", END_PATIENCE_S);
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	free(en);
}
