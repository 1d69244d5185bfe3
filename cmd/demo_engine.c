#include "cmd/demo_engine.h"

#include "cmd/demo_stream.h"
#include "processor/processor.h"
#include "processor/sources.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct demo_engine {
	struct settings *settings;
	struct embedded_broker *broker;
	struct publisher *publisher;
	struct store *store;
	struct status *status;
	struct processor *processor;
	struct source *source;
	pthread_t thread;
	bool running;
	atomic_bool ended;
	int result; /* of the processor */
	struct error error;
	char *temporary; /* folder to remove; NULL: none */
};

const struct settings *demo_engine_settings(const struct demo_engine *engine)
{
	return engine->settings;
}

struct store *demo_engine_store(struct demo_engine *engine)
{
	return engine->store;
}

struct status *demo_engine_status(struct demo_engine *engine)
{
	return engine->status;
}

struct publisher *demo_engine_publisher(struct demo_engine *engine)
{
	return engine->publisher;
}

bool demo_engine_ended(const struct demo_engine *engine)
{
	return atomic_load(&engine->ended);
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

static int open_store(struct demo_engine *engine, const char *folder, struct error *e)
{
	struct store_options opt = { .path = folder, .durability = STORE_NOSYNC, .writer = true };
	char base[4200];
	int r;

	snprintf(base, sizeof(base), "%s/base", folder);
	if (access(base, F_OK) == 0)
		return error_set(e, ERR_STORE_OPEN, "", "'%s' holds a store already: the demo needs a new folder",
				 folder);
	opt.map_size = (uint64_t)setting_int(engine->settings, SET_STORE_MAP_SIZE);
	r = store_open(&opt, &engine->store, e);
	if (!r)
		r = status_open(folder, true, &engine->status, e);
	return r;
}

static void *run(void *arg)
{
	struct demo_engine *engine = arg;

	engine->result = processor_run(engine->processor, engine->source, &engine->error);
	atomic_store(&engine->ended, true);
	return NULL;
}

static int start_processor(struct demo_engine *engine, struct error *e)
{
	struct processor_options opt = { .settings = engine->settings,
					 .store = engine->store,
					 .status = engine->status };
	int r;

	r = publisher_kafka_open(engine->settings, &engine->publisher, e);
	if (r)
		return r;
	opt.dead_letters = engine->publisher;
	r = processor_new(&opt, &engine->processor, e);
	if (!r)
		r = source_kafka_open(engine->settings, processor_resume, engine->processor, &engine->source, e);
	if (r)
		return r;
	if (pthread_create(&engine->thread, NULL, run, engine))
		return error_set(e, ERR_SOURCE_OPEN, "", "cannot start the processor's thread: %s", strerror(errno));
	engine->running = true;
	return 0;
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
		r = open_store(engine, folder, e);
	if (!r)
		r = start_processor(engine, e);
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
	if (engine->running) {
		processor_stop(engine->processor);
		pthread_join(engine->thread, NULL);
	}
	r = engine->result;
	if (r)
		error_set(e, r, "", "%s", engine->error.text);
	if (engine->source)
		engine->source->ops->close(engine->source);
	processor_free(engine->processor);
	if (engine->publisher)
		engine->publisher->ops->close(engine->publisher);
	if (engine->broker)
		embedded_broker_stop(engine->broker);
	status_close(engine->status);
	store_close(engine->store);
	settings_free(engine->settings);
	if (engine->temporary)
		nftw(engine->temporary, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(engine->temporary);
	free(engine);
	return r;
}
