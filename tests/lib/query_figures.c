#include "tests/lib/query_figures.h"

#include <stdio.h>
#include <stdlib.h>

struct shop shop;
static struct json_out out;

/* What a test has made, freed with it. */
static json_t *parsed[16];
static char *texts[64];
static unsigned parsed_n, text_n;

static const char *kept(char *text)
{
	cr_assert_lt(text_n, ARRAY_SIZE(texts));
	return texts[text_n++] = text;
}

void figures_init(void)
{
	shop_open(&shop);
}

void figures_fini(void)
{
	for (unsigned i = 0; i < parsed_n; i++)
		json_decref(parsed[i]);
	for (unsigned i = 0; i < text_n; i++)
		free(texts[i]);
	json_out_fini(&out);
	shop_close(&shop);
}

int64_t day(double n)
{
	return SHOP_START + (int64_t)(n * MS_PER_DAY);
}

const char *made(struct figures_ask ask)
{
	struct error e = { 0 };
	int rc = figures_make(shop.snap, &ask, &out, &e);

	return kept(rc ? xstrndup(e.text, strlen(e.text)) : xstrndup(out.p, out.n));
}

json_t *json_of(struct figures_ask ask)
{
	json_error_t why;
	json_t *ret = json_loads(made(ask), 0, &why);

	cr_assert(ret && parsed_n < ARRAY_SIZE(parsed), "%s", why.text);
	return parsed[parsed_n++] = ret;
}

const char *at(json_t *j, const char *path)
{
	char name[64];

	while (j && *path) {
		size_t n = strcspn(path, "/");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)strtoul(name, NULL, 10)) : json_object_get(j, name);
		path += n + (path[n] == '/');
	}
	return j ? kept(json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6))) : "absent";
}

struct figures_ask sales(double from, double to)
{
	return (struct figures_ask){ .kind = FIGURES_SALES, .from_ms = day(from), .to_ms = day(to) };
}

void put_in_catalog(const char *id, const char *category, const char *other)
{
	struct catalog_item item;

	catalog_item_init(&item);
	item.item_id = str_of(id);
	item.categories.v[0] = str_of(category);
	item.categories.v[1] = str_of(other);
	item.categories.n = other[0] ? 2 : category[0] ? 1 : 0;
	cr_assert_eq(fold_catalog(shop.fold, &item, false), 0);
}

void recommend_for_a_day(void)
{
	char *plain = shop_answer(&shop, "u1", "home p1:trending,p2:also-bought @0s");
	char *varied = shop_answer(&shop, "u2", "home p1:trending @0s x=x/b");

	shop_playf(&shop,
		   "u1 show p1,p2 @1s r=%s; u2 show p1 @1s r=%s; u1 click p1 @2h r=%s; u2 click p1 @3h r=%s;"
		   "u1 buy p1 @1d q=2 p=2.5 o=1 r=%s; u1 buy p9 @1d p=15 o=2",
		   plain, varied, plain, varied, plain);
	free(plain);
	free(varied);
}
