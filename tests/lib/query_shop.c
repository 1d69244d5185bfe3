#include "tests/lib/query_shop.h"
#include "query/ranker_internal.h"
#include "query/shown.h"
#include "schemas/decode.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* the event language is the views' fixture; a test program links the fixtures of one folder only */
#include "tests/lib/views_shop.c"

/* Lists are made when the test says so. One that sets rank.refresh is about the thread, which makes them by itself. */
static void open_ranker(struct stall *s, bool threaded)
{
	struct error e = { 0 };

	if (threaded) {
		cr_assert_eq(ranker_start(s->shop.store, s->settings, &s->ranker, &e), 0, "%s", e.text);
		return;
	}
	cr_assert_eq(ranker__open(s->shop.store, s->settings, &s->ranker, &e), 0, "%s", e.text);
	cr_assert_eq(ranker__refresh(s->ranker, REFRESH_DUE), 0);
}

void stall_open(struct stall *s, ...)
{
	const char *sets[16];
	struct settings_sources from = { .sets = sets };
	struct error e = { 0 };
	bool young = false, threaded = false;
	va_list ap;

	memset(s, 0, sizeof(*s));
	va_start(ap, s);
	for (; (sets[from.sets_n] = va_arg(ap, const char *)); from.sets_n++) {
		young |= strncmp(sets[from.sets_n], "young.", 6) == 0;
		threaded |= strncmp(sets[from.sets_n], "rank.refresh=", 13) == 0;
	}
	va_end(ap);
	clock_fake_init(&s->clock, SHOP_START);
	cr_assert_eq(settings_load(&from, &s->settings, &e), 0, "%s", e.text);
	shop_open_young(&s->shop, young ? (uint64_t)setting_int(s->settings, SET_YOUNG_BYTES_MAX) : 0);
	cr_assert_eq(status_open(s->shop.dir, true, &s->status, &e), 0, "%s", e.text);
	open_ranker(s, threaded);
	cr_assert_eq(control_watch_start(s->shop.store, &s->control, &e), 0, "%s", e.text);

	struct answerer_options opt = { .store = s->shop.store,
					.status = s->status,
					.ranker = s->ranker,
					.settings = s->settings,
					.clock = &s->clock.base,
					.control = s->control };

	cr_assert_eq(answerer_new(&opt, &s->answerer, &e), 0, "%s", e.text);
}

void stall_close(struct stall *s)
{
	answerer_free(s->answerer);
	ranker_stop(s->ranker);
	control_watch_stop(s->control);
	status_close(s->status);
	settings_free(s->settings);
	idmap_fini(&s->shown);
	shop_close(&s->shop);
}

static void commit(struct stall *s)
{
	cr_assert_eq(fold_commit(s->shop.fold, NULL), 0);
}

void stall_item(struct stall *s, const char *item_id, const char *categories, int64_t from_ms, int64_t to_ms)
{
	char *copy = xstrndup(categories ? categories : "", categories ? strlen(categories) : 0), *save;
	struct catalog_item item;

	catalog_item_init(&item);
	item.item_id = str_of(item_id);
	item.title = STR("A title");
	item.available_from_ms = from_ms;
	item.available_to_ms = to_ms;
	for (char *one = strtok_r(copy, "|", &save); one; one = strtok_r(NULL, "|", &save))
		item.categories.v[item.categories.n++] = str_of(one);
	cr_assert_eq(fold_catalog(s->shop.fold, &item, false), 0);
	commit(s);
	free(copy);
}

void stall_records(struct stall *s, const char *lines)
{
	char *copy = xstrndup(lines, strlen(lines)), *save;
	struct decoder *decoder;
	struct error e = { 0 };

	cr_assert_eq(decoder_new(&(struct decode_options){ 0 }, &decoder, &e), 0, "%s", e.text);
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct catalog_item item;
		bool deleted;

		cr_assert_eq(decode_catalog(decoder, (struct str){ NULL, 0 }, line, strlen(line), &item, &deleted, &e),
			     0, "%s: %s %s", line, e.field, e.text);
		cr_assert_eq(fold_catalog(s->shop.fold, &item, false), 0);
	}
	commit(s);
	decoder_free(decoder);
	free(copy);
}

