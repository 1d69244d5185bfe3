#include "views/catalog_json.h"
#include "schemas/json_keys.h"
#include "schemas/scan.h"

enum kind { TEXT, RAW, MONEY, COUNT, TIME, LIST };

static const struct {
	const char *name;
	enum kind kind;
	size_t at;
} fields[] = {
#define FIELD(name, kind, member) \
	{ \
		name, kind, offsetof(struct catalog_item, member) \
	}
	FIELD("title", TEXT, title),
	FIELD("categories", LIST, categories),
	FIELD("brand", TEXT, brand),
	FIELD("price", MONEY, price_micros),
	FIELD("listPrice", MONEY, list_price_micros),
	FIELD("currency", TEXT, currency),
	FIELD("rating", MONEY, rating_micros),
	FIELD("ratingCount", COUNT, rating_count),
	FIELD("attributes", RAW, attributes),
	FIELD("tags", LIST, tags),
	FIELD("groupId", TEXT, group_id),
	FIELD("accessoriesOf", LIST, accessories_of),
	FIELD("margin", MONEY, margin_micros),
	FIELD("regions", LIST, regions),
	FIELD("availableFrom", TIME, available_from_ms),
	FIELD("availableTo", TIME, available_to_ms),
	FIELD("seasons", LIST, seasons),
	FIELD("url", TEXT, url),
	FIELD("imageUrl", TEXT, image_url),
#undef FIELD
};

/* A damaged row must not make an answer that is no JSON. */
static bool is_json(struct str s)
{
	char room[CATALOG_ATTRIBUTES_MAX + 16];
	struct error e = { 0 };
	struct scan scan;
	int token;

	if (s.n > CATALOG_ATTRIBUTES_MAX || s.p[0] != '{')
		return false;
	scan_init(&scan, s.p, s.n, room, &e);
	token = scan_value(&scan);
	return token == TOKEN_OBJECT && !scan_skip(&scan, token) && !scan_end(&scan);
}

static void write_text(struct json_out *j, const char *name, enum kind kind, struct str s)
{
	if (s.n == 0 || (kind == RAW && !is_json(s)))
		return;
	json_out_key(j, name);
	if (kind == RAW)
		json_out_raw(j, s);
	else
		json_out_str(j, s);
}

static void write_integer(struct json_out *j, const char *name, enum kind kind, int64_t v)
{
	char text[32];

	if (v == (kind == COUNT ? -1 : INT64_MIN))
		return;
	json_out_key(j, name);
	if (kind == MONEY) {
		json_out_micros(j, v);
	} else if (kind == COUNT) {
		json_out_int(j, v);
	} else {
		format_rfc3339(v, text);
		json_out_text(j, text);
	}
}

static void write_list(struct json_out *j, const char *name, const struct str_list *list)
{
	if (list->n)
		key_strs(j, name, list->v, list->n);
}

static void write_field(struct json_out *j, const struct catalog_item *item, size_t i)
{
	const void *member = (const char *)item + fields[i].at;

	switch (fields[i].kind) {
	case TEXT:
	case RAW:
		write_text(j, fields[i].name, fields[i].kind, *(const struct str *)member);
		break;
	case LIST:
		write_list(j, fields[i].name, member);
		break;
	default:
		write_integer(j, fields[i].name, fields[i].kind, *(const int64_t *)member);
	}
}

void catalog_item_json(struct json_out *j, const struct catalog_item *item)
{
	json_out_object(j);
	key_str(j, "itemId", item->item_id);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		write_field(j, item, i);
	json_out_end_object(j);
}

bool catalog_field_json(struct json_out *j, const struct catalog_item *item, struct str field)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (str_eq(field, str_of(fields[i].name))) {
			write_field(j, item, i);
			return true;
		}
	}
	return false;
}
