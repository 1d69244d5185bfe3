#include "processor/simulate_text.h"
#include "schemas/decode.h"

#define ITEM_DIGITS 7
#define ACTOR_DIGITS 7

static const char *const colours[] = { "red", "blue", "green", "black", "white", "grey", "oak", "copper" };
static const char *const kinds[] = { "lamp", "mug",   "chair",  "scarf",  "kettle", "notebook", "lantern", "cushion",
				     "bowl", "clock", "basket", "candle", "teapot", "blanket",  "mirror",  "tray" };
static const char *const countries[] = { "DE", "FR", "GB", "NL", "AT", "PL", "ES", "IT" };
static const char *const devices[] = { "mobile", "desktop", "mobile", "tablet" };
static const char *const channels[] = { "search", "direct", "email", "social" };

uint64_t simulate_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Appending: each returns the new end. */
static char *put_bytes(char *p, const char *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

#define PUT(p, literal) put_bytes((p), (literal), sizeof(literal) - 1)

static char *put_text(char *p, const char *text)
{
	return put_bytes(p, text, strlen(text));
}

static char *put_digits(char *p, uint64_t v, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + digits;
}

static char *put_number(char *p, uint64_t v)
{
	unsigned digits = 1;

	for (uint64_t rest = v; rest >= 10; rest /= 10)
		digits++;
	return put_digits(p, v, digits);
}

static char *put_hex(char *p, uint64_t v)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[v >> shift & 15];
	return p;
}

static char *put_item(char *p, uint32_t item)
{
	return put_digits(PUT(p, "sku-"), item, ITEM_DIGITS);
}

static uint32_t price_cents(uint32_t item)
{
	return 149 + 50 * (uint32_t)(simulate_mix(item) % 400);
}

int64_t simulate_price_micros(uint32_t item)
{
	return (int64_t)price_cents(item) * 10000;
}

static char *put_price(char *p, uint32_t item)
{
	uint32_t cents = price_cents(item);

	p = put_number(p, cents / 100);
	*p++ = '.';
	return put_digits(p, cents % 100, 2);
}

static char *put_time(char *p, int64_t t_ms)
{
	char text[32];

	format_rfc3339(t_ms, text);
	return put_text(p, text);
}

/* Items of one neighbourhood of 16 share their words. */
static char *put_words(char *p, uint32_t item)
{
	uint64_t h = simulate_mix(item / 16);

	p = put_text(p, colours[h % ARRAY_SIZE(colours)]);
	*p++ = ' ';
	return put_text(p, kinds[h / 64 % ARRAY_SIZE(kinds)]);
}

static char *put_actor(char *p, const struct simulated_event *ev)
{
	if (ev->has_user) {
		p = put_digits(PUT(p, ",\"userId\":\"u-"), ev->user, ACTOR_DIGITS);
		*p++ = '"';
	}
	if (ev->has_visitor) {
		p = put_digits(PUT(p, ",\"visitorId\":\"v-"), ev->visitor, ACTOR_DIGITS);
		*p++ = '"';
	}
	if (ev->session) {
		p = put_hex(PUT(p, ",\"sessionId\":\""), simulate_mix(ev->session));
		*p++ = '"';
	}
	return p;
}

static char *put_recommendation(char *p, const char *recommendation)
{
	if (!recommendation)
		return p;
	p = put_text(PUT(p, ",\"recommendationId\":\""), recommendation);
	*p++ = '"';
	return p;
}

static char *put_shown(char *p, const struct simulated_event *ev)
{
	p = PUT(p, ",\"items\":[");
	for (uint32_t i = 0; i < ev->line_count; i++) {
		if (i)
			*p++ = ',';
		p = PUT(put_item(PUT(p, "{\"itemId\":\""), ev->lines[i].item), "\"}");
	}
	*p++ = ']';
	return p;
}

static char *put_lines(char *p, const struct simulated_event *ev)
{
	p = put_number(PUT(p, ",\"orderId\":\"o-"), ev->order);
	p = PUT(p, "\",\"currency\":\"EUR\",\"items\":[");
	for (uint32_t i = 0; i < ev->line_count; i++) {
		if (i)
			*p++ = ',';
		p = put_item(PUT(p, "{\"itemId\":\""), ev->lines[i].item);
		p = put_number(PUT(p, "\",\"quantity\":"), ev->lines[i].quantity);
		p = put_price(PUT(p, ",\"price\":"), ev->lines[i].item);
		p = put_recommendation(p, ev->lines[i].recommendation);
		*p++ = '}';
	}
	*p++ = ']';
	return p;
}

