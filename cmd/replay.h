/*
 * replay.h - inside `aisle replay`: the options, what is shown while it works, and the building of a generation.
 * Thread: main; signals stop it.
 */
#ifndef AISLE_CMD_REPLAY_H
#define AISLE_CMD_REPLAY_H

#include "cmd/command.h"
#include "cmd/ingest.h"
#include "processor/replay_plan.h"
#include "query/json_keys.h"
#include "views/generation.h"
#include "views/replay_status.h"
#include "views/versions.h"

#define REPLAY_FILES_MAX 4096
#define REPLAY_KEPT "kept\n" /* the mark of a generation that is whole and not swapped in */

struct replay_options {
	const char *files[REPLAY_FILES_MAX];
	size_t n;
	struct replay_point from, to;
	const char *from_text, *to_text; /* NULL: not given */
	uint64_t rate;                   /* records a second while building; 0: no limit */
	bool rate_given;                 /* else replay.rateMax counts beside a processor */
	unsigned swap_to;                /* 0: not asked for */
	const struct view *view;         /* made anew alone; NULL: all */
	bool rebuild /* by --view too */, into_current, dry_run, no_swap, without_files, rollback, drop_old, json;
};

/* ---- replay_progress.c ---- */

struct replay_progress {
	struct replay_page *page; /* NULL: nobody else is told */
	double began, shown;
	double told, came;      /* the last time, and the last one at which there was something new */
	double rate, speed;     /* records and offsets (bytes) a second, of about the last ten seconds */
	double busy_s;          /* time in which records came, */
	uint64_t busy_records;  /* and how many */
	uint64_t records, done; /* as last told */
	bool counts;            /* they were in this phase */
	bool terminal;
};

double replay_seconds(void);
void replay_progress_begin(struct replay_progress *pr, enum replay_phase phase, bool quiet);
/* "copying generation 4": a line, or one of JSON. */
void replay_say(const char *what, unsigned generation);
/* `done` of `total` offsets or bytes; 0: unknown. A bar on a terminal, else a line now and then. */
void replay_progress_show(struct replay_progress *pr, uint64_t records, uint64_t done, uint64_t total);
/* The bar's line is over. */
void replay_progress_end(void);

/* ---- replay_files.c ---- */

/* SOURCE_OPEN for a file that cannot be read, before a store is made for it. */
int replay_check_files(const struct replay_options *opt, struct error *e) MUST_CHECK;
/* Files into the current generation; the exit status. */
int replay_into_current(const struct replay_options *opt, const struct settings *set);
/* The object's end, on standard output. */
void replay_print_json(struct json_out *j);

/* ---- replay_prepare.c, replay_dry_run.c, replay_build.c, replay_view.c, replay_swap.c ---- */

struct rebuild {
	const struct replay_options *opt;
	const struct settings *set;
	const char *path;
	struct replay_point from;    /* NONE: the log is not read */
	unsigned generation, before; /* built; current when it began, 0 none */
	bool resumed;
	unsigned leftovers[GENERATIONS_MAX]; /* of a dry run: what would be dropped before it begins */
	size_t leftover_n;
	uint64_t lines; /* of files in the generation in use when this one was begun; of the copy, for a view */
	int lock;
	struct replay_plan plan;
	struct ingest in; /* the generation that is built, while it is open */
	struct replay_progress progress;
	uint64_t records, events, duplicates, dead_letters, gaps; /* of this run */
	char digests[VIEWS_MAX][VIEW_DIGEST_HEX];                 /* by place in the registry, when it was checked */
	uint64_t rows[VIEWS_MAX];
};

/* Is a processor at work on the store? It may not have gone over to the current generation yet. */
int rebuild_processor(const struct rebuild *rb, bool *ret, struct error *e) MUST_CHECK;
/* Records a second; 0: no limit. What is live keeps its pace when a processor is at work on the store. */
uint64_t rebuild_rate(const struct rebuild *rb);
/* From the plan to the swap. ERR_SOURCE_RETRY when it was told to stop: the same command goes on. */
int rebuild_run(struct rebuild *rb, struct error *e) MUST_CHECK;
void rebuild_fini(struct rebuild *rb);
/* The log is not the one that was read before: what was built of it is dropped. */
bool replay_is_another_log(int rc);

/* What it would do, on standard output. */
int rebuild_dry_run(struct rebuild *rb, struct error *e) MUST_CHECK;
/* Plan, number of the generation, and what stands in the way. */
int rebuild_prepare(struct rebuild *rb, struct error *e) MUST_CHECK;

/* Where a store stands. */
struct standing {
	struct rebuild *rb;
	int64_t *ends; /* one for each part of the plan, to be freed; -1 none */
	uint64_t files, lines;
	unsigned topics; /* bits: it holds records of them */
};
/* `s` NULL: the generation that is answered from. */
int rebuild_stand(struct rebuild *rb, struct store *s, struct standing *ret, struct error *e) MUST_CHECK;

/* The plan again as the log is now, ends and new partitions. */
int rebuild_renew_plan(struct rebuild *rb, struct error *e) MUST_CHECK;
/* Positions of the generation that is answered from become the plan's ends; *behind: offsets they lie ahead of ours. */
int rebuild_aim_at_current(struct rebuild *rb, int64_t *behind, struct error *e) MUST_CHECK;

/* BAD_REQUEST when files were read into the generation in use since ours was begun: the swap would lose them. */
int rebuild_check_lines(struct rebuild *rb, struct error *e) MUST_CHECK;

/* How what is built is written: unsynced, all of it into base. */
struct store_options rebuild_store_options(const struct rebuild *rb);
/* Files and log through rb->in.processor. */
int rebuild_read(struct rebuild *rb, struct error *e) MUST_CHECK;
/* rb->in, and add its figures. */
void rebuild_close(struct rebuild *rb);
/* SOURCE_RETRY: somebody stopped us. */
int rebuild_stopped(struct error *e);

/* Before the plan of one view: can it be, and is the log read? */
int replay_view_prepare(struct rebuild *rb, struct error *e) MUST_CHECK;
/* The plan of all the log becomes that of the view. BAD_REQUEST when records of it are lost and nobody said that they may be. */
int replay_view_plan(struct rebuild *rb, struct error *e) MUST_CHECK;
/* The generation as a copy of the current one with the view made anew, synced. */
int replay_view_build(struct rebuild *rb, struct error *e) MUST_CHECK;

/* Generation n becomes the current one, 0: the one before it, and the current one the one before. *ret: which. */
int replay_swap_to(const struct settings *set, unsigned n, unsigned *ret, struct error *e) MUST_CHECK;
/*
 * Drop those that are neither current nor `keep` (0: none) nor half built, and count them. One that is still held is
 * waited for a little.
 */
int replay_drop_others(const struct settings *set, unsigned keep, unsigned *ret_dropped, struct error *e) MUST_CHECK;
/* Drop one, and its young levels. */
int replay_drop(const struct settings *set, unsigned n, struct error *e) MUST_CHECK;

/* Let this processor stop at SIGINT and SIGTERM; NULL: none any more. */
void replay_interruptible(struct processor *p);
bool replay_interrupted(void);
/* While a broker is asked and nothing is begun: a question may last until its timeout, so these signals end the process. */
void replay_ends_at_once(bool on);

#endif
