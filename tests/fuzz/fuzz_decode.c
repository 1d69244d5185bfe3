/*
 * fuzz_decode - any bytes into the three decoders: no crash, no read outside, every error of class SKIP with its
 * text filled, and what is accepted keeps the promises of event.h and catalog_item.h.
 *
 * The first byte of an input picks the topic, the rest is the record.
 */
#include "schemas/decode.h"
#include "schemas/scan.h"
#include "tests/fuzz/fuzz.h"

static void expect_id(struct str id)
{
	assert(id.n && id.n <= EVENT_ID_MAX);
	assert(utf8_valid(id.p, id.n) && !memchr(id.p, 0, id.n));
}

static void expect_skip(int rc, const struct error *e)
{
	expect_error(rc, e);
	assert(error_class(rc) == CLASS_SKIP);
}

static void try_event(struct decoder *d, const uint8_t *p, size_t n)
{
	struct error e = { 0 };
	struct event ev;
	int rc = decode_event(d, p, n, &ev, &e);

	if (rc) {
		expect_skip(rc, &e);
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
		expect_skip(rc, &e);
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
		expect_skip(rc, &e);
		return;
	}
	expect_id(r.item_id);
	assert(r.quantity >= 0 && r.quantity <= STOCK_QUANTITY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static void (*const tries[])(struct decoder *, const uint8_t *, size_t) = { try_event, try_catalog, try_stock };
	static struct decoder *d;
	char *copy;

	if (!d && decoder_new(NULL, &d, NULL))
		abort();
	if (!n)
		return 0;
	copy = exact_copy(bytes + 1, n - 1);
	tries[bytes[0] % ARRAY_SIZE(tries)](d, (const uint8_t *)copy, n - 1);
	free(copy);
	return 0;
}
