/*
 * bench_rules: requests a second without anything decided and, in turn with that, with RULES rules and EXPERIMENTS
 * experiments in force, asked over HTTP by wrk beside it.
 *
 *     bench_rules [RULES] [EXPERIMENTS] [ROUNDS] [SECONDS] [EVENTS]
 *
 * The shop is that of shop.h. Eight in ten rules are of two of its 110 categories, and half of these of one of five
 * placements; nine in ten of the others are of one placement; a fifth of all each of a country and of a segment, three in ten of a time, which half of them are in; a sixth of them each keep,
 * exclude by id, exclude by condition, boost or bury, pin, and limit. Prints the best of the rounds and their ratios:
 * requests a second, and the server's CPU time a request, which is steadier where others are at work.
 */
#include "bench/shop.h"
#include "query/server.h"
#include "schemas/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PATHS 2000
#define ROUNDS_MAX 20
#define SETTLE_MS 500 /* for the answers to know what was decided */

static const char *const placements[] = { "home", "product-page", "cart", "category", "also-bought" };

/* ---- what is decided ---- */

struct text {
	char v[4096];
	size_t n;
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->v + t->n, sizeof(t->v) - t->n, fmt, ap);
	va_end(ap);
	if (t->n >= sizeof(t->v))
		exit(1);
}

static bool one_in_ten(unsigned n)
{
	return shop_draw() % 10 < n;
}

static unsigned below(unsigned n)
{
	return (unsigned)(shop_draw() % n);
}

static void put_items(struct text *t, unsigned n)
{
	put(t, "\"itemIds\":[");
	for (unsigned i = 0; i < n; i++)
		put(t, "%s\"item-%05u\"", i ? "," : "", shop_zipf(shop_items));
	put(t, "]");
}

static void put_conditions(struct text *t)
{
	unsigned shelf = below(SHOP_CATEGORIES);
	bool has_categories = one_in_ten(8);

	if (has_categories)
		put(t, "\"categories\":[\"Group %u > Shelf %u\",\"Group %u\"],", shelf / 10, shelf, below(10));
	if (one_in_ten(has_categories ? 5 : 9))
		put(t, "\"placements\":[\"%s\"],", placements[below(ARRAY_SIZE(placements))]);
	if (one_in_ten(2))
		put(t, "\"countries\":[\"%s\"],", below(2) ? "DE" : "AT");
	if (one_in_ten(2))
		put(t, "\"segments\":[\"%s\"],", below(2) ? "frequent" : "lapsing");
	if (one_in_ten(3))
		put(t, "\"from\":\"2020-01-01T00:00:00Z\",\"to\":\"%s-01-01T00:00:00Z\",", below(2) ? "2021" : "2100");
	put(t, "\"priority\":%u,\"action\":", below(1000));
}

static void put_action(struct text *t, unsigned kind)
{
	unsigned brand = below(500);

	switch (kind) {
	case 0:
		put(t, "{\"filter\":\"price >= 1.5 or brand = 'Brand %u'\"}", brand);
		break;
	case 1:
		put(t, "{\"exclude\":{");
		put_items(t, 20);
		put(t, "}}");
		break;
	case 2:
		put(t, "{\"exclude\":{\"filter\":\"brand in ('Brand %u','Brand %u') and rating < 4\"}}", brand,
		    below(500));
		break;
	case 3:
		put(t, "{\"%s\":{\"filter\":\"brand = 'Brand %u'\",\"factor\":%s}}", brand % 2 ? "boost" : "bury",
		    brand, brand % 2 ? "2" : "0.5");
		break;
	case 4:
		put(t, "{\"pin\":{\"position\":%u,", 1 + below(5));
		put_items(t, 2);
		put(t, "}}");
		break;
	default:
		put(t, "{\"quota\":{\"filter\":\"brand = 'Brand %u'\",\"max\":2}}", brand);
	}
}

static void decide(struct fold *f, const char *kind, unsigned number, const char *document)
{
	struct text key = { .n = 0 }, value = { .n = 0 };
	struct control_record rec;
	struct error e = { 0 };

	put(&key, "%s/bench-%u", kind, number);
	put(&value, "{\"document\":%s}", document);
	shop_check(control_record_decode((struct str){ key.v, (uint32_t)key.n }, value.v, value.n, &rec, &e), &e);
	if (fold_config(f, &rec, 0) < 0)
		exit(1);
}

static void decide_all(struct store *store, unsigned rules, unsigned experiments, bool on)
{
	struct error e = { 0 };
	struct fold *f;

	shop_check(fold_new(store, &f, &e), &e);
	for (unsigned i = 0; i < rules; i++) {
		struct text t = { .n = 0 };

		put(&t, "{");
		put_conditions(&t);
		put_action(&t, i % 6);
		put(&t, "}");
		decide(f, "rule", i, on ? t.v : "null");
	}
	for (unsigned i = 0; i < experiments; i++) {
		struct text t = { .n = 0 };

		put(&t,
		    "{\"layer\":\"l%u\",\"status\":\"running\",\"placements\":[\"%s\"],\"variants\":[{\"name\":\"a\",\"weight\":1},"
		    "{\"name\":\"b\",\"weight\":1,\"scenario\":{\"filter\":\"price > 2\"}}]}",
		    i, placements[below(ARRAY_SIZE(placements))]);
		decide(f, "experiment", i, on ? t.v : "null");
	}
	shop_check(fold_commit(f, NULL), NULL);
	fold_free(f);
}

