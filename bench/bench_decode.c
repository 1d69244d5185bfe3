/*
 * bench_decode - records into events, JSON and MessagePack, beside what bounds them in the same run: one pass over the
 * bytes (XXH3, memcpy) and a parser that builds a tree (jansson).
 *
 *     bench_decode [ROUNDS]
 *
 * 4,096 different events of about 285 bytes of JSON each, decoded in turn, so that no branch is learned by heart; the
 * best of nine rounds, CPU time of one thread (ns/event is also CPU ms per million).
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

#include "schemas/decode.h"

#define EVENTS 4096
#define RECORD_ROOM 512

struct corpus {
	size_t n[EVENTS];
	size_t bytes;
	char record[EVENTS][RECORD_ROOM];
};

struct put {
	unsigned char *p;
};

static void put_str(struct put *out, const char *s)
{
	size_t n = strlen(s);

	if (n < 32) {
		*out->p++ = (unsigned char)(0xa0 | n);
	} else {
		*out->p++ = 0xd9;
		*out->p++ = (unsigned char)n;
	}
	memcpy(out->p, s, n);
	out->p += n;
}

static void put_value(struct put *out, json_t *v)
{
	const char *key;
	uint64_t bits;
	json_t *entry;
	double real;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		*out->p++ = (unsigned char)(0x80 | json_object_size(v));
		json_object_foreach(v, key, entry)
		{
			put_str(out, key);
			put_value(out, entry);
		}
		break;
	case JSON_STRING:
		put_str(out, json_string_value(v));
		break;
	default: /* numbers: the benchmark's are all written as doubles or as 64 bits */
		real = json_number_value(v);
		bits = (uint64_t)json_integer_value(v);
		if (json_is_real(v))
			memcpy(&bits, &real, sizeof(bits));
		*out->p++ = json_is_real(v) ? 0xcb : 0xcf;
		for (int shift = 56; shift >= 0; shift -= 8)
			*out->p++ = (unsigned char)(bits >> shift);
	}
}

static void make(struct corpus *json, struct corpus *packed)
{
	static const char *const types[] = { "view", "view", "view", "cart-add", "click", "impression", "purchase" };

	srand(7);
	for (int i = 0; i < EVENTS; i++) {
		struct put out = { (unsigned char *)packed->record[i] };
		json_t *tree;
		int n = snprintf(
			json->record[i], RECORD_ROOM,
			"{\"eventId\":\"%08x-%04x-4000\",\"type\":\"%s\","
			"\"eventTime\":\"2011-12-%02dT%02d:%02d:%02d.%03dZ\","
			"\"visitorId\":\"v-%d\",\"userId\":\"u-%d\",\"sessionId\":\"s-%08x\",\"itemId\":\"%d%c\","
			"\"quantity\":%d,\"price\":%d.%02d,\"currency\":\"GBP\",\"position\":%d,"
			"\"context\":{\"country\":\"GB\",\"region\":\"LND\",\"device\":\"phone\",\"channel\":\"web\"}}",
			(unsigned)rand(), (unsigned)rand() & 0xffff, types[rand() % 7], rand() % 28 + 1, rand() % 24,
			rand() % 60, rand() % 60, rand() % 1000, rand() % 1000000, rand() % 100000, (unsigned)rand(),
			rand() % 100000, 'A' + rand() % 26, rand() % 12 + 1, rand() % 100, rand() % 100, rand() % 40);

		json->n[i] = (size_t)n;
		json->bytes += (size_t)n;
		tree = json_loadb(json->record[i], (size_t)n, 0, NULL);
		put_value(&out, tree);
		packed->n[i] = (size_t)(out.p - (unsigned char *)packed->record[i]);
		packed->bytes += packed->n[i];
		json_decref(tree);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t run_decode(const struct corpus *c, void *arg)
{
	struct decoder *d = arg;
	struct error e = { 0 };
	uint64_t sum = 0;
	struct event ev;

	for (int i = 0; i < EVENTS; i++) {
		if (decode_event(d, c->record[i], c->n[i], &ev, &e)) {
			fprintf(stderr, "bench_decode: %s\n", e.text);
			exit(1);
		}
		sum += ev.items[0].id.n + (uint64_t)ev.t_ms;
	}
	return sum;
}

static uint64_t run_hash(const struct corpus *c, void *arg)
{
	uint64_t sum = 0;

	(void)arg;
	for (int i = 0; i < EVENTS; i++)
		sum += XXH3_64bits(c->record[i], c->n[i]);
	return sum;
}

static uint64_t run_memcpy(const struct corpus *c, void *arg)
{
	volatile char *to = arg;
	uint64_t sum = 0;

	for (int i = 0; i < EVENTS; i++) {
		memcpy(arg, c->record[i], c->n[i]);
		sum += (uint64_t)to[i % 64];
	}
	return sum;
}

static uint64_t run_jansson(const struct corpus *c, void *arg)
{
	uint64_t sum = 0;

	(void)arg;
	for (int i = 0; i < EVENTS; i++) {
		json_t *tree = json_loadb(c->record[i], c->n[i], JSON_REJECT_DUPLICATES, NULL);

		sum += json_object_size(tree);
		json_decref(tree);
	}
	return sum;
}

static void measure(const char *name, uint64_t (*run)(const struct corpus *, void *), const struct corpus *c, void *arg,
		    int rounds)
{
	static volatile uint64_t sink;
	double best = 1e9, bytes = (double)c->bytes / EVENTS;

	for (int round = 0; round < 9; round++) {
		double from = seconds(), took;

		for (int i = 0; i < rounds; i++)
			sink += run(c, arg);
		took = (seconds() - from) / rounds / EVENTS;
		if (took < best)
			best = took;
	}
	printf("%-24s %6.0f bytes/event %8.1f ns/event %11.0f events/s %8.0f MB/s\n", name, bytes, best * 1e9, 1 / best,
	       bytes / best / 1e6);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 50;
	struct corpus *json = xcalloc(1, sizeof(*json)), *packed = xcalloc(1, sizeof(*packed));
	static char room[RECORD_ROOM];
	struct decoder *d;

	if (rounds < 1 || decoder_new(NULL, &d, NULL))
		return 2;
	make(json, packed);
	measure("decode JSON", run_decode, json, d, rounds);
	measure("decode MessagePack", run_decode, packed, d, rounds);
	measure("limit: memcpy, JSON", run_memcpy, json, room, rounds);
	measure("limit: XXH3, JSON", run_hash, json, NULL, rounds);
	measure("limit: XXH3, MessagePack", run_hash, packed, NULL, rounds);
	measure("jansson tree, JSON", run_jansson, json, NULL, rounds);
	decoder_free(d);
	free(json);
	free(packed);
	return 0;
}
