/*
 * fuzz_decode - any bytes into the three decoders: no crash, no read outside, every error of class SKIP with its
 * text filled, and what is accepted keeps the promises of event.h and catalog_item.h.
 *
 *     fuzz_decode [--random N] FILE...     each file, then N mutations of it (a fixed seed)
 *
 * The first byte of an input picks the topic, the rest is the record. LLVMFuzzerTestOneInput is libFuzzer's entry.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "schemas/decode.h"
#include "schemas/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect_id(struct str id)
{
	assert(id.n && id.n <= EVENT_ID_MAX);
	assert(utf8_valid(id.p, id.n) && !memchr(id.p, 0, id.n));
}

static void expect_error(int rc, const struct error *e)
{
	assert(error_class(rc) == CLASS_SKIP);
	assert(e->code == rc && e->text[0]);
}

static void try_event(struct decoder *d, const uint8_t *p, size_t n)
{
	struct error e = { 0 };
	struct event ev;
	int rc = decode_event(d, p, n, &ev, &e);

	if (rc) {
		expect_error(rc, &e);
		return;
	}
	expect_id(event_actor(&ev));
	assert(ev.type < EVENT_TYPE_COUNT && ev.item_count <= EVENT_ITEMS_MAX);
	assert(ev.type == EVENT_SEARCH ? ev.query.n > 0 : ev.item_count > 0);
	for (uint32_t i = 0; i < ev.item_count; i++) {
		expect_id(ev.items[i].id);
		assert(ev.items[i].quantity >= 1 && ev.items[i].quantity <= EVENT_QUANTITY_MAX);
		assert(ev.items[i].price_micros >= 0 && ev.items[i].price_micros <= EVENT_PRICE_MAX_MICROS);
	}
}

static void try_catalog(struct decoder *d, const uint8_t *p, size_t n)
{
	static struct catalog_item item, again;
	static unsigned char packed[CATALOG_PACKED_MAX], repacked[CATALOG_PACKED_MAX];
	struct error e = { 0 };
	bool deleted;
	size_t size;
	int rc = decode_catalog(d, (struct str){ 0 }, p, n, &item, &deleted, &e);

	if (!catalog_item_unpack(p, n, &again))
		assert(again.categories.n <= CATALOG_LIST_MAX);
	if (rc) {
		expect_error(rc, &e);
		return;
	}
	expect_id(item.item_id);
	size = catalog_item_pack(&item, packed);
	rc = catalog_item_unpack(packed, size, &again);
	assert(!rc);
	assert(catalog_item_pack(&again, repacked) == size && !memcmp(packed, repacked, size));
}

static void try_stock(struct decoder *d, const uint8_t *p, size_t n)
{
	struct stock_record r;
	struct error e = { 0 };
	bool deleted;
	int rc = decode_stock(d, (struct str){ 0 }, p, n, &r, &deleted, &e);

	if (rc) {
		expect_error(rc, &e);
		return;
	}
	expect_id(r.item_id);
	assert(r.quantity >= 0 && r.quantity <= STOCK_QUANTITY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static void (*const tries[])(struct decoder *, const uint8_t *, size_t) = { try_event, try_catalog, try_stock };
	static struct decoder *d;
	uint8_t *copy;

	if (!d && decoder_new(NULL, &d, NULL))
		abort();
	if (!n)
		return 0;
	copy = xmalloc(n - 1); /* exactly as long, so that a sanitizer sees one byte too far */
	memcpy(copy, bytes + 1, n - 1);
	tries[bytes[0] % ARRAY_SIZE(tries)](d, copy, n - 1);
	free(copy);
	return 0;
}

#ifndef WITH_LIBFUZZER
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void mutate(uint8_t *bytes, size_t *n, uint64_t *state)
{
	static const uint8_t telling[] = { '"', '\\', '{', '}',  '[',  ']',  ',',  ':',
					   '0', '-',  'e', 0x00, 0x80, 0xc1, 0xdf, 0xff };

	for (uint64_t i = random_next(state) % 4 + 1; i && *n > 1; i--) {
		size_t at = 1 + random_next(state) % (*n - 1);

		switch (random_next(state) % 4) {
		case 0:
			bytes[at] = (uint8_t)random_next(state);
			break;
		case 1:
			bytes[at] = telling[random_next(state) % sizeof(telling)];
			break;
		case 2:
			memmove(bytes + at, bytes + at + 1, *n - at - 1);
			--*n;
			break;
		default:
			*n = at + 1;
		}
	}
}

static int run_file(const char *path, long rounds, uint64_t *state)
{
	static uint8_t bytes[1 << 20], mutant[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		fprintf(stderr, "fuzz_decode: cannot open '%s'\n", path);
		return 1;
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	for (long i = 0; i < rounds; i++) {
		size_t m = n;

		memcpy(mutant, bytes, n);
		mutate(mutant, &m, state);
		LLVMFuzzerTestOneInput(mutant, m);
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u;
	long rounds = 0;
	int at = 1, rc = 0;

	if (argc > 2 && !strcmp(argv[1], "--random")) {
		rounds = strtol(argv[2], NULL, 10);
		at = 3;
	}
	for (; at < argc && !rc; at++)
		rc = run_file(argv[at], rounds, &state);
	return rc;
}
#endif