/* ---- asking ---- */

static void write_paths(const char *name)
{
	FILE *f = fopen(name, "w");

	if (!f)
		exit(1);
	for (unsigned i = 0; i < PATHS; i++) {
		unsigned item = shop_zipf(shop_items), person = below(SHOP_PEOPLE), shelf = below(SHOP_CATEGORIES);
		const char *country = below(2) ? "&country=DE" : "";

		switch (below(10)) {
		case 0:
		case 1:
		case 2:
			fprintf(f, "/v1/recommendations/home?userId=user-%05u%s\n", person, country);
			break;
		case 3:
		case 4:
		case 5:
			fprintf(f, "/v1/recommendations/product-page?itemIds=item-%05u&userId=user-%05u%s\n", item,
				person, country);
			break;
		case 6:
		case 7:
			fprintf(f, "/v1/recommendations/category?category=Group%%20%u%%20%%3E%%20Shelf%%20%u%s\n",
				shelf / 10, shelf, country);
			break;
		case 8:
			fprintf(f, "/v1/recommendations/cart?itemIds=item-%05u,item-%05u%s\n", item,
				shop_zipf(shop_items), country);
			break;
		default:
			fprintf(f, "/v1/items/item-%05u/also-bought\n", item);
		}
	}
	if (fclose(f))
		exit(1);
}

struct asked {
	double per_second, cpu_us;
};

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static struct asked ask(const char *url, const char *paths, unsigned seconds)
{
	char command[512], line[512];
	double requests = 0, took = 1, before_us = cpu_us();
	unsigned bad = 0, broken = 0;
	FILE *p;

	snprintf(command, sizeof(command), "wrk -t1 -c8 -d%us -s bench/wrk.lua %s -- %s", seconds, url, paths);
	p = popen(command, "r");
	if (!p)
		exit(1);
	while (fgets(line, sizeof(line), p)) {
		const char *at = strstr(line, "\"bad_status\":");

		if (sscanf(line, "{\"requests\":%lf,\"seconds\":%lf", &requests, &took) == 2 && at)
			sscanf(at, "\"bad_status\":%u,\"broken\":%u", &bad, &broken);
	}
	if (pclose(p) || bad || broken || requests == 0) {
		fprintf(stderr, "bench_rules: wrk: %u answers are no 200, %u were not got\n", bad, broken);
		exit(1);
	}
	return (struct asked){ requests / took, (cpu_us() - before_us) / requests };
}

static struct asked best_of(const struct asked *v, unsigned n)
{
	struct asked ret = v[0];

	for (unsigned i = 1; i < n; i++) {
		if (v[i].per_second > ret.per_second)
			ret.per_second = v[i].per_second;
		if (v[i].cpu_us < ret.cpu_us)
			ret.cpu_us = v[i].cpu_us;
	}
	return ret;
}

static void settle(void)
{
	struct timespec ts = { .tv_nsec = SETTLE_MS * 1000000L };

	nanosleep(&ts, NULL);
}

static unsigned argument(int argc, char **argv, int i, unsigned without)
{
	return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : without;
}

int main(int argc, char **argv)
{
	unsigned rules = argument(argc, argv, 1, 1000), experiments = argument(argc, argv, 2, 50);
	unsigned rounds = argument(argc, argv, 3, 8), seconds = argument(argc, argv, 4, 1);
	const char *sets[] = { "http.listen=127.0.0.1:0", "http.threads=1" };
	struct settings_sources from = { .sets = sets, .sets_n = ARRAY_SIZE(sets) };
	char dir[] = "/tmp/aisle-bench-XXXXXX", command[64], paths[64];
	struct store_options opt = { .path = dir, .durability = STORE_NOSYNC, .writer = true };
	struct server_options serve = { 0 };
	struct asked of[2][ROUNDS_MAX], with, without;
	struct store *store;
	struct settings *set;
	struct status *status;
	struct server *server;
	struct error e = { 0 };

	if (rounds < 1 || rounds > ROUNDS_MAX || !mkdtemp(dir))
		return 1;
	snprintf(paths, sizeof(paths), "%s/paths", dir);
	shop_check(store_open(&opt, &store, &e), &e);
	shop_fill(store, argument(argc, argv, 5, 300000));
	write_paths(paths);
	shop_check(settings_load(&from, &set, &e), &e);
	shop_check(status_open(dir, true, &status, &e), &e);
	serve = (struct server_options){ .settings = set, .store = store, .status = status };
	shop_check(server_start(&serve, &server, &e), &e);
	ask(server_url(server), paths, 1);
	for (unsigned i = 0; i < 2 * rounds; i++) {
		bool on = i % 2;

		decide_all(store, rules, experiments, on);
		settle();
		of[on][i / 2] = ask(server_url(server), paths, seconds);
		printf("%-8s %8.0f requests/s %8.1f us of CPU each\n", on ? "decided" : "nothing",
		       of[on][i / 2].per_second, of[on][i / 2].cpu_us);
		fflush(stdout);
	}
	without = best_of(of[0], rounds);
	with = best_of(of[1], rounds);
	printf("%u rules and %u experiments: %.0f instead of %.0f requests/s, ratio %.3f; CPU time %.1f instead of %.1f us, ratio %.3f\n",
	       rules, experiments, with.per_second, without.per_second, with.per_second / without.per_second,
	       with.cpu_us, without.cpu_us, with.cpu_us / without.cpu_us);
	server_stop(server, 0);
	status_close(status);
	settings_free(set);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) != 0;
}
