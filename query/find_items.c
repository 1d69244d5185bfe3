#include "query/find_items.h"

#include "query/http_query.h"
#include "query/json_keys.h"
#include "query/route_answer.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/popularity.h"
#include "views/searches.h"
#include "views/stock.h"

#include <ctype.h>
#include <stdlib.h>

struct hit {
	uint32_t item;
	int64_t units;
};

struct finding {
	struct snap *sn;
	struct str query; /* normalised */
	uint32_t is;      /* the item whose id it is */
	struct hit *v;
	uint32_t n, room;
	int64_t *units; /* by item */
};

/* ---- does it match? ---- */

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Does a word of the text begin with it? */
static bool has_word(struct str text, struct str word)
{
	for (uint32_t i = 0; i + word.n <= text.n; i++)
		if ((i == 0 || !is_letter(text.p[i - 1])) && memcmp(text.p + i, word.p, word.n) == 0)
			return true;
	return false;
}

/* The fields of an item that are looked at, normalised. */
struct found_text {
	char bytes[3][SEARCH_QUERY_MAX];
	struct str v[3];
};

static void normalise(struct found_text *t, unsigned at, struct str text)
{
	t->v[at] = (struct str){ t->bytes[at], search_normalise(text, t->bytes[at]) };
}

static bool matches(const struct found_text *t, struct str query)
{
	struct str word;

	while (split_next(&query, ' ', &word))
		if (!has_word(t->v[0], word) && !has_word(t->v[1], word) && !has_word(t->v[2], word))
			return false;
	return true;
}

static int look_at(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct finding *f = arg;
	struct found_text text;

	normalise(&text, 0, record->title);
	normalise(&text, 1, record->brand);
	normalise(&text, 2, snap_item_name(f->sn, item));
	if (item != f->is && !matches(&text, f->query))
		return 0;
	ARRAY_GROW(f->v, f->n, f->room, 64);
	f->v[f->n++] = (struct hit){ .item = item };
	return 0;
}

/* ---- which first? ---- */

static int add_units(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct finding *f = arg;

	(void)day;
	f->units[item] += p->units;
	return 0;
}

static int read_units(struct finding *f)
{
	int64_t watermark, last;
	uint32_t items;
	int rc = snap_watermark(f->sn, &watermark);

	if (!rc)
		rc = snap_items(f->sn, &items);
	if (rc)
		return rc;
	f->units = xcalloc(items ? items : 1, sizeof(*f->units));
	if (watermark != TIME_NONE) {
		last = time_bucket(watermark, MS_PER_DAY);
		rc = popularity_scan(f->sn, BUCKET_DAY, last - FIND_DAYS + 1, last, add_units, f);
	}
	for (uint32_t i = 0; i < f->n && !rc; i++)
		f->v[i].units = f->v[i].item == f->is ? INT64_MAX : f->units[f->v[i].item];
	return rc;
}

/* Best seller first; ties by id, which is the same on every node. */
static int compare(const void *pa, const void *pb, void *sn)
{
	const struct hit *a = pa, *b = pb;

	return a->units != b->units ? (a->units < b->units) - (a->units > b->units)
				    : str_cmp(snap_item_name(sn, a->item), snap_item_name(sn, b->item));
}

/* ---- the answer ---- */

static int write_found(const struct finding *f, int64_t low, struct json_out *j)
{
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "items");
	json_out_array(j);
	for (uint32_t i = 0; i < f->n && i < FIND_ITEMS_MAX; i++) {
		int rc = stored_item_write(j, f->sn, f->v[i].item, low);

		if (rc != CATALOG_LIVE)
			return rc < 0 ? rc : ERR_STORE_CORRUPT;
	}
	json_out_end_array(j);
	key_int(j, "found", f->n);
	json_out_end_object(j);
	return 0;
}

int find_items(struct snap *sn, struct str query, int64_t low, struct json_out *ret)
{
	struct finding f = { .sn = sn, .is = snap_item(sn, query) };
	char folded[SEARCH_QUERY_MAX];
	int rc;

	f.query = (struct str){ folded, search_normalise(query, folded) };
	rc = catalog_each(sn, look_at, &f);
	if (!rc)
		rc = read_units(&f);
	if (!rc && f.n)
		qsort_r(f.v, f.n, sizeof(*f.v), compare, sn);
	if (!rc)
		rc = write_found(&f, low, ret);
	if (!rc)
		rc = snap_failure(sn);
	free(f.units);
	free(f.v);
	return rc;
}
