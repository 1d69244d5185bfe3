/* The sentences of `reason`, in both languages. */
#include "query/phrase.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
	const char *name, *text[4];
} phrases[] = {
#define PHRASE(name, ...) { #name, { __VA_ARGS__ } },
#include "query/phrases.def"
#undef PHRASE
};

/* The n-th word in braces; n = 0 at the end. */
static struct str word_of(const char *text, unsigned nth)
{
	for (; (text = strchr(text, '{')); text++)
		if (nth-- == 0)
			return (struct str){ text, (uint32_t)strcspn(text, "}") + 1 };
	return (struct str){ NULL, 0 };
}

Test(phrases, every_sentence_says_the_same_in_both_languages)
{
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
		for (unsigned form = 0; form < 2; form++) {
			const char *english = phrases[i].text[form], *german = phrases[i].text[2 + form];
			struct str word;

			cr_assert(english && *english && german && *german, "%s", phrases[i].name);
			for (unsigned k = 0; (word = word_of(english, k)).n; k++)
				cr_assert(memmem(german, strlen(german), word.p, word.n), "%s: %.*s", phrases[i].name,
					  STR_FMT(word));
			for (unsigned k = 0; (word = word_of(german, k)).n; k++)
				cr_assert(memmem(english, strlen(english), word.p, word.n), "%s: %.*s", phrases[i].name,
					  STR_FMT(word));
		}
}

static struct stall s;

static const char *reason_of(const char *request)
{
	cr_assert_eq(stall_ask(&s, request), 0, "%s: %s", request, s.e.text);
	cr_assert(s.answer.item_count, "%s: nothing", request);
	return s.answer.items[0].reason;
}

Test(phrases, counts_decide_between_one_and_more)
{
	stall_open(&s, "answers.minSupport=1", NULL);
	shop_play(&s.shop, "u1 buy a,b @0d; u1 buy c @1d; u2 view c @1d; u2 view c @29h; u3 buy e @29h");
	cr_assert_str_eq(reason_of("frequently-bought-together; items=a"), "bought together in 1 order");
	cr_assert_str_eq(reason_of("frequently-bought-together; items=a; language=de"),
			 "in 1 Bestellung zusammen gekauft");
	cr_assert_str_eq(reason_of("recently-viewed; user=u2; language=de"), "2-mal angesehen");
	cr_assert_str_eq(reason_of("buy-it-again; user=u1"), "bought once, 1 day ago");
	cr_assert_str_eq(reason_of("buy-it-again; user=u1; language=de; not=a,b"), "einmal gekauft, vor 5 Stunden");
	shop_play(&s.shop, "u1 buy a @4d");
	cr_assert_str_eq(reason_of("buy-it-again; user=u1; language=de"),
			 "2-mal gekauft, im Abstand von 4 Tagen, zuletzt vor weniger als einer Stunde");
	stall_close(&s);
}

Test(phrases, the_language_has_a_default)
{
	stall_open(&s, "answers.language=de", "trending.viewWeight=1.5", NULL);
	shop_play(&s.shop, "u1 view a @0s; u2 buy b @1s");
	stall_rank(&s);
	cr_assert_str_eq(reason_of("best-sellers"), "1-mal verkauft in 30 Tagen");
	cr_assert_str_eq(reason_of("best-sellers; language=en"), "1 sold in the last 30 days");
	cr_assert_str_eq(reason_of("trending; window=1h; not=b"),
			 "neu gefragt: Aktivität 1,5 in 1 Stunde, keine davor");
	stall_close(&s);
}

Test(phrases, large_numbers_are_written_out)
{
	char views[2000 * sizeof("u1 view a @1s; ")] = "";
	size_t n = 0;

	stall_open(&s, "trending.viewWeight=999.5", NULL);
	for (unsigned i = 0; i < 1001; i++)
		n += (size_t)snprintf(views + n, sizeof(views) - n, "%su1 view a @1s", i ? "; " : "");
	shop_play(&s.shop, views);
	stall_rank(&s);
	cr_assert_str_eq(reason_of("trending; window=1h"),
			 "new interest in the last hour: activity 1000500, none before");
	stall_close(&s);
}
