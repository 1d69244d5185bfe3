/*
 * bench_live - event to visible answer: traffic at a steady rate into Kafka, and probes that wait until they see
 * themselves in an answer.
 *
 *     bench_live BROKERS TOPIC ECHO_TOPIC HTTP_PORT RATE SECONDS
 *
 * One thread sends RATE simulated events a second, made before the clock starts, in portions of a millisecond. Another
 * sends, every 30 to 90 ms, a view by a user nobody has seen, and asks recently-viewed of every user not yet
 * answered for, over one connection, with half a millisecond between rounds; who waited long is asked for less often, or asking
 * for many late ones would take the time that they wait for. Latency is from before the probe is
 * handed to its producer (linger 0) to the end of the first answer that holds it. The first two seconds have no probes.
 * At the end probes may come in for GRACE_S more; those that do not are counted with the time they waited.
 * The limit: each probe also goes to ECHO_TOPIC, of one partition, and a consumer of librdkafka alone waits for it.
 *
 * Prints "begun" when the events begin, and one line of JSON at the end. Whether a rate is kept shows in the two halves:
 * late probes wait no longer than early ones.
 */
#include "config/clock.h"
#include "processor/simulate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_S 2
#define GRACE_S 15
#define PATIENCE 32 /* a probe is asked for again after this part of the time that it has waited */
#define PROBES_MAX 4096
#define ANSWER_MAX (1u << 20)
#define CONNECTION_TIMEOUT_S 10

struct message {
	char *key, *value;
	size_t key_len, value_len;
};

struct traffic {
	const char *brokers, *topic;
	struct message *messages;
	uint64_t n, rate;
	_Atomic uint64_t sent;
	double took_s;
	atomic_bool done;
};

struct probe {
	char name[48];
	double sent, seen, echoed; /* 0: not yet */
	double next;               /* ask no earlier */
};

struct probing {
	rd_kafka_t *rk;
	const char *brokers, *topic, *echo_topic;
	atomic_bool done;
	int fd;
	char *answer;    /* ANSWER_MAX + 1 */
	double behind_s; /* at the end of the traffic: age of the oldest probe that nobody has seen */
	struct probe v[PROBES_MAX];
	size_t n, first_open;
	unsigned named;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_live: %s: %s\n", what, why);
	exit(1);
}

static double seconds(void)
{
	return (double)clock_system.monotonic_ns(&clock_system) / 1e9;
}

static void nap(double s)
{
	if (s > 0)
		nanosleep(&(struct timespec){ (time_t)s, (long)((s - (double)(time_t)s) * 1e9) }, NULL);
}

/* ---- Kafka ---- */

static void conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[256];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)))
		die("client", text);
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *brokers, const char *name, const char *value)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];
	rd_kafka_t *ret;

	conf_set(conf, "bootstrap.servers", brokers);
	conf_set(conf, "socket.nagle.disable", "true");
	conf_set(conf, name, value);
	if (type == RD_KAFKA_PRODUCER) {
		conf_set(conf, "partitioner", "murmur2_random");
		conf_set(conf, "queue.buffering.max.messages", "2000000");
		conf_set(conf, "queue.buffering.max.kbytes", "1048576");
	}
	ret = rd_kafka_new(type, conf, text, sizeof(text));
	if (!ret)
		die("client", text);
	return ret;
}

static void send_one(rd_kafka_t *rk, const char *topic, const struct message *m)
{
	rd_kafka_resp_err_t err;

	do {
		err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(m->key, m->key_len),
					RD_KAFKA_V_VALUE(m->value, m->value_len),
					RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		rd_kafka_poll(rk, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 1 : 0);
	} while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	if (err)
		die("produce", rd_kafka_err2str(err));
}

/* ---- traffic ---- */

static char *copy(struct str s)
{
	char *ret = xmalloc(s.n + 1);

	memcpy(ret, s.p, s.n);
	return ret;
}

/* Event times run with the clock of the run. The shop's people and items are those of `aisle simulate`. */
static void make_traffic(struct traffic *t, int64_t span_ms)
{
	struct simulate_options opt = {
		.events = t->n,
		.seed = (uint64_t)clock_system.monotonic_ns(&clock_system),
		.items = 100000,
		.users = 200000,
		.start_ms = clock_system.wall_ms(&clock_system),
		.span_ms = span_ms,
	};
	struct simulation *sim = simulation_new(&opt);
	struct simulated ev;

	t->messages = xcalloc(t->n, sizeof(*t->messages));
	for (uint64_t i = 0; i < t->n && simulation_next(sim, &ev); i++)
		t->messages[i] = (struct message){ copy(ev.key), copy(ev.value), ev.key.n, ev.value.n };
	simulation_free(sim);
}

