/* Before a build: what it reads, which generation it goes into, what stands in its way. */
#include "cmd/replay.h"

#include "config/clock.h"
#include "config/log.h"
#include "config/version.h"
#include "processor/sources.h"
#include "views/generation.h"
#include "views/offsets.h"
#include "views/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- where the generation that is answered from stands ---- */

static int stand(void *arg, struct str log_name, int32_t partition, const struct position *pos)
{
	struct standing *st = arg;

	if (log_name.n > 5 && !memcmp(log_name.p, "file:", 5)) {
		st->files++;
		st->lines += (uint64_t)pos->next;
	}
	for (int topic = 0; topic < TOPIC_COUNT; topic++)
		if (offsets_is_of(log_name, setting_topic(st->rb->set, (enum topic)topic)))
			st->topics |= 1u << topic;
	for (size_t i = 0; i < st->rb->plan.n; i++) {
		const struct replay_part *p = &st->rb->plan.v[i];

		if (p->id == partition && offsets_is_of(log_name, setting_topic(st->rb->set, (enum topic)p->log)))
			st->ends[i] = pos->next;
	}
	return 0;
}

static int read_standing(struct store *s, struct standing *st, struct error *e)
{
	struct snap *sn = NULL;
	int rc = snap_open(s, &sn);

	if (!rc)
		rc = offsets_each(sn, stand, st);
	snap_close(sn);
	return rc ? error_set(e, rc, "store.path", "cannot read the positions of '%s': %s", store_path(s),
			      error_text(rc))
		  : 0;
}

int rebuild_stand(struct rebuild *rb, struct store *s, struct standing *ret, struct error *e)
{
	struct store_options opt = command_store_options(rb->set);
	struct store *current = NULL;
	int rc = 0;

	*ret = (struct standing){ .rb = rb, .ends = xmalloc((rb->plan.n + 1) * sizeof(int64_t)) };
	for (size_t i = 0; i < rb->plan.n; i++)
		ret->ends[i] = -1;
	opt.generation = rb->before;
	if (!s && rb->before)
		rc = store_open(&opt, &current, e);
	if (!rc && (s || current))
		rc = read_standing(s ? s : current, ret, e);
	store_close(current);
	return rc;
}

int rebuild_renew_plan(struct rebuild *rb, struct error *e)
{
	static const struct replay_point anywhere;
	struct replay_plan fresh;
	struct standing st;
	int rc = rebuild_stand(rb, NULL, &st, e);

	if (!rc)
		rc = replay_plan_make(rb->set, &anywhere, &anywhere, &fresh, e);
	for (size_t i = 0; !rc && i < rb->plan.n; i++) {
		const struct replay_part *old = &rb->plan.v[i];
		struct replay_part *p = replay_plan_find(&fresh, old->log, old->id);

		if (!p)
			continue;
		p->begin = old->begin;
		p->whole = old->whole;
		p->lost = st.ends[i] > p->high;
	}
	free(st.ends);
	if (rc)
		return rc;
	replay_plan_fini(&rb->plan);
	rb->plan = fresh;
	return 0;
}

int rebuild_aim_at_current(struct rebuild *rb, int64_t *behind, struct error *e)
{
	struct standing st;
	int rc = rebuild_stand(rb, NULL, &st, e);

	*behind = 0;
	for (size_t i = 0; i < rb->plan.n && !rc; i++) {
		struct replay_part *p = &rb->plan.v[i];

		int64_t read = p->next > p->end ? p->next : p->end; /* what follows the last record may hold none */

		if (p->lost || st.ends[i] <= read)
			continue;
		*behind += st.ends[i] - read;
		p->end = st.ends[i];
	}
	free(st.ends);
	return rc;
}

int rebuild_check_lines(struct rebuild *rb, struct error *e)
{
	struct error none = { 0 };
	struct standing st;
	int rc = rebuild_stand(rb, NULL, &st, e);

	free(st.ends);
	if (rc || st.lines == rb->lines || (rb->opt->without_files && !rb->opt->view))
		return rc;
	if (rb->opt->view && replay_drop(rb->set, rb->generation, &none)) /* its copy would never have them */
		log_warn("cannot drop what was built", "why=\"%s\"", none.text);
	return error_set(
		e, ERR_BAD_REQUEST, "from-file",
		"lines of files were read into generation %u since this one was begun, which has not got them: "
		"run the command again",
		rb->before);
}

/* ---- the generation to build ---- */

