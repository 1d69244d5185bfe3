/*
 * control_internal.h - inside control_*.c, scenario.c and the answers: documents made ready, and how a set finds them.
 *
 *     document (schemas/control.h) -> control_doc (control_doc.c) -> control_set (control_set.c)
 */
#ifndef AISLE_QUERY_CONTROL_INTERNAL_H
#define AISLE_QUERY_CONTROL_INTERNAL_H

#include "query/control_map.h"
#include "query/control_set.h"
#include "query/experiment.h"
#include "query/strategy.h"
#include "views/config.h"

#include <stdatomic.h>

/* A scenario's document, or what a variant of an experiment puts in the place of a scenario's fields. */
struct scenario_part {
	const struct control_scenario *of;
	unsigned required, inputs; /* INPUT_ bits */
	struct chain_link chain[SCENARIO_CHAIN_MAX];
};
_Static_assert(CONTROL_CHAIN_MAX <= SCENARIO_CHAIN_MAX, "a document's chain fits");

/* Fields that the part has take the place of the scenario's. */
void scenario_override(struct scenario *sc, const struct scenario_part *part);
/* What experiments of the set make of it for the person who asks: their names into q. */
void experiments_apply(struct asking *q, struct scenario *sc);

/* One document, made ready; immutable. Its links to others are names, so that it stays good when they change. */
struct control_doc {
	atomic_uint refs;
	enum control_kind kind;
	char id[CONTROL_ID_MAX + 1];
	uint64_t text_hash;       /* 0: of a change that was not made */
	struct control *is;       /* NULL: it could not be read */
	struct error problem;     /* code 0: none */
	struct filter_pool *pool; /* RULE, OFFER, PROMOTION, SEGMENT: its filter */
	struct filter filter;
	bool has_filter;
	struct scenario_part *parts; /* SCENARIO: one; EXPERIMENT: one a variant */
	char *meaning, *filter_text; /* SCENARIO: as GET /strategies shows them */
};

/* Never NULL: what is wrong with the document stands in it. */
struct control_doc *control_doc_make(const struct control_change *change);
struct control_doc *control_doc_ref(struct control_doc *d);
void control_doc_unref(struct control_doc *d);
/* Sound and switched on? */
bool control_doc_counts(const struct control_doc *d);

struct control_docs {
	unsigned n, room;
	struct control_doc **v; /* by id */
};

struct control_set {
	atomic_uint refs;
	uint64_t version; /* config_version */
	struct control_docs docs[CONTROL_KIND_COUNT];
	struct segment_set *segments;
	struct offer_set *offers;
	struct control_docs rules;    /* those that count, by falling priority, then id; not references of their own */
	struct control_map by_place;  /* control_place_key -> places in `rules` */
	struct control_map by_item;   /* control_hash of an item's id -> places of those that exclude it */
	struct control_map by_anchor; /* control_anchor_key -> places of those whose filter needs it */
	struct control_docs tried;    /* experiments that count, by id; not references of their own */
	struct experiments *experiments; /* by their places in `tried` */
	bool *is_anchored;               /* by place: all items that its filter is true of are found in by_anchor */
};

/* What is in the snapshot; documents that are in `before` (NULL: none) too are taken from there. */
int control_set__make(struct snap *sn, const struct control_set *before, struct control_set **ret) MUST_CHECK;
const struct control_set *control_set__ref(const struct control_set *set);
/* control_check that gives the document it made; the caller's. */
int control__check(const struct control_set *set, const struct control_change *change, struct control_doc **ret,
		   struct error *e) MUST_CHECK;

/* When unsettled rows (views/config.h) are sent again. */
struct control_settling {
	uint64_t unsettled;   /* of the last look */
	unsigned pause, wait; /* looks from the last try to the next, and those of them that are left */
};

/*
 * Once a look: are they sent now? `unsettled` is the sum of their revisions and changes, 0: there are none.
 *
 * Who sent it does it in milliseconds, and a store that catches up has others at each look: what was there a look ago is left.
 * Nodes that do not agree (one began from a log whose last record the others refuse, or reads what they cannot) answer each
 * other's: they do it ever more seldom.
 */
bool control__settle_due(struct control_settling *s, uint64_t unsettled);

uint64_t control_hash(struct str s);
/* n = 0: any. */
uint64_t control_place_key(struct str placement, struct str category);
uint64_t control_anchor_key(enum filter_anchor anchor, struct str value);
/* NULL: there is none. Any set, NULL too. */
const struct control_doc *control_set__doc(const struct control_set *set, enum control_kind kind, struct str id);
/* NULL: there is none that counts. Any set, NULL too. */
const struct control_doc *control_set__find(const struct control_set *set, enum control_kind kind, struct str id);

#endif
