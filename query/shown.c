#include "query/shown.h"
#include "query/http_query.h"
#include "schemas/base64url.h"

#include <sodium.h>
#include <stdio.h>

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void put_key(unsigned char *p, uint32_t key)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(key >> (8 * i));
}

static uint32_t get_key(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void shown_fini(struct shown *s)
{
	idmap_fini(&s->keys);
	s->n = s->others = 0;
}

/* What is behind a dot is cut off *text. */
static bool read_others(struct str *text, int64_t *ret)
{
	const char *dot = text->n ? memchr(text->p, '.', text->n) : NULL;
	struct str number;

	*ret = 0;
	if (!dot)
		return true;
	number = (struct str){ dot + 1, text->n - (uint32_t)(dot + 1 - text->p) };
	text->n = (uint32_t)(dot - text->p);
	return parse_count(number, SHOWN_MAX, ret);
}

bool shown_read(struct shown *s, struct str text)
{
	unsigned char bytes[SHOWN_MAX * 4];
	int64_t others;
	size_t n;

	idmap_clear(&s->keys);
	s->n = s->others = 0;
	if (!read_others(&text, &others))
		return false;
	if (sodium_base642bin(bytes, sizeof(bytes), text.p, text.n, NULL, &n, NULL, VARIANT) != 0 || n % 4 ||
	    (size_t)others * 4 >= n)
		return false;
	s->others = (unsigned)others;
	for (size_t i = 0; i < n; i += 4) {
		s->order[s->n] = get_key(bytes + i);
		idmap_put(&s->keys, s->order[s->n++], 0);
	}
	return true;
}

bool shown_write(const struct shown *before, const struct answer *a, char ret[SHOWN_TEXT_MAX])
{
	unsigned char bytes[SHOWN_MAX * 4];
	unsigned n = before ? before->n : 0;

	if (n + a->item_count >= SHOWN_MAX)
		return false;
	for (unsigned i = 0; i < n; i++)
		put_key(bytes + 4 * i, before->order[i]);
	for (unsigned i = 0; i < a->item_count; i++)
		put_key(bytes + 4 * n++, shown_key(a->items[i].item_id));
	base64url_write(bytes, (size_t)n * 4, ret);
	if (before && before->others) {
		size_t at = strlen(ret);

		snprintf(ret + at, SHOWN_TEXT_MAX - at, ".%u", before->others);
	}
	return true;
}
