#include "query/filter_internal.h"
#include "schemas/json_scan.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

/* Places are counted in characters from 1, as a person counts. */
static unsigned place_of(const struct filter_parser *p)
{
	unsigned n = 1;

	for (const char *c = p->begin; c < p->at; c++)
		n += ((unsigned char)*c & 0xc0) != 0x80;
	return n;
}

bool filter__fail(struct filter_parser *p, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(p->e, ERR_BAD_REQUEST, p->field, "character %u: %s", place_of(p), text);
	p->kind = LEX_BAD;
	return false;
}

char *filter__text_room(struct filter_parser *p, size_t n)
{
	struct filter_pool *pool = p->pool;
	char *ret = pool->text + pool->text_n;

	if (n > FILTER_POOL_TEXT_MAX - pool->text_n) {
		filter__fail(p, "the conditions hold more than %d bytes of text", FILTER_POOL_TEXT_MAX);
		return NULL;
	}
	pool->text_n += (unsigned)n;
	return ret;
}

bool filter__is_word(const struct filter_parser *p, const char *word)
{
	return p->kind == LEX_WORD && p->text.n == strlen(word) && strncasecmp(p->text.p, word, p->text.n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct filter_parser *p)
{
	while (p->p < p->end && is_blank(*p->p))
		p->p++;
	p->at = p->p;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* From behind the opening quote. */
static void read_text(struct filter_parser *p, char quote)
{
	char *to = filter__text_room(p, (size_t)(p->end - p->p));
	char *begin = to;

	if (!to)
		return;
	while (p->p < p->end && *p->p != quote) {
		if (*p->p == '\\') {
			if (++p->p == p->end || !strchr("\\\"'", *p->p)) {
				p->at = p->p - 1;
				filter__fail(p, "a backslash stands before a quote or another backslash only");
				return;
			}
		}
		*to++ = *p->p++;
	}
	if (p->p == p->end) {
		filter__fail(p, "the text that begins here has no closing %c", quote);
		return;
	}
	p->p++;
	p->kind = LEX_TEXT;
	p->text = (struct str){ begin, (uint32_t)(to - begin) };
	p->pool->text_n = (unsigned)(to - p->pool->text);
}

static void read_number(struct filter_parser *p)
{
	const unsigned char *from = (const unsigned char *)p->p;
	struct number n;

	if (!json_parse_number(&from, (const unsigned char *)p->end, &n) ||
	    (from < (const unsigned char *)p->end && is_word_char((char)*from))) {
		filter__fail(p, "this is no number; a text stands in quotes");
		return;
	}
	p->p = (const char *)from;
	p->kind = LEX_NUMBER;
	p->number = number_to_double(&n);
	if (!isfinite(p->number))
		filter__fail(p, "this number is too large");
}

static void read_word(struct filter_parser *p)
{
	while (p->p < p->end && is_word_char(*p->p))
		p->p++;
	p->kind = LEX_WORD;
	p->text = (struct str){ p->at, (uint32_t)(p->p - p->at) };
}

static const struct sign {
	const char *text;
	enum lexeme kind;
	enum compare compare;
	const char *instead; /* NULL: it is one of ours */
} signs[] = {
	{ "==", LEX_BAD, 0, "=" },
	{ "=", LEX_COMPARE, COMPARE_EQUAL, NULL },
	{ "!=", LEX_COMPARE, COMPARE_UNEQUAL, NULL },
	{ "<>", LEX_BAD, 0, "!=" },
	{ "<=", LEX_COMPARE, COMPARE_MOST, NULL },
	{ "<", LEX_COMPARE, COMPARE_LESS, NULL },
	{ ">=", LEX_COMPARE, COMPARE_LEAST, NULL },
	{ ">", LEX_COMPARE, COMPARE_MORE, NULL },
	{ "(", LEX_OPEN, 0, NULL },
	{ ")", LEX_CLOSE, 0, NULL },
	{ ",", LEX_COMMA, 0, NULL },
	{ ".", LEX_DOT, 0, NULL },
	{ "->", LEX_ARROW, 0, NULL },
	{ ";", LEX_SEMICOLON, 0, NULL },
	{ "&&", LEX_BAD, 0, "and" },
	{ "||", LEX_BAD, 0, "or" },
	{ "!", LEX_BAD, 0, "not" },
};

static bool read_sign(struct filter_parser *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		size_t n = strlen(signs[i].text);

		if ((size_t)(p->end - p->p) < n || memcmp(p->p, signs[i].text, n) != 0)
			continue;
		if (signs[i].instead) {
			snprintf(p->e->suggestion, sizeof(p->e->suggestion), "%s", signs[i].instead);
			filter__fail(p, "write '%s' instead of '%s'", signs[i].instead, signs[i].text);
			return true;
		}
		p->p += n;
		p->kind = signs[i].kind;
		p->compare = signs[i].compare;
		return true;
	}
	return false;
}

void filter__next(struct filter_parser *p)
{
	if (p->kind == LEX_BAD)
		return;
	skip_blanks(p);
	if (p->p == p->end) {
		p->kind = LEX_END;
	} else if (*p->p == '"' || *p->p == '\'') {
		char quote = *p->p++;

		read_text(p, quote);
	} else if (isdigit((unsigned char)*p->p) ||
		   (*p->p == '-' && p->p + 1 < p->end && isdigit((unsigned char)p->p[1]))) {
		read_number(p);
	} else if (is_word_char(*p->p)) {
		read_word(p);
	} else if (!read_sign(p)) {
		filter__fail(p, "a character that means nothing here");
	}
}

void filter__next_name(struct filter_parser *p)
{
	skip_blanks(p);
	if (p->p < p->end && (*p->p == '"' || *p->p == '\'')) {
		filter__next(p);
		return;
	}
	while (p->p < p->end && !is_blank(*p->p) && !strchr("()=<>!,;\"'", *p->p))
		p->p++;
	p->kind = LEX_TEXT;
	p->text = (struct str){ p->at, (uint32_t)(p->p - p->at) };
	if (p->p == p->at)
		filter__fail(p, "the name of an attribute is missing");
}
