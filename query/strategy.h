/*
 * strategy.h - what a strategy is: one file, one descriptor, one line in strategies.def.
 *
 * A strategy is asked for items for one request and offers them to the shelf, best first; the shelf refuses what may
 * not be shown (already on it, asked about, excluded, deleted, out of stock, not available today, another category),
 * so a filter never shortens a list while the strategy has candidates. A strategy reads views and writes nothing.
 * How many it is asked for, what happens to their order afterwards, and which of them stand on the page is not its
 * business: shelf_room may be larger than the page.
 *
 * Inside the answers (recommend*.c, scenario.c, strategy_*.c) only. Thread: the answerer's.
 */
#ifndef AISLE_QUERY_STRATEGY_H
#define AISLE_QUERY_STRATEGY_H

#include "query/filter.h"
#include "views/idmap.h"
#include "query/neighbours.h"
#include "query/person_facts.h"
#include "query/phrase.h"
#include "query/next.h"
#include "query/ranker.h"
#include "query/recommend.h"
#include "query/rules.h"
#include "schemas/token.h"
#include "query/votes.h"
#include "views/arena.h"
#include "views/history.h"
#include "views/identity.h"
#include "views/pairs.h"
#include "views/searches.h"

#define SHELF_MAX 500 /* candidates of one request: no shelf_room is larger */

struct asking;

struct strategy {
	const char *slug;
	const char *meaning;       /* one line, with when to use it */
	const char *formula;       /* the score */
	unsigned inputs, required; /* INPUT_ bits; of userId and visitorId one is enough */
	bool without_events;       /* it has something to say before the first event */
	/* Offer candidates, best first, until the shelf is full or there are no more. 0 or an error. */
	int (*fill)(struct asking *q);
	enum phrase phrase; /* a sentence for a shopper or a shop owner, from the counts behind the score; */
	/* or, when it is not always the same, this says it */
	void (*reason)(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX]);
};

#define STRATEGY(name) extern const struct strategy strategy_##name;
#include "schemas/strategies.def"
#undef STRATEGY

/*
 * A scenario's strategies in order. Those with a share are mixed, each getting its part of the page as far as it has
 * candidates; those without one fill what is left, one after the other.
 */
struct chain_link {
	const struct strategy *strategy;
	unsigned share;
};

struct control_set;

/* Also each strategy alone, as a chain of one; documents (control_set.h) replace what is shipped, or add to it. */
struct scenario {
	const char *slug;
	unsigned inputs, required;
	bool is_strategy;
	struct str filter; /* a condition of its own, n = 0 none */
	const struct chain_link *chain;
	unsigned chain_n;
	struct chain_link alone; /* the chain of a strategy alone */
	/* for requests that do not say it themselves */
	unsigned count; /* 0: RECOMMEND_COUNT_DEFAULT */
	double diversity, min_score;
	bool has_min_score;
	enum fill_mode fill;
	/* besides the request's */
	const struct control_boost *boost;
	unsigned boost_n;
};

/* NULL; `ret_near` (NULL is fine) is then the name that was probably meant, or NULL. */
const struct strategy *strategy_find(struct str slug, const char **ret_near);
/* The shipped placement or strategy that was probably meant; NULL: none. */
const char *scenario_near(struct str slug);
/* In the set (NULL: nothing was decided), then in what is shipped; false: there is none. Valid as long as the set. */
bool scenario_find(const struct control_set *set, struct str slug, struct scenario *ret);

/* INPUT_ bit of "userId", "itemIds" ...; 0: there is none. */
unsigned input_bit(struct str name);
/* Are the inputs it requires there? */
bool inputs_given(const struct recommend_request *rq, unsigned required);

/* The request, the set and the time are there. 0 and *ret, or as recommend(). */
int request_check(struct asking *q, struct scenario *ret, struct error *e) MUST_CHECK;

/* ---- the person who asks (recommend_person.c) ---- */

struct person_item {
	uint32_t item;
	double interest; /* weighted by what was done and how long ago; 0 before person_find_interests */
	bool disliked;
	uint32_t views, buys; /* in the history; buys: days on which it was bought */
	int64_t last_view_ms, first_buy_ms, last_buy_ms;
	int64_t units;            /* bought less returned */
	bool cart_known, in_cart; /* the newest of cart-add, cart-remove, purchase is a cart-add */
};

