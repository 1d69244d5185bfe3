#include "tests/lib/schemas_decoding.h"

#include <assert.h>
#include <stdlib.h>

static struct decoded result;
static char *record;

static struct decoder *decoder(void)
{
	static struct decoder *d;

	if (!d && decoder_new(NULL, &d, NULL))
		abort();
	return d;
}

static void begin(const void *bytes, size_t n)
{
	memset(&result, 0, sizeof(result));
	free(record);
	record = xmalloc(n);
	memcpy(record, bytes, n);
}

static const struct decoded *end(int rc)
{
	assert(rc == result.e.code);
	result.slug = error_slug(rc);
	return &result;
}

const struct decoded *event_from_bytes(const void *bytes, size_t n)
{
	begin(bytes, n);
	return end(decode_event(decoder(), record, n, &result.ev, &result.e));
}

const struct decoded *event_from(const char *json)
{
	return event_from_bytes(json, strlen(json));
}

const struct decoded *catalog_from(const char *key, const char *json)
{
	begin(json, strlen(json));
	return end(
		decode_catalog(decoder(), str_of(key), record, strlen(json), &result.item, &result.deleted, &result.e));
}

const struct decoded *stock_from(const char *key, const char *json)
{
	begin(json, strlen(json));
	return end(
		decode_stock(decoder(), str_of(key), record, strlen(json), &result.stock, &result.deleted, &result.e));
}
