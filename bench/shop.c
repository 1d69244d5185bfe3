#include "bench/shop.h"

#include "config/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define START_MS (INT64_C(1000) * MS_PER_EPOCH)
#define DAYS 180
#define BATCH 100000

static uint64_t state = 42;
unsigned shop_items = 10000;

uint64_t shop_draw(void)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned shop_zipf(unsigned n)
{
	return (unsigned)exp((double)(shop_draw() >> 11) * 0x1p-53 * log(n)) - 1;
}

uint64_t shop_now_ns(void)
{
	return clock_system.monotonic_ns(&clock_system);
}

void shop_check(int rc, const struct error *e)
{
	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", error_text(rc), e ? e->text : "");
		exit(1);
	}
}

struct str shop_text(char buf[32], const char *kind, unsigned n)
{
	return (struct str){ buf, (uint32_t)snprintf(buf, 32, "%s-%05u", kind, n) };
}

/* ---- the shop ---- */

static struct str text_put(char *buf, size_t room, const char *fmt, ...) PRINTF_LIKE(3, 4);
static struct str text_put(char *buf, size_t room, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, room, fmt, ap);
	va_end(ap);
	return (struct str){ buf, (uint32_t)n };
}

/* Some 15 terms an item, of which a handful say much. */
static void fill_catalogue(struct fold *f)
{
	const struct str germany = STR("DE");
	char id[32], category[32], brand[32], title[64], attributes[64];

	for (unsigned i = 0; i < shop_items; i++) {
		struct stock_record stock = { .quantity = i % 33 ? 100 : 0,
					      .lead_time_hours = i % 5 * 24,
					      .ships_to = &germany,
					      .ships_to_count = 1 };
		struct catalog_item item;

		catalog_item_init(&item);
		stock.item_id = item.item_id = shop_text(id, "item", i);
		item.title = text_put(title, sizeof(title), "Thing of kind w%u, style w%u, line w%u", i / 7 % 900,
				      1000 + i / 11 % 700, 2000 + i / 13 % 2500);
		item.brand = text_put(brand, sizeof(brand), "Brand %u", i / 3 % 500);
		item.attributes =
			text_put(attributes, sizeof(attributes), "{\"color\":\"c%u\",\"size\":%u}", i % 12, i % 7);
		item.price_micros = (int64_t)(100 + i * 37 % 20000) * 10000;
		item.rating_micros = (int64_t)(30 + i % 20) * 100000;
		item.rating_count = i % 300;
		item.categories.n = 1;
		item.categories.v[0] =
			(struct str){ category, (uint32_t)snprintf(category, sizeof(category), "Group %u > Shelf %u",
								   i % SHOP_CATEGORIES / 10, i % SHOP_CATEGORIES) };
		shop_check(fold_catalog(f, &item, false), NULL);
		shop_check(fold_stock(f, &stock, false, START_MS, NULL), NULL);
	}
}

struct session {
	char person[32], name[32], ids[16][32];
	struct event_item lines[16];
	unsigned n, shelf;
	int64_t t_ms;
	struct event ev;
};

static void session_event(struct fold *f, struct session *s, enum event_type type, const struct event_item *lines,
			  unsigned n)
{
	s->t_ms += 20000;
	s->ev = (struct event){ .type = type,
				.has_time = true,
				.t_ms = s->t_ms,
				.items = lines,
				.item_count = n,
				.user_id = str_of(s->person),
				.session_id = str_of(s->name),
				.position = -1 };
	shop_check(fold_event(f, &s->ev, -1, NULL), NULL);
}

/* Returns how many events it was. */
static unsigned play_session(struct fold *f, unsigned number, int64_t t_ms)
{
	struct session s = { .n = 1 + (unsigned)(shop_draw() % 13),
			     .t_ms = t_ms,
			     .shelf = (unsigned)(shop_draw() % SHOP_CATEGORIES) };
	unsigned events = s.n, bought = 0;

	shop_text(s.person, "user", (unsigned)(shop_draw() % SHOP_PEOPLE));
	shop_text(s.name, "s", number);
	for (unsigned i = 0; i < s.n; i++) {
		unsigned item = i % 2 ? shop_zipf(shop_items)
				      : shop_zipf(shop_items / SHOP_CATEGORIES) * SHOP_CATEGORIES + s.shelf;

		s.lines[i] = (struct event_item){ .id = shop_text(s.ids[i], "item", item), .quantity = 1 };
		session_event(f, &s, EVENT_VIEW, &s.lines[i], 1);
	}
	if (shop_draw() % 4 == 0) {
		bought = 1 + (unsigned)(shop_draw() % (s.n > 4 ? 4 : s.n));
		session_event(f, &s, EVENT_CART_ADD, s.lines, 1);
		session_event(f, &s, EVENT_PURCHASE, s.lines, bought);
		events += 2;
	}
	return events;
}

void shop_fill(struct store *store, unsigned events)
{
	struct error e = { 0 };
	struct fold *f;
	unsigned number = 0, committed = 0;

	shop_check(fold_new(store, &f, &e), &e);
	fill_catalogue(f);
	for (unsigned done = 0; done < events; number++) {
		done += play_session(f, number,
				     START_MS + (int64_t)((double)done / events * DAYS * (double)MS_PER_DAY));
		if (done - committed >= BATCH) {
			shop_check(fold_commit(f, NULL), NULL);
			committed = done;
		}
	}
	shop_check(fold_commit(f, NULL), NULL);
	fold_free(f);
}