struct person {
	bool loaded; /* for this request */
	bool has_interests;
	uint32_t actors[PERSON_ACTORS_MAX];
	int actor_n;
	struct person_item *items; /* in order of newest activity */
	size_t n, room;
	uint32_t *viewed; /* places in `items`, last viewed first */
	size_t viewed_n, viewed_room;
	struct idmap places;        /* item -> place */
	struct history_row *events; /* newest first, and scratch behind them */
	size_t event_n;
};

/* The history of all actors of the request's person; nothing when nobody is known. Loaded once a request. */
int person_load(struct asking *q) MUST_CHECK;
void person_fini(struct person *p);
/* Of the loaded person's items; most strategies do without. */
void person_find_interests(struct asking *q);
/* Of one event; below 0 when something is given back. */
double person_interest(const struct asking *q, enum event_type type, int64_t t_ms);
bool person_is(const struct person *p, uint32_t actor);
/* NULL: it did nothing with this item. */
const struct person_item *person_item_of(const struct person *p, uint32_t item);

/* ---- what a person is interested in (recommend_interests.c) ---- */

#define INTERESTS_MAX 8

struct interest {
	const struct person_item *of;
	double share; /* of the interest in all of them */
};

struct interests {
	unsigned n;
	struct interest v[INTERESTS_MAX]; /* largest first */
};

/* Of the loaded person: the items with the largest interest above 0. */
void interests_of(struct asking *q, struct interests *ret);
/* What goes with them votes, bought ones by also-bought, viewed ones by also-viewed. */
int interests_vote(struct asking *q, const struct interests *in, struct votes *votes) MUST_CHECK;

/* ---- candidates of the pair strategies (recommend_pairs.c) ---- */

struct seed {
	uint32_t item;
	int64_t total;
};

struct pair_entry {
	uint32_t count;
	uint32_t seed;
	uint32_t next; /* of the same candidate */
};

struct pair_candidate {
	double bound;               /* no exact score is above it */
	uint32_t item, first, last; /* entries, in the order of the seeds */
};

struct pair_best {
	double score;
	uint32_t item;
	uint32_t seed; /* the strongest one, which `why` is about */
	struct str item_id;
	struct explanation why;
};

struct pairing {
	struct neighbours *kept;
	struct neighbour_list list; /* of the item at hand */
	struct pair_entry *entries;
	size_t entry_n, entry_room;
	struct pair_candidate *heap;
	size_t heap_n, heap_room;
	struct idmap places; /* item -> place in `heap` while it is filled */
	struct pair_best best[SHELF_MAX];
	unsigned best_n;
};

void pairing_fini(struct pairing *p);

/* Which counts a pair strategy divides by. */
enum marginal { MARGINAL_VIEW_SESSIONS, MARGINAL_ORDERS, MARGINAL_BUYERS };

struct pair_measure {
	enum pair_view view;
	enum marginal of_item, of_other;
};

/* Jaccard c / (a + b - c), summed over these items; the denominator is never below c. */
int pairs_fill_with(struct asking *q, const uint32_t *items, unsigned n, struct pair_measure measure) MUST_CHECK;
/* The neighbours of an item into a->pairing.list: those that are kept (neighbours.h), or all. */
int pairs_list(struct asking *q, enum pair_view view, uint32_t item, bool all) MUST_CHECK;
/* With the asked ones. */
int pairs_fill(struct asking *q, enum pair_view view, enum marginal of_item, enum marginal of_other) MUST_CHECK;

/* ---- the ranked strategies (recommend_ranked.c) ---- */

/* The ranker's lists are of the snapshot's generation; SOURCE_RETRY: not yet, the answer is begun again. */
int rankings_ready(struct asking *q) MUST_CHECK;
int ranked_fill(struct asking *q, enum rank_kind kind) MUST_CHECK;

/* ---- votes for what goes with an item (recommend_ties.c) ---- */

#define TIE_SESSIONS 32 /* of an item, the newest */

double tie_jaccard(const struct asking *q, uint32_t item, uint32_t other, uint32_t together, enum marginal which);
/* The item's neighbours in a view of pairs, those that are kept (neighbours.h); needs the rankings. */
int ties_vote(struct asking *q, enum pair_view view, enum marginal which, uint32_t item, double weight,
	      struct votes *votes) MUST_CHECK;
/* What its newest sessions viewed beside it; the session index is begun. */
int ties_vote_sessions(struct asking *q, uint32_t item, double weight, struct votes *votes) MUST_CHECK;

/* ---- items like the asked ones (recommend_similar.c) ---- */

