/* One view made anew: a copy of the current generation without it, a fold of the log for it alone, and the two together. */
#include "cmd/replay.h"

#include "config/log.h"
#include "schemas/fault.h"
#include "views/fold_alone.h"
#include "views/generation.h"
#include "views/offsets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- before the build ---- */

/* All other views that views are made from must be of this program's version. */
static int check_others(const struct rebuild *rb, struct error *e)
{
	struct store_options opt = command_store_options(rb->set);
	struct versions versions = { 0 };
	struct store *s = NULL;
	struct snap *sn = NULL;
	int rc;

	opt.generation = rb->before;
	rc = store_open(&opt, &s, e);
	if (!rc)
		rc = snap_open(s, &sn);
	if (!rc)
		rc = versions_of_snap(sn, &versions);
	for (size_t i = 0; view_registry[i]; i++)
		versions.frozen[i] &= view_registry[i] != rb->opt->view;
	if (!rc)
		rc = versions_check(&versions, rb->path, e);
	snap_close(sn);
	store_close(s);
	return rc ? error_set(e, rc, "store.path", "cannot read store '%s': %s", rb->path, error_text(rc)) : 0;
}

int replay_view_prepare(struct rebuild *rb, struct error *e)
{
	struct standing st;
	int rc;

	if (!rb->before)
		return error_set(e, ERR_BAD_REQUEST, "view",
				 "store '%s' has no views yet: `aisle replay --from earliest' makes all of them",
				 rb->path);
	rc = check_others(rb, e);
	if (rc)
		return rc;
	rc = rebuild_stand(rb, NULL, &st, e);
	free(st.ends);
	if (!rc && rb->from.kind == POINT_NONE && st.topics)
		rb->from.kind = POINT_EARLIEST;
	return rc;
}

/* The plan ends where `s` (as for rebuild_stand) stands, and is empty but for the view's topic. */
static int bound(struct rebuild *rb, struct store *s, struct error *e)
{
	struct standing st;
	int rc = rebuild_stand(rb, s, &st, e);

	rb->lines = st.lines;
	for (size_t i = 0; i < rb->plan.n && !rc; i++) {
		struct replay_part *p = &rb->plan.v[i];

		p->end = st.ends[i] < 0 ? p->low : st.ends[i];
		if (p->log != rb->opt->view->topic || p->begin > p->end) {
			p->begin = p->end;
			p->whole = st.ends[i] < 0;
		}
		p->next = p->end;
	}
	free(st.ends);
	return rc;
}

/* Where the store stands is asked before the log's ends here: live traffic is not taken for a log that was cut. */
static int check_log_is_long_enough(struct rebuild *rb, struct error *e)
{
	int rc = rb->plan.n ? rebuild_renew_plan(rb, e) : 0;

	for (size_t i = 0; i < rb->plan.n && !rc; i++) {
		const struct replay_part *p = &rb->plan.v[i];

		if (p->lost && p->log == rb->opt->view->topic)
			rc = error_set(
				e, ERR_LOG_TRUNCATED, "topics",
				"partition %d of '%s' ends at %lld, before what the store has read: it was cut or "
				"made anew; `aisle replay --from earliest' makes all views of what there is",
				p->id, setting_topic(rb->set, (enum topic)p->log), (long long)p->high);
	}
	return rc;
}

int replay_view_plan(struct rebuild *rb, struct error *e)
{
	bool may_lose = rb->opt->from_text || rb->opt->dry_run || rb->opt->view->topic != TOPIC_EVENTS;
	int rc = check_log_is_long_enough(rb, e);

	if (!rc)
		rc = bound(rb, NULL, e);
	for (size_t i = 0; i < rb->plan.n && !rc && !may_lose; i++) {
		const struct replay_part *p = &rb->plan.v[i];

		if (p->low && p->log == TOPIC_EVENTS)
			rc = error_set(
				e, ERR_BAD_REQUEST, "from",
				"partition %d of '%s' begins at %lld by now: what view '%s' counted of the records "
				"before would be lost; --from earliest says that it may be",
				p->id, setting_topic(rb->set, TOPIC_EVENTS), (long long)p->low, rb->opt->view->name);
	}
	return rc;
}

/* ---- building ---- */

/* Those of the current generation's own rebuild: most records that it could not read are not read again. */
static void keep_letters(const struct rebuild *rb)
{
	char from[GENERATION_PATH_MAX], to[GENERATION_PATH_MAX], old[GENERATION_PATH_MAX + 32],
		fresh[GENERATION_PATH_MAX + 32];

	generation_path(rb->path, rb->before, from);
	generation_path(rb->path, rb->generation, to);
	snprintf(old, sizeof(old), "%s/dead-letters.ndjson", from);
	snprintf(fresh, sizeof(fresh), "%s/dead-letters.ndjson", to);
	if (link(old, fresh) && errno != ENOENT && errno != EEXIST)
		log_warn("dead letters of the generation before stay there", "file=%s why=\"%s\"", old,
			 strerror(errno));
}

