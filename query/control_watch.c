/* The newest set: a thread looks whether a document has changed, and makes the next one. */
#include "config/log.h"
#include "config/stopper.h"
#include "query/control_internal.h"

#include <pthread.h>
#include <stdlib.h>

#define NS_PER_MS UINT64_C(1000000)
#define SETTLE_LOOK 20      /* rounds of CONTROL_POLL_MS between two looks at what is unsettled */
#define SETTLE_AGAIN 2      /* looks between the first two tries */
#define SETTLE_AGAIN_MAX 64 /* looks between two tries; they double */

struct control_watch {
	pthread_mutex_t follow_lock; /* of these */
	struct snap *sn;
	struct publisher *publisher; /* NULL: what is unsettled stays so */
	const char *topic;
	struct control_settling settling;

	pthread_mutex_t published_lock;
	const struct control_set *published;

	struct stopper stopper;
	bool has_thread;
	pthread_t thread;
};

const struct control_set *control_set_acquire(struct control_watch *w)
{
	const struct control_set *ret;

	if (!w)
		return NULL;
	pthread_mutex_lock(&w->published_lock);
	ret = control_set__ref(w->published);
	pthread_mutex_unlock(&w->published_lock);
	return ret;
}

const struct control_set *control_set_newest(struct control_watch *w)
{
	int rc = w ? control_watch_follow(w) : 0;

	(void)rc; /* the thread meets it too, and says so */
	return control_set_acquire(w);
}

static void complain(const struct control_set *set, const struct control_set *before)
{
	for (int kind = 0; kind < CONTROL_KIND_COUNT; kind++)
		for (unsigned i = 0; i < set->docs[kind].n; i++) {
			const struct control_doc *d = set->docs[kind].v[i];
			struct error was, is;

			if (control_set_problem(set, d->kind, str_of(d->id), &is) &&
			    !(control_set_problem(before, d->kind, str_of(d->id), &was) && !strcmp(was.text, is.text)))
				log_warn("a document has no effect", "document=%s/%s field=\"%s\" why=\"%s\"",
					 control_kind_name(d->kind), d->id, is.field, is.text);
		}
}

/* Only who holds follow_lock changes `published`, and it is looked at here alone. */
static int follow(struct control_watch *w)
{
	const struct control_set *before = w->published;
	struct control_set *made;
	uint64_t version;
	int rc = config_version(w->sn, &version);

	if (rc || (before && version == before->version))
		return rc;
	rc = control_set__make(w->sn, before, &made);
	if (rc)
		return rc;
	complain(made, before);
	pthread_mutex_lock(&w->published_lock);
	w->published = made;
	pthread_mutex_unlock(&w->published_lock);
	control_set_release(before);
	return 0;
}

int control_watch_follow(struct control_watch *w)
{
	int rc;

	pthread_mutex_lock(&w->follow_lock);
	rc = snap_renew(w->sn);
	if (!rc) {
		rc = follow(w);
		snap_park(w->sn);
	}
	pthread_mutex_unlock(&w->follow_lock);
	return rc;
}

/* ---- what is unsettled ---- */

static int add_row(void *arg, const struct config_row *row)
{
	*(uint64_t *)arg += row->revision + row->change_id;
	return 0;
}

int control_send_again(struct publisher *publisher, const char *topic, const struct config_row *row)
{
	char room[CONTROL_KEY_MAX];
	struct str key = control_key_of(row->kind, row->id, room);
	struct json_out j = { 0 };
	int rc;

	config_write_record(&j, row);
	rc = publisher->ops->send(publisher, topic, -1, key, j.p, j.n, 0, NULL, 0, NULL, NULL);
	json_out_fini(&j);
	return rc;
}

static int settle_row(void *arg, const struct config_row *row)
{
	const struct control_watch *w = arg;

	(void)control_send_again(w->publisher, w->topic, row); /* one that is lost is sent at a later look */
	return 0;
}

bool control__settle_due(struct control_settling *s, uint64_t unsettled)
{
	bool ret;

	if (s->wait)
		s->wait--;
	if (!s->wait && !unsettled)
		s->pause = 0;
	ret = unsettled && unsettled == s->unsettled && !s->wait;
	if (ret) {
		s->pause = s->pause ? 2 * s->pause : SETTLE_AGAIN;
		s->wait = s->pause = s->pause < SETTLE_AGAIN_MAX ? s->pause : SETTLE_AGAIN_MAX;
	}
	s->unsettled = unsettled;
	return ret;
}

static int settle(struct control_watch *w)
{
	uint64_t sum = 0;
	int rc = 0;

	pthread_mutex_lock(&w->follow_lock);
	if (!w->publisher)
		goto out;
	rc = snap_renew(w->sn);
	if (!rc)
		rc = config_each_unsettled(w->sn, add_row, &sum);
	if (!rc && control__settle_due(&w->settling, sum))
		rc = config_each_unsettled(w->sn, settle_row, w);
	snap_park(w->sn);
out:
	pthread_mutex_unlock(&w->follow_lock);
	return rc;
}

void control_watch_settle(struct control_watch *w, struct publisher *publisher, const char *topic)
{
	pthread_mutex_lock(&w->follow_lock);
	w->publisher = publisher;
	w->topic = topic;
	pthread_mutex_unlock(&w->follow_lock);
}

/* ---- the thread ---- */

static void *run(void *arg)
{
	struct control_watch *w = arg;
	unsigned rounds = 0;
	int failed = 0;

	while (!stopper_rest(&w->stopper, CONTROL_POLL_MS * NS_PER_MS)) {
		int rc = control_watch_follow(w);

		if (!rc && ++rounds % SETTLE_LOOK == 0)
			rc = settle(w);
		if (rc && rc != failed)
			log_warn("cannot read what was decided, what was known before stays", "code=%s why=\"%s\"",
				 error_slug(rc), error_text(rc));
		failed = rc;
	}
	return NULL;
}

int control_watch_start(struct store *s, struct control_watch **ret, struct error *e)
{
	struct control_watch *w = xcalloc(1, sizeof(*w));
	int rc;

	pthread_mutex_init(&w->follow_lock, NULL);
	pthread_mutex_init(&w->published_lock, NULL);
	stopper_init(&w->stopper);
	rc = snap_open(s, &w->sn);
	if (!rc) {
		rc = follow(w);
		snap_park(w->sn);
	}
	if (rc) {
		error_set(e, rc, "", "cannot read what was decided: %s", error_text(rc));
		goto fail;
	}
	rc = pthread_create(&w->thread, NULL, run, w);
	if (rc) {
		rc = error_set(e, ERR_IO, "", "cannot start a thread: %s", strerror(rc));
		goto fail;
	}
	w->has_thread = true;
	*ret = w;
	return 0;
fail:
	control_watch_stop(w);
	return rc;
}

void control_watch_stop(struct control_watch *w)
{
	if (!w)
		return;
	if (w->has_thread) {
		stopper_pull(&w->stopper);
		pthread_join(w->thread, NULL);
	}
	snap_close(w->sn);
	control_set_release(w->published);
	pthread_mutex_destroy(&w->follow_lock);
	pthread_mutex_destroy(&w->published_lock);
	stopper_fini(&w->stopper);
	free(w);
}
