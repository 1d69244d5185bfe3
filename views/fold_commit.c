/*
 * When a batch is written, and where to: small ones into the young level at once; large ones into base by a thread, while
 * the next one is gathered. What a batch in that thread holds is looked up in it until it is in the store.
 */
#include "views/fold_internal.h"

#include "schemas/fault.h"

#define LARGE_SHARE 4 /* of young.bytesMax */

static void batch_reset(struct batch *b)
{
	delta_reset(&b->delta);
	b->records = 0;
	b->has_catalog = b->has_stock = false;
}

/* What is gathered is gone, and everything as the store has it. */
static int begin_anew(struct fold *f)
{
	int rc;

	batch_reset(&f->batch);
	f->read_error = 0;
	fold__forget_ids(f);
	rc = snap_renew(f->snap);
	return rc ? rc : fold__load_meta(f);
}

static int failed(struct fold *f, int rc)
{
	int anew = begin_anew(f);

	/* the caller is to know of what it cannot try again; there is no snapshot then */
	return !anew ? rc : anew == ERR_STORE_CORRUPT ? anew : ERR_STORE_BROKEN;
}

/* ---- the thread ---- */

static void *write_handed(void *arg)
{
	struct fold *f = arg;
	struct writer *w = &f->writer;

	w->code = fold__write(&w->batch, f->store, false, &w->figures);
	atomic_store(&w->ended, true);
	return NULL;
}

static int join(struct fold *f)
{
	struct writer *w = &f->writer;

	if (!w->running)
		return 0;
	pthread_join(w->thread, NULL);
	w->running = false;
	batch_reset(&w->batch);
	return w->code ? w->code : snap_renew(f->snap);
}

static int hand_over(struct fold *f)
{
	struct writer *w = &f->writer;
	struct batch written = w->batch;

	w->batch = f->batch;
	f->batch = written;
	atomic_store(&w->ended, false);
	w->running = pthread_create(&w->thread, NULL, write_handed, f) == 0;
	if (w->running)
		return 0;
	write_handed(f);
	batch_reset(&w->batch);
	return w->code ? w->code : snap_renew(f->snap);
}

void fold__writer_end(struct fold *f)
{
	if (f->writer.running)
		pthread_join(f->writer.thread, NULL);
	f->writer.running = false;
}

/* ---- */

static void close_batch(struct fold *f)
{
	lanes_put(&f->lanes, f);
	if (!f->versions.known)
		versions_put(f);
	f->versions.known = true; /* unless the commit fails: then they are read again */
	f->batch.meta = f->now;
}

static int write_small(struct fold *f, struct commit_figures *ret)
{
	int rc = fold__write(&f->batch, f->store, true, ret);

	/* others have filled the memory it lies in: a merge gives back what it has, and base takes the batch */
	if (rc == ERR_DISK_FULL && (rc = merger_finish(f->merger)) == 0)
		rc = fold__write(&f->batch, f->store, false, ret);
	return rc;
}

static int commit_young(struct fold *f, struct commit_figures *ret)
{
	struct commit_figures fig;
	int rc = join(f);

	if (!rc)
		rc = f->read_error;
	snap_park(f->snap); /* so that this commit may reuse the pages the last one freed */
	FAULT_POINT("commit:parked");
	f->now.changes++;
	close_batch(f);
	if (!rc)
		rc = write_small(f, &fig);
	if (rc)
		return failed(f, rc);
	batch_reset(&f->batch);
	FAULT_POINT("commit:forgotten");
	if (ret)
		*ret = fig;
	rc = snap_renew(f->snap);
	return rc ? failed(f, rc) : 0;
}

int fold_commit_bulk(struct fold *f, struct commit_figures *ret)
{
	int rc = join(f);
	struct commit_figures before = f->writer.figures; /* the thread writes the next ones */

	if (!rc)
		rc = f->read_error;
	if (!rc)
		rc = merger_finish(f->merger); /* base would be younger than what is young */
	if (!rc)
		rc = snap_renew(f->snap);
	FAULT_POINT("commit:parked");
	close_batch(f);
	if (!rc)
		rc = hand_over(f);
	if (rc)
		return failed(f, rc);
	if (ret)
		*ret = before;
	return 0;
}

int fold_wait(struct fold *f)
{
	int rc = join(f);

	return rc ? failed(f, rc) : 0;
}

bool fold_is_large(const struct fold *f)
{
	uint64_t most = store_young_bytes_max(f->store);

	return most && fold_pending_bytes(f) >= most / LARGE_SHARE && !store_young_bytes(f->store) &&
	       !store_young_sealed(f->store);
}

int fold_commit(struct fold *f, struct commit_figures *ret)
{
	int rc;

	if (fold_pending_bytes(f) < store_young_bytes_max(f->store))
		return commit_young(f, ret);
	rc = fold_commit_bulk(f, NULL);
	if (!rc)
		rc = fold_wait(f);
	if (!rc && ret)
		*ret = f->writer.figures;
	return rc;
}

bool fold_is_writing(const struct fold *f)
{
	return f->writer.running;
}

int fold_tend(struct fold *f, int64_t young_age_max_ms)
{
	uint64_t merges = merger_figures(f->merger)->merges;
	int rc = f->writer.running && atomic_load(&f->writer.ended) ? join(f) : 0;

	if (!rc && !f->writer.running)
		rc = merger_step(f->merger, (uint64_t)young_age_max_ms * 1000000);
	/* an old snapshot would hold the merged level's memory */
	if (!rc && merger_figures(f->merger)->merges != merges)
		rc = snap_renew(f->snap);
	return rc ? failed(f, rc) : 0;
}

int fold_settle(struct fold *f)
{
	int rc = join(f);

	snap_park(f->snap);
	if (!rc)
		rc = merger_finish(f->merger);
	if (!rc)
		rc = snap_renew(f->snap);
	return rc ? failed(f, rc) : 0;
}

const struct merger_figures *fold_merges(const struct fold *f)
{
	return merger_figures(f->merger);
}
