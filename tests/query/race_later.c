/*
 * race_later: clients ask for figures, leave while they are worked out, and the server stops meanwhile. Built with TSan it
 * finds unordered accesses; built with ASan, what is used after it is freed. Prints "ok".
 */
#include "query/server.h"
#include "views/fold.h"
#include "views/status.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLIENTS 4
#define ROUNDS 2
#define ANSWERS 30 /* a round, before it stops */

static atomic_uint answered;
static atomic_bool done;
static int port;

static void check(int rc, const struct error *e)
{
	if (rc == 0)
		return;
	fprintf(stderr, "race_later: %s: %s\n", error_text(rc), e->text);
	exit(1);
}

static int connected(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct timeval wait = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void *ask_all(void *arg)
{
	unsigned n = (unsigned)(uintptr_t)arg;
	char text[200], answer[4096];

	for (unsigned i = 0; !atomic_load(&done); i++) {
		int fd = connected();

		if (fd < 0)
			continue;
		snprintf(text, sizeof(text),
			 "GET /v1/analytics/%s?by=hour&from=2026-0%u-01&to=2026-09-2%u HTTP/1.0\r\nhost: x\r\n\r\n",
			 i % 2 ? "sales" : "engagement", 1 + i % 8, n);
		if (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0 && (i + n) % 3 &&
		    recv(fd, answer, sizeof(answer), 0) > 0)
			atomic_fetch_add(&answered, 1);
		close(fd);
	}
	return NULL;
}

static void serve(struct server_options *opt)
{
	pthread_t clients[CLIENTS];
	struct error e = { 0 };
	struct server *s;

	check(server_start(opt, &s, &e), &e);
	port = (int)strtol(strrchr(server_url(s), ':') + 1, NULL, 10);
	atomic_store(&answered, 0);
	atomic_store(&done, false);
	for (uintptr_t i = 0; i < CLIENTS; i++)
		check(-pthread_create(&clients[i], NULL, ask_all, (void *)i), &e);
	while (atomic_load(&answered) < ANSWERS)
		usleep(1000);
	server_stop(s, 0);
	atomic_store(&done, true);
	for (unsigned i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
}

static void play(struct store *store)
{
	struct event_item item = { .id = STR("i"), .quantity = 1 };
	struct event ev = { .type = EVENT_PURCHASE,
			    .has_time = true,
			    .t_ms = INT64_C(1790000000000),
			    .items = &item,
			    .item_count = 1 };
	struct error e = { 0 };
	struct fold *f;
	char id[16];

	check(fold_new(store, &f, &e), &e);
	for (unsigned i = 0; i < 1000; i++) {
		ev.user_id = (struct str){ id, (uint32_t)snprintf(id, sizeof(id), "u%u", i) };
		check(fold_event(f, &ev, -1, &e), &e);
	}
	check(fold_commit(f, NULL), &e);
	fold_free(f);
}

int main(void)
{
	const char *const sets[] = { "http.listen=127.0.0.1:0" };
	char dir[] = "/tmp/aisle-race-XXXXXX", command[64];
	struct store_options opt = { .path = dir, .map_size = 1 << 28, .durability = STORE_NOSYNC, .writer = true };
	struct settings_sources from = { .sets = sets, .sets_n = 1 };
	struct server_options serving = { 0 };
	struct settings *set;
	struct error e = { 0 };

	if (!mkdtemp(dir))
		return 1;
	check(store_open(&opt, &serving.store, &e), &e);
	check(settings_load(&from, &set, &e), &e);
	check(status_open(dir, true, &serving.status, &e), &e);
	serving.settings = set;
	play(serving.store);
	for (int i = 0; i < ROUNDS; i++)
		serve(&serving);
	status_close(serving.status);
	settings_free(set);
	store_close(serving.store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		return 1;
	puts("ok");
	return 0;
}
