#include "schemas/catalog_item.h"
#include "schemas/varint.h"

#include <assert.h>

/*
 * Packed: a version byte, a 32-bit little-endian mask of what is present, then the present fields in the order of
 * the three tables below. Strings: varint length, bytes. Numbers: zigzag varint. Lists: varint count, strings.
 * A new field takes the next free bit of its group; bits are never reused.
 */
#define PACKED_VERSION 1
#define HEADER_SIZE 5
#define STRING_BIT 0
#define NUMBER_BIT 12
#define LIST_BIT 24

static const struct {
	size_t offset;
	uint32_t max;
} strings[] = {
	{ offsetof(struct catalog_item, title), CATALOG_TITLE_MAX },
	{ offsetof(struct catalog_item, brand), CATALOG_TEXT_MAX },
	{ offsetof(struct catalog_item, currency), CATALOG_TEXT_MAX },
	{ offsetof(struct catalog_item, group_id), CATALOG_TEXT_MAX },
	{ offsetof(struct catalog_item, url), CATALOG_URL_MAX },
	{ offsetof(struct catalog_item, image_url), CATALOG_URL_MAX },
	{ offsetof(struct catalog_item, attributes), CATALOG_ATTRIBUTES_MAX },
};

static const struct {
	size_t offset;
	int64_t absent;
} numbers[] = {
	{ offsetof(struct catalog_item, price_micros), PRICE_ABSENT },
	{ offsetof(struct catalog_item, list_price_micros), PRICE_ABSENT },
	{ offsetof(struct catalog_item, margin_micros), PRICE_ABSENT },
	{ offsetof(struct catalog_item, rating_micros), PRICE_ABSENT },
	{ offsetof(struct catalog_item, rating_count), -1 },
	{ offsetof(struct catalog_item, available_from_ms), TIME_ABSENT },
	{ offsetof(struct catalog_item, available_to_ms), TIME_ABSENT },
};

static const size_t lists[] = {
	offsetof(struct catalog_item, categories),     offsetof(struct catalog_item, tags),
	offsetof(struct catalog_item, accessories_of), offsetof(struct catalog_item, regions),
	offsetof(struct catalog_item, seasons),
};

#define KNOWN_BITS \
	((((1u << ARRAY_SIZE(strings)) - 1) << STRING_BIT) | (((1u << ARRAY_SIZE(numbers)) - 1) << NUMBER_BIT) | \
	 (((1u << ARRAY_SIZE(lists)) - 1) << LIST_BIT))

/* A category of 256 bytes "a>a>..." grows to at most twice that when it is rejoined by " > ". */
#define LIST_ENTRY_MAX (2 * CATALOG_TEXT_MAX)

_Static_assert(HEADER_SIZE + CATALOG_TITLE_MAX + 3 * CATALOG_TEXT_MAX + 2 * CATALOG_URL_MAX + CATALOG_ATTRIBUTES_MAX +
			       16 * ARRAY_SIZE(strings) + 10 * ARRAY_SIZE(numbers) +
			       CATALOG_LIST_MAX * (LIST_ENTRY_MAX + 4 * (CATALOG_TEXT_MAX + 4) + 4) + 5 * 4 <=
		       CATALOG_PACKED_MAX,
	       "the packed form fits its bound");

static void *field_at(const struct catalog_item *item, size_t offset)
{
	return (char *)item + offset;
}

void catalog_item_init(struct catalog_item *item)
{
	item->item_id = (struct str){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		*(struct str *)field_at(item, strings[i].offset) = (struct str){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*(int64_t *)field_at(item, numbers[i].offset) = numbers[i].absent;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		((struct str_list *)field_at(item, lists[i]))->n = 0;
}

static unsigned char *put_str(unsigned char *at, struct str s)
{
	at += put_varint(at, s.n);
	memcpy(at, s.p, s.n);
	return at + s.n;
}

size_t catalog_item_pack(const struct catalog_item *item, unsigned char *buf)
{
	unsigned char *at = buf + HEADER_SIZE;
	uint32_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		const struct str *s = field_at(item, strings[i].offset);

		assert(s->n <= strings[i].max);
		if (!s->n)
			continue;
		mask |= 1u << (STRING_BIT + i);
		at = put_str(at, *s);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int64_t v = *(int64_t *)field_at(item, numbers[i].offset);

		if (v == numbers[i].absent)
			continue;
		mask |= 1u << (NUMBER_BIT + i);
		at += put_varint(at, zigzag(v));
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct str_list *l = field_at(item, lists[i]);

		assert(l->n <= CATALOG_LIST_MAX);
		if (!l->n)
			continue;
		mask |= 1u << (LIST_BIT + i);
		at += put_varint(at, l->n);
		for (uint32_t k = 0; k < l->n; k++) {
			assert(l->v[k].n <= LIST_ENTRY_MAX);
			at = put_str(at, l->v[k]);
		}
	}
	buf[0] = PACKED_VERSION;
	for (int i = 0; i < 4; i++)
		buf[1 + i] = (unsigned char)(mask >> (8 * i));
	return (size_t)(at - buf);
}

struct cursor {
	const unsigned char *p, *end;
};

static bool get_number(struct cursor *c, uint64_t *ret)
{
	const unsigned char *p = get_varint(c->p, c->end, ret);

	c->p = p ? p : c->end;
	return p != NULL;
}

static bool get_str(struct cursor *c, uint32_t max, struct str *ret)
{
	uint64_t n;

	if (!get_number(c, &n) || n > max || n > (uint64_t)(c->end - c->p))
		return false;
	*ret = (struct str){ (const char *)c->p, (uint32_t)n };
	c->p += n;
	return true;
}

static bool get_list(struct cursor *c, struct str_list *ret)
{
	uint64_t n;

	if (!get_number(c, &n) || n > CATALOG_LIST_MAX)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		if (!get_str(c, LIST_ENTRY_MAX, &ret->v[i]))
			return false;
	}
	ret->n = (uint32_t)n;
	return true;
}

