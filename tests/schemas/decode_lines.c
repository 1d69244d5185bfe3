/*
 * decode_lines - the decoder's verdict on each line of stdin, for conformance.py and control_conformance.py.
 *
 *     in   TOPIC<tab>VALUE          TOPIC is event, catalog, stock or a kind of document; VALUE is JSON, or hex: and hexadecimal digits
 *     out  ok or the error's slug, a tab, the field
 *
 * The schemas describe values; a value may leave its itemId to the record's key. So a value without one is tried
 * again with a key.
 */
#include <stdio.h>
#include <stdlib.h>

#include "schemas/control.h"
#include "schemas/decode.h"

static size_t from_hex(char *text, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		char pair[3] = { text[i], text[i + 1], '\0' };

		text[out++] = (char)strtoul(pair, NULL, 16);
	}
	return out;
}

static int decode(struct decoder *d, const char *topic, struct str key, const char *value, size_t n, struct error *e)
{
	enum control_kind kind = control_kind_find(str_of(topic), false);
	static struct catalog_item item;
	struct control *doc = NULL;
	struct stock_record stock;
	struct event ev;
	bool deleted;

	if (kind != CONTROL_KIND_COUNT) {
		int rc = control_parse(kind, (struct str){ value, (uint32_t)n }, &doc, e);

		control_free(doc);
		return rc;
	}
	if (!strcmp(topic, "event"))
		return decode_event(d, value, n, &ev, e);
	if (!strcmp(topic, "catalog"))
		return decode_catalog(d, key, value, n, &item, &deleted, e);
	return decode_stock(d, key, value, n, &stock, &deleted, e);
}

int main(void)
{
	struct error e = { 0 };
	struct decoder *d;
	size_t room = 0;
	char *line = NULL;
	ssize_t n;

	if (decoder_new(NULL, &d, &e)) {
		fprintf(stderr, "decode_lines: %s\n", e.text);
		return 1;
	}
	while ((n = getline(&line, &room, stdin)) > 0) {
		char *value = memchr(line, '\t', (size_t)n);
		size_t value_n;
		int rc;

		if (!value)
			continue;
		*value++ = '\0';
		value_n = (size_t)(line + n - value) - (line[n - 1] == '\n');
		if (value_n >= 4 && !memcmp(value, "hex:", 4)) {
			value += 4;
			value_n = from_hex(value, value_n - 4);
		}
		e = (struct error){ 0 };
		rc = decode(d, line, (struct str){ 0 }, value, value_n, &e);
		if (rc == ERR_MISSING_FIELD && strcmp(line, "event") && !strcmp(e.field, "itemId")) {
			e = (struct error){ 0 };
			rc = decode(d, line, STR("k"), value, value_n, &e);
		}
		if (rc != e.code)
			return 1;
		printf("%s\t%s\n", error_slug(rc), e.field);
		fflush(stdout);
	}
	free(line);
	decoder_free(d);
	return 0;
}
