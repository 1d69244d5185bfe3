#include "query/routes.h"

#include "query/http_query.h"
#include "schemas/suggest.h"

#include <stdio.h>

const struct route route_table[ROUTE_COUNT] = {
#define ROUTE(ID, method, pattern, handler) [ROUTE_##ID] = { ROUTE_##ID, METHOD_##method, pattern, handler },
#include "query/routes.def"
#undef ROUTE
};

/* A path's decoded segments. */
struct segments {
	unsigned n;
	struct str v[8];
	bool bad;
};

static void cut(struct str path, char *memory, struct segments *ret)
{
	struct str rest = { path.p + 1, path.n - 1 }, part;

	*ret = (struct segments){ 0 };
	while (split_next(&rest, '/', &part)) {
		int n = percent_decode(part, false, memory);

		if (n < 0 || text_has_control((struct str){ memory, (uint32_t)n })) {
			ret->bad = true;
			return;
		}
		if (ret->n == ARRAY_SIZE(ret->v)) {
			ret->n = 0;
			return;
		}
		ret->v[ret->n++] = (struct str){ memory, (uint32_t)n };
		memory += n;
	}
}

static bool matches(const char *pattern, const struct segments *s, struct str params[ROUTE_PARAMS_MAX])
{
	struct str rest = { pattern + 1, (uint32_t)strlen(pattern) - 1 }, part;
	unsigned i = 0, captured = 0;

	for (; split_next(&rest, '/', &part); i++) {
		if (i == s->n)
			return false;
		if (part.n && part.p[0] == '{') {
			if (!s->v[i].n)
				return false;
			params[captured++] = s->v[i];
		} else if (!str_eq(part, s->v[i])) {
			return false;
		}
	}
	return i == s->n;
}

const struct route *route_find(struct str path, unsigned method, char *memory, struct str params[ROUTE_PARAMS_MAX],
			       unsigned *ret_methods, bool *ret_bad)
{
	struct segments s;

	*ret_methods = 0;
	*ret_bad = false;
	if (!path.n || path.p[0] != '/')
		return NULL;
	cut(path, memory, &s);
	*ret_bad = s.bad;
	if (s.bad || !s.n)
		return NULL;
	for (unsigned i = 0; i < ROUTE_COUNT; i++) {
		if (!matches(route_table[i].pattern, &s, params))
			continue;
		*ret_methods |= route_table[i].method;
		if (route_table[i].method == method)
			return &route_table[i];
	}
	return NULL;
}

/* The pattern with the path's own segments as its parameters; false: it has other ones in number, or an empty one there. */
static bool filled(const char *pattern, struct str path, char ret[SUGGEST_WORD_MAX + 1])
{
	struct str rest = { pattern + 1, (uint32_t)strlen(pattern) - 1 }, given = { path.p + 1, path.n - 1 }, part, own;
	int n = 0;

	while (split_next(&rest, '/', &part)) {
		if (!split_next(&given, '/', &own))
			return false;
		if (part.n && part.p[0] == '{')
			part = own;
		if (!part.n)
			return false;
		n += snprintf(ret + n, SUGGEST_WORD_MAX + 1 - (size_t)n, "/%.*s", STR_FMT(part));
		if (n > SUGGEST_WORD_MAX)
			return false;
	}
	return !split_next(&given, '/', &own);
}

void route_suggest(struct str path, struct error *e)
{
	char given[SUGGEST_WORD_MAX + 1], paths[ROUTE_COUNT][SUGGEST_WORD_MAX + 1];
	const char *names[ROUTE_COUNT];
	size_t n = 0;

	if (path.n > SUGGEST_WORD_MAX || !path.n || path.p[0] != '/')
		return;
	snprintf(given, sizeof(given), "%.*s", STR_FMT(path));
	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	for (unsigned i = 0; i < ROUTE_COUNT; i++) /* of a page's own files any name would do */
		if (!strstr(route_table[i].pattern, "{file}") && filled(route_table[i].pattern, path, paths[n])) {
			names[n] = paths[n];
			n++;
		}
	suggest_in(e, given, names, n);
}

void route_allow(unsigned methods, char buf[64])
{
	snprintf(buf, 64, "%s%s%s%sOPTIONS", methods & METHOD_GET ? "GET, HEAD, " : "",
		 methods & METHOD_POST ? "POST, " : "", methods & METHOD_PUT ? "PUT, " : "",
		 methods & METHOD_DELETE ? "DELETE, " : "");
}
