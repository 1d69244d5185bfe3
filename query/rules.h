/*
 * rules.h - the rules that hold for one request, and what they do to its list (recommend_rules.c).
 *
 * Which hold is looked up once a request, by placement and category, then by time, country and segment. Gates (filter,
 * exclude) stand beside the scenario's own filter and are never lifted; boost and bury multiply scores; a quota lets so
 * many items on a page; a pin gives an item its place, or the next free one behind it. Those of higher priority come first:
 * a pin takes its place before another, and of an item that two pin the first is meant.
 *
 * What an item means to them is worked out once, when it is let through. A rule whose filter needs a brand, say, is found by
 * the item's brand (filter_anchored); the others are `loose` and tried on every item.
 *
 * Inside the answers only. Thread: the answerer's.
 */
#ifndef AISLE_QUERY_RULES_H
#define AISLE_QUERY_RULES_H

#include "query/filter.h"

#define RULE_QUOTAS_MAX 64 /* that hold for one request; further ones, of lower priority, are passed over */

struct asking;
struct candidate;
struct control_doc;
struct recommended;

/* What an item means to the rules that hold. */
struct verdict {
	uint32_t item; /* of which item it is */
	bool passes;
	double factor;   /* of its score */
	uint64_t quotas; /* a bit for each it falls under */
};

struct rules_on {
	unsigned room; /* rules of a set */
	unsigned pin_n, loose_n, quota_n;
	uint32_t *pins, *loose; /* places in the set's rules, by falling priority */
	uint64_t *holds;        /* a bit for each rule of the set */
	uint64_t *seen, stamp;  /* by place: was it tried on the item at hand? */
	uint8_t *quota_of;      /* by place: its number */
	uint32_t quotas[RULE_QUOTAS_MAX];
	unsigned counts[RULE_QUOTAS_MAX];
	bool excludes_items, has_anchored, scores;
	bool dropped; /* a quota has dropped something */
};

void rules_fini(struct rules_on *on);

/* Find those that hold; the snapshot is renewed, the conditions are parsed. */
int rules_match(struct asking *q) MUST_CHECK;

/* Is there one with a condition on items? */
bool rules_look(const struct asking *q);
/* Does one exclude it by its id? Cheaper than rules_judge. */
bool rules_exclude(struct asking *q, uint32_t item);
/* The verdict on it, in q->verdict. */
void rules_judge(struct asking *q, uint32_t item, const struct filter_item *about);
/* Counts it in each quota it falls under, if there is room in all of them; what is pinned: in any case. */
bool rules_count(struct asking *q, const struct candidate *c);
/* Before the first rules_count of a list. */
void rules_count_begin(struct asking *q);
/* Candidates for places of their own, behind those that are there. */
int rules_pin(struct asking *q) MUST_CHECK;

/* What they did to an item of the page, into r->effects. */
int rules_explain(struct asking *q, const struct candidate *c, struct recommended *r) MUST_CHECK;

#endif
