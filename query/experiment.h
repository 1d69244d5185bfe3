/*
 * experiment.h - which experiments a person is in, and which variant of each it gets.
 *
 * Nothing is stored: the person's id (userId, else visitorId) is hashed with the experiment's id, so that every node
 * gives the same answer, before and after a restart. The hash has three independent parts: whether the person is in
 * (below `traffic`), whether it is held out, and which variant it gets by weight. So
 *   - a person that is in stays in, with its variant, when traffic grows;
 *   - who is in one experiment says nothing about who is in another, nor about its variant there;
 *   - other weights move people between variants, and change what a report compares: the report notices (experiment_report.h).
 *
 * Of the experiments of a layer a person is in one at most, wherever they are shown: the one that started first chooses
 * first. So one that starts, ends or shrinks takes nobody away from those that run; one that grows takes people of the
 * same layer from those that started after it. An experiment without startedAt comes after those that have one.
 *
 * At one placement the first EXPERIMENTS_AT_ONCE layers by name count that have something for the person; where two set
 * the same, the first one does. Who is in `allowList` gets that variant whatever the status, traffic and layer, and is not
 * counted.
 * Thread: any.
 */
#ifndef AISLE_QUERY_EXPERIMENT_H
#define AISLE_QUERY_EXPERIMENT_H

#include "schemas/control.h"

#define EXPERIMENTS_AT_ONCE 2
#define EXPERIMENT_HOLDOUT CONTROL_VARIANTS_MAX /* the variant of who is held out: the scenario as it is */

/* Borrowed, both for as long as the experiments. */
struct experiment {
	struct str id;
	const struct control_experiment *is;
};

/* Immutable. */
struct experiments;

/* NULL for none. Freed by the caller; NULL is fine. */
struct experiments *experiments_new(const struct experiment *e, unsigned n);
void experiments_free(struct experiments *es);

struct experiment_asked {
	struct str placement;           /* scenario's id, or strategy's */
	bool is_strategy;               /* only experiments that name it count */
	struct str user_id, visitor_id; /* n = 0 for both: nobody, who is in no experiment */
	int64_t now_ms;                 /* wall clock, against startedAt and stoppedAt */
};

struct experiment_choice {
	unsigned experiment; /* its index in what experiments_new was given */
	unsigned variant;    /* index, or EXPERIMENT_HOLDOUT */
	bool counts;         /* false: by the allow-list */
};

/* How many there are, by name of their layers; `es` may be NULL. */
unsigned experiments_choose(const struct experiments *es, const struct experiment_asked *asked,
			    struct experiment_choice ret[EXPERIMENTS_AT_ONCE]);

/* Name of a variant, also of who is held out. */
struct str experiment_variant_name(const struct control_experiment *x, unsigned variant);

#endif