void stall_delete(struct stall *s, const char *item_id)
{
	struct catalog_item item;

	catalog_item_init(&item);
	item.item_id = str_of(item_id);
	cr_assert_eq(fold_catalog(s->shop.fold, &item, true), 0);
	commit(s);
}

void stall_stock(struct stall *s, const char *item_id, int64_t quantity)
{
	struct stock_record rec = { .item_id = str_of(item_id), .quantity = quantity, .lead_time_hours = -1 };

	cr_assert_eq(fold_stock(s->shop.fold, &rec, false, SHOP_START, NULL), 0);
	commit(s);
}

void stall_stock_at(struct stall *s, const char *item_id, const char *location, int64_t quantity, int64_t hours,
		    const char *regions)
{
	char *copy = xstrndup(regions ? regions : "", regions ? strlen(regions) : 0), *save;
	struct str ships_to[STOCK_SHIPS_TO_MAX];
	struct stock_record rec = { .item_id = str_of(item_id),
				    .location = str_of(location),
				    .quantity = quantity,
				    .lead_time_hours = hours,
				    .ships_to = ships_to };

	for (char *one = strtok_r(copy, "|", &save); one; one = strtok_r(NULL, "|", &save))
		ships_to[rec.ships_to_count++] = str_of(one);
	cr_assert_eq(fold_stock(s->shop.fold, &rec, false, SHOP_START, NULL), 0);
	commit(s);
	free(copy);
}

void stall_decide(struct stall *s, const char *key, const char *document)
{
	char *copy = xstrndup(document ? document : "null", document ? strlen(document) : 4);
	size_t n = strlen(copy) + 32;
	char *value = xmalloc(n);
	struct control_record rec;
	struct error e = { 0 };
	bool is_text = false;

	for (char *p = copy; *p; p++) {
		is_text ^= *p == '"';
		*p = *p == '\'' && !is_text ? '"' : *p;
	}
	n = (size_t)snprintf(value, n, "{\"document\":%s}", copy);
	cr_assert_eq(control_record_decode(str_of(key), value, n, &rec, &e), 0, "%s: %s %s", key, e.field, e.text);
	cr_assert_geq(fold_config(s->shop.fold, &rec, 0), 0);
	commit(s);
	cr_assert_eq(control_watch_follow(s->control), 0);
	free(value);
	free(copy);
}

void stall_rank(struct stall *s)
{
	cr_assert_eq(ranker_refresh(s->ranker), 0);
}

/* ---- requests ---- */

static unsigned parse_ids(char *list, struct str *ret)
{
	unsigned n = 0;
	char *save;

	for (char *id = strtok_r(list, ",", &save); id; id = strtok_r(NULL, ",", &save))
		ret[n++] = str_of(id);
	return n;
}

static void parse_flag_word(const char *word, struct recommend_request *rq)
{
	if (strcmp(word, "not-purchased") == 0)
		rq->exclude_purchased = true;
	else if (strcmp(word, "not-in-cart") == 0)
		rq->exclude_in_cart = true;
	else if (strcmp(word, "not-viewed") == 0)
		rq->exclude_viewed = true;
	else if (strcmp(word, "by-query") == 0)
		rq->by_query = true;
	else if (strcmp(word, "explain") == 0)
		rq->explain = true;
	else if (strcmp(word, "validate") == 0)
		rq->validate_only = true;
	else
		cr_assert_fail("no such word: %s", word);
}

static unsigned place_in(const char *const *names, size_t n, const char *word)
{
	size_t i = 0;

	while (i < n && strcmp(names[i], word) != 0)
		i++;
	cr_assert(i < n, "no such word: %s", word);
	return (unsigned)i;
}

/* How the list is put together; false: it is another word. */
static bool parse_shape(const char *word, const char *value, struct recommend_request *rq)
{
	static const char *const orders[] = { "relevance", "popularity", "rating", "price", "-price", "newest" };
	static const char *const fills[] = { "default", "none", "filtered", "any" };

	if (strcmp(word, "sort") == 0)
		rq->sort = (enum sort_order)place_in(orders, ARRAY_SIZE(orders), value);
	else if (strcmp(word, "fill") == 0)
		rq->fill = (enum fill_mode)place_in(fills, ARRAY_SIZE(fills), value);
	else if (strcmp(word, "strict") == 0)
		rq->strict = *value == 't' ? STRICT_TRUE : STRICT_FALSE;
	else if (strcmp(word, "diversity") == 0)
		rq->diversity = strtod(value, NULL);
	else if (strcmp(word, "min") == 0)
		rq->min_score = strtod(value, NULL);
	else
		return false;
	rq->has_diversity |= strcmp(word, "diversity") == 0;
	rq->has_min_score |= strcmp(word, "min") == 0;
	return true;
}

