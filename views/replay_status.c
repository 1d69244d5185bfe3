#include "views/replay_status.h"

#include "schemas/decode.h"
#include "schemas/json_keys.h"
#include "views/generation.h"

#include <stdio.h>

#define REPLAY_FORMAT UINT64_C(0x6169736c65720002)

_Static_assert(sizeof(struct replay_page) <= PAGE_FILE_BYTES, "the status is one page");

static int map(const char *store, bool writer, struct replay_page **ret, struct error *e)
{
	char path[GENERATION_PATH_MAX];
	void *page;
	int rc;

	snprintf(path, sizeof(path), "%s/replay-status", store);
	rc = page_file_map(path, writer, &page, e);
	if (!rc)
		*ret = page;
	return rc;
}

int replay_status_begin(const char *store, struct replay_page **ret, struct error *e)
{
	int rc = map(store, true, ret, e);

	if (rc)
		return rc;
	memset(*ret, 0, sizeof(**ret));
	(*ret)->seconds_left = -1;
	PAGE_SET(*ret, format, REPLAY_FORMAT);
	return 0;
}

static const char *phase_name(uint64_t phase)
{
	static const char *const names[REPLAY_PHASE_COUNT] = { "idle", "building", "checking",   "catching-up",
							       "done", "failed",   "interrupted" };

	return phase < REPLAY_PHASE_COUNT ? names[phase] : "unknown";
}

static bool under_way(const struct replay_page *page)
{
	return page->phase == REPLAY_BUILDING || page->phase == REPLAY_CHECKING || page->phase == REPLAY_CATCHING_UP;
}

int replay_status_read(const char *store, struct replay_page *ret, bool *at_work, struct error *e)
{
	struct replay_page *page;
	int rc = map(store, false, &page, e);

	if (rc)
		return rc;
	*at_work = generation_replay_holder(store) != 0; /* first: what one that is gone has written stays as it is */
	*ret = *page;
	page_file_unmap(page);
	if (ret->format != REPLAY_FORMAT)
		*ret = (struct replay_page){ .seconds_left = -1 };
	ret->why[sizeof(ret->why) - 1] = '\0';
	if (under_way(ret) && !*at_work) /* or has it just begun? */
		*at_work = generation_replay_holder(store) != 0;
	if (under_way(ret) && !*at_work) {
		ret->phase = REPLAY_INTERRUPTED;
		ret->records_per_second = 0;
		ret->seconds_left = -1;
	}
	return 0;
}

static void put_time(struct json_out *j, const char *name, int64_t t_ms)
{
	char text[32];

	if (t_ms)
		format_rfc3339(t_ms, text);
	key_text(j, name, t_ms ? text : NULL);
}

void replay_status_write(const struct replay_page *page, struct json_out *j)
{
	key_text(j, "phase", phase_name(page->phase));
	key_int(j, "generation", (int64_t)page->generation);
	key_int(j, "records", (int64_t)page->records);
	key_int(j, "done", (int64_t)page->offsets_done);
	key_int(j, "total", (int64_t)page->offsets_total);
	key_int(j, "recordsPerSecond", (int64_t)page->records_per_second);
	json_out_key(j, "secondsLeft");
	if (page->seconds_left < 0)
		json_out_null(j);
	else
		json_out_int(j, page->seconds_left);
	put_time(j, "startedAt", page->started_ms);
	put_time(j, "updatedAt", page->updated_ms);
	if (page->phase == REPLAY_FAILED)
		key_text(j, "why", page->why);
}
