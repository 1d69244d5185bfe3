#include "cmd/replay.h"
#include "config/clock.h"

#include <stdio.h>
#include <unistd.h>

#define LINE_EVERY_S 5.0
#define BAR_CELLS 30

double replay_seconds(void)
{
	return (double)clock_now_ns() / 1e9;
}

void replay_progress_begin(struct replay_progress *pr, enum replay_phase phase, bool quiet)
{
	*pr = (struct replay_progress){ .page = pr->page, .terminal = isatty(STDERR_FILENO) && !quiet };
	pr->shown = replay_seconds();
	if (pr->page)
		PAGE_SET(pr->page, phase, (uint64_t)phase);
}

static void show_bar(double part, unsigned long long records, double rate, int64_t left_s)
{
	char bar[BAR_CELLS + 1], left[32] = "";

	memset(bar, ' ', BAR_CELLS);
	memset(bar, '#', (size_t)(part * BAR_CELLS));
	bar[BAR_CELLS] = '\0';
	if (left_s >= 0)
		snprintf(left, sizeof(left), ", %d:%02d left", (int)(left_s / 60), (int)(left_s % 60));
	fprintf(stderr, "\r%3.0f%% [%s] %llu records, %.0f/s%s\033[K", part * 100, bar, records, rate, left);
}

static void show_line(double part, bool has_part, unsigned long long records, double rate, int64_t left_s)
{
	fprintf(stderr, "%llu records, %.0f/s", records, rate);
	if (has_part)
		fprintf(stderr, ", %.0f%%", part * 100);
	if (left_s >= 0)
		fprintf(stderr, ", %lld s left", (long long)left_s);
	fputc('\n', stderr);
}

static void tell_page(struct replay_page *page, uint64_t records, uint64_t done, uint64_t total, double rate,
		      int64_t left_s)
{
	PAGE_SET(page, records, records);
	PAGE_SET(page, offsets_done, done);
	PAGE_SET(page, offsets_total, total);
	PAGE_SET(page, records_per_second, (uint64_t)rate);
	PAGE_SET(page, seconds_left, left_s);
	PAGE_SET(page, updated_ms, clock_system.wall_ms(&clock_system));
}

/* By what this phase did so far: what a killed replay had done before, or the phase before, took none of its time. */
static int64_t seconds_left(const struct replay_progress *pr, double took_s, uint64_t done, uint64_t total)
{
	if (total && done >= total)
		return 0;
	return total && done > pr->done ? (int64_t)(took_s * (double)(total - done) / (double)(done - pr->done)) : -1;
}

void replay_progress_show(struct replay_progress *pr, uint64_t records, uint64_t done, uint64_t total)
{
	double now = replay_seconds(), part = total ? (double)done / (double)total : 0, rate;
	int64_t left_s;

	if (!pr->counts || done < pr->done) { /* the first word, or the log after files */
		pr->counts = true;
		pr->began = now;
		pr->records = records;
		pr->done = done;
	}
	rate = (double)(records - pr->records) / (now - pr->began + 1e-3);
	left_s = seconds_left(pr, now - pr->began, done, total);
	part = part > 1 ? 1 : part;
	if (pr->page)
		tell_page(pr->page, records, done, total, rate, left_s);
	if (pr->terminal && total) {
		show_bar(part, (unsigned long long)records, rate, left_s);
		pr->open = true;
	} else if (now - pr->shown >= LINE_EVERY_S) {
		show_line(part, total != 0, (unsigned long long)records, rate, left_s);
		pr->shown = now;
	}
}

void replay_progress_end(struct replay_progress *pr)
{
	if (pr->open)
		fputc('\n', stderr);
	pr->open = false;
}
