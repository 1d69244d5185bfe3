/*
 * demo_engine.h - everything `aisle demo` runs in its one process: the embedded broker, the processor on its own
 * thread, the publisher, and the store they fill.
 *
 * Thread: main for open and close; the rest any.
 */
#ifndef AISLE_CMD_DEMO_ENGINE_H
#define AISLE_CMD_DEMO_ENGINE_H

#include "config/settings.h"
#include "schemas/record.h"
#include "views/status.h"
#include "views/store.h"

struct demo_engine;

/*
 * `extra` is one more KEY=VALUE for the settings, or NULL.
 * A fresh store in `folder`, or in a temporary folder that ends with the engine when `folder` is NULL. `from` is where
 * the command's settings came from; the broker's address is added to them.
 */
int demo_engine_open(const struct settings_sources *from, const char *folder, const char *extra,
		     struct demo_engine **ret, struct error *e) MUST_CHECK;
/* Drains the processor. NULL is fine. Returns what the processor ended with. */
int demo_engine_close(struct demo_engine *engine, struct error *e) MUST_CHECK;

const struct settings *demo_engine_settings(const struct demo_engine *engine);
struct store *demo_engine_store(struct demo_engine *engine);
struct status *demo_engine_status(struct demo_engine *engine);
struct publisher *demo_engine_publisher(struct demo_engine *engine);
/* The processor ended by itself: it failed, and close tells why. */
bool demo_engine_ended(const struct demo_engine *engine);

#endif
