/*
 * fuzz_http - any bytes on a connection of the real server, over a small shop with a publisher that takes everything:
 * the server answers or closes, never with 500, and what it calls JSON is JSON.
 */
#include "query/server.h"
#include "schemas/scan.h"
#include "tests/fuzz/fuzz.h"
#include "views/fold.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 10000
#define REPLY_MAX ((size_t)4 << 20)

static struct {
	char dir[64];
	struct store *store;
	struct settings *settings;
	struct status *status;
	struct server *server;
	struct sockaddr_in at;
	char *reply;
} f;

static int take_record(struct publisher *p, const char *topic, int32_t partition, struct str key, const void *value,
		       size_t value_len, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		       publish_done done, void *arg)
{
	(void)p, (void)partition, (void)timestamp_ms, (void)headers, (void)header_count;
	assert(topic[0] && key.n && (value || !value_len));
	done(arg, 0, 0, 7);
	return 0;
}

static int flush(struct publisher *p, int timeout_ms)
{
	(void)p, (void)timeout_ms;
	return 0;
}

static void close_nothing(struct publisher *p)
{
	(void)p;
}

static const struct publisher_ops publisher_ops = { take_record, flush, close_nothing };
static struct publisher publisher = { &publisher_ops };

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	nftw(f.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void fold_shop(void)
{
	struct event_item items[] = { { .id = STR("p1"), .quantity = 1 }, { .id = STR("p2"), .quantity = 2 } };
	struct catalog_item record;
	struct error e = { 0 };
	struct fold *fold;

	must(fold_new(f.store, &fold, &e));
	catalog_item_init(&record);
	record.item_id = STR("p1");
	record.title = STR("a \"cup\"");
	record.categories.v[record.categories.n++] = STR("Home");
	must(fold_catalog(fold, &record, false));
	for (int i = 0; i < 6; i++) {
		struct event ev = { .type = i % 2 ? EVENT_PURCHASE : EVENT_VIEW,
				    .has_time = true,
				    .t_ms = INT64_C(1323435000000) + i,
				    .visitor_id = i < 3 ? STR("v1") : STR("v2"),
				    .items = items,
				    .item_count = 2 };

		must(fold_event(fold, &ev, -1, &e));
	}
	must(fold_commit(fold, NULL));
	fold_free(fold);
}

static void open_server(void)
{
	static const char *const sets[] = { "http.listen=127.0.0.1:0", "http.threads=1",     "answers.minSupport=1",
					    "rank.refresh=60s",        "http.eventsMax=100", "http.bodyMax=64k" };
	struct settings_sources from = { .sets = sets, .sets_n = ARRAY_SIZE(sets) };
	struct store_options opt = { .map_size = 64 << 20, .durability = STORE_NOSYNC };
	struct server_options options = { .publisher = &publisher };
	struct error e = { 0 };

	be_quiet();
	snprintf(f.dir, sizeof(f.dir), "/dev/shm/aisle-fuzz-XXXXXX");
	assert(mkdtemp(f.dir));
	atexit(clean_up);
	opt.path = f.dir;
	must(settings_load(&from, &f.settings, &e));
	must(store_open(&opt, &f.store, &e));
	must(status_open(f.dir, true, &f.status, &e));
	fold_shop();
	options.settings = f.settings;
	options.store = f.store;
	options.status = f.status;
	must(server_start(&options, &f.server, &e));
	f.at = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(strrchr(server_url(f.server), ':') + 1)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	f.reply = xmalloc(REPLY_MAX + 1);
}

/* Something to read, in time; the program may have been stopped meanwhile, so a second look is fair. */
static void wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int tries = 2, rc;

	while ((rc = poll(&p, 1, WAIT_MS)) != 1) {
		assert(rc == 0 || errno == EINTR);
		tries -= rc == 0;
		assert(tries);
	}
}

/* Send all, say that this is all, and read until the server closes. */
static size_t talk(const uint8_t *bytes, size_t n)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct linger at_once = { 1, 0 }; /* no port is left waiting */
	size_t got = 0;
	ssize_t more = 1;

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	assert(!connect(fd, (struct sockaddr *)&f.at, sizeof(f.at)));
	while (n) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		bytes += sent;
		n -= (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
	while (more > 0 && got < REPLY_MAX) {
		wait_readable(fd);
		more = recv(fd, f.reply + got, REPLY_MAX - got, 0);
		if (more > 0)
			got += (size_t)more;
	}
	close(fd);
	f.reply[got] = '\0';
	return got;
}

static void expect_json(const char *p, size_t n)
{
	static struct scan s;
	struct error e = { 0 };
	char *room = xmalloc(n + 16);
	int token;

	scan_init(&s, p, n, room, &e);
	token = scan_value(&s);
	assert(token >= 0 && !scan_skip(&s, token) && !scan_end(&s));
	free(room);
}

/* One answer at p; returns its length, 0 when it is not whole or has no length. */
static size_t expect_answer(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4), *length, *type;
	size_t head, body;
	int status;

	if (!end)
		return 0;
	head = (size_t)(end + 4 - p);
	assert(sscanf(p, "HTTP/1.1 %d", &status) == 1 && status >= 100 && status < 600 && status != 500);
	length = memmem(p, head, "content-length: ", 16);
	type = memmem(p, head, "content-type: application/", 26);
	body = length ? strtoul(length + 16, NULL, 10) : 0;
	/* an answer to HEAD has a length and no body */
	if (!length || head + body > n || (body && p[head] == 'H'))
		return length ? head : 0;
	if (type && memmem(type, 50, "json\r\n", 6))
		expect_json(p + head, body);
	return head + body;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t got, at = 0, one;

	if (!f.server)
		open_server();
	got = talk(bytes, n);
	while (at < got && !strncmp(f.reply + at, "HTTP/1.1 ", 9) && (one = expect_answer(f.reply + at, got - at)))
		at += one;
	return 0;
}