static int copy_current(struct rebuild *rb, struct store *base, struct error *e)
{
	struct store_options opt = command_store_options(rb->set);
	struct store *current = NULL;
	int rc;

	if (!rb->opt->json)
		replay_say("copying", rb->before);
	opt.generation = rb->before;
	rc = store_open(&opt, &current, e);
	if (!rc)
		rc = alone_copy(base, current, rb->opt->view, replay_interrupted);
	store_close(current);
	if (!rc)
		keep_letters(rb);
	return rc;
}

/* The store in which the view is folded, and its processor. */
static int open_scratch(struct rebuild *rb, struct store *base, struct error *e)
{
	struct store_options opt = rebuild_store_options(rb);
	struct processor_options more = { .bulk = true };
	char dir[GENERATION_PATH_MAX], key[GENERATION_PATH_MAX];
	int rc;

	generation_scratch(rb->path, rb->generation, dir);
	snprintf(key, sizeof(key), "%s/person.key", rb->path);
	opt.path = dir;
	opt.generation = 0;
	if (!opt.key_file || !*opt.key_file)
		opt.key_file = key;
	rc = store_open(&opt, &rb->in.store, e);
	if (!rc)
		rc = alone_begin(rb->in.store, base, rb->opt->view, replay_interrupted);
	if (!rc)
		rc = status_open(dir, true, &rb->in.status, e);
	return rc ? rc : ingest_processor(&rb->in, rb->set, &more, e);
}

struct comparing {
	struct snap *with;
	bool may_be_missing;
	struct error *e;
};

static int same_lines(void *arg, struct str log_name, int32_t partition, const struct position *pos)
{
	struct comparing *c = arg;
	struct position other = { 0 };
	char name[STORE_KEY_MAX];
	int rc;

	if (log_name.n < 5 || memcmp(log_name.p, "file:", 5) || !pos->next)
		return 0;
	snprintf(name, sizeof(name), "%.*s", STR_FMT(log_name));
	rc = offsets_get(c->with, name, partition, &other);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (rc ? c->may_be_missing : other.next == pos->next && other.fingerprint == pos->fingerprint)
		return 0;
	return error_set(c->e, ERR_BAD_REQUEST, "from-file",
			 "the store has not read the same lines of '%s': `aisle replay --from-file' reads on first",
			 name + 5);
}

/* What the view was made of are the lines of files that the other views were made of. */
static int check_files(struct rebuild *rb, struct store *base, struct error *e)
{
	struct comparing c = { .e = e };
	struct snap *ours = NULL, *theirs = NULL;
	int rc = snap_open(rb->in.store, &ours);

	if (!rc)
		rc = snap_open(base, &theirs);
	c.with = theirs;
	if (!rc)
		rc = offsets_each(ours, same_lines, &c);
	c.with = ours;
	c.may_be_missing = rb->opt->without_files;
	if (!rc)
		rc = offsets_each(theirs, same_lines, &c);
	snap_close(ours);
	snap_close(theirs);
	return rc;
}

static int fold_view(struct rebuild *rb, struct store *base, struct error *e)
{
	int rc = open_scratch(rb, base, e);

	if (!rc)
		rc = rebuild_read(rb, e);
	FAULT_POINT("alone:folded");
	if (!rc)
		rc = check_files(rb, base, e);
	if (!rc)
		rc = alone_take(base, rb->in.store, rb->opt->view, replay_interrupted);
	FAULT_POINT("alone:taken");
	rebuild_close(rb);
	for (size_t i = 0; i < rb->plan.n && !rc; i++) /* what is behind the last record there holds none */
		rb->plan.v[i].next = rb->plan.v[i].end;
	return rc;
}

int replay_view_build(struct rebuild *rb, struct error *e)
{
	struct store_options opt = rebuild_store_options(rb);
	enum alone_state state = ALONE_EMPTY;
	struct store *base = NULL;
	int rc = store_open(&opt, &base, e);

	if (!rc)
		rc = alone_state(base, rb->opt->view, &state);
	if (!rc && state == ALONE_EMPTY)
		rc = copy_current(rb, base, e);
	if (!rc)
		rc = bound(rb, base, e);
	if (!rc && state != ALONE_WHOLE)
		rc = fold_view(rb, base, e);
	if (!rc)
		rc = store_sync(base);
	if (!rc)
		rc = generation_scratch_drop(rb->path, rb->generation, e);
	store_close(base);
	if (rc == ERR_BAD_REQUEST) { /* the files would not be those of this copy the next time either */
		struct error none = { 0 };

		if (replay_drop(rb->set, rb->generation, &none))
			log_warn("cannot drop what was built", "why=\"%s\"", none.text);
	}
	return rc == ERR_SOURCE_RETRY && replay_interrupted() ? rebuild_stopped(e) : rc;
}