/* Its first line: what the same log would be folded into something else by. */
static void plan_settings(const struct settings *set, FILE *out)
{
	static const enum setting_id ids[] = { SET_TOPIC_EVENTS, SET_TOPIC_CATALOG,     SET_TOPIC_STOCK,
					       SET_TOPIC_CONFIG, SET_DECODE_RECORD_MAX, SET_DECODE_VOCABULARIES };
	char value[300], origin[16];
	const char *key;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		setting_describe(set, ids[i], &key, value, sizeof(value), origin, sizeof(origin));
		fprintf(out, "%s%s=%s", i ? " " : "", key, value);
	}
	fputc('\n', out);
}

/*
 * What makes two builds the same: settings, where it reads, what the views mean, and that the machine was not switched off in
 * between, since an unsynced build would not have survived that whole.
 */
static void plan_text(const struct rebuild *rb, char ret[GENERATION_PLAN_MAX])
{
	const struct replay_options *opt = rb->opt;
	char boot[CLOCK_BOOT_MAX];
	uint64_t files = 0;
	FILE *out = fmemopen(ret, GENERATION_PLAN_MAX - 1, "w");

	memset(ret, 0, GENERATION_PLAN_MAX);
	if (!out)
		return;
	clock_boot(boot);
	plan_settings(rb->set, out);
	if (opt->view)
		fprintf(out, "view %s beside generation %u\n", opt->view->name, rb->before);
	fprintf(out, "from %s to %s\nboot %s\nversion %s", opt->from_text ? opt->from_text : "-",
		opt->to_text ? opt->to_text : "-", boot, AISLE_VERSION);
	for (size_t i = 0; view_registry[i]; i++)
		fprintf(out, " %s=%u", view_registry[i]->name, view_registry[i]->version);
	/* names of files may be more than there is room for */
	for (size_t i = 0; i < opt->n; i++)
		files = XXH3_64bits_withSeed(opt->files[i], strlen(opt->files[i]) + 1, files);
	fprintf(out, "\nfiles %zu %016llx\n", opt->n, (unsigned long long)files);
	fclose(out);
}

/* The work of a replay that was stopped; what --no-swap left is whole, and may go. */
static void tell_dropped(unsigned generation, const char *found, const char *plan)
{
	size_t were = strcspn(found, "\n"), are = strcspn(plan, "\n");

	if (!strcmp(found, REPLAY_KEPT))
		return;
	if (found[were] && !strcmp(found + were, plan + are)) /* the same but for the line of settings */
		log_warn("begun anew, settings changed since it was stopped", "dropped=%u were=\"%.*s\" are=\"%.*s\"",
			 generation, (int)were, found, (int)are, plan);
	else
		log_warn("begun anew, what was stopped was another replay", "dropped=%u", generation);
}

/* One that a killed replay left and that goes on; others it left are dropped. */
static int take_leftover(struct rebuild *rb, const char *plan, struct error *e)
{
	unsigned all[GENERATIONS_MAX];
	char found[GENERATION_PLAN_MAX];
	size_t n;
	int rc = generation_list(rb->path, all, &n, e);

	for (size_t i = 0; i < n && !rc; i++) {
		if (!generation_marked(rb->path, all[i], found))
			continue;
		if (all[i] == rb->before) /* killed after its swap */
			rc = rb->opt->dry_run ? 0 : generation_unmark(rb->path, all[i], e);
		else if (!rb->generation && !strcmp(found, plan))
			rb->generation = all[i];
		else if (rb->opt->dry_run)
			rb->leftovers[rb->leftover_n++] = all[i];
		else {
			tell_dropped(all[i], found, plan);
			rc = replay_drop(rb->set, all[i], e);
		}
	}
	rb->resumed = rb->generation != 0;
	return rc;
}

static int choose(struct rebuild *rb, struct error *e)
{
	char plan[GENERATION_PLAN_MAX];
	int rc;

	plan_text(rb, plan);
	rc = take_leftover(rb, plan, e);
	if (rc || rb->resumed)
		return rc;
	if (rb->opt->dry_run) {
		rc = generation_last(rb->path, &rb->generation, e);
		rb->generation++;
		return rc;
	}
	return generation_create(rb->path, plan, &rb->generation, e);
}

int rebuild_processor(const struct rebuild *rb, bool *ret, struct error *e)
{
	unsigned all[GENERATIONS_MAX];
	size_t n;
	int rc = generation_list(rb->path, all, &n, e);

	*ret = false;
	for (size_t i = 0; i < n && !rc && !*ret; i++)
		*ret = all[i] != rb->generation && generation_held(rb->path, all[i]); /* ours is held here */
	return rc;
}

