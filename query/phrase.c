#include "query/phrase.h"
#include "query/strategy.h"
#include "schemas/decode.h"
#include "views/catalog.h"
#include "views/ids.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#define TITLE_MAX 80   /* bytes of an item's title in a sentence */
#define WHOLE_FROM 1e5 /* numbers without decimals, of which six digits leave none */

/* One and more of each language. */
static const char *const templates[PHRASE_COUNT][LANGUAGE_COUNT][2] = {
#define PHRASE(name, one, more, einer, mehr) \
	[PHRASE_##name] = { [LANGUAGE_ENGLISH] = { one, more }, [LANGUAGE_GERMAN] = { einer, mehr } },
#include "query/phrases.def"
#undef PHRASE
};

struct saying {
	const struct asking *q;
	const struct explanation *why;
	enum language language;
	char *to;
	size_t n;
};

/* As many whole characters of UTF-8 as fit. */
static struct str cut(struct str text, size_t room)
{
	uint32_t n = text.n < room ? text.n : (uint32_t)room;

	while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return (struct str){ text.p, n };
}

static void put(struct saying *s, struct str text)
{
	text = cut(text, RECOMMEND_REASON_MAX - 1 - s->n);
	if (text.n)
		memcpy(s->to + s->n, text.p, text.n);
	s->n += text.n;
}

static int64_t count_of(const struct explanation *why)
{
	switch (why->kind) {
	case EXPLAIN_INTEREST:
		return why->with.n ? why->together : why->units;
	case EXPLAIN_SEGMENT:
		return why->segment_people;
	case EXPLAIN_PEOPLE:
		return why->people.n;
	case EXPLAIN_SEARCH:
		return why->searched.orders ? why->searched.orders : why->searched.clicks;
	case EXPLAIN_BUNDLE:
	case EXPLAIN_PAIR:
		return why->together;
	case EXPLAIN_SALES:
	case EXPLAIN_SEASON:
		return why->units;
	case EXPLAIN_RATING:
		return why->rated.count;
	case EXPLAIN_PERSON:
		return why->times;
	case EXPLAIN_SESSION:
		return why->sessions;
	default:
		return 0;
	}
}

static void put_whole(struct saying *s, int64_t v)
{
	char text[24];
	size_t at = sizeof(text);
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (v < 0)
		text[--at] = '-';
	put(s, (struct str){ text + at, (uint32_t)(sizeof(text) - at) });
}

static void put_count(struct saying *s)
{
	put_whole(s, count_of(s->why));
}

static void put_number(struct saying *s, double v)
{
	char text[32], *point;

	if (v == floor(v) || fabs(v) >= WHOLE_FROM) {
		put_whole(s, llround(v));
		return;
	}
	snprintf(text, sizeof(text), "%.6g", v);
	point = s->language == LANGUAGE_GERMAN ? strchr(text, '.') : NULL;
	if (point)
		*point = ',';
	put(s, str_of(text));
}

static void put_recent(struct saying *s)
{
	put_number(s, s->why->recent);
}

static void put_before(struct saying *s)
{
	put_number(s, s->why->before);
}

/* One decimal. */
static void put_rating(struct saying *s)
{
	put_number(s, round(s->why->rated.rating * 10) / 10);
}

static void put_dearer(struct saying *s)
{
	put_number(s, round((s->why->step_up.price_ratio - 1) * 100));
}

static void put_step_rating(struct saying *s)
{
	put_number(s, round(s->why->step_up.rating * 10) / 10);
}

static void put_base_rating(struct saying *s)
{
	put_number(s, round(s->why->step_up.with_rating * 10) / 10);
}

/* In days, less than one in hours, less than half an hour in words. */
static void put_duration(struct saying *s, double days)
{
	static const char *const units[LANGUAGE_COUNT][2][2] = {
		[LANGUAGE_ENGLISH] = { { "hour", "hours" }, { "day", "days" } },
		[LANGUAGE_GERMAN] = { { "Stunde", "Stunden" }, { "Tag", "Tagen" } },
	};
	static const char *const shorter[LANGUAGE_COUNT] = {
		[LANGUAGE_ENGLISH] = "less than an hour",
		[LANGUAGE_GERMAN] = "weniger als einer Stunde",
	};
	bool is_days = days >= 1;
	long long n = llround(is_days ? days : days * 24);

	if (!n) {
		put(s, str_of(shorter[s->language]));
		return;
	}
	put_whole(s, n);
	put(s, STR(" "));
	put(s, str_of(units[s->language][is_days][n != 1]));
}

/* The shopper's place, the narrower one. */
static void put_place(struct saying *s)
{
	const struct recommend_request *rq = s->q->rq;

	put(s, rq->region.n ? rq->region : rq->country);
}

static void put_lead(struct saying *s)
{
	put_duration(s, (double)(s->why->shipping.hours > 0 ? s->why->shipping.hours : 1) / 24);
}

static void put_average(struct saying *s)
{
	put_number(s, round(s->why->before));
}

static void put_date(struct saying *s)
{
	char text[32];

	format_rfc3339(s->why->available_from_ms, text);
	put(s, (struct str){ text, (uint32_t)strlen("2026-01-31") });
}

static void put_days(struct saying *s)
{
	put_duration(s, (double)s->why->days);
}

static void put_ago(struct saying *s)
{
	put_duration(s, (double)(s->q->watermark_ms - s->why->last_ms) / (double)MS_PER_DAY);
}

static void put_every(struct saying *s)
{
	static const char *const daily[] = { [LANGUAGE_ENGLISH] = "day", [LANGUAGE_GERMAN] = "einem Tag" };

	if (llround(s->why->interval_days) == 1)
		put(s, str_of(daily[s->language]));
	else
		put_duration(s, s->why->interval_days);
}

static void put_window(struct saying *s)
{
	static const char *const names[][LANGUAGE_COUNT] = {
		[WINDOW_DEFAULT] = { [LANGUAGE_ENGLISH] = "24 hours", [LANGUAGE_GERMAN] = "24 Stunden" },
		[WINDOW_1H] = { [LANGUAGE_ENGLISH] = "hour", [LANGUAGE_GERMAN] = "1 Stunde" },
		[WINDOW_24H] = { [LANGUAGE_ENGLISH] = "24 hours", [LANGUAGE_GERMAN] = "24 Stunden" },
		[WINDOW_7D] = { [LANGUAGE_ENGLISH] = "7 days", [LANGUAGE_GERMAN] = "7 Tagen" },
	};

	put(s, str_of(names[s->q->rq->window][s->language]));
}

/* The item that the counts are with: its title, or its id when nobody told one. */
static void put_with(struct saying *s)
{
	struct catalog_item *record = &s->q->a->record;
	uint32_t item = snap_item(s->q->sn, s->why->with);
	struct str text = s->why->with;

	if (item != ID_NONE && catalog_get(s->q->sn, item, record) == CATALOG_LIVE && record->title.n)
		text = record->title;
	put(s, cut(text, TITLE_MAX));
}

/* What two records have in common. */
static void put_shared(struct saying *s)
{
	static const char *const names[TERM_KIND_COUNT][LANGUAGE_COUNT] = {
		[TERM_CATEGORY] = { [LANGUAGE_ENGLISH] = "category", [LANGUAGE_GERMAN] = "Kategorie" },
		[TERM_BRAND] = { [LANGUAGE_ENGLISH] = "brand", [LANGUAGE_GERMAN] = "Marke" },
		[TERM_ATTRIBUTE] = { [LANGUAGE_ENGLISH] = "specifications", [LANGUAGE_GERMAN] = "Eigenschaften" },
		[TERM_TAG] = { [LANGUAGE_ENGLISH] = "tags", [LANGUAGE_GERMAN] = "Stichwörtern" },
		[TERM_PRICE] = { [LANGUAGE_ENGLISH] = "price", [LANGUAGE_GERMAN] = "Preis" },
		[TERM_TITLE] = { [LANGUAGE_ENGLISH] = "title", [LANGUAGE_GERMAN] = "Titel" },
	};
	bool is_first = true;

	for (int kind = 0; kind < TERM_KIND_COUNT; kind++)
		if (s->why->similar.shared[kind]) {
			put(s, is_first ? STR("") : STR(", "));
			put(s, str_of(names[kind][s->language]));
			is_first = false;
		}
}

static void put_of(struct saying *s)
{
	put_whole(s, s->why->kind == EXPLAIN_PEOPLE ? s->why->people.of : s->why->sessions_of);
}

static void put_back(struct saying *s)
{
	put_number(s, round(1000 * s->why->back) / 10);
}

static const struct {
	const char *name;
	void (*put)(struct saying *s);
} words[] = {
	{ "{n}", put_count },          { "{days}", put_days },
	{ "{ago}", put_ago },          { "{every}", put_every },
	{ "{with}", put_with },        { "{shared}", put_shared },
	{ "{window}", put_window },    { "{recent}", put_recent },
	{ "{before}", put_before },    { "{of}", put_of },
	{ "{back}", put_back },        { "{rating}", put_rating },
	{ "{date}", put_date },        { "{average}", put_average },
	{ "{dearer}", put_dearer },    { "{place}", put_place },
	{ "{lead}", put_lead },        { "{better}", put_step_rating },
	{ "{base}", put_base_rating },
};

/* A template is cut once into what stands in it and what is put in. */
#define PIECES_MAX 12

struct piece {
	struct str text;
	void (*put)(struct saying *s); /* NULL: the text itself */
};

static struct pieces {
	unsigned n;
	struct piece v[PIECES_MAX];
} cut_up[PHRASE_COUNT][LANGUAGE_COUNT][2];
static pthread_once_t cut_once = PTHREAD_ONCE_INIT;

/* From the start of the template: a word in braces, or what is before the next one. */
static struct piece first_piece(const char *template)
{
	for (size_t i = 0; *template == '{' && i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].name);

		if (strncmp(template, words[i].name, n) == 0)
			return (struct piece){ { template, (uint32_t)n }, words[i].put };
	}
	return (struct piece){ { template, (uint32_t)strcspn(template + 1, "{") + 1 }, NULL };
}

static void cut_template(const char *template, struct pieces *ret)
{
	while (template && *template) {
		assert(ret->n < PIECES_MAX);
		ret->v[ret->n] = first_piece(template);
		template += ret->v[ret->n++].text.n;
	}
}

static void cut_templates(void)
{
	for (int which = 0; which < PHRASE_COUNT; which++)
		for (int language = 0; language < LANGUAGE_COUNT; language++)
			for (int more = 0; more < 2; more++)
				cut_template(templates[which][language][more], &cut_up[which][language][more]);
}

void phrase_say(const struct asking *q, enum phrase which, const struct explanation *why,
		char ret[RECOMMEND_REASON_MAX])
{
	struct saying s = { .q = q, .why = why, .language = q->language, .to = ret };
	const struct pieces *pieces = &cut_up[which][s.language][count_of(why) != 1];

	pthread_once(&cut_once, cut_templates);
	for (unsigned i = 0; i < pieces->n; i++)
		if (pieces->v[i].put)
			pieces->v[i].put(&s);
		else
			put(&s, pieces->v[i].text);
	ret[s.n] = '\0';
}
