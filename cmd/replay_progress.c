#include "cmd/replay.h"
#include "config/clock.h"
#include "config/log.h"

#include <stdio.h>
#include <unistd.h>

#define LINE_EVERY_S 5.0
#define BAR_CELLS 30
#define MEAN_OVER_S 10.0
#define SILENT_S 3.0

double replay_seconds(void)
{
	return (double)clock_now_ns() / 1e9;
}

void replay_progress_begin(struct replay_progress *pr, enum replay_phase phase, bool quiet)
{
	*pr = (struct replay_progress){ .page = pr->page,
					.terminal = isatty(STDERR_FILENO) && !quiet && !log_is_json() };
	pr->shown = replay_seconds();
	if (!pr->page)
		return;
	PAGE_SET(pr->page, offsets_done, (uint64_t)0);
	PAGE_SET(pr->page, offsets_total, (uint64_t)0);
	PAGE_SET(pr->page, records_per_second, (uint64_t)0);
	PAGE_SET(pr->page, seconds_left, (int64_t)-1);
	PAGE_SET(pr->page, phase, (uint64_t)phase);
}

static void show_bar(double part, const struct replay_progress *pr, int64_t left_s, bool waits)
{
	char bar[BAR_CELLS + 1], left[32] = "";

	memset(bar, ' ', BAR_CELLS);
	memset(bar, '#', (size_t)(part * BAR_CELLS));
	bar[BAR_CELLS] = '\0';
	if (waits)
		snprintf(left, sizeof(left), ", waiting for the broker");
	else if (left_s >= 0)
		snprintf(left, sizeof(left), ", %d:%02d left", (int)(left_s / 60), (int)(left_s % 60));
	fprintf(stderr, "\r%3.0f%% [%s] %llu records, %.0f/s%s\033[K", part * 100, bar, (unsigned long long)pr->records,
		pr->rate, left);
	log_row(true);
}

/* What is not known, part or time left, is left out. */
static void log_progress(double part, bool has_part, const struct replay_progress *pr, int64_t left_s, bool waits)
{
	char percent[32] = "", left[48] = "";

	if (has_part)
		snprintf(percent, sizeof(percent), " percent=%.0f", part * 100);
	if (left_s >= 0)
		snprintf(left, sizeof(left), " secondsLeft=%lld", (long long)left_s);
	log_info(waits ? "replay waits for the broker" : "replay goes on", "records=%llu recordsPerSecond=%.0f%s%s",
		 (unsigned long long)pr->records, pr->rate, percent, left);
}

static void show_line(double part, bool has_part, const struct replay_progress *pr, int64_t left_s, bool waits)
{
	if (log_is_json()) {
		log_progress(part, has_part, pr, left_s, waits);
		return;
	}
	fprintf(stderr, "%llu records, %.0f/s", (unsigned long long)pr->records, pr->rate);
	if (has_part)
		fprintf(stderr, ", %.0f%%", part * 100);
	if (waits)
		fputs(", waiting for the broker", stderr);
	else if (left_s >= 0)
		fprintf(stderr, ", %lld s left", (long long)left_s);
	fputc('\n', stderr);
}

/* By what was done lately; nothing is known while nothing comes. */
static int64_t seconds_left(const struct replay_progress *pr, uint64_t total, bool waits)
{
	if (total && pr->done >= total)
		return 0;
	return total && pr->speed > 0 && !waits ? (int64_t)((double)(total - pr->done) / pr->speed) : -1;
}

static void tell_page(const struct replay_progress *pr, uint64_t total, int64_t left_s)
{
	struct replay_page *page = pr->page;

	PAGE_SET(page, records, pr->records);
	PAGE_SET(page, offsets_done, pr->done);
	PAGE_SET(page, offsets_total, total);
	PAGE_SET(page, records_per_second, (uint64_t)pr->rate);
	PAGE_SET(page, seconds_left, left_s);
	if (page->phase == REPLAY_BUILDING && pr->busy_s > 0)
		PAGE_SET(page, built_per_second, (uint64_t)((double)pr->busy_records / pr->busy_s));
	PAGE_SET(page, updated_ms, clock_system.wall_ms(&clock_system));
}

/* A mean of all at first, later one in which what is ten seconds old counts a third. */
static void measure(struct replay_progress *pr, double now, uint64_t records, uint64_t done)
{
	double s = now - pr->told + 1e-6, over = now - pr->began < MEAN_OVER_S ? now - pr->began + 1e-6 : MEAN_OVER_S;
	double weight = s < over ? s / over : 1;

	pr->rate += weight * ((double)(records - pr->records) / s - pr->rate);
	pr->speed += weight * ((double)(done - pr->done) / s - pr->speed);
	if (records > pr->records) {
		pr->busy_s += s;
		pr->busy_records += records - pr->records;
	}
	if (records > pr->records || done > pr->done)
		pr->came = now;
	pr->told = now;
	pr->records = records;
	pr->done = done;
}

void replay_progress_show(struct replay_progress *pr, uint64_t records, uint64_t done, uint64_t total)
{
	double now = replay_seconds(), part = total ? (double)done / (double)total : 0;
	int64_t left_s;
	bool waits;

	if (!pr->counts || done < pr->done) { /* the first word, or the log after files */
		pr->counts = true;
		pr->began = pr->told = pr->came = now;
		pr->records = records;
		pr->done = done;
		pr->rate = pr->speed = 0;
	}
	measure(pr, now, records, done);
	if (now - pr->came >= SILENT_S) { /* what comes then is measured afresh */
		pr->rate = pr->speed = 0;
		pr->began = now;
	}
	waits = total && done < total && now - pr->came >= SILENT_S;
	left_s = seconds_left(pr, total, waits);
	part = part > 1 ? 1 : part;
	if (pr->page)
		tell_page(pr, total, left_s);
	if (pr->terminal && total) {
		show_bar(part, pr, left_s, waits);
	} else if (now - pr->shown >= LINE_EVERY_S) {
		show_line(part, total != 0, pr, left_s, waits);
		pr->shown = now;
	}
}

void replay_say(const char *what, unsigned generation)
{
	if (log_is_json())
		log_info(what, "generation=%u", generation);
	else
		fprintf(stderr, "%s generation %u\n", what, generation);
}

void replay_progress_end(void)
{
	if (log_row(false))
		fputc('\n', stderr);
}
