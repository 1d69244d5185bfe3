#include "cmd/command.h"
#include "cmd/demo_engine.h"
#include "cmd/demo_files.h"
#include "cmd/demo_follow.h"
#include "cmd/demo_once.h"
#include "cmd/demo_shoppers.h"
#include "cmd/demo_stream.h"
#include "config/clock.h"
#include "config/log.h"
#include "query/server.h"
#include "schemas/json_keys.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STOP_GRACE_MS 500

struct demo_options {
	bool once;
};

enum { OPT_ONCE = 0x100 };

static const struct argp_option options[] = {
	{ "once", OPT_ONCE, NULL, 0, "Load the shop, print a few answers, check that they are not empty, and end", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct demo_options *opt = state->input;

	(void)arg;
	if (key != OPT_ONCE)
		return ARGP_ERR_UNKNOWN;
	opt->once = true;
	return 0;
}

/* Everything the demo holds, in the order it is opened. */
struct demo {
	struct demo_shop *shop;
	struct demo_engine *engine;
	struct demo_log log;
	struct demo_shoppers *shoppers;
	struct json_out products;
	struct static_file files[4]; /* the server borrows them */
	struct server *server;
	sigset_t signals;
};

/* SIGINT and SIGTERM stay blocked in every thread, and are asked for where the demo waits. */
static bool interrupted(void *arg)
{
	struct demo *d = arg;
	const struct timespec now = { 0, 0 };

	return sigtimedwait(&d->signals, NULL, &now) > 0 || demo_engine_ended(d->engine);
}

/* /demo/products.json: what the page searches in. */
static void write_products(struct demo *d)
{
	struct json_out *j = &d->products;
	size_t orders = 0;

	for (size_t i = 0; i < d->shop->order_count; i++)
		orders += !d->shop->orders[i].returned;
	json_out_object(j);
	key_int(j, "orders", (int64_t)orders);
	key_int(j, "lastOrder", d->shop->last_ms - d->shop->shift_ms);
	key_int(j, "shiftMs", d->shop->shift_ms);
	json_out_key(j, "products");
	json_out_array(j);
	for (size_t i = 0; i < d->shop->product_count; i++) {
		json_out_array(j);
		json_out_str(j, d->shop->products[i].id);
		json_out_str(j, d->shop->products[i].title);
		json_out_int(j, d->shop->products[i].price_pence);
		json_out_str(j, d->shop->products[i].category);
		json_out_end_array(j);
	}
	json_out_end_array(j);
	json_out_end_object(j);
}

static int start_server(struct demo *d, struct error *e)
{
	struct str page = demo_file(DEMO_INDEX_HTML), css = demo_file(DEMO_APP_CSS), js = demo_file(DEMO_APP_JS);
	struct server_options opt = {
		.settings = demo_engine_settings(d->engine),
		.store = demo_engine_store(d->engine),
		.status = demo_engine_status(d->engine),
		.publisher = demo_engine_publisher(d->engine),
		.files = d->files,
		.file_count = ARRAY_SIZE(d->files),
		.trusted_feed = true,
		.shoppers = demo_shoppers_set,
		.shoppers_are_in = demo_shoppers_are_in,
		.shoppers_arg = d->shoppers,
	};
	int r;

	d->files[0] = (struct static_file){ "/demo", "text/html; charset=utf-8", page.p, page.n };
	d->files[1] = (struct static_file){ "/demo/app.css", "text/css; charset=utf-8", css.p, css.n };
	d->files[2] = (struct static_file){ "/demo/app.js", "text/javascript; charset=utf-8", js.p, js.n };
	d->files[3] = (struct static_file){ "/demo/products.json", "application/json", d->products.p, d->products.n };
	r = server_start(&opt, &d->server, e);
	return r ? r : demo_shoppers_serve(d->shoppers, d->server, e);
}

static int show_answers(void *arg, struct error *e)
{
	struct demo *d = arg;

	return demo_log_follow(&d->log, demo_engine_store(d->engine), demo_engine_status(d->engine),
			       demo_engine_settings(d->engine), e);
}

static int stream_year(struct demo *d, struct error *e)
{
	struct demo_stream_options opt = {
		.settings = demo_engine_settings(d->engine),
		.log = &d->log,
		.publisher = demo_engine_publisher(d->engine),
		.store = demo_engine_store(d->engine),
		.status = demo_engine_status(d->engine),
		.progress = isatty(STDERR_FILENO),
		.show = show_answers,
		.show_arg = d,
		.stopped = interrupted,
		.stopped_arg = d,
	};
	struct demo_stream_figures figures;
	int r;

	fprintf(stderr,
		"a year of a real shop: %zu products, %zu orders and cancellations, %zu simulated views, searches and baskets;\n"
		"in the last %d days people are shown recommendations and follow some: these clicks are simulated too\n",
		d->shop->product_count, d->shop->order_count, d->log.visit_count, DEMO_SHOWN_DAYS);
	r = demo_stream(&opt, &figures, e);
	if (r)
		return r;
	fprintf(stderr, "%" PRIu64 " records, %.1f MB (%.1f MB in the fullest partition), all applied in %.1f s\n",
		figures.records, (double)figures.bytes / 1e6, (double)figures.bytes_of_fullest / 1e6, figures.seconds);
	return 0;
}

static void wait_for_the_end(struct demo *d)
{
	const struct timespec a_while = { 0, 200000000 };

	while (sigtimedwait(&d->signals, NULL, &a_while) < 0)
		if (demo_engine_ended(d->engine))
			return;
}

/* By --set (or --store); `value` gets what holds. */
static bool was_set(const struct command_context *ctx, enum setting_id id, char *value, size_t size)
{
	const char *key;
	char origin[64];

	setting_describe(ctx->settings, id, &key, value, size, origin, sizeof(origin));
	return strcmp(origin, "--set") == 0;
}

/* 0; 1 when interrupted while loading. */
static int run_demo(struct demo *d, struct command_context *ctx, struct error *e)
{
	const struct demo_options *opt = ctx->options;
	char path[4200], listen[320];
	bool named = was_set(ctx, SET_STORE_PATH, path, sizeof(path));
	/* a script's run is in nobody's way */
	bool any_port = !was_set(ctx, SET_HTTP_LISTEN, listen, sizeof(listen)) && opt->once;
	int r;

	/* rather now than after the year */
	r = any_port ? 0 : server_listen_check(ctx->settings, e);
	if (!r)
		r = demo_shop_open(&d->shop, e);
	if (r)
		return r;
	demo_shop_shift(d->shop, clock_system.wall_ms(&clock_system));
	demo_log_init(&d->log, d->shop);
	/* --store and --set name a folder; a store that aisle.conf or the environment names is not the demo's to fill */
	r = demo_engine_open(ctx->from, named ? path : NULL, any_port ? "http.listen=127.0.0.1:0" : NULL, &d->engine,
			     e);
	if (!r)
		r = stream_year(d, e);
	if (r)
		return r;
	d->shoppers = demo_shoppers_new(d->shop, demo_engine_settings(d->engine), demo_engine_publisher(d->engine));
	if (!d->shoppers)
		return error_set(e, ERR_SOURCE_OPEN, "", "cannot start a thread for the simulated shoppers");
	write_products(d);
	r = start_server(d, e);
	if (r)
		return r;
	fprintf(stderr, "ready: %s\nthe page: %s/demo\n", server_url(d->server), server_url(d->server));
	if (opt->once)
		return demo_print_answers(demo_engine_store(d->engine), demo_engine_status(d->engine),
					  demo_engine_settings(d->engine), e);
	fprintf(stderr, "Ctrl-C ends it\n");
	wait_for_the_end(d);
	return 0;
}

static int run(struct command_context *ctx)
{
	const struct demo_options *opt = ctx->options;
	struct demo d = { 0 };
	struct error e = { 0 };
	int r, ended;

	sigemptyset(&d.signals);
	sigaddset(&d.signals, SIGINT);
	sigaddset(&d.signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &d.signals, NULL);
	if (strcmp(setting_string(ctx->settings, SET_LOG_LEVEL), "info") == 0)
		log_set_level(LOG_LEVEL_WARN); /* the bar and the answers are what there is to read */
	r = run_demo(&d, ctx, &e);
	demo_shoppers_stop(d.shoppers);
	server_stop(d.server, STOP_GRACE_MS);
	demo_shoppers_free(d.shoppers);
	ended = demo_engine_close(d.engine, &e);
	json_out_fini(&d.products);
	demo_log_fini(&d.log);
	demo_shop_free(d.shop);
	if (r < 0 || ended < 0)
		return command_failed("%s", e.text[0] ? e.text : error_text(r < 0 ? r : ended));
	if (r && opt->once)
		return command_failed("stopped before there were answers to check");
	return 0;
}

const struct command command_demo = {
	.name = "demo",
	.summary = "A real shop's year through an embedded broker, and a page to look at",
	.description =
		"Streams a year of a real shop's orders (UCI Online Retail, CC0) through a broker inside the program into a "
		"fresh store, then serves the answers and a page at /demo. It needs no services and no network. Views, "
		"baskets and clicks on recommendations are simulated from the orders, stock and categories are made up, and all times are moved so that the "
		"last order lies less than an hour back.\n\n"
		"The store is temporary unless --store names a new folder.\n\n"
		"Examples:\n"
		"  aisle demo\n"
		"  aisle demo --set http.listen=0.0.0.0:8080\n"
		"  aisle demo --once\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct demo_options),
	.run = run,
};
