/*
 * What an answerer keeps from answer to answer (next_step.c, the session index) changes no list: after every commit and
 * merge it says what one says that was made just now.
 */
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS 150
#define VISITORS 12
#define ITEMS 15

static struct stall s;
static unsigned seed;

static unsigned below(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static void commit_views(int *at)
{
	char text[1024] = "";
	size_t n = 0;

	for (unsigned i = 1 + below(4); i > 0; i--)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sv%u view p%u @%dm s=s%u", n ? "; " : "",
				      below(VISITORS), below(ITEMS), ++*at, below(2));
	shop_play(&s.shop, text);
	cr_assert_eq(fold_tend(s.shop.fold, 1000), 0);
}

static void a_request(char *ret, size_t size)
{
	unsigned visitor = below(VISITORS), session = below(2), a = below(ITEMS), b = below(ITEMS), c = below(ITEMS);

	switch (below(3)) {
	case 0:
		snprintf(ret, size, "next-in-session; visitor=v%u; session=s%u; count=50", visitor, session);
		break;
	case 1:
		snprintf(ret, size, "next-in-session; seen=p%u,p%u,p%u; count=50", a, b, c);
		break;
	default: /* views that the store's session need not have */
		snprintf(ret, size, "next-in-session; visitor=v%u; session=s%u; seen=p%u; count=50", visitor, session,
			 a);
	}
}

static void list_of(const char *request, char *ret, size_t size)
{
	size_t n = 0;

	cr_assert_eq(stall_ask(&s, request), 0, "%s: %s", request, s.e.text);
	for (unsigned i = 0; i < s.answer.item_count; i++)
		n += (size_t)snprintf(ret + n, size - n, "%.*s=%.12g ", STR_FMT(s.answer.items[i].item_id),
				      s.answer.items[i].score);
	ret[n] = '\0';
}

static void compare(void)
{
	struct answerer_options opt = { .store = s.shop.store,
					.status = s.status,
					.ranker = s.ranker,
					.settings = s.settings,
					.clock = &s.clock.base,
					.control = s.control };
	struct answerer *old = s.answerer;
	char request[128], by_old[4096], by_new[4096];
	struct error e = { 0 };

	a_request(request, sizeof(request));
	list_of(request, by_old, sizeof(by_old));
	cr_assert_eq(answerer_new(&opt, &s.answerer, &e), 0, "%s", e.text);
	list_of(request, by_new, sizeof(by_new));
	answerer_free(s.answerer);
	s.answerer = old;
	cr_assert_str_eq(by_old, by_new, "%s", request);
}

Test(next_random, what_is_kept_changes_no_list)
{
	int at = 0;

	seed = (unsigned)getpid();
	printf("seed %u\n", seed);
	stall_open(&s, "young.bytesMax=300000", NULL);
	stall_rank(&s);
	for (int round = 0; round < ROUNDS; round++) {
		commit_views(&at);
		stall_rank(&s);
		for (unsigned i = below(6); i > 0; i--)
			compare();
	}
	stall_close(&s);
}
