#include "cmd/demo_data.h"
#include "cmd/demo_files.h"

#include <stdlib.h>
#include <zlib.h>

#define UNPACKED_MAX (64u * 1024 * 1024)
#define MAGIC "AISLEDEMO1"
#define COUNTRIES_MAX 256

static int corrupt(struct error *e, const char *what)
{
	return error_set(e, ERR_STORE_CORRUPT, "",
			 "the demo's %s cannot be read: make them again with "
			 "config/demo/make_data.py",
			 what);
}

/* gzip to heap memory, a NUL after it. */
static char *unpack(struct str packed, size_t *n)
{
	z_stream z = { 0 };
	const unsigned char *tail = (const unsigned char *)packed.p + packed.n - 4;
	size_t size;
	char *out;
	int r;

	if (packed.n < 18)
		return NULL;
	size = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
	if (size > UNPACKED_MAX || inflateInit2(&z, 31) != Z_OK)
		return NULL;
	out = xmalloc(size + 1);
	z.next_in = (Bytef *)(uintptr_t)packed.p;
	z.avail_in = packed.n;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)size;
	r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (r != Z_STREAM_END || z.avail_out) {
		free(out);
		return NULL;
	}
	out[size] = 0;
	*n = size;
	return out;
}

/* Up to `sep`, which is skipped. */
static struct str take_field(char **p, char sep)
{
	char *end = strchr(*p, sep);
	struct str field = { *p, 0 };

	if (!end)
		return field;
	field.n = (uint32_t)(end - *p);
	*p = end + 1;
	return field;
}

static int read_products(struct demo_shop *shop, struct error *e)
{
	size_t n, rows = 0;
	char *p;

	shop->product_text = unpack(demo_file(DEMO_PRODUCTS_GZ), &n);
	if (!shop->product_text)
		return corrupt(e, "products");
	for (p = shop->product_text; *p; p++)
		rows += *p == '\n';
	shop->products = xcalloc(rows, sizeof(*shop->products));
	for (p = shop->product_text; *p && shop->product_count < rows;) {
		struct demo_product *product = &shop->products[shop->product_count++];

		product->id = take_field(&p, '\t');
		product->title = take_field(&p, '\t');
		product->category = take_field(&p, '\t');
		product->price_pence = (uint32_t)strtoul(take_field(&p, '\t').p, NULL, 10);
		product->stock = (uint32_t)strtoul(take_field(&p, '\n').p, NULL, 10);
		if (!product->id.n || !product->title.n || !product->category.n || !product->price_pence)
			return corrupt(e, "products");
	}
	return 0;
}

struct cursor {
	const unsigned char *p, *end;
	bool bad;
};

static uint64_t take_number(struct cursor *c)
{
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; shift < 63; shift += 7) {
		if (c->p == c->end)
			break;
		v |= (uint64_t)(*c->p & 127) << shift;
		if (!(*c->p++ & 128))
			return v;
	}
	c->bad = true;
	return 0;
}

static struct cursor take_part(struct cursor *c, uint64_t n)
{
	struct cursor part = { c->p, c->p, false };

	if (n > (uint64_t)(c->end - c->p)) {
		c->bad = true;
		return part;
	}
	c->p += n;
	part.end = c->p;
	return part;
}

static size_t split_countries(struct cursor text, struct str ret[COUNTRIES_MAX])
{
	const char *p = (const char *)text.p, *end = (const char *)text.end;
	size_t n = 0;

	while (p < end && n < COUNTRIES_MAX) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (!stop)
			stop = end;
		ret[n++] = (struct str){ p, (uint32_t)(stop - p) };
		p = stop + 1;
	}
	return n;
}

struct sections {
	struct cursor head, items, quantities, prices;
	struct str countries[COUNTRIES_MAX];
	size_t country_count;
};

static bool read_order(struct demo_shop *shop, struct sections *s, struct demo_order *order)
{
	uint64_t where, n, product = 0;

	order->customer = (uint32_t)take_number(&s->head);
	where = take_number(&s->head);
	n = take_number(&s->head);
	if (s->head.bad || where / 2 >= s->country_count || n > (uint64_t)(s->items.end - s->items.p))
		return false;
	order->country = s->countries[where / 2];
	order->returned = where & 1;
	order->line_count = (uint32_t)n;
	order->lines = shop->lines + shop->line_count;
	for (; n; n--) {
		struct demo_line *line = &shop->lines[shop->line_count++];

		product += take_number(&s->items);
		if (product >= shop->product_count)
			return false;
		line->product = (uint32_t)product;
		line->quantity = (uint32_t)take_number(&s->quantities);
		line->price_pence = (uint32_t)take_number(&s->prices);
		if (!line->price_pence)
			line->price_pence = shop->products[product].price_pence;
	}
	return !s->items.bad && !s->quantities.bad && !s->prices.bad;
}

static int read_orders(struct demo_shop *shop, struct error *e)
{
	struct sections s = { 0 };
	struct cursor c = { 0 };
	uint64_t start, count, length[4];
	size_t n, i;

	shop->order_bytes = unpack(demo_file(DEMO_ORDERS_GZ), &n);
	if (!shop->order_bytes || n < sizeof(MAGIC) - 1 || memcmp(shop->order_bytes, MAGIC, sizeof(MAGIC) - 1) != 0)
		return corrupt(e, "orders");
	c.p = (unsigned char *)shop->order_bytes + sizeof(MAGIC) - 1;
	c.end = (unsigned char *)shop->order_bytes + n;
	start = take_number(&c);
	count = take_number(&c);
	s.country_count = split_countries(take_part(&c, take_number(&c)), s.countries);
	for (i = 0; i < ARRAY_SIZE(length); i++)
		length[i] = take_number(&c);
	s.head = take_part(&c, length[0]);
	s.items = take_part(&c, length[1]);
	s.quantities = take_part(&c, length[2]);
	s.prices = take_part(&c, length[3]);
	if (c.bad || count > length[0])
		return corrupt(e, "orders");
	shop->lines = xcalloc(length[1] + 1, sizeof(*shop->lines)); /* at least a byte a line */
	shop->orders = xcalloc(count + 1, sizeof(*shop->orders));
	for (i = 0; i < count; i++) {
		struct demo_order *order = &shop->orders[i];

		start += take_number(&s.head);
		order->t_ms = (int64_t)start * MS_PER_MINUTE;
		order->number = (uint32_t)i + 1;
		if (!read_order(shop, &s, order))
			return corrupt(e, "orders");
		shop->last_ms = order->t_ms;
	}
	shop->order_count = count;
	return 0;
}

int demo_shop_open(struct demo_shop **ret, struct error *e)
{
	struct demo_shop *shop = xcalloc(1, sizeof(*shop));
	int r;

	r = read_products(shop, e);
	if (!r)
		r = read_orders(shop, e);
	if (r) {
		demo_shop_free(shop);
		return r;
	}
	*ret = shop;
	return 0;
}

void demo_shop_free(struct demo_shop *shop)
{
	if (!shop)
		return;
	free(shop->products);
	free(shop->orders);
	free(shop->lines);
	free(shop->product_text);
	free(shop->order_bytes);
	free(shop);
}

void demo_shop_shift(struct demo_shop *shop, int64_t now_ms)
{
	int64_t by = time_bucket(now_ms - shop->last_ms - 1, MS_PER_HOUR) * MS_PER_HOUR;
	size_t i;

	for (i = 0; i < shop->order_count; i++)
		shop->orders[i].t_ms += by;
	shop->last_ms += by;
	shop->shift_ms += by;
}
