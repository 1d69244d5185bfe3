/*
 * bench_catch_up - start a processor on a store and time it until its committed offsets reach the given ends.
 *
 *     bench_catch_up STORE TIMEOUT_S TOPIC:PARTITION:END... -- COMMAND...
 *
 * Looks at the store every 2 ms as any reader does: what counts is what is committed and can be answered from. CPU time
 * and peak memory are the command's own; first_s is when the first records were applied. At the end it gets SIGTERM
 * and must end with 0. Prints one line of JSON.
 */
#include "views/offsets.h"
#include "views/status.h"
#include "views/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENDS_MAX 256

struct end {
	char topic[250];
	int32_t partition;
	int64_t next;
};

static pid_t child;

static void die(const char *why, const char *what)
{
	fprintf(stderr, "bench_catch_up: %s%s\n", why, what);
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	return clock_gettime(clock, &ts) ? 0 : (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
}

static struct end parse_end(const char *text)
{
	struct end ret;
	long long next;

	if (sscanf(text, "%249[^:]:%d:%lld", ret.topic, &ret.partition, &next) != 3)
		die("not TOPIC:PARTITION:END: ", text);
	ret.next = next;
	return ret;
}

static void start(char **command)
{
	child = fork();
	if (child)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execv(command[0], command);
	perror(command[0]);
	_exit(127);
}

static void check_alive(double deadline)
{
	int status;

	if (waitpid(child, &status, WNOHANG) == child) {
		child = 0;
		die("the processor ended early", "");
	}
	if (seconds(CLOCK_MONOTONIC) > deadline)
		die("not caught up in time", "");
}

static struct store *open_when_made(const char *path, double deadline)
{
	struct store_options opt = { .path = path, .read_only = true };
	struct store *ret = NULL;
	struct error e;

	while (store_open(&opt, &ret, &e)) {
		check_alive(deadline);
		nap();
	}
	return ret;
}

static bool reached(struct snap *sn, const struct end *ends, int n)
{
	bool ret = !snap_renew(sn);

	for (int i = 0; i < n && ret; i++) {
		struct position at;

		ret = !offsets_get(sn, ends[i].topic, ends[i].partition, &at) && at.next >= ends[i].next;
	}
	snap_park(sn);
	return ret;
}

/* A reader of a page that is not there yet sees zeros: open it anew. */
static bool applied_any(const char *store)
{
	struct status *st;
	struct error e;
	bool ret;

	if (status_open(store, false, &st, &e))
		die(e.text, "");
	ret = status_page(st)->records > 0;
	status_close(st);
	return ret;
}

static void report(const char *store, double first, double wall, double cpu)
{
	struct status *st = NULL;
	struct rusage ru;
	struct error e;
	int status;

	if (status_open(store, false, &st, &e))
		die(e.text, "");
	kill(child, SIGTERM);
	if (wait4(child, &status, 0, &ru) != child || status)
		die("the processor did not end with 0", "");
	printf("{\"first_s\":%.6f,\"wall_s\":%.6f,\"cpu_s\":%.6f,\"peak_mib\":%ld,\"records\":%llu,\"events\":%llu,"
	       "\"duplicates\":%llu,\"dead_letters\":%llu,\"commits\":%llu,\"commit_s\":%.6f}\n",
	       first, wall, cpu, ru.ru_maxrss / 1024, (unsigned long long)status_page(st)->records,
	       (unsigned long long)status_page(st)->events, (unsigned long long)status_page(st)->duplicates,
	       (unsigned long long)status_page(st)->dead_letters, (unsigned long long)status_page(st)->commits,
	       (double)status_page(st)->commit_ns_total / 1e9);
	status_close(st);
}

int main(int argc, char **argv)
{
	static struct end ends[ENDS_MAX];
	double began, deadline, first = 0, wall, cpu;
	struct store *store;
	struct snap *sn;
	clockid_t clock;
	int n = 0, i;

	for (i = 3; i < argc && strcmp(argv[i], "--") && n < ENDS_MAX; i++)
		ends[n++] = parse_end(argv[i]);
	if (!n || i + 1 >= argc)
		die("usage: bench_catch_up STORE TIMEOUT_S TOPIC:PARTITION:END... -- COMMAND...", "");
	began = seconds(CLOCK_MONOTONIC);
	deadline = began + strtod(argv[2], NULL);
	start(argv + i + 1);
	store = open_when_made(argv[1], deadline);
	if (snap_open(store, &sn) || clock_getcpuclockid(child, &clock))
		die("cannot look at the store", "");
	while (!reached(sn, ends, n)) {
		check_alive(deadline);
		if (first <= 0 && applied_any(argv[1]))
			first = seconds(CLOCK_MONOTONIC) - began;
		nap();
	}
	wall = seconds(CLOCK_MONOTONIC) - began;
	cpu = seconds(clock);
	snap_close(sn);
	store_close(store);
	report(argv[1], first, wall, cpu);
	return 0;
}