static void *send_traffic(void *arg)
{
	struct traffic *t = arg;
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, t->brokers, "linger.ms", "5");
	double began;

	/* until it has connected messages wait in the client, and would come all at once */
	send_one(rk, t->topic, &t->messages[t->sent++]);
	rd_kafka_flush(rk, CONNECTION_TIMEOUT_S * 1000);
	began = seconds();
	while (t->sent < t->n) {
		uint64_t due = (uint64_t)((seconds() - began) * (double)t->rate);

		for (; t->sent < due && t->sent < t->n; t->sent++)
			send_one(rk, t->topic, &t->messages[t->sent]);
		nap(0.001);
	}
	rd_kafka_flush(rk, CONNECTION_TIMEOUT_S * 1000);
	t->took_s = seconds() - began;
	atomic_store(&t->done, true);
	rd_kafka_destroy(rk);
	return NULL;
}

/* ---- HTTP ---- */

static int connect_to(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval timeout = { CONNECTION_TIMEOUT_S, 0 };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		die("connect", strerror(errno));
	return fd;
}

/* Headers and body as one string, valid until the next. */
static const char *get(struct probing *p, const char *path)
{
	char request[256];
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
	size_t have = 0, want = 0;

	if (write(p->fd, request, (size_t)n) != n)
		die("request", strerror(errno));
	while (!want || have < want) {
		ssize_t got = read(p->fd, p->answer + have, ANSWER_MAX - have);
		const char *length, *end;

		if (got <= 0)
			die("answer", got ? strerror(errno) : "cut off");
		have += (size_t)got;
		p->answer[have] = '\0';
		end = want ? NULL : strstr(p->answer, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(p->answer, "content-length:");
		if (!length || length > end)
			die("answer", "no content-length");
		want = (size_t)(end + 4 - p->answer) + strtoul(length + 15, NULL, 10);
	}
	return p->answer;
}

/* ---- probes ---- */

static void send_probe(struct probing *p)
{
	struct probe *pr = &p->v[p->n++];
	char value[256];
	int n;

	snprintf(pr->name, sizeof(pr->name), "probe-%d-%u", (int)getpid(), ++p->named);
	n = snprintf(value, sizeof(value),
		     "{\"eventId\":\"%s\",\"type\":\"view\",\"eventTime\":%" PRId64
		     ",\"userId\":\"%s\",\"itemId\":\"%s\"}",
		     pr->name, clock_system.wall_ms(&clock_system), pr->name, pr->name);
	pr->sent = seconds();
	send_one(p->rk, p->topic, &(struct message){ pr->name, value, strlen(pr->name), (size_t)n });
	n = snprintf(value, sizeof(value), "%d %d", (int)getpid(), (int)(p->n - 1)) + 1;
	send_one(p->rk, p->echo_topic, &(struct message){ pr->name, value, strlen(pr->name), (size_t)n });
}

/* A thread: when the probes arrive at a plain consumer. Records of earlier runs have another name. */
static void *listen_for_echoes(void *arg)
{
	struct probing *p = arg;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, p->brokers, "group.id", "bench-echo");

	rd_kafka_topic_partition_list_add(list, p->echo_topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	while (!atomic_load(&p->done)) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 50);
		double now = seconds();
		int pid, i;

		if (m && !m->err && sscanf(m->payload, "%d %d", &pid, &i) == 2 && pid == (int)getpid())
			p->v[i].echoed = now;
		if (m)
			rd_kafka_message_destroy(m);
	}
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	return NULL;
}

static void look_for_probes(struct probing *p)
{
	for (size_t i = p->first_open; i < p->n; i++) {
		struct probe *pr = &p->v[i];
		char path[128], wanted[80];

		if (pr->seen > 0 || seconds() < pr->next)
			continue;
		snprintf(path, sizeof(path), "/v1/users/%s/recently-viewed", pr->name);
		snprintf(wanted, sizeof(wanted), "\"itemId\":\"%s\"", pr->name);
		if (strstr(get(p, path), wanted))
			pr->seen = seconds();
		pr->next = seconds() + (seconds() - pr->sent) / PATIENCE;
	}
	while (p->first_open < p->n && p->v[p->first_open].seen > 0)
		p->first_open++;
	rd_kafka_poll(p->rk, 0);
	nap(0.0005);
}

