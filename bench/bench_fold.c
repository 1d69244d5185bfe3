/*
 * bench_fold: fold and commit, all views on, without decoding or Kafka; beside its limit in the same run, the same
 * rows written to LMDB as sorted 8-byte upserts.
 *
 *     bench_fold [EVENTS] [BATCH] [DIR]
 *
 * 100,000 items (Zipf 1.0), 200,000 people, 100 views : 5.5 cart-adds : 1.7 purchases. Prints events/s, CPU seconds
 * per million events, bytes an event.
 */
#include "views/fold.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 100000
#define PEOPLE 200000

static uint64_t state = 42;

static uint64_t draw(void)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double uniform(void)
{
	return (double)(draw() >> 11) * 0x1p-53;
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* One event; its strings live until the next call. */
static void make_event(struct event *ev, uint64_t number)
{
	static char user[24], session[24], order[24], id[24], names[4][24];
	static struct event_item items[4];
	uint64_t kind = draw() % 1072, person = draw() % PEOPLE;

	*ev = (struct event){ .has_time = true, .t_ms = INT64_C(1700000000000) + (int64_t)number * 20, .items = items };
	ev->type = kind < 1000 ? EVENT_VIEW : kind < 1055 ? EVENT_CART_ADD : EVENT_PURCHASE;
	ev->item_count = ev->type == EVENT_PURCHASE ? 1 + (uint32_t)(draw() % 4) : 1;
	for (uint32_t i = 0; i < ev->item_count; i++) {
		int n = snprintf(names[i], sizeof(names[i]), "item-%05u", (unsigned)exp(uniform() * log(ITEMS)));

		items[i] = (struct event_item){ .id = { names[i], (uint32_t)n }, .quantity = 1, .has_price = true,
						.price_micros = 9990000 };
	}
	ev->user_id = (struct str){ user, (uint32_t)snprintf(user, sizeof(user), "user-%06u", (unsigned)person) };
	ev->event_id = (struct str){ id, (uint32_t)snprintf(id, sizeof(id), "e-%012llu", (unsigned long long)number) };
	if (person % 2)
		ev->session_id = (struct str){ session, (uint32_t)snprintf(session, sizeof(session), "s-%llu-%u",
			(unsigned long long)(number / 500000), (unsigned)person) };
	if (ev->type == EVENT_PURCHASE)
		ev->order_id = (struct str){ order, (uint32_t)snprintf(order, sizeof(order), "o-%llu",
								       (unsigned long long)number) };
}

static double generate_only(uint64_t n)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct event ev;

	for (uint64_t i = 0; i < n; i++)
		make_event(&ev, i);
	state = 42;
	return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, in_batch = 0;
	uint64_t batch = argc > 2 ? strtoull(argv[2], NULL, 10) : 200000;
	char dir[256] = "/tmp/aisle-bench-XXXXXX";
	struct store_options opt = { .path = dir, .writer = true };
	struct commit_figures fig, all = { 0 };
	struct store_figures sf;
	struct error e = { 0 };
	struct rusage ru;
	struct store *s;
	struct fold *f;
	double wall, cpu, made;

	if (argc > 3)
		snprintf(dir, sizeof(dir), "%s", argv[3]);
	else if (!mkdtemp(dir))
		return 1;
	if (store_open(&opt, &s, &e) || fold_new(s, &f, &e)) {
		fprintf(stderr, "bench_fold: %s\n", e.text);
		return 1;
	}
	made = generate_only(n);
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < n; i++) {
		struct event ev;

		make_event(&ev, i);
		if (fold_event(f, &ev, -1, &e) < 0) {
			fprintf(stderr, "bench_fold: %s\n", e.text);
			return 1;
		}
		if (++in_batch < batch && i + 1 < n && fold_pending_bytes(f) < (size_t)1 << 30)
			continue;
		if (fold_commit(f, &fig)) {
			fprintf(stderr, "bench_fold: commit failed\n");
			return 1;
		}
		in_batch = 0;
		all.sort_ns += fig.sort_ns;
		all.apply_ns += fig.apply_ns;
		all.commit_ns += fig.commit_ns;
		all.rows_replaced += fig.rows_replaced;
		all.rows_added += fig.rows_added;
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu - made;
	getrusage(RUSAGE_SELF, &ru);
	if (store_figures(s, &sf))
		return 1;
	printf("fold+commit  %llu events, batches of %llu: %.0f events/s, %.2f CPU s/M (fold %.2f, sort %.2f, apply %.2f us), commit wait %.2f us an event\n",
	       (unsigned long long)n, (unsigned long long)batch, (double)n / (wall - made), cpu / (double)n * 1e6,
	       (wall - made) / (double)n * 1e6 - (double)(all.sort_ns + all.apply_ns + all.commit_ns) / 1e3 / (double)n,
	       (double)all.sort_ns / 1e3 / (double)n, (double)all.apply_ns / 1e3 / (double)n,
	       (double)all.commit_ns / 1e3 / (double)n);
	printf("             %.1f rows replaced and %.1f sums an event, store %.0f bytes an event, peak memory %ld MiB\n",
	       (double)all.rows_replaced / (double)n, (double)all.rows_added / (double)n,
	       (double)(sf.used_bytes - sf.free_bytes) / (double)n, ru.ru_maxrss / 1024);
	fold_free(f);
	store_close(s);
	return 0;
}