static void parse_before(struct stall *s, char *ids, struct recommend_request *rq)
{
	struct str before[SHOWN_MAX];

	rq->rank_before = parse_ids(ids, before);
	for (unsigned i = 0; i < rq->rank_before; i++)
		idmap_put(&s->shown, shown_key(before[i]), 0);
	rq->shown = &s->shown;
}

static void parse_word(struct stall *s, char *word, struct recommend_request *rq)
{
	struct {
		const char *name;
		struct str *to;
	} texts[] = {
		{ "user", &rq->user_id },      { "visitor", &rq->visitor_id }, { "session", &rq->session_id },
		{ "category", &rq->category }, { "filter", &rq->filter },      { "boost", &rq->boost },
		{ "country", &rq->country },   { "region", &rq->region },      { "query", &rq->query },
	};
	char *value = strchr(word, '=');

	if (!value) {
		parse_flag_word(word, rq);
		return;
	}
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(word, texts[i].name) == 0)
			*texts[i].to = str_of(value);
	if (parse_shape(word, value, rq))
		return;
	if (strcmp(word, "items") == 0)
		rq->item_count = parse_ids(value, rq->item_ids);
	else if (strcmp(word, "seen") == 0)
		rq->session_item_count = parse_ids(value, rq->session_items);
	else if (strcmp(word, "not") == 0)
		rq->exclude_count = parse_ids(value, rq->exclude_ids);
	else if (strcmp(word, "properties") == 0)
		rq->property_count = parse_ids(value, rq->properties);
	else if (strcmp(word, "before") == 0)
		parse_before(s, value, rq);
	else if (strcmp(word, "count") == 0)
		rq->count = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(word, "stale") == 0)
		rq->max_staleness_ms = strtol(value, NULL, 10);
	else if (strcmp(word, "language") == 0)
		rq->language = *value == 'd' ? LANGUAGE_GERMAN : LANGUAGE_ENGLISH;
	else if (strcmp(word, "window") == 0)
		rq->window = *value == '1' ? WINDOW_1H : *value == '2' ? WINDOW_24H : WINDOW_7D;
}

int stall_ask(struct stall *s, const char *request)
{
	struct recommend_request *rq = xcalloc(1, sizeof(*rq));
	char *copy = xstrndup(request, strlen(request)), *save, *word;
	int rc;

	idmap_clear(&s->shown);
	rq->max_staleness_ms = -1;
	rq->scenario = str_of(strtok_r(copy, ";", &save));
	while ((word = strtok_r(NULL, ";", &save)))
		parse_word(s, word + strspn(word, " "), rq);
	memset(&s->e, 0, sizeof(s->e));
	rc = recommend(s->answerer, rq, &s->answer, &s->e);
	free(copy);
	free(rq);
	return rc;
}

void stall_expect(struct stall *s, const char *request, const char *expected)
{
	int rc = stall_ask(s, request);
	bool scores = strchr(expected, '=');
	char got[8192] = "";
	size_t n = 0;

	cr_assert_eq(rc, 0, "%s: %s %s", request, s->e.field, s->e.text);
	for (unsigned i = 0; i < s->answer.item_count; i++) {
		const struct recommended *r = &s->answer.items[i];

		cr_assert_eq(r->rank, s->shown.n + i + 1);
		cr_assert(r->reason[0]);
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s", i ? " " : "", STR_FMT(r->item_id));
		if (scores)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "=%.6g", r->score);
	}
	cr_assert_str_eq(got, expected, "%s: got '%s', expected '%s'", request, got, expected);
}

void stall_refuses(struct stall *s, const char *request, int code, const char *field)
{
	int rc = stall_ask(s, request);

	cr_assert_eq(rc, code, "%s: got %s", request, error_slug(rc));
	cr_assert_str_eq(s->e.field, field, "%s", request);
	cr_assert(s->e.text[0]);
}
