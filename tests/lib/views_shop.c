#include "tests/lib/views_shop.h"
#include "schemas/token.h"
#include "views/ids.h"
#include "views/pairs.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store_options shop_store_options(const struct shop *s)
{
	return (struct store_options){ .path = s->dir,
				       .map_size = (uint64_t)1 << 30,
				       .durability = STORE_NOSYNC,
				       .young_path = s->young_path,
				       .young_bytes_max = s->young_bytes_max,
				       .writer = true };
}

void shop_open(struct shop *s)
{
	shop_open_young(s, 0);
}

static void write_key(const char *dir)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/person.key", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_assert_eq(write(fd, SHOP_PERSON_KEY, 32), 32);
	cr_assert_eq(close(fd), 0);
}

void shop_open_young(struct shop *s, uint64_t young_bytes_max)
{
	struct store_options opt;
	struct error e = { 0 };

	snprintf(s->dir, sizeof(s->dir), "%s/aisle-shop-XXXXXX", s->under ? s->under : "/tmp");
	cr_assert(mkdtemp(s->dir));
	write_key(s->dir);
	s->young_bytes_max = young_bytes_max;
	opt = shop_store_options(s);
	cr_assert_eq(store_open(&opt, &s->store, &e), 0, "%s", e.text);
	cr_assert_eq(fold_new(s->store, &s->fold, &e), 0, "%s", e.text);
	cr_assert_eq(snap_open(s->store, &s->snap), 0);
}

void shop_close(struct shop *s)
{
	snap_close(s->snap);
	fold_free(s->fold);
	store_close(s->store);
	remove_tree(s->dir);
}

/* ---- the event language ---- */

static int64_t parse_time(const char *text)
{
	char *unit;
	double n = strtod(text, &unit);

	switch (*unit) {
	case 's':
		return (int64_t)(n * MS_PER_SECOND);
	case 'm':
		return (int64_t)(n * MS_PER_MINUTE);
	case 'h':
		return (int64_t)(n * MS_PER_HOUR);
	case 'd':
		return (int64_t)(n * MS_PER_DAY);
	}
	cr_assert_fail("no time: %s", text);
	abort();
}