int catalog_item_unpack(const void *bytes, size_t n, struct catalog_item *ret)
{
	const unsigned char *p = bytes;
	struct cursor c = { p + HEADER_SIZE, p + n };
	uint32_t mask;
	uint64_t v;

	if (n < HEADER_SIZE || p[0] != PACKED_VERSION)
		return ERR_STORE_CORRUPT;
	mask = p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 24;
	if (mask & ~KNOWN_BITS)
		return ERR_STORE_CORRUPT;
	catalog_item_init(ret);
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		if (mask >> (STRING_BIT + i) & 1 && !get_str(&c, strings[i].max, field_at(ret, strings[i].offset)))
			return ERR_STORE_CORRUPT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!(mask >> (NUMBER_BIT + i) & 1))
			continue;
		if (!get_number(&c, &v))
			return ERR_STORE_CORRUPT;
		*(int64_t *)field_at(ret, numbers[i].offset) = unzigzag(v);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (mask >> (LIST_BIT + i) & 1 && !get_list(&c, field_at(ret, lists[i])))
			return ERR_STORE_CORRUPT;
	}
	return c.p == c.end ? 0 : ERR_STORE_CORRUPT;
}

bool catalog_item_available(const struct catalog_item *item, int64_t now_ms)
{
	return (item->available_from_ms == TIME_ABSENT || item->available_from_ms <= now_ms) &&
	       (item->available_to_ms == TIME_ABSENT || now_ms < item->available_to_ms);
}

static bool is_ancestor(struct str category, uint32_t n)
{
	static const char separator[] = " > ";
	const size_t width = sizeof(separator) - 1;

	return category.n > n + width && !memcmp(category.p + n, separator, width);
}

bool category_is_under(struct str category, struct str ancestor)
{
	if (category.n < ancestor.n || memcmp(category.p, ancestor.p, ancestor.n))
		return false;
	return category.n == ancestor.n || is_ancestor(category, ancestor.n);
}

bool category_next(struct str category, struct str *at)
{
	uint32_t n = at->n < category.n ? at->n : 0;

	if (!at->n) {
		*at = category;
		return category.n > 0;
	}
	while (++n < category.n && !is_ancestor(category, n))
		;
	*at = (struct str){ category.p, n };
	return n < category.n;
}

static struct str trim(const char *p, const char *end)
{
	while (p < end && memchr(" \t\n\v\f\r", *p, 6))
		p++;
	while (end > p && memchr(" \t\n\v\f\r", end[-1], 6))
		end--;
	return (struct str){ p, (uint32_t)(end - p) };
}

struct str category_join(struct str raw, char *room)
{
	char *to = room;

	if (!raw.n)
		return (struct str){ room, 0 };
	for (const char *p = raw.p, *end = raw.p + raw.n; p <= end;) {
		const char *stop = memchr(p, '>', (size_t)(end - p));
		struct str segment = trim(p, stop ? stop : end);

		if (segment.n && to > room) {
			memcpy(to, " > ", 3);
			to += 3;
		}
		if (segment.n)
			memcpy(to, segment.p, segment.n);
		to += segment.n;
		p = stop ? stop + 1 : end + 1;
	}
	return (struct str){ room, (uint32_t)(to - room) };
}

bool region_sells(const struct str_list *regions, struct str region)
{
	for (uint32_t i = 0; i < regions->n; i++)
		if (str_alike(regions->v[i], region))
			return true;
	return regions->n == 0;
}
