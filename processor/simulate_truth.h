/*
 * simulate_truth.h - what simulated answers led to, counted while they are made. Thread: the owner's.
 */
#ifndef AISLE_PROCESSOR_SIMULATE_TRUTH_H
#define AISLE_PROCESSOR_SIMULATE_TRUTH_H

#include "schemas/json_out.h"

enum truth_kind { TRUTH_IMPRESSIONS, TRUTH_CLICKS, TRUTH_CARTS, TRUTH_ORDERS, TRUTH_UNITS, TRUTH_REVENUE, TRUTH_KINDS };
enum truth_refusal { TRUTH_SIGNATURE, TRUTH_ITEM, TRUTH_REPEAT, TRUTH_EXPIRED, TRUTH_REFUSALS };

enum { SCENARIO_HOME, SCENARIO_PRODUCT_PAGE, SIMULATE_SCENARIOS };
enum { VARIANT_NONE, VARIANT_CONTROL, VARIANT_FRESH, SIMULATE_VARIANTS };
#define SIMULATE_STRATEGIES 3 /* of a scenario */

extern const char *const simulate_scenarios[SIMULATE_SCENARIOS];
extern const char *const simulate_variants[SIMULATE_VARIANTS];
extern const char *const simulate_strategies[SIMULATE_SCENARIOS][SIMULATE_STRATEGIES];

/* Of 10,000: that an item that was shown is clicked, a clicked one put into the cart, one in the cart ordered. */
struct simulate_chances {
	uint32_t click, cart, order;
};
struct simulate_chances simulate_chances_of(unsigned scenario, unsigned strategy, unsigned variant);

struct truth_label {
	unsigned scenario, strategy, variant;
};

/* Of the people in one variant. */
struct truth_people {
	int64_t people, impressions, clicks, orders, revenue_micros;
};

struct truth_hour {
	int64_t credited[SIMULATE_SCENARIOS][SIMULATE_STRATEGIES][SIMULATE_VARIANTS][TRUTH_KINDS];
	int64_t views, carts, orders, units, revenue_micros; /* of the whole shop; units, revenue: less returns */
};

struct truth {
	int64_t first_hour;
	size_t n, room;
	struct truth_hour *hours;
	int64_t answers, refused[TRUTH_REFUSALS];
	struct truth_people people[SIMULATE_VARIANTS];
};

void truth_fini(struct truth *t);
/* Valid until the next call; not of a time before first_hour, which the owner sets. */
struct truth_hour *truth_hour(struct truth *t, int64_t t_ms);
void truth_write(const struct truth *t, struct json_out *j);

#endif
