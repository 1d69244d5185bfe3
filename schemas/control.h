/*
 * control.h - what people decide about the shop's lists: scenarios, rules, experiments, segments, offers, promotions; and
 * the records of the topic aisle.config that carry them.
 *
 * A document is a JSON object; schemas/(scenario|rule|...).schema.json say what is accepted. Its structure is checked
 * here, what its words mean (filters, names of strategies) where they are used. An unknown field is refused; null is absent.
 *
 * Errors: BAD_CONFIG, whose field is the path of what is wrong ("variants[1].weight").
 * Ownership: a parsed document owns all it points to. Thread: any.
 */
#ifndef AISLE_SCHEMAS_CONTROL_H
#define AISLE_SCHEMAS_CONTROL_H

#include "schemas/base.h"
#include "schemas/error.h"

#define CONTROL_DOCUMENT_MAX 65536 /* bytes */
#define CONTROL_RECORD_MAX (CONTROL_DOCUMENT_MAX + 4096)
#define CONTROL_ID_MAX 64 /* [a-z0-9-] */
#define CONTROL_NAME_MAX 128
#define CONTROL_DESCRIPTION_MAX 2048
#define CONTROL_BY_MAX 128 /* bytes of changedBy */
#define CONTROL_LIST_MAX 256
#define CONTROL_ITEMS_MAX 1000 /* itemIds of exclude, offers and promotions */
#define CONTROL_PINS_MAX 20
#define CONTROL_CHAIN_MAX 9
#define CONTROL_BOOSTS_MAX 16
#define CONTROL_FILTER_MAX 4096 /* bytes */
#define CONTROL_VARIANTS_MAX 8
#define CONTROL_VARIANT_NAME_MAX 32
#define CONTROL_WEIGHT_MAX 10000
#define CONTROL_ALLOW_MAX 200
#define CONTROL_GUARDS_MAX 8
#define CONTROL_TIME_NONE INT64_MIN
#define CONTROL_HOLDOUT "holdout" /* the variant of who is held out: no variant may have its name */

/* X(NAME, "kind", "kinds"): in records and in paths. A document may name those of kinds before its own. */
#define CONTROL_KINDS(X) \
	X(SCENARIO, "scenario", "scenarios") \
	X(SEGMENT, "segment", "segments") \
	X(RULE, "rule", "rules") \
	X(EXPERIMENT, "experiment", "experiments") \
	X(OFFER, "offer", "offers") \
	X(PROMOTION, "promotion", "promotions")

enum control_kind {
#define X(name, kind, kinds) CONTROL_##name,
	CONTROL_KINDS(X)
#undef X
		CONTROL_KIND_COUNT
};

const char *control_kind_name(enum control_kind kind);
const char *control_kind_plural(enum control_kind kind);
/* By its name or, `plural`, by that of the path; CONTROL_KIND_COUNT: there is none. */
enum control_kind control_kind_find(struct str name, bool plural);
/* 1 to CONTROL_ID_MAX bytes of [a-z0-9-]? */
bool control_id_valid(struct str id);

struct control_texts {
	uint32_t n;
	const struct str *v;
};

struct control_link {
	struct str strategy;
	unsigned share; /* of the page; 0: fills what is left, in order */
};

struct control_boost {
	struct str filter;
	double factor;
};

enum control_fill { CONTROL_FILL_DEFAULT, CONTROL_FILL_NONE, CONTROL_FILL_FILTERED, CONTROL_FILL_ANY };

/* Fields of a scenario that are there: an experiment's variant overrides these. */
enum {
	SCENARIO_CHAIN = 1 << 0,
	SCENARIO_REQUIRES = 1 << 1,
	SCENARIO_FILTER = 1 << 2,
	SCENARIO_DIVERSITY = 1 << 3,
	SCENARIO_MIN_SCORE = 1 << 4,
	SCENARIO_COUNT = 1 << 5,
	SCENARIO_BOOST = 1 << 6,
	SCENARIO_FILL = 1 << 7
};

struct control_scenario {
	unsigned given; /* SCENARIO_ bits */
	struct control_links {
		uint32_t n;
		const struct control_link *v;
	} chain;
	struct control_texts requires; /* names of inputs: control_input_names; what is meant by two of them is the reader's */
	struct str filter;
	double diversity, min_score;
	unsigned count;
	struct control_boosts {
		uint32_t n;
		const struct control_boost *v;
	} boost;
	enum control_fill fill;
};

/* What `requires` may name; NULL at the end. */
extern const char *const control_input_names[];

enum control_effect {
	CONTROL_FILTER,  /* keep what `filter` matches */
	CONTROL_EXCLUDE, /* drop `item_ids`, or what `filter` matches */
	CONTROL_BOOST,   /* score x factor, 1 < factor <= 100, of what `filter` matches */
	CONTROL_BURY,    /* the same, 0 <= factor < 1 */
	CONTROL_PIN,     /* `item_ids` from rank `position` on */
	CONTROL_QUOTA    /* at most `max` on a page of what `filter` matches */
};

