#include "schemas/json_scan.h"

int json_line(const char *from, const char *at, int *ret_column)
{
	int line = 1, column = 0;

	for (const char *p = from; p < at; p++) {
		line += *p == '\n';
		column = *p == '\n' ? 0 : column + ((*p & 0xc0) != 0x80);
	}
	*ret_column = column;
	return line;
}

static int place(const struct scan *s, int *ret_column)
{
	int line = json_line((const char *)s->begin, (const char *)s->p, ret_column);

	*ret_column += 1;
	return line;
}

static int bad(struct scan *s, const char *what)
{
	int column, line = place(s, &column);

	if (s->p >= s->end)
		return error_set(s->e, ERR_BAD_JSON, NULL, "line %d column %d: JSON ends where %s was expected", line,
				 column, what);
	if (*s->p > 0x20 && *s->p < 0x7f)
		return error_set(s->e, ERR_BAD_JSON, NULL, "line %d column %d: '%c' where %s was expected", line,
				 column, *s->p, what);
	return error_set(s->e, ERR_BAD_JSON, NULL, "line %d column %d: byte 0x%02x where %s was expected", line, column,
			 *s->p, what);
}

static int bad_utf8(struct scan *s)
{
	int column, line = place(s, &column);

	return error_set(s->e, ERR_BAD_UTF8, NULL, "line %d column %d: byte 0x%02x is not UTF-8", line, column, *s->p);
}

static inline void skip_white(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* To the first byte that is a quote, a backslash, a control character or not ASCII. */
static inline const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
	while (end - p >= 8) {
		uint64_t w = load64(p);
		/* A borrow only reaches bytes above the first hit, and only the first hit counts. */
		uint64_t hit = w | (w - EIGHT(0x20)) | ((w ^ EIGHT('"')) - EIGHT(1)) | ((w ^ EIGHT('\\')) - EIGHT(1));

		hit &= EIGHT(0x80);
		if (hit)
			return p + __builtin_ctzll(hit) / 8;
		p += 8;
	}
	while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

static bool read_hex4(const unsigned char *p, const unsigned char *end, unsigned *ret)
{
	unsigned v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		unsigned char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10u);
		else
			return false;
	}
	*ret = v;
	return true;
}

static void put_utf8(struct scan *s, unsigned c)
{
	char *at = s->room + s->room_n;

	if (c < 0x80) {
		at[0] = (char)c;
		s->room_n += 1;
	} else if (c < 0x800) {
		at[0] = (char)(0xc0 | c >> 6);
		at[1] = (char)(0x80 | (c & 0x3f));
		s->room_n += 2;
	} else if (c < 0x10000) {
		at[0] = (char)(0xe0 | c >> 12);
		at[1] = (char)(0x80 | (c >> 6 & 0x3f));
		at[2] = (char)(0x80 | (c & 0x3f));
		s->room_n += 3;
	} else {
		at[0] = (char)(0xf0 | c >> 18);
		at[1] = (char)(0x80 | (c >> 12 & 0x3f));
		at[2] = (char)(0x80 | (c >> 6 & 0x3f));
		at[3] = (char)(0x80 | (c & 0x3f));
		s->room_n += 4;
	}
}