/* Search for what is like the asked items; similar_next gives it, best first. *ret is valid as long as q->rankings. */
int similar_start(struct asking *q, const struct similar **ret) MUST_CHECK;
struct explanation similar_explained(struct asking *q, const struct similar *ix, const struct similar_found *found);

/* ---- the shelf (recommend_shelf.c) ---- */

struct candidate {
	uint32_t item;
	uint16_t turn;         /* in answerer.turns */
	const char *pinned_by; /* a rule; NULL: none */
	unsigned pinned_at;    /* the rank it is meant for */
	double factor;         /* of rules */
	uint64_t quotas;       /* of rules, that it falls under */
	const struct strategy *strategy;
	double score;
	struct explanation why; /* its strings are the arena's */
};

/* The candidates that a strategy brought. */
struct turn {
	unsigned first, end; /* on the shelf */
	unsigned share;
	bool is_fallback;
};
#define TURNS_MAX (SCENARIO_CHAIN_MAX + 2) /* the chain, filling up twice */
#define TURN_NONE UINT32_MAX               /* of an item that was taken off the shelf: it may be offered again */

/* What a request's texts mean. */
struct conditions {
	struct filter_space space;
	struct filter own;             /* of the scenario: never lifted */
	struct filter asked;           /* of the request */
	struct boost own_boost, boost; /* of the scenario, of the request */
	struct str category;           /* as the catalogue writes it; in the room */
	char category_room[CATEGORY_JOINED_MAX(CATALOG_TEXT_MAX)];
};

struct answerer {
	struct answerer_options opt;
	const struct clock *clock;
	struct snap *snap;
	const struct rankings *rankings; /* not younger than the snapshot */
	bool is_looking;                 /* both are held since: */
	uint64_t since_ns;
	unsigned char token_key[TOKEN_KEY_BYTES];
	int64_t min_support, low_stock;
	enum language language;
	double up_sell_ratio;
	bool catalog_required;
	/* Items not to be offered in this request: 0, the number of the turn, from 1, that put it on the shelf, or TURN_NONE. */
	struct idmap hidden;
	struct idmap listed; /* scratch of list_arrange */
	struct person person;
	struct person_facts facts;
	const struct offer *promotions[OFFERS_MAX]; /* those that hold for this answer */
	struct pairing pairing;
	struct search_items found;
	struct votes votes, counted, tastes; /* scratch */
	struct similar_search similar;
	struct session_index *sessions;
	struct next_work next;
	struct next_options next_options;
	double next_cart_weight, next_purchase_weight;
	struct catalog_item record; /* scratch */
	struct conditions conditions;
	const struct control_set *set; /* of the last answer, whose strings it has */
	struct rules_on rules;
	struct candidate shelf[SHELF_MAX];
	struct turn turns[TURNS_MAX];
	struct candidate pinned[2 * RECOMMEND_PINS_MAX];
	struct candidate *list[SHELF_MAX + 2 * RECOMMEND_PINS_MAX]; /* the page, and what is behind it */
	struct arena arena;                                         /* strings of the answer */
};

/* Who asks, or is asked about. */
struct person_in {
	uint32_t actors[PERSON_ACTORS_MAX];
	unsigned actor_n;
	uint64_t segments; /* of those of a set of documents: 1 << place */
};

/* One request being answered. */
struct asking {
	struct answerer *a;
	const struct recommend_request *rq;
	const struct scenario *scenario;
	const struct control_set *set;   /* NULL: nothing was decided */
	const struct strategy *strategy; /* whose turn it is */
	struct str category;             /* asked for, or one above it when that has nothing; n = 0: any */
	struct snap *sn;
	enum language language; /* never LANGUAGE_DEFAULT */
	uint64_t start_ns;      /* of this answer */
	int64_t now_ms;         /* wall clock: what is available today, which experiments run */
	int64_t watermark_ms;   /* event time: "now" of everything else; TIME_NONE in an empty store */
	unsigned count;         /* items on the page */
	double diversity, min_score;
	bool has_min_score;
	enum fill_mode fill;
	struct verdict verdict; /* of rules, on the item that was looked at last */
	bool is_deep;           /* quotas have left less than a page: strategies bring more */
	bool category_shown;    /* pages before have shown items of `category` */
	bool person_is_found;
	struct person_in who;
	unsigned shelf_n, shelf_limit; /* candidates so far, and how many the strategy may bring them to */
	unsigned turn_n, pin_n, list_n;
	bool filter_lifted;              /* the page is filled with anything */
	bool lists_missing;              /* the lists are of another one than the snapshot: ask again with new ones */
	const struct rankings *rankings; /* not younger than the snapshot: every item in it is known there */
	bool ranked;                     /* a ranked list was looked at */
	uint32_t asked[RECOMMEND_ITEMS_MAX]; /* the itemIds that are known, each once */
	unsigned asked_n;
	unsigned promotion_n; /* in answerer.promotions */
	struct answer *ret;
	char counted[TOKEN_VARIANT_MAX + 1]; /* of ret->variant, what the recommendationId names */
};