static enum event_type parse_verb(const char *verb)
{
	static const struct {
		const char *verb;
		enum event_type type;
	} verbs[] = {
		{ "view", EVENT_VIEW },       { "add", EVENT_CART_ADD },    { "remove", EVENT_CART_REMOVE },
		{ "buy", EVENT_PURCHASE },    { "return", EVENT_RETURN },   { "search", EVENT_SEARCH },
		{ "dislike", EVENT_DISLIKE }, { "show", EVENT_IMPRESSION }, { "click", EVENT_CLICK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].type;
	cr_assert_fail("no verb: %s", verb);
	abort();
}

static void parse_who(char *who, struct event *ev)
{
	char *plus = strchr(who, '+');

	if (plus)
		*plus++ = '\0';
	if (*who == 'u')
		ev->user_id = str_of(who);
	else
		ev->visitor_id = str_of(who);
	if (plus)
		ev->visitor_id = str_of(plus);
}

static uint32_t parse_items(char *list, struct event_item *items)
{
	uint32_t n = 0;
	char *save;

	if (strcmp(list, "-") == 0)
		return 0;
	for (char *id = strtok_r(list, ",", &save); id; id = strtok_r(NULL, ",", &save))
		items[n++] = (struct event_item){ .id = str_of(id), .quantity = 1 };
	return n;
}

static struct str parse_query(char *word)
{
	for (char *p = word; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	return strcmp(word, "-") == 0 ? STR("shoes") : str_of(word);
}

static void parse_option(struct shop *s, char *word, struct event *ev, struct event_item *items)
{
	struct str value = str_of(word + 2);

	if (*word == '@')
		ev->t_ms = SHOP_START + parse_time(word + 1);
	else if (*word == 's')
		ev->session_id = value;
	else if (*word == 'o')
		ev->order_id = value;
	else if (*word == 'e')
		ev->event_id = value;
	else if (*word == 'r')
		ev->recommendation_id = value;
	else if (*word == 'c')
		ev->country = value;
	else if (*word == 'f')
		ev->offer_id = value;
	else if (*word == 'l')
		fold_partition(s->fold, "shop", (int32_t)strtol(value.p, NULL, 10));
	for (uint32_t i = 0; i < ev->item_count; i++) {
		if (*word == 'q')
			items[i].quantity = (uint32_t)strtoul(value.p, NULL, 10);
		if (*word == 'p') {
			items[i].has_price = true;
			items[i].price_micros = (int64_t)(strtod(value.p, NULL) * 1e6 + 0.5);
		}
	}
}

static int play_event(struct shop *s, char *text)
{
	static struct event_item items[EVENT_ITEMS_MAX];
	struct event ev = { .has_time = true, .items = items, .position = -1 };
	struct error e = { 0 };
	char *save, *word;
	int rc;

	fold_partition(s->fold, "shop", 0);
	word = strtok_r(text, " ", &save);
	parse_who(word, &ev);
	ev.type = parse_verb(strtok_r(NULL, " ", &save));
	word = strtok_r(NULL, " ", &save);
	if (ev.type == EVENT_SEARCH)
		ev.query = parse_query(word);
	else
		ev.item_count = parse_items(word, items);
	while ((word = strtok_r(NULL, " ", &save)))
		parse_option(s, word, &ev, items);
	rc = fold_event(s->fold, &ev, -1, &e);
	cr_assert_geq(rc, 0, "%s", e.text);
	return rc;
}

void shop_damage(struct shop *s, enum table_id id, struct str key, const void *value, size_t n)
{
	MDB_val k = { key.n, (void *)key.p }, v = { n, (void *)value };
	MDB_txn *txn;

	snap_park(s->snap);
	cr_assert_eq(mdb_txn_begin(s->store->levels->base.env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_put(txn, s->store->levels->base.dbi[id], &k, &v, 0), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	cr_assert_eq(snap_renew(s->snap), 0);
}

void shop_commit(struct shop *s)
{
	cr_assert_eq(fold_commit(s->fold, NULL), 0);
	cr_assert_eq(snap_renew(s->snap), 0);
}

int shop_play(struct shop *s, const char *text)
{
	char *copy = xstrndup(text, strlen(text)), *save;
	int duplicates = 0;

	for (char *one = strtok_r(copy, ";", &save); one; one = strtok_r(NULL, ";", &save))
		duplicates += play_event(s, one);
	free(copy);
	shop_commit(s);
	return duplicates;
}

int shop_playf(struct shop *s, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	cr_assert_geq(vasprintf(&text, fmt, ap), 0);
	va_end(ap);
	ret = shop_play(s, text);
	free(text);
	return ret;
}

/* ---- answers ---- */

static void answer_items(const unsigned char *key, char *list, struct answer_token *t)
{
	char *save;

	for (char *id = strtok_r(list, ",", &save); id; id = strtok_r(NULL, ",", &save)) {
		char *slug = strchr(id, ':');

		*slug++ = '\0';
		t->items[t->item_count++] = (struct answer_token_item){ strategy_number(str_of(slug)),
									token_mark(key, t->nonce, str_of(id)) };
	}
}

char *shop_answer(struct shop *s, const char *who, const char *text)
{
	unsigned char key[TOKEN_KEY_BYTES], person[ACTOR_HASH_BYTES];
	char *ret = xmalloc(TOKEN_CHARS_MAX + 1), *copy = xstrndup(text, strlen(text)), *save, *word;
	struct answer_token t = { .nonce = ++s->answers };

	token_key_init(store_person_key(s->store), key);
	snprintf(t.scenario, sizeof(t.scenario), "%s", strtok_r(copy, " ", &save));
	answer_items(key, strtok_r(NULL, " ", &save), &t);
	while ((word = strtok_r(NULL, " ", &save))) {
		if (*word == '@')
			t.t_ms = SHOP_START + parse_time(word + 1);
		else
			snprintf(t.variant, sizeof(t.variant), "%s", word + 2);
	}
	if (who)
		actor_hash(store_person_key(s->store), *who == 'u' ? ACTOR_USER : ACTOR_VISITOR, str_of(who), person);
	token_make(key, who ? person : NULL, &t, ret);
	free(copy);
	return ret;
}

/* ---- looking at views ---- */

struct lines {
	char **v;
	size_t n;
};

static int keep_line(void *arg, struct str json)
{
	struct lines *l = arg;

	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = xstrndup(json.p, json.n);
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *shop_rows(struct shop *s, const char *view, const char *item)
{
	struct view_filter filter = { .item = str_of(item) };
	struct lines lines = { 0 };
	size_t n = 0;
	char *ret;

	cr_assert(view_find(view), "no view %s", view);
	cr_assert_eq(view_find(view)->rows(s->snap, &filter, keep_line, &lines), 0);
	if (lines.n)
		qsort(lines.v, lines.n, sizeof(char *), compare_lines);
	for (size_t i = 0; i < lines.n; i++)
		n += strlen(lines.v[i]) + 1;
	ret = xcalloc(n + 1, 1);
	n = 0;
	for (size_t i = 0; i < lines.n; i++) {
		n += (size_t)snprintf(ret + n, strlen(lines.v[i]) + 2, "%s%s", i ? "\n" : "", lines.v[i]);
		free(lines.v[i]);
	}
	free(lines.v);
	return ret;
}

static int count_row(void *arg, struct str key, struct str value)
{
	(void)key;
	(void)value;
	++*(size_t *)arg;
	return 0;
}

size_t shop_stored(struct shop *s, enum table_id id)
{
	size_t n = 0;

	cr_assert_eq(snap_each(s->snap, id, (struct str){ NULL, 0 }, count_row, &n), 0);
	return n;
}

char *shop_digests(struct shop *s)
{
	char hex[VIEW_DIGEST_HEX], *ret = xcalloc(64, 64);
	uint64_t rows;
	size_t n = 0;

	for (size_t i = 0; view_registry[i]; i++) {
		if (strcmp(view_registry[i]->name, "offsets") == 0)
			continue;
		cr_assert_eq(view_digest(view_registry[i], s->snap, hex, &rows), 0, "%s", view_registry[i]->name);
		n += (size_t)snprintf(ret + n, 64 * 64 - n, "%s %llu %s\n", view_registry[i]->name,
				      (unsigned long long)rows, hex);
	}
	return ret;
}

void shop_expect(struct shop *s, const char *view, const char *item, const char *expected)
{
	static const char *const names[] = { "bought-together", "also-bought", "also-viewed", "viewed-then-bought" };
	struct snap_counts list = { 0 };
	char got[1024] = "";
	size_t n = 0;

	for (unsigned which = 0; which < ARRAY_SIZE(names); which++)
		if (strcmp(names[which], view) == 0)
			cr_assert_eq(pairs_get(s->snap, which, snap_item(s->snap, str_of(item)), 1, &list), 0);
	for (size_t i = 0; i < list.n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s:%u", i ? " " : "",
				      STR_FMT(snap_item_name(s->snap, list.v[i].member)), list.v[i].count);
	snap_counts_fini(&list);
	cr_assert_str_eq(got, expected, "%s of %s: got '%s', expected '%s'", view, item, got, expected);
}