/* A processor that goes on with the current one would read on behind --to. */
static int check_nobody_reads_on(struct rebuild *rb, struct error *e)
{
	bool at_work = false;
	int rc = rb->opt->to.kind == POINT_NONE || rb->opt->no_swap ? 0 : rebuild_processor(rb, &at_work, e);

	if (!at_work)
		return rc;
	return error_set(e, ERR_STORE_LOCKED, "to",
			 "a processor is at work on '%s' and would read on behind --to: stop it, or use --no-swap",
			 rb->path);
}

/* Whatever is not there is no error: a shop may have no stock, or no scenarios yet. */
static void tell_empty(const struct rebuild *rb)
{
	static const char *const keys[TOPIC_COUNT] = { "topics.events", "topics.catalog", "topics.stock",
						       "topics.config" };

	for (uint16_t log = 0; log < TOPIC_COUNT; log++)
		if (!replay_plan_find(&rb->plan, log, 0))
			log_warn("topic does not exist, it is taken as empty", "setting=%s topic=%s", keys[log],
				 setting_topic(rb->set, (enum topic)log));
}

static int check_standing(struct rebuild *rb, struct error *e)
{
	struct standing st;
	unsigned needed;
	int rc = rebuild_stand(rb, NULL, &st, e);

	free(st.ends);
	rb->lines = st.lines;
	needed = rb->opt->view ? 1u << rb->opt->view->topic : st.topics | 1u << TOPIC_EVENTS;
	if (!rc && rb->from.kind != POINT_NONE)
		rc = replay_plan_check_topics(&rb->plan, rb->set, needed, e);
	if (!rc && rb->from.kind != POINT_NONE && !rb->opt->view)
		tell_empty(rb);
	if (!rc && st.topics && rb->from.kind == POINT_NONE && !rb->opt->no_swap)
		rc = error_set(e, ERR_BAD_REQUEST, "from",
			       "the store also holds records of Kafka, which the files have not: --from earliest reads "
			       "them behind the files, --no-swap makes a generation without them beside this one");
	if (rc || !st.files || rb->opt->n || rb->opt->without_files)
		return rc;
	return error_set(e, ERR_BAD_REQUEST, "from",
			 "the store also holds %llu lines of %llu files, which Kafka has not: name them with "
			 "--from-file, or leave them out with --without-files",
			 (unsigned long long)st.lines, (unsigned long long)st.files);
}

static int plan(struct rebuild *rb, struct error *e)
{
	int rc = rb->opt->view ? replay_view_prepare(rb, e) : 0;

	if (!rc && rb->from.kind != POINT_NONE)
		rc = replay_plan_make(rb->set, &rb->from, &rb->opt->to, &rb->plan, e);
	if (!rc && !rb->opt->n) /* files may be all there is before that time */
		rc = replay_plan_check_times(&rb->plan, rb->set, &rb->from, &rb->opt->to, e);
	if (!rc && rb->opt->view)
		rc = replay_view_plan(rb, e);
	return rc ? rc : check_standing(rb, e);
}

/* What fails for want of a setting or a file leaves no empty store behind. */
static int check_inputs(const struct rebuild *rb, struct error *e)
{
	int rc = replay_check_files(rb->opt, e);

	return rc || rb->from.kind == POINT_NONE ? rc : kafka_settings_usable(rb->set, e);
}

int rebuild_prepare(struct rebuild *rb, struct error *e)
{
	int rc = check_inputs(rb, e);

	if (rc)
		return rc;
	/* --view needs the others of a store that is there */
	if (!rb->opt->dry_run && !rb->opt->view && mkdir(rb->path, 0700) && errno != EEXIST)
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot make store '%s': %s", rb->path,
				 strerror(errno));
	rc = rb->opt->dry_run ? 0 : generation_replay_lock(rb->path, &rb->lock, e);
	if (!rc)
		rc = generation_current(rb->path, &rb->before, e);
	if (rc == ERR_NOT_FOUND)
		rc = 0;
	if (!rc)
		rc = check_nobody_reads_on(rb, e);
	replay_ends_at_once(true);
	if (!rc)
		rc = plan(rb, e);
	replay_ends_at_once(false);
	if (!rc)
		rc = choose(rb, e);
	if (!rc && !rb->opt->dry_run)
		rc = replay_status_begin(rb->path, &rb->progress.page, e);
	return rc;
}

void rebuild_fini(struct rebuild *rb)
{
	ingest_close(&rb->in);
	replay_plan_fini(&rb->plan);
	page_file_unmap(rb->progress.page);
	if (rb->lock >= 0)
		close(rb->lock);
}
