/*
 * labels.h - what engagement is counted by, as u32: scenario, strategy and variant of an answer, or an experiment's
 * variant. A number comes from the text's hash, or is the next free one after it, so there is no counter of them. They
 * stay for good; only signed ids bring new ones.
 * Thread: fold_ processor; others any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_LABELS_H
#define AISLE_VIEWS_LABELS_H

#include "schemas/token.h"
#include "views/engagement.h"
#include "views/fold.h"

uint32_t fold_label_of_answer(struct fold *f, const struct answer_token *t, uint8_t strategy);
/* "EXPERIMENT/VARIANT" */
uint32_t fold_label_of_variant(struct fold *f, struct str variant);

/* Both: 0, or STORE_CORRUPT when it is not there or of the other kind. Borrowed from the snapshot until the next call. */
int snap_label_of_answer(struct snap *sn, uint32_t label, struct engagement_label *ret) MUST_CHECK;
/* The part before the first '/', and the rest. */
int snap_label_of_variant(struct snap *sn, uint32_t label, struct str *ret_experiment,
			  struct str *ret_variant) MUST_CHECK;

/* A growable array; all-zero at first. */
struct labels {
	uint32_t *v;
	size_t n, room;
};
/* Those of the variants of this experiment, by number. A walk over all labels. */
int snap_labels_of(struct snap *sn, struct str experiment, struct labels *ret) MUST_CHECK;

#endif