/* Find the items that the request asks about, and hide them with what it excludes. */
int shelf_open(struct asking *q) MUST_CHECK;

static inline bool shelf_full(const struct asking *q)
{
	return q->shelf_n >= q->shelf_limit;
}

static inline unsigned shelf_room(const struct asking *q)
{
	return q->shelf_limit - q->shelf_n;
}

/* It is on the shelf or may not stand there; cheaper than shelf_allows, which looks for it too. */
bool shelf_hides(const struct asking *q, uint32_t item);

/*
 * Did a page before show it? In a sorted list it takes its place on the shelf all the same, so that each page is cut from
 * the same candidates; it is left out when the list is made.
 */
bool shelf_was_shown(const struct asking *q, uint32_t item);

/* 1: may be shown; 0: not; or an error. */
int shelf_allows(struct asking *q, uint32_t item) MUST_CHECK;

/* Put an item that shelf_allows let through. The shelf has room. */
int shelf_put(struct asking *q, uint32_t item, double score, const struct explanation *why) MUST_CHECK;

#define SHELF_AHEAD 8 /* items that snap_expect_item is told of before they are offered */

/* Both in one: 1 while there is room for more, 0 when the shelf is full, or an error. */
int shelf_offer(struct asking *q, uint32_t item, double score, const struct explanation *why) MUST_CHECK;

/* What a->votes has gathered, best first, until the shelf is full. */
int shelf_offer_votes(struct asking *q,
		      struct explanation (*explained)(struct asking *q, const struct vote *v)) MUST_CHECK;

/* Give an item the place of a rule, before strategies take their turns, when it may be shown at all. */
int pin_take(struct asking *q, struct str item_id, unsigned rank, const char *by) MUST_CHECK;

/* Is the person in one of these segments? 1, 0 or an error (recommend_segments.c). */
struct control_texts;
int segments_hold(struct asking *q, const struct control_texts *names) MUST_CHECK;

/*
 * What is known of an item, for conditions: 1, 0 when it is not there or not for sale now (*ret is filled then, too), or an
 * error. Valid until the next one.
 */
int shelf_look(struct asking *q, uint32_t item, struct filter_item *ret) MUST_CHECK;
/* Where the request is from. record NULL: everywhere. */
bool shelf_is_sold(const struct asking *q, const struct catalog_item *record);

/* ---- segments and promotions (recommend_segments.c) ---- */

/* Which segments who asks is in, for who wants a trace. */
int segments_of_asking(struct asking *q) MUST_CHECK;

/* The promotions that hold for who asks. */
int promotions_find(struct asking *q) MUST_CHECK;
/* Which of them covers the item of the page, or NULL. */
const struct offer *promotion_of(struct asking *q, const struct recommended *r);

/* ---- from the shelf to the page ---- */

/* The texts of request and scenario; BAD_REQUEST with e filled (recommend_check.c). */
int conditions_parse(struct asking *q, struct error *e) MUST_CHECK;

/* Strategies take their turns until there is a page (recommend_chain.c). */
int chain_run(struct asking *q) MUST_CHECK;

/* Items that the page lacks; pins of later pages, which stand on the list too, are none of it (recommend_chain.c). */
unsigned page_missing(const struct asking *q);

/* Of the newest turn: boost, minScore, and best first again (recommend_order.c). */
int turn_settle(struct asking *q) MUST_CHECK;
/* q->list by the request's order, the pinned ones stay where they are (recommend_order.c). */
int list_sort(struct asking *q) MUST_CHECK;

/* The list out of all turns: mixed, diverse, within quotas, with pins, sorted (recommend_arrange.c). */
int list_arrange(struct asking *q) MUST_CHECK;

/* Maximal marginal relevance over categories and brands (recommend_diverse.c). */
int list_diversify(struct asking *q) MUST_CHECK;

/* What an answer says about its items, copied out of the snapshot (recommend_page.c). */
int page_fill(struct asking *q) MUST_CHECK;

extern const struct strategy pinned_strategy;

#endif
