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
		if (c < 0x20 || c == 0x7f)
			return -1;
		ret[n++] = (char)c;
	}
	return text_is_utf8((struct str){ ret, n }) ? (int)n : -1;
}

/* Bytes of the character that starts at p, 0 when it is none. */
static uint32_t utf8_length(const unsigned char *p, uint32_t left)
{
	uint32_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (!n || n > left)
		return 0;
	for (uint32_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool text_is_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t step;

	for (uint32_t i = 0; i < s.n; i += step) {
		step = p[i] ? utf8_length(p + i, s.n - i) : 0;
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

bool parse_flag(struct str s, bool *ret)
{
	if (!str_eq(s, STR("true")) && !str_eq(s, STR("false")))
		return false;
	*ret = s.n == 4;
	return true;
}