static void probe_until_done(struct probing *p, struct traffic *t)
{
	double next = 0, grace_end;

	while (!atomic_load(&t->done)) {
		if (seconds() >= next && p->n < PROBES_MAX) {
			send_probe(p);
			next = seconds() + 0.030 + 0.060 * rand() / RAND_MAX;
		}
		look_for_probes(p);
	}
	p->behind_s = p->first_open < p->n ? seconds() - p->v[p->first_open].sent : 0;
	grace_end = seconds() + GRACE_S;
	while (p->first_open < p->n && seconds() < grace_end)
		look_for_probes(p);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double share_of(double *sorted, size_t n, unsigned percent)
{
	return n ? sorted[n * percent / 100] : -1;
}

static void report(const struct probing *p, const struct traffic *t)
{
	double *ms = xcalloc(p->n + 1, sizeof(*ms)), *echo_ms = xcalloc(p->n + 1, sizeof(*ms)), now = seconds();
	double first_half, second_half;
	size_t unseen = 0, echoes = 0;

	for (size_t i = 0; i < p->n; i++) {
		ms[i] = ((p->v[i].seen > 0 ? p->v[i].seen : now) - p->v[i].sent) * 1e3;
		unseen += p->v[i].seen <= 0;
		if (p->v[i].echoed > 0)
			echo_ms[echoes++] = (p->v[i].echoed - p->v[i].sent) * 1e3;
	}
	qsort(ms, p->n / 2, sizeof(*ms), ascending);
	qsort(ms + p->n / 2, p->n - p->n / 2, sizeof(*ms), ascending);
	first_half = share_of(ms, p->n / 2, 50);
	second_half = share_of(ms + p->n / 2, p->n - p->n / 2, 50);
	qsort(ms, p->n, sizeof(*ms), ascending);
	qsort(echo_ms, echoes, sizeof(*echo_ms), ascending);
	printf("{\"sent_a_second\":%.0f,\"behind_s\":%.3f,\"probes\":%zu,\"unseen\":%zu,\"first_half_ms\":%.2f,"
	       "\"second_half_ms\":%.2f,\"p50_ms\":%.2f,\"p90_ms\":%.2f,\"p99_ms\":%.2f,\"echoes\":%zu,\"echo_p50_ms\":%.2f,\"echo_p99_ms\":%.2f}\n",
	       (double)t->sent / t->took_s, p->behind_s, p->n, unseen, first_half, second_half, share_of(ms, p->n, 50),
	       share_of(ms, p->n, 90), share_of(ms, p->n, 99), echoes, share_of(echo_ms, echoes, 50),
	       share_of(echo_ms, echoes, 99));
	free(ms);
	free(echo_ms);
}

/* A probe that does not count: connections, and the topics' metadata in its producer. */
static void first_probe(struct probing *p)
{
	double until = seconds() + CONNECTION_TIMEOUT_S;

	send_probe(p);
	while (p->first_open < p->n && seconds() < until)
		look_for_probes(p);
	if (p->first_open < p->n)
		die("first probe", "not visible within 10 s");
	p->n = p->first_open = 0;
}

int main(int argc, char **argv)
{
	static struct traffic t;
	static struct probing p;
	pthread_t sending, listening;
	double for_s;

	if (argc != 7) {
		fprintf(stderr, "usage: bench_live BROKERS TOPIC ECHO_TOPIC HTTP_PORT RATE SECONDS\n");
		return 2;
	}
	for_s = strtod(argv[6], NULL);
	t = (struct traffic){ .brokers = argv[1], .topic = argv[2], .rate = strtoull(argv[5], NULL, 10) };
	t.n = (uint64_t)((double)t.rate * for_s);
	make_traffic(&t, (int64_t)(for_s * 1000));
	p = (struct probing){ .brokers = argv[1],
			      .topic = argv[2],
			      .echo_topic = argv[3],
			      .rk = client(RD_KAFKA_PRODUCER, argv[1], "linger.ms", "0"),
			      .fd = connect_to((int)strtol(argv[4], NULL, 10)),
			      .answer = xmalloc(ANSWER_MAX + 1) };
	first_probe(&p);
	if (pthread_create(&listening, NULL, listen_for_echoes, &p) || pthread_create(&sending, NULL, send_traffic, &t))
		die("thread", "cannot start");
	printf("begun\n");
	fflush(stdout);
	nap(WARM_UP_S);
	probe_until_done(&p, &t);
	atomic_store(&p.done, true);
	pthread_join(sending, NULL);
	pthread_join(listening, NULL);
	report(&p, &t);
	return 0;
}
