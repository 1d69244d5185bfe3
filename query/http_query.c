#include "query/http_query.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int percent_decode(struct str in, bool plus_is_space, char *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c == '%') {
			int high = in.n - i > 2 ? hex_digit(in.p[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(in.p[i + 2]) : -1;

			if (low < 0)
				return -1;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		ret[n++] = (char)c;
	}
	return text_is_utf8((struct str){ ret, n }) ? (int)n : -1;
}

bool text_has_control(struct str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* The well-formed sequences by first byte; after it, the second byte's range. RFC 3629, table of section 4. */
static const struct {
	unsigned char first, last, n, second_low, second_high;
} sequences[] = {
	{ 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

/* Bytes of the character that starts at p, 0 when it is none. */
static uint32_t utf8_length(const unsigned char *p, uint32_t left)
{
	size_t k = 0;
	uint32_t n;

	while (k < ARRAY_SIZE(sequences) && (p[0] < sequences[k].first || p[0] > sequences[k].last))
		k++;
	if (k == ARRAY_SIZE(sequences) || sequences[k].n > left)
		return 0;
	n = sequences[k].n;
	if (n > 1 && (p[1] < sequences[k].second_low || p[1] > sequences[k].second_high))
		return 0;
	for (uint32_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool text_is_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t step;

	for (uint32_t i = 0; i < s.n; i += step) {
		step = utf8_length(p + i, s.n - i);
		if (!step)
			return false;
	}
	return true;
}

bool split_next(struct str *rest, char separator, struct str *ret)
{
	const char *end;

	if (!rest->p)
		return false;
	end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
	if (!end) {
		*ret = *rest;
		*rest = (struct str){ NULL, 0 };
		return true;
	}
	*ret = (struct str){ rest->p, (uint32_t)(end - rest->p) };
	rest->n -= ret->n + 1;
	rest->p = end + 1;
	return true;
}

bool query_next(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	struct str pair;

	while (split_next(rest, '&', &pair)) {
		if (!pair.n)
			continue;
		*ret_value = pair;
		split_next(ret_value, '=', ret_name);
		if (!ret_value->p)
			*ret_value = STR("");
		return true;
	}
	return false;
}

bool parse_count(struct str s, int64_t max, int64_t *ret)
{
	int64_t v = 0;

	if (!s.n || s.n > 18)
		return false;
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	if (v > max)
		return false;
	*ret = v;
	return true;
}

/* One quoted tag off *rest; false when there is none. */
static bool etag_next(struct str *rest, bool *ret_weak, struct str *ret)
{
	const char *p = rest->p, *end = p + rest->n, *close;

	*ret_weak = end - p > 2 && p[0] == 'W' && p[1] == '/';
	p += *ret_weak ? 2 : 0;
	close = p < end && *p == '"' ? memchr(p + 1, '"', (size_t)(end - p - 1)) : NULL;
	if (!close)
		return false;
	*ret = (struct str){ p, (uint32_t)(close + 1 - p) };
	*rest = (struct str){ close + 1, (uint32_t)(end - close - 1) };
	return true;
}

int etags_have(struct str list, const char *tag)
{
	struct str rest = list, one;
	bool is_weak, separated = true, found = false, any = false;

	if (str_eq(list, STR("*")))
		return 1;
	while (rest.n) {
		if (strchr(", \t", *rest.p)) {
			separated = separated || *rest.p == ',';
			rest = (struct str){ rest.p + 1, rest.n - 1 };
			continue;
		}
		if (!separated || !etag_next(&rest, &is_weak, &one))
			return -1;
		found = found || (!is_weak && str_eq(one, str_of(tag)));
		separated = false;
		any = true;
	}
	return any ? found : -1;
}

bool parse_flag(struct str s, bool *ret)
{
	if (!str_eq(s, STR("true")) && !str_eq(s, STR("false")))
		return false;
	*ret = s.n == 4;
	return true;
}
