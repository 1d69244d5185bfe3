#include "cmd/replay.h"
#include "config/clock.h"

#include <stdio.h>
#include <unistd.h>

#define LINE_EVERY_S 5.0
#define BAR_CELLS 30

double replay_seconds(void)
{
	return (double)clock_system.monotonic_ns(&clock_system) / 1e9;
}

void replay_progress_begin(struct replay_progress *pr, enum replay_phase phase, bool quiet)
{
	pr->began = pr->shown = replay_seconds();
	pr->terminal = isatty(STDERR_FILENO) && !quiet;
	if (pr->page)
		PAGE_SET(pr->page, phase, (uint64_t)phase);
}

static void show_bar(double part, unsigned long long records, double rate, double left_s)
{
	char bar[BAR_CELLS + 1];

	memset(bar, ' ', BAR_CELLS);
	memset(bar, '#', (size_t)(part * BAR_CELLS));
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r%3.0f%% [%s] %llu records, %.0f/s, %d:%02d left\033[K", part * 100, bar, records, rate,
		(int)left_s / 60, (int)left_s % 60);
}

static void tell_page(struct replay_page *page, uint64_t records, uint64_t done, uint64_t total, double rate,
		      double left_s)
{
	PAGE_SET(page, records, records);
	PAGE_SET(page, offsets_done, done);
	PAGE_SET(page, offsets_total, total);
	PAGE_SET(page, records_per_second, (uint64_t)rate);
	PAGE_SET(page, seconds_left, total ? (int64_t)left_s : (int64_t)-1);
	PAGE_SET(page, updated_ms, clock_system.wall_ms(&clock_system));
}

void replay_progress_show(struct replay_progress *pr, uint64_t records, uint64_t done, uint64_t total)
{
	double now = replay_seconds(), rate = (double)records / (now - pr->began + 1e-9);
	double part = total ? (double)done / (double)total : 0;
	double left_s = part > 0 ? (now - pr->began) * (1 - part) / part : 0;

	part = part > 1 ? 1 : part;
	left_s = left_s < 0 ? 0 : left_s;
	if (pr->page)
		tell_page(pr->page, records, done, total, rate, left_s);
	if (pr->terminal && total) {
		show_bar(part, (unsigned long long)records, rate, left_s);
	} else if (now - pr->shown >= LINE_EVERY_S) {
		fprintf(stderr, "%llu records, %.0f/s", (unsigned long long)records, rate);
		if (total)
			fprintf(stderr, ", %.0f%%, %.0f s left", part * 100, left_s);
		fputc('\n', stderr);
		pr->shown = now;
	}
}

void replay_progress_end(struct replay_progress *pr)
{
	if (pr->terminal)
		fputc('\n', stderr);
}
