/*
 * recommend.h - one request to one list: candidates by the scenario's chain, then what may not be shown is dropped,
 * then the page. The HTTP routes fill the request and render the answer; nothing here knows HTTP.
 *
 * Order of work: candidates by the chain -> drop excluded, already shown, deleted, out of stock, not available yet or
 * any more, not sold in the region -> category, filters -> score with boost, minScore -> diversity -> pins and quotas ->
 * sort -> page. See query/README.md.
 *
 * Thread: any; one `struct answerer` a thread. All strings of a request are the caller's and must outlive the answer;
 * strings of an answer are borrowed from the answerer and valid until its next call.
 */
#ifndef AISLE_QUERY_RECOMMEND_H
#define AISLE_QUERY_RECOMMEND_H

#include "config/clock.h"
#include "config/settings.h"
#include "query/similar.h"
#include "query/offers.h"
#include "schemas/catalog_item.h"
#include "schemas/error.h"
#include "schemas/token.h"
#include "views/stock.h"
#include "views/store.h"

#define RECOMMEND_COUNT_MAX 100
#define URGENCY_VIEWS_MIN 2 /* one view may be the shopper's own */
#define RECOMMEND_COUNT_DEFAULT 10
#define RECOMMEND_ITEMS_MAX 100    /* itemIds */
#define RECOMMEND_SESSION_MAX 1000 /* sessionItems */
#define RECOMMEND_EXCLUDE_MAX 1000 /* exclude.itemIds */
#define RECOMMEND_PROPERTIES_MAX 32
#define RECOMMEND_REASON_MAX 160
#define RECOMMEND_PINS_MAX 20 /* of a page, and as many of later ones */
#define SCENARIO_CHAIN_MAX 9
#define RULE_EFFECTS_MAX 8 /* rules that an item of an answer names */
#define RULE_TRACE_MAX 500

/* Inputs a scenario or strategy may read; one that it does not read is refused. `common` ones are always read. */
enum input {
	INPUT_USER_ID = 1 << 0,
	INPUT_VISITOR_ID = 1 << 1,
	INPUT_SESSION_ID = 1 << 2,
	INPUT_ITEM_IDS = 1 << 3,
	INPUT_SESSION_ITEMS = 1 << 4,
	INPUT_QUERY = 1 << 5,
	INPUT_CATEGORY = 1 << 6,
	INPUT_WINDOW = 1 << 7,
	INPUT_PLACE = 1 << 8, /* context.country or context.region */
	INPUT_COMMON =
		1 << 9 /* count, exclude, filter, sort, language and all that is about any list; it has no name */
};

/* By bit, NULL at the end. */
extern const char *const input_names[];

enum window { WINDOW_DEFAULT, WINDOW_1H, WINDOW_24H, WINDOW_7D };

enum language { LANGUAGE_DEFAULT, LANGUAGE_ENGLISH, LANGUAGE_GERMAN, LANGUAGE_COUNT };

/* By which the list is ordered; what does not have it comes last. */
enum sort_order { SORT_RELEVANCE, SORT_POPULARITY, SORT_RATING, SORT_PRICE, SORT_PRICE_DOWN, SORT_NEWEST };

/* What follows when the chain has less than a page; whatever it is, nothing that may not be shown. */
enum fill_mode {
	FILL_DEFAULT,  /* none; any when strictFiltering is false */
	FILL_NONE,     /* a shorter list */
	FILL_FILTERED, /* best sellers that the filter lets through */
	FILL_ANY       /* those, then best sellers of any kind */
};

enum strictness { STRICT_DEFAULT, STRICT_TRUE, STRICT_FALSE };

/* What a rule did to an item. */
enum rule_effect_kind { RULE_PINNED, RULE_BOOSTED, RULE_BURIED, RULE_FILTERED, RULE_EXCLUDED, RULE_QUOTA_FULL };

struct rule_effect {
	const char *rule; /* its id; valid as long as the set it is of */
	enum rule_effect_kind what;
	double factor;     /* BOOSTED, BURIED */
	unsigned position; /* PINNED */
};

/* Candidates that rules kept off the list, each rule once an item; the first RULE_TRACE_MAX. */
struct rule_trace {
	unsigned n;
	struct {
		uint32_t item;
		struct rule_effect effect;
	} v[RULE_TRACE_MAX];
};

struct control_set;
struct control_watch;

