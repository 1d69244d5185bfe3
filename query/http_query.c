#include "query/http_query.h"
#include "schemas/scan.h"

#include <ctype.h>

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

/* The byte that in.p[i] and the two behind it stand for, -1 when they are no escape. */
static int escaped_byte(struct str in, uint32_t i)
{
	int high = in.p[i] == '%' && in.n - i > 2 ? hex_digit(in.p[i + 1]) : -1;
	int low = high >= 0 ? hex_digit(in.p[i + 2]) : -1;

	return low < 0 ? -1 : high << 4 | low;
}

uint32_t percent_settle(struct str in, char *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < in.n; i++) {
		int c = escaped_byte(in, i);
		bool plain = c > 0 && c < 0x80 && (isalnum(c) || strchr("-._~", c));

		ret[n++] = plain ? (char)c : in.p[i];
		i += plain ? 2 : 0;
	}
	return n;
}

int percent_decode(struct str in, bool plus_is_space, char *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < in.n; i++) {
		int c = (unsigned char)in.p[i];

		if (c == '%') {
			c = escaped_byte(in, i);
			if (c < 0)
				return -1;
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

bool text_is_utf8(struct str s)
{
	return !s.n || (!memchr(s.p, 0, s.n) && utf8_valid(s.p, s.n));
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
