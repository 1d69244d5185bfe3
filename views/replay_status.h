/*
 * replay_status.h - how far a replay is: a page of memory in the store's directory that `aisle replay` writes and any
 * process reads (page_file.h). It is no part of the state.
 *
 *     IDLE -> BUILDING -> CHECKING -> CATCHING_UP -> DONE
 *                \____________\____________\_______> FAILED
 *
 * Thread: any; one writer.
 */
#ifndef AISLE_VIEWS_REPLAY_STATUS_H
#define AISLE_VIEWS_REPLAY_STATUS_H

#include "schemas/json_out.h"
#include "views/page_file.h"

enum replay_phase {
	REPLAY_IDLE,
	REPLAY_BUILDING,
	REPLAY_CHECKING,
	REPLAY_CATCHING_UP,
	REPLAY_DONE,
	REPLAY_FAILED,
	REPLAY_INTERRUPTED, /* on no page: what replay_status_read makes of one that was killed */
	REPLAY_PHASE_COUNT
};

struct replay_page {
	uint64_t format;
	uint64_t phase;              /* enum replay_phase; as its writer left it, which may be gone */
	uint64_t generation;         /* being built, or built */
	uint64_t records;            /* applied in this run */
	uint64_t offsets_done;       /* of this phase: of the log, or bytes of files */
	uint64_t offsets_total;      /* 0 unknown */
	uint64_t records_per_second; /* lately */
	uint64_t built_per_second;   /* while BUILDING, over the time in which records came */
	int64_t seconds_left;        /* -1 unknown */
	int64_t started_ms, updated_ms;
	char why[256]; /* FAILED: the sentence, NUL-terminated; written before the phase */
};

/* The page of a replay that begins. On success *ret is the caller's, who unmaps it with page_file_unmap. */
int replay_status_begin(const char *store, struct replay_page **ret, struct error *e) MUST_CHECK;

/*
 * A copy of the page; zeros when there was no replay yet. *at_work: the process that writes it is alive. One that is not, and
 * did not end, is REPLAY_INTERRUPTED, without rate and time left.
 * Opens files: not for every request.
 */
int replay_status_read(const char *store, struct replay_page *ret, bool *at_work, struct error *e) MUST_CHECK;

/* The members of an object about it: {"phase":...,"generation":...}. */
void replay_status_write(const struct replay_page *page, struct json_out *j);

#endif