struct recommend_request {
	struct str scenario; /* scenario or strategy slug */
	struct str user_id, visitor_id, session_id;
	struct str category;
	struct str query;         /* what was searched for */
	struct str filter, boost; /* filter.h */
	struct str country, region;
	enum window window;
	enum language language; /* of `reason`; LANGUAGE_DEFAULT: answers.language */
	enum sort_order sort;
	enum fill_mode fill;
	enum strictness strict; /* TRUE: the category is not widened either */
	double diversity;       /* 0..1 */
	double min_score;
	bool has_diversity, has_min_score;
	unsigned given; /* INPUT_ bits that the caller sent */
	bool by_query;  /* errors name the parameters of a query string, not the fields of a body */
	unsigned count; /* 1..RECOMMEND_COUNT_MAX; 0: default */
	bool exclude_purchased, exclude_in_cart, exclude_viewed;
	bool explain, validate_only;
	int64_t max_staleness_ms; /* -1: any */
	/* Keys (shown_key) of items that were shown before, on other pages or in other lists, and are not shown again. */
	const struct idmap *shown;     /* NULL: none */
	unsigned rank_before;          /* ranks begin after it */
	const struct control_set *set; /* what people decided; NULL: the newest */
	struct rule_trace *trace;      /* filled; NULL: nobody wants to know */
	unsigned item_count, session_item_count, exclude_count, property_count;
	struct str item_ids[RECOMMEND_ITEMS_MAX];
	struct str session_items[RECOMMEND_SESSION_MAX]; /* a session passed inline, oldest first */
	struct str exclude_ids[RECOMMEND_EXCLUDE_MAX];
	struct str properties[RECOMMEND_PROPERTIES_MAX]; /* catalogue fields to return; "*": all */
};

/* What stands for an item in `shown`: the same in every generation of the store. Two items may share one. */
uint32_t shown_key(struct str item_id);

/* The whole shop's mean rating, and how many ratings it counts as against those of an item. */
struct rank_prior {
	double rating, count;
};

#define BUNDLE_MAX 3

/* A set of items that are bought together, the asked one first. */
struct bundle {
	unsigned number; /* 1.. in this list */
	unsigned n;
	struct str item_ids[BUNDLE_MAX];
	int64_t price_micros, list_price_micros; /* of all; PRICE_ABSENT: not all have a price in one currency */
	struct str currency;
};

/* The counts behind a score; `kind` tells which are meant. */
struct explanation {
	enum {
		EXPLAIN_NONE,
		EXPLAIN_PAIR,
		EXPLAIN_TREND,
		EXPLAIN_SALES,
		EXPLAIN_PERSON,
		EXPLAIN_SIMILAR,
		EXPLAIN_SESSION,
		EXPLAIN_RATING,
		EXPLAIN_ARRIVAL,
		EXPLAIN_SEASON,
		EXPLAIN_INTEREST,
		EXPLAIN_PEOPLE,
		EXPLAIN_SEARCH,
		EXPLAIN_STEP_UP,
		EXPLAIN_BUNDLE,
		EXPLAIN_SHIPPING,
		EXPLAIN_SEGMENT
	} kind;
	int64_t together, item_total, other_total; /* PAIR; INTEREST: people or visits with both */
	const char *measure;                       /* PAIR, SIMILAR: "jaccard" */
	struct str with; /* PAIR, SIMILAR: the asked item these counts are with, the strongest one; INTEREST; SEGMENT */
	double pair_score;      /* PAIR, SIMILAR: what it adds to the score; all of it for a single asked item */
	double recent, before;  /* TREND: weighted counts; SEASON: units of an average season in `before` */
	int64_t units, days;    /* SALES, INTEREST; SEASON: of last year */
	int64_t last_ms, times; /* PERSON: last seen or bought at, how often; INTEREST: `with` was bought */
	double interval_days;   /* PERSON: mean days between purchases; 0: bought once, or viewed */
	union {
		struct similar_facts similar; /* SIMILAR */
		struct {
			uint32_t sessions, sessions_of; /* so many of the sessions like this one viewed it */
			uint32_t shared;   /* items that the closest of these has in common with this one */
			uint32_t followed; /* how often it came right after the current item */
			double share;      /* of what comes next, as far as it is new */
			double back;       /* rate of going back to it; below 0: not of this session */
		};                         /* SESSION */
		struct {
			double rating;
			int64_t count;
			struct rank_prior prior;
		} rated;                   /* RATING */
		int64_t available_from_ms; /* ARRIVAL */
		struct {
			double price_ratio; /* to the asked item's */
			double rating, with_rating;
		} step_up; /* STEP_UP */
		struct {
			int64_t hours, quantity; /* of the location in `with` */
		} shipping;                      /* SHIPPING */
		struct {
			uint32_t n, of;  /* so many of the people like this one */
			uint32_t shared; /* items of interest that one of them has in common with this one */
		} people;                /* PEOPLE */
		struct {
			uint32_t clicks, orders; /* that followed the query */
		} searched;                      /* SEARCH */
		const struct bundle *bundle; /* BUNDLE; `together`: of the pair in it that was bought together least */
		uint32_t segment_people;     /* SEGMENT: of the one whose id is `with`, who chose the item */
		double taste;                /* INTEREST: 0..1, how much it is to the person's taste */
		bool season_named;           /* SEASON: the record names a season of today */
	};
};

/* What is true of an item now and may hasten a shopper; 0: nothing to say. */
struct urgency {
	int64_t units_left;      /* the whole stock, when it is low */
	int64_t sold_today;      /* less returned, since midnight UTC */
	int64_t views_this_hour; /* of the clock's hour, URGENCY_VIEWS_MIN or more */
};