/* Behind "\u": one code point, of one escape or of a surrogate pair of two. */
static int unescape_u(struct scan *s)
{
	unsigned c, low;

	if (!read_hex4(s->p, s->end, &c))
		return bad(s, "four hexadecimal digits");
	s->p += 4;
	if (c >= 0xd800 && c < 0xe000) {
		if (c >= 0xdc00 || s->end - s->p < 6 || s->p[0] != '\\' || s->p[1] != 'u' ||
		    !read_hex4(s->p + 2, s->end, &low) || low < 0xdc00 || low >= 0xe000)
			return error_set(s->e, ERR_BAD_UTF8, NULL, "lone surrogate \\u%04x", c);
		s->p += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(s, c);
	return 0;
}

static int unescape(struct scan *s)
{
	static const char plain[128] = { ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
					 ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t' };

	s->p++;
	if (s->p < s->end && *s->p == 'u') {
		s->p++;
		return unescape_u(s);
	}
	if (s->p >= s->end || *s->p >= 128 || !plain[*s->p])
		return bad(s, "an escape");
	s->room[s->room_n++] = plain[*s->p++];
	return 0;
}

/* Stops at a quote or a backslash. Beyond ASCII, whole sequences are stepped over. */
static int skip_unescaped(struct scan *s)
{
	for (;;) {
		unsigned n;

		s->p = skip_plain(s->p, s->end);
		if (s->p >= s->end)
			return bad(s, "the end of a string");
		if (*s->p == '"' || *s->p == '\\')
			return 0;
		if (*s->p < 0x20)
			return bad(s, "text without control characters");
		n = utf8_sequence(s->p, s->end);
		if (!n)
			return bad_utf8(s);
		s->p += n;
	}
}

static int read_escaped(struct scan *s, const unsigned char *from)
{
	size_t begin = s->room_n;
	int rc;

	for (;;) {
		memcpy(s->room + s->room_n, from, (size_t)(s->p - from));
		s->room_n += (size_t)(s->p - from);
		if (*s->p == '"')
			break;
		rc = unescape(s);
		if (rc)
			return rc;
		from = s->p;
		rc = skip_unescaped(s);
		if (rc)
			return rc;
	}
	s->p++;
	s->text = (struct str){ s->room + begin, (uint32_t)(s->room_n - begin) };
	return 0;
}

/* At the byte behind the opening quote. */
static int read_string(struct scan *s)
{
	const unsigned char *from = s->p;
	int rc = skip_unescaped(s);

	if (rc)
		return rc;
	if (*s->p == '\\')
		return read_escaped(s, from);
	s->text = (struct str){ (const char *)from, (uint32_t)(s->p - from) };
	s->p++;
	return 0;
}

static inline bool is_digit(const unsigned char *p, const unsigned char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* Digits into the mantissa; returns how many of them it could not hold. */
static int take_digits(const unsigned char **p, const unsigned char *end, struct number *n)
{
	int dropped = 0;

	for (; is_digit(*p, end); ++*p) {
		if (n->mantissa < UINT64_C(1000000000000000000)) {
			n->mantissa = n->mantissa * 10 + (**p - '0');
		} else {
			dropped++;
			n->more |= **p != '0';
		}
	}
	return dropped;
}

static bool take_exponent(const unsigned char **p, const unsigned char *end, struct number *n)
{
	bool negative = false;
	int32_t v = 0;

	if (*p < end && (**p == '+' || **p == '-'))
		negative = *(*p)++ == '-';
	if (!is_digit(*p, end))
		return false;
	for (; is_digit(*p, end); ++*p) {
		if (v < 100000000)
			v = v * 10 + (**p - '0');
	}
	n->exponent += negative ? -v : v;
	return true;
}

bool json_parse_number(const unsigned char **p, const unsigned char *end, struct number *ret)
{
	const unsigned char *point;

	*ret = (struct number){ 0 };
	if (*p < end && **p == '-') {
		ret->negative = true;
		++*p;
	}
	if (!is_digit(*p, end))
		return false;
	if (**p == '0')
		++*p;
	else
		ret->exponent = take_digits(p, end, ret);
	if (*p < end && **p == '.') {
		point = ++*p;
		if (!is_digit(*p, end))
			return false;
		ret->exponent += take_digits(p, end, ret);
		ret->exponent -= (int32_t)(*p - point);
	}
	if (*p < end && (**p | 0x20) == 'e') {
		++*p;
		return take_exponent(p, end, ret);
	}
	return true;
}

static int literal(struct scan *s, const char *word, size_t n, int token)
{
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n))
		return bad(s, "a value");
	s->p += n;
	return token;
}

static int open_container(struct scan *s, int token)
{
	if (s->depth == DECODE_DEPTH_MAX)
		return error_set(s->e, ERR_TOO_DEEP, NULL, "nested more than %d deep", DECODE_DEPTH_MAX);
	s->p++;
	s->left[++s->depth] = 1;
	return token;
}

int json_scan_value(struct scan *s)
{
	const unsigned char *from;
	int rc;

	skip_white(s);
	if (s->p >= s->end)
		return bad(s, "a value");
	switch (*s->p) {
	case '"':
		s->p++;
		rc = read_string(s);
		return rc ? rc : TOKEN_STRING;
	case '{':
		return open_container(s, TOKEN_OBJECT);
	case '[':
		return open_container(s, TOKEN_ARRAY);
	case 't':
		return literal(s, "true", 4, TOKEN_TRUE);
	case 'f':
		return literal(s, "false", 5, TOKEN_FALSE);
	case 'n':
		return literal(s, "null", 4, TOKEN_NULL);
	default:
		from = s->p;
		if (!json_parse_number(&s->p, s->end, &s->number))
			return bad(s, from == s->p ? "a value" : "a digit");
		s->text = (struct str){ (const char *)from, (uint32_t)(s->p - from) };
		return TOKEN_NUMBER;
	}
}

/* To the next member of the open container: 1, or 0 when `close` ends it. */
static inline int next_member(struct scan *s, unsigned char close)
{
	skip_white(s);
	if (s->p >= s->end)
		return bad(s, "a comma or the end of the object or array");
	if (*s->p == close) {
		s->p++;
		s->depth--;
		return 0;
	}
	if (s->left[s->depth]) {
		s->left[s->depth] = 0;
		return 1;
	}
	if (*s->p != ',')
		return bad(s, "a comma or the end of the object or array");
	s->p++;
	skip_white(s);
	return 1;
}

int json_scan_key(struct scan *s)
{
	int rc = next_member(s, '}');

	if (rc <= 0)
		return rc;
	if (s->p >= s->end || *s->p != '"')
		return bad(s, "a key in quotes");
	s->p++;
	rc = read_string(s);
	if (rc)
		return rc;
	skip_white(s);
	if (s->p >= s->end || *s->p != ':')
		return bad(s, "a colon");
	s->p++;
	return 1;
}

/* "[1,]" gives its 1 here and fails in the value that should follow. */
int json_scan_item(struct scan *s)
{
	return next_member(s, ']');
}

int json_scan_end(struct scan *s)
{
	int line, column;

	skip_white(s);
	if (s->p >= s->end)
		return 0;
	line = place(s, &column);
	return error_set(s->e, ERR_TRAILING_BYTES, NULL, "line %d column %d: %td bytes after the end of the JSON value",
			 line, column, s->end - s->p);
}
