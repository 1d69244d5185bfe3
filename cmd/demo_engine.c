#include "cmd/demo_engine.h"

#include "cmd/demo_stream.h"
#include "cmd/ingest.h"
#include "processor/sources.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct demo_engine {
	struct settings *settings;
	struct embedded_broker *broker;
	struct ingest in;
	char *temporary; /* folder to remove; NULL: none */
};

const struct settings *demo_engine_settings(const struct demo_engine *engine)
{
	return engine->settings;
}

struct store *demo_engine_store(struct demo_engine *engine)
{
	return engine->in.store;
}

struct status *demo_engine_status(struct demo_engine *engine)
{
	return engine->in.status;
}

struct publisher *demo_engine_publisher(struct demo_engine *engine)
{
	return engine->in.publisher;
}

bool demo_engine_ended(const struct demo_engine *engine)
{
	return atomic_load(&engine->in.ended);
}

/* The command's settings, and `more` on top. */
static int load_settings(const struct settings_sources *from, const char *const *more, size_t more_n,
			 struct settings **ret, struct error *e)
{
	const char **sets = xcalloc(from->sets_n + more_n, sizeof(*sets));
	struct settings_sources all = *from;
	int r;

	for (size_t i = 0; i < from->sets_n; i++)
		sets[i] = from->sets[i];
	for (size_t i = 0; i < more_n; i++)
		sets[from->sets_n + i] = more[i];
	all.sets = sets;
	all.sets_n = from->sets_n + more_n;
	r = settings_load(&all, ret, e);
	free(sets);
	return r;
}

/* The broker needs settings (topics), and the settings need the broker's address. */
static int open_broker(struct demo_engine *engine, const struct settings_sources *from, const char *folder,
		       const char *extra, struct error *e)
{
	struct settings *before = NULL;
	char store[4200], servers[320];
	/* the embedded broker lets an empty fetch wait to its end, though a record may come */
	const char *more[] = { store, servers, "store.durability=nosync", "kafka.fetch.wait.max.ms=2", extra };
	int r;

	r = load_settings(from, NULL, 0, &before, e);
	if (!r)
		r = embedded_broker_start(before, DEMO_PARTITIONS, &engine->broker, e);
	settings_free(before);
	if (r)
		return r;
	snprintf(store, sizeof(store), "store.path=%s", folder);
	snprintf(servers, sizeof(servers), "kafka.bootstrap.servers=%s", embedded_broker_servers(engine->broker));
	return load_settings(from, more, ARRAY_SIZE(more) - !extra, &engine->settings, e);
}

/* The processor on its thread, and all it needs. */
static int start(struct demo_engine *engine, const char *folder, struct error *e)
{
	char generations[4200];
	int r;

	snprintf(generations, sizeof(generations), "%s/generations", folder);
	if (access(generations, F_OK) == 0)
		return error_set(e, ERR_STORE_OPEN, "", "'%s' holds a store already: the demo needs a new folder",
				 folder);
	r = ingest_open(&engine->in, engine->settings, e);
	if (!r)
		r = ingest_kafka(&engine->in, engine->settings, e);
	return r ? r : ingest_start(&engine->in, e);
}

static char *make_folder(struct error *e)
{
	const char *parent = getenv("TMPDIR");
	char path[4096];

	snprintf(path, sizeof(path), "%s/aisle-demo-XXXXXX", parent && *parent ? parent : "/tmp");
	if (!mkdtemp(path)) {
		error_set(e, ERR_STORE_OPEN, "", "cannot make a temporary folder '%s': %s", path, strerror(errno));
		return NULL;
	}
	return xstrndup(path, strlen(path));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

int demo_engine_open(const struct settings_sources *from, const char *folder, const char *extra,
		     struct demo_engine **ret, struct error *e)
{
	struct demo_engine *engine = xcalloc(1, sizeof(*engine));
	int r = 0;

	if (!folder) {
		folder = engine->temporary = make_folder(e);
		r = folder ? 0 : ERR_STORE_OPEN;
	}
	if (!r)
		r = open_broker(engine, from, folder, extra, e);
	if (!r)
		r = start(engine, folder, e);
	if (r) {
		(void)!demo_engine_close(engine, NULL);
		return r;
	}
	*ret = engine;
	return 0;
}

int demo_engine_close(struct demo_engine *engine, struct error *e)
{
	int r;

	if (!engine)
		return 0;
	ingest_stop(&engine->in);
	r = engine->in.code;
	if (r)
		error_set(e, r, "", "%s", engine->in.why.text);
	ingest_close(&engine->in);
	embedded_broker_stop(engine->broker);
	settings_free(engine->settings);
	if (engine->temporary)
		nftw(engine->temporary, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(engine->temporary);
	free(engine);
	return r;
}
