/* Which generation is the current one, and which are dropped. */
#include "cmd/replay.h"

#include "config/clock.h"
#include "schemas/fault.h"
#include "views/generation.h"

#include <unistd.h>

#define HELD_WAIT_MS 10000
#define HELD_LOOK_MS 50

int replay_drop(const struct settings *set, unsigned n, struct error *e)
{
	struct store_options opt = command_store_options(set);
	int fd, rc = generation_lock(opt.path, n, &fd, e);

	if (rc)
		return rc;
	opt.generation = n;
	store_forget_young(&opt);
	close(fd);
	return generation_drop(opt.path, n, e);
}

/* A processor that has just seen the swap still holds it for a moment. */
static int drop_soon(const struct settings *set, unsigned n, struct error *e)
{
	struct error held = { 0 };
	int rc = replay_drop(set, n, &held);

	for (int waited = 0; rc == ERR_STORE_LOCKED && waited < HELD_WAIT_MS; waited += HELD_LOOK_MS) {
		clock_rest_ms(HELD_LOOK_MS);
		held = (struct error){ 0 };
		rc = replay_drop(set, n, &held);
	}
	return rc ? error_set(e, rc, "store.path", "%s", held.text) : 0;
}

/* Its replay was stopped, and the same command goes on with it. */
static bool can_go_on(const char *path, unsigned n)
{
	char plan[GENERATION_PLAN_MAX];

	return generation_marked(path, n, plan) && strcmp(plan, REPLAY_KEPT) != 0;
}

int replay_drop_others(const struct settings *set, unsigned keep, unsigned *ret_dropped, struct error *e)
{
	const char *path = setting_string(set, SET_STORE_PATH);
	unsigned all[GENERATIONS_MAX], current;
	size_t n;
	int rc = generation_current(path, &current, e);

	if (!rc)
		rc = generation_list(path, all, &n, e);
	for (size_t i = 0; !rc && i < n; i++)
		if (all[i] != current && all[i] != keep && !can_go_on(path, all[i])) {
			rc = drop_soon(set, all[i], e);
			*ret_dropped += !rc;
		}
	return rc;
}

/* The whole one beside the current one, the newest if there are several. */
static int previous_of(const char *path, unsigned current, unsigned *ret, struct error *e)
{
	unsigned all[GENERATIONS_MAX];
	size_t n;
	int rc = generation_list(path, all, &n, e);

	*ret = 0;
	for (size_t i = 0; !rc && i < n; i++)
		if (all[i] != current && !generation_marked(path, all[i], NULL))
			*ret = all[i];
	if (!rc && !*ret)
		rc = error_set(e, ERR_NOT_FOUND, "store.path", "there is no other generation of '%s' to go back to",
			       path);
	return rc;
}

static int check_can_be_read(const struct settings *set, unsigned n, struct error *e)
{
	struct store_options opt = command_store_options(set);
	struct store *s;
	int rc;

	opt.generation = n;
	rc = store_open(&opt, &s, e);
	if (!rc)
		store_close(s);
	return rc;
}

int replay_swap_to(const struct settings *set, unsigned n, unsigned *ret, struct error *e)
{
	const char *path = setting_string(set, SET_STORE_PATH);
	unsigned current;
	int lock, files = -1, rc = generation_replay_lock(path, &lock, e);

	if (rc)
		return rc;
	rc = generation_files_lock(path, &files, e);
	if (!rc)
		rc = generation_current(path, &current, e);
	if (rc == ERR_NOT_FOUND)
		error_set(e, rc, "store.path", "store '%s' is empty", path);
	/* one that was killed after its swap is marked still, and would be taken for a leftover from now on */
	if (!rc)
		rc = generation_unmark(path, current, e);
	if (!rc && !n)
		rc = previous_of(path, current, &n, e);
	if (!rc && can_go_on(path, n))
		rc = error_set(e, ERR_BAD_REQUEST, "swap", "generation %u is not whole: its replay did not end", n);
	if (!rc)
		rc = check_can_be_read(set, n, e);
	if (!rc)
		rc = generation_swap(path, n, e);
	FAULT_POINT("rollback:swapped");
	if (!rc)
		rc = generation_unmark(path, n, e);
	if (files >= 0)
		close(files);
	close(lock);
	if (!rc)
		*ret = n;
	return rc;
}
