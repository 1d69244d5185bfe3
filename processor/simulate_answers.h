/*
 * simulate_answers.h - made-up recommendations within made-up traffic, and what they truly led to.
 *
 * Now and then a page shows an answer of four to six items: the first of a session `home`, the others `product-page`, each
 * with strategies of its own. Then, in the same session: an impression of all its items; each is clicked, put into the
 * cart and ordered with a probability that only its strategy and the variant decide; each of these events carries the
 * answer's signed id. Of the people a fifth is in no experiment, the others are half in `ranking/control`, half in
 * `ranking/fresh`. Some events carry ids that must count nowhere: forged, of somebody else, with an item that was not
 * shown, counted before.
 *
 * What the truth has is what docs/views.md says of the events as they are made; it is counted here, without a view. So
 * that this is simple, an answer is followed up only while its session's actor stays who it was and has got no other.
 * Thread: the owner's.
 */
#ifndef AISLE_PROCESSOR_SIMULATE_ANSWERS_H
#define AISLE_PROCESSOR_SIMULATE_ANSWERS_H

#include "processor/simulate.h"
#include "processor/simulate_text.h"
#include "schemas/json_out.h"

#define SIMULATE_ANSWER_ITEMS 6
#define SIMULATE_ANSWER_TOKEN 112 /* characters at most */

/* The last answer of a session, all-zero: there is none. */
struct simulate_answer {
	unsigned next; /* what comes of it */
	unsigned scenario, variant, n;
	unsigned at;      /* the item that was clicked */
	unsigned clicked; /* bits of those that are still to be */
	uint32_t items[SIMULATE_ANSWER_ITEMS];
	unsigned strategies[SIMULATE_ANSWER_ITEMS];
	uint32_t actor, number; /* of the actor's answers */
	int64_t t_ms;
	char token[SIMULATE_ANSWER_TOKEN + 1];
};

struct simulate_answers;

struct simulate_answers *simulate_answers_new(const struct simulate_options *opt);
/* NULL is fine. */
void simulate_answers_free(struct simulate_answers *a);

/* A page was viewed by whom `ev` says, at its time: it may show an answer. */
void simulate_answers_view(struct simulate_answers *a, struct simulate_answer *answer, const struct simulated_event *ev,
			   bool first);
/* Whether the session's next event comes of its answer; then *ev, whose persons, time and order are set, is that. */
bool simulate_answers_step(struct simulate_answers *a, struct simulate_answer *answer, struct simulated_event *ev);
/* Count an event that is no copy. */
void simulate_answers_count(struct simulate_answers *a, const struct simulated_event *ev);
/* The truth so far, one JSON object. */
void simulate_answers_write(const struct simulate_answers *a, struct json_out *j);

#endif