static char *put_subject(char *p, const struct simulated_event *ev)
{
	if (ev->type == EVENT_IMPRESSION && ev->line_count)
		return put_shown(p, ev);
	switch (ev->type) {
	case EVENT_SEARCH:
		p = put_words(PUT(p, ",\"query\":\""), ev->item);
		*p++ = '"';
		return p;
	case EVENT_PURCHASE:
	case EVENT_RETURN:
		return put_lines(p, ev);
	default:
		p = put_item(PUT(p, ",\"itemId\":\""), ev->item);
		p = put_item(PUT(p, "\",\"page\":\"/p/"), ev->item);
		*p++ = '"';
		return p;
	}
}

static char *put_context(char *p, const struct simulated_event *ev)
{
	uint64_t h = simulate_mix(ev->has_visitor ? UINT64_C(1) << 40 | ev->visitor : ev->user);

	p = put_text(PUT(p, ",\"context\":{\"country\":\""), countries[h % ARRAY_SIZE(countries)]);
	p = put_text(PUT(p, "\",\"device\":\""), devices[h / 16 % ARRAY_SIZE(devices)]);
	p = put_text(PUT(p, "\",\"channel\":\""), channels[h / 256 % ARRAY_SIZE(channels)]);
	return PUT(p, "\"},\"source\":\"web\",\"app\":\"shop-web/4.2\",\"locale\":\"en-GB\"}");
}

uint32_t simulate_event_text(const struct simulated_event *ev, char *buf)
{
	char *p = PUT(buf, "{\"eventId\":\"");

	p = put_hex(p, ev->id);
	p = put_text(PUT(p, "\",\"type\":\""), event_type_name(ev->type));
	p = put_time(PUT(p, "\",\"eventTime\":\""), ev->t_ms);
	*p++ = '"';
	p = put_actor(p, ev);
	p = put_subject(p, ev);
	p = put_recommendation(p, ev->recommendation);
	p = put_context(p, ev);
	return (uint32_t)(p - buf);
}

uint32_t simulate_event_key(const struct simulated_event *ev, char *buf)
{
	char *p = put_text(buf, ev->has_user ? "u-" : "v-");

	return (uint32_t)(put_digits(p, ev->has_user ? ev->user : ev->visitor, ACTOR_DIGITS) - buf);
}

uint32_t simulate_item_key(uint32_t item, char *buf)
{
	return (uint32_t)(put_item(buf, item) - buf);
}

uint32_t simulate_catalog_text(uint32_t item, char *buf)
{
	uint64_t h = simulate_mix(item / 16);
	char *p = put_item(PUT(buf, "{\"itemId\":\""), item);

	p = put_words(PUT(p, "\",\"title\":\""), item);
	*p++ = ' ';
	p = put_number(p, item % 16 + 1);
	p = put_text(PUT(p, "\",\"categories\":[\"Home > "), kinds[h / 64 % ARRAY_SIZE(kinds)]);
	p = put_number(PUT(p, "\"],\"brand\":\"brand-"), h / 4096 % 200);
	p = put_price(PUT(p, "\",\"price\":"), item);
	p = put_number(PUT(p, ",\"currency\":\"EUR\",\"rating\":"), 1 + simulate_mix(item) / 1024 % 5);
	p = put_number(PUT(p, ",\"ratingCount\":"), simulate_mix(item) / 65536 % 500);
	p = put_text(PUT(p, ",\"attributes\":{\"color\":\""), colours[h % ARRAY_SIZE(colours)]);
	return (uint32_t)(PUT(p, "\"}}") - buf);
}

uint32_t simulate_stock_text(uint32_t item, int64_t as_of_ms, char *buf)
{
	uint64_t h = simulate_mix(item ^ UINT64_C(0x5706));
	char *p = put_item(PUT(buf, "{\"itemId\":\""), item);

	p = put_number(PUT(p, "\",\"quantity\":"), h % 20 == 0 ? 0 : h / 32 % 500);
	p = put_time(PUT(p, ",\"asOf\":\""), as_of_ms);
	return (uint32_t)(PUT(p, "\"}") - buf);
}