struct control_action {
	enum control_effect effect;
	struct str filter; /* EXCLUDE: absent when it is by items */
	struct control_texts item_ids;
	double factor;
	unsigned position, max;
};

#define CONTROL_PRIORITY_DEFAULT 100

struct control_rule {
	struct control_texts placements, categories, segments, countries; /* n = 0: all */
	int64_t from_ms, to_ms; /* CONTROL_TIME_NONE; `to` is the first moment after */
	unsigned priority;      /* higher first, then by id */
	struct control_action action;
};

enum control_status { CONTROL_DRAFT, CONTROL_RUNNING, CONTROL_STOPPED };
enum control_metric { CONTROL_CTR, CONTROL_CONVERSION, CONTROL_REVENUE_PER_SESSION };

struct control_variant {
	struct str name;
	unsigned weight;
	struct control_scenario scenario; /* given = 0: the scenario as it is */
};

struct control_allowed {
	struct str user_id, visitor_id; /* one of them */
	struct str variant;             /* a variant's name, or CONTROL_HOLDOUT */
};

struct control_guard {
	enum control_metric metric;
	double max_loss_percent;
};

struct control_experiment {
	struct str layer; /* "default" when it says none */
	enum control_status status;
	struct control_texts placements; /* n = 0: all */
	struct control_variants {
		uint32_t n; /* 2.. */
		const struct control_variant *v;
	} variants; /* the first is the control; names differ, the sum of weights is not 0 */
	double traffic_percent, holdout_percent; /* of the people */
	struct control_allow_list {
		uint32_t n;
		const struct control_allowed *v;
	} allow;
	enum control_metric primary;
	unsigned minimum_people, minimum_days;
	struct control_guards {
		uint32_t n;
		const struct control_guard *v;
	} guards;
	int64_t started_ms, stopped_ms; /* CONTROL_TIME_NONE */
};

struct control_segment {
	struct str filter; /* over the person's fields; absent: an imported list alone */
	bool members;      /* who is in an imported list belongs to it */
};

struct control_discount {
	double percent;        /* 0: by amount */
	int64_t amount_micros; /* 0: by percent */
	struct str currency;   /* of the amount; absent: the shop's */
};

/* An offer, or a promotion: the same without a code. */
struct control_offer {
	struct control_texts segments; /* n = 0: everybody */
	struct control_discount discount;
	struct str code;
	int64_t from_ms, to_ms; /* CONTROL_TIME_NONE */
	int64_t budget;         /* redemptions; 0: any number */
	bool once_per_person;
	struct control_texts item_ids; /* neither these nor a filter: all items */
	struct str filter;
};

struct control {
	enum control_kind kind;
	struct str name, description;
	bool enabled;
	union {
		struct control_scenario scenario;
		struct control_rule rule;
		struct control_experiment experiment;
		struct control_segment segment;
		struct control_offer offer; /* and promotions */
	};
};

/* The text need not outlive the call. *ret is the caller's, who frees it. */
int control_parse(enum control_kind kind, struct str json, struct control **ret, struct error *e) MUST_CHECK;
void control_free(struct control *c);

/* ---- records of the topic ---- */

#define CONTROL_REPLACES_ANY (-1)
#define CONTROL_REVISION_MAX (UINT64_C(1) << 53) /* a JSON number is exact up to it */

/* Room for a record's key "KIND/ID". */
#define CONTROL_KEY_MAX (16 + CONTROL_ID_MAX)
struct str control_key_of(enum control_kind kind, struct str id, char room[CONTROL_KEY_MAX]);

/* `id` and `document` point into key and value. */
struct control_record {
	enum control_kind kind;
	struct str id;
	int64_t replaces; /* revision that it is made from, 0 to create; CONTROL_REPLACES_ANY: whatever is there */
	uint64_t change_id;
	uint64_t overrules;    /* sent again: the change it was in place of where both were read, 0: none */
	int64_t changed_at_ms; /* -1: it does not say */
	struct str document;   /* n = 0: it deletes */
	char changed_by[CONTROL_BY_MAX + 1];
};

/*
 * Decodes and checks, its document too. `value` NULL or n = 0: a tombstone. A record without a changeId, or with 0, gets one from its
 * bytes. When it fails, kind and id are what the key says, KIND_COUNT or an id that is not valid when that is none.
 */
int control_record_decode(struct str key, const void *value, size_t n, struct control_record *ret,
			  struct error *e) MUST_CHECK;

/* Is it one JSON object and nothing else? */
bool control_is_object(struct str json);
/* JSON without white space between its tokens. `to` holds json.n bytes; returns how many it has. The text is JSON. */
uint32_t control_compact(struct str json, char *to);

#endif