struct recommended {
	uint32_t item;
	struct str item_id;
	double score;
	unsigned rank;        /* rank_before + 1.. */
	const char *strategy; /* slug */
	bool promoted;        /* a rule gave it its place, or a promotion covers it */
	struct str promotion; /* the id of that, n = 0: none */
	char reason[RECOMMEND_REASON_MAX];
	struct stock_level stock;
	bool low_stock;
	struct urgency urgency;
	bool has_record;
	struct str packed; /* packed catalogue record when has_record and properties are asked for */
	struct explanation why;
	unsigned effect_n; /* with `explain`, or a trace */
	struct rule_effect effects[RULE_EFFECTS_MAX];
};

struct answer {
	char recommendation_id[TOKEN_CHARS_MAX + 1]; /* token.h; "" for validate_only */
	char variant[TOKEN_VARIANT_MAX + 1];         /* EXPERIMENT/VARIANT, two with a comma; "" none */
	const char *scenario;
	struct str widened_to; /* nothing was in the category that was asked for: this one above it has what is shown */
	bool fallback;         /* a later strategy of the chain contributed */
	bool stale;            /* a partition is stopped: what it had to say is missing */
	int64_t as_of_ms;      /* event-time watermark; TIME_NONE (view.h) in an empty store */
	int64_t lag_ms;
	uint64_t took_ns;    /* of recommend() alone */
	unsigned generation; /* that numbers of items belong to */
	unsigned count;      /* items that were wanted */
	unsigned item_count;
	uint64_t segments;     /* with a trace: those of the request's set that who asks is in, 1 << place */
	unsigned out_of_stock; /* items that were offered for it and left out for their stock alone */
	struct recommended items[RECOMMEND_COUNT_MAX];
};

struct ranker; /* ranker.h: shared lists of trending and best sellers */
struct status;
struct answerer;

struct answerer_options {
	struct store *store;
	struct status *status;
	struct ranker *ranker;
	const struct settings *settings;
	const struct clock *clock;     /* NULL: clock_system */
	struct control_watch *control; /* control_set.h; NULL: nothing is ever decided */
	uint64_t look_ns;              /* answers within that time share a snapshot; 0: each has its own */
};

int answerer_new(const struct answerer_options *opt, struct answerer **ret, struct error *e) MUST_CHECK;
void answerer_free(struct answerer *a);
/* With look_ns, as soon as there is nothing more to answer: the snapshot, which holds pages of the store, ends. */
void answerer_rest(struct answerer *a);

/*
 * 0 and *ret, or NOT_FOUND (field "scenario": unknown), BAD_REQUEST with e->field (an input that is not read, or a
 * required one that is missing), TOO_STALE (field "maxStalenessMs": the lag is larger, or a partition is stopped),
 * or an error of the store. validate_only: the checks alone, and an answer without items.
 */
int recommend(struct answerer *a, const struct recommend_request *rq, struct answer *ret, struct error *e) MUST_CHECK;

/* The slug of the scenario in a recommendationId, whoever made it; false: it has not the form of one. */
bool recommendation_scenario(struct str recommendation_id, char ret[TOKEN_SCENARIO_MAX + 1]) MUST_CHECK;
/* Did a server of this store give it, to the person of this request or about nobody? */
bool recommendation_given(struct answerer *a, struct str recommendation_id,
			  const struct recommend_request *rq) MUST_CHECK;

/* What is known of a person, and which segments that puts it in. */
struct person_segments {
	const struct segment_set *set; /* the caller's to release */
	uint64_t in;                   /* 1 << place in the set */
	int64_t as_of_ms;              /* TIME_NONE in an empty store */
	bool is_known;
	struct filter_person facts; /* strings: until the answerer's next call */
};

/* Offers and promotions that a person may have now. */
struct person_offers {
	unsigned n;
	struct {
		const struct offer *is;
		int64_t left; /* of its budget; -1: it has none */
	} v[OFFERS_MAX];
	const struct control_set *set; /* whose they are; the caller's to release */
	int64_t as_of_ms;              /* TIME_NONE in an empty store */
};

/* Of a user that is not known: those for everybody. */
int answerer_offers(struct answerer *a, struct str user_id, struct person_offers *ret, struct error *e) MUST_CHECK;

/* Of a user and the visitors linked to it; none for one that is not known. 0 or an error of the store. */
int answerer_segments(struct answerer *a, struct str user_id, struct person_segments *ret, struct error *e) MUST_CHECK;

/* What there is, for GET /strategies and check-routes: index 0.. until false. */
struct scenario_info {
	const char *slug;
	bool is_strategy;
	const char *meaning;                       /* one line */
	const char *formula;                       /* strategies: the score, with its source */
	unsigned inputs, required;                 /* INPUT_ bits; of userId and visitorId one is enough */
	const char *chain[SCENARIO_CHAIN_MAX + 1]; /* scenarios: strategy slugs in order, NULL-terminated */
	/* Scenarios: parts of a page that a strategy of the chain gets when all have enough; 0: it fills what they leave. */
	unsigned shares[SCENARIO_CHAIN_MAX];
	const char *filter; /* scenarios: a condition of its own, NULL none */
};
bool scenario_info(size_t index, struct scenario_info *ret);

#endif
