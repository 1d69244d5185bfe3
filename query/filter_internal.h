/*
 * filter_internal.h - inside filter_*.c: text -> tokens (filter_lex.c) -> steps (filter_parse.c), by the table of fields
 * (filter_fields.c); steps -> true or false (filter_match.c).
 */
#ifndef AISLE_QUERY_FILTER_INTERNAL_H
#define AISLE_QUERY_FILTER_INTERNAL_H

#include "query/filter.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_MICROS, /* a number, stored as micros */
	FIELD_COUNT,  /* a whole number; negative: absent */
	FIELD_TIME,
	FIELD_LIST,
	FIELD_CATEGORY,
	FIELD_REGION,
	FIELD_ATTRIBUTE,
	FIELD_ITEM_ID,
	FIELD_STOCK,
	FIELD_IN_STOCK,
	FIELD_LOW_STOCK,
	FIELD_REAL,  /* a double; NAN: absent */
	FIELD_PLACE, /* a text, without case */
	FIELD_FLAG
};

struct filter_field {
	const char *name;
	enum field_kind kind;
	size_t at; /* in what it is a field of */
};

/* Of one kind of subject. */
struct filter_fields {
	const struct filter_field *v;
	size_t n;
	const char *example; /* of a condition */
};
extern const struct filter_fields filter__of_item;   /* `at`: in struct catalog_item */
extern const struct filter_fields filter__of_person; /* in struct filter_person */

enum compare { COMPARE_EQUAL, COMPARE_UNEQUAL, COMPARE_LESS, COMPARE_MOST, COMPARE_MORE, COMPARE_LEAST };

enum lexeme {
	LEX_END,
	LEX_WORD,
	LEX_NUMBER,
	LEX_TEXT,
	LEX_COMPARE,
	LEX_OPEN,
	LEX_CLOSE,
	LEX_COMMA,
	LEX_DOT,
	LEX_ARROW,
	LEX_SEMICOLON,
	LEX_BAD /* the error is set */
};

struct filter_parser {
	struct filter_pool *pool;
	const struct filter_fields *fields;
	const char *field; /* whose text it is */
	const char *begin, *p, *end;
	unsigned depth;
	struct error *e;
	/* the token that was read last */
	enum lexeme kind;
	const char *at;  /* where it begins */
	struct str text; /* WORD, TEXT (in the pool) */
	double number;
	enum compare compare;
};

/* To the next token. */
void filter__next(struct filter_parser *p);
/* The name behind "attributes.": a word that may have anything but blanks and operators in it, or a text in quotes. */
void filter__next_name(struct filter_parser *p);
/* Fails at the last token unless the error is set already; returns false. */
bool filter__fail(struct filter_parser *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* n bytes in the pool's text, or NULL with the error set. */
char *filter__text_room(struct filter_parser *p, size_t n);

/* The field that the word names, with its error when there is none. */
const struct filter_field *filter__field(struct filter_parser *p);
/* Is this word, without regard to case, the last token? */
bool filter__is_word(const struct filter_parser *p, const char *word);

#endif
