#include "processor/simulate_truth.h"

#include "schemas/decode.h"
#include "schemas/json_keys.h"

#include <assert.h>
#include <stdlib.h>

const char *const simulate_scenarios[SIMULATE_SCENARIOS] = { "home", "product-page" };
const char *const simulate_variants[SIMULATE_VARIANTS] = { "", "ranking/control", "ranking/fresh" };
const char *const simulate_strategies[SIMULATE_SCENARIOS][SIMULATE_STRATEGIES] = {
	{ "recommended-for-you", "trending", "best-sellers" },
	{ "frequently-bought-together", "also-viewed", "similar-items" },
};

static const char *const kinds[TRUTH_KINDS] = { "impressions", "clicks", "carts", "orders", "units", "revenue" };
static const char *const refusals[TRUTH_REFUSALS] = { "signature", "item", "repeat", "expired" };

struct simulate_chances simulate_chances_of(unsigned scenario, unsigned strategy, unsigned variant)
{
	static const struct simulate_chances chances[SIMULATE_SCENARIOS][SIMULATE_STRATEGIES] = {
		{ { 600, 2500, 4000 }, { 300, 2000, 3000 }, { 400, 2000, 5000 } },
		{ { 800, 4000, 6000 }, { 500, 3000, 4000 }, { 350, 3000, 3000 } },
	};
	struct simulate_chances ret = chances[scenario][strategy];

	if (variant == VARIANT_FRESH)
		ret.click += ret.click / 2;
	return ret;
}

void truth_fini(struct truth *t)
{
	free(t->hours);
}

struct truth_hour *truth_hour(struct truth *t, int64_t t_ms)
{
	int64_t hour = time_bucket(t_ms, MS_PER_HOUR);
	size_t at;

	assert(hour >= t->first_hour);
	at = (size_t)(hour - t->first_hour);
	if (at >= t->room) {
		size_t room = at * 2 + 64;

		t->hours = xrealloc(t->hours, room * sizeof(*t->hours));
		memset(t->hours + t->room, 0, (room - t->room) * sizeof(*t->hours));
		t->room = room;
	}
	if (at >= t->n)
		t->n = at + 1;
	return &t->hours[at];
}

/* ---- as JSON ---- */

static void key_start(struct json_out *j, const struct truth *t, size_t hour)
{
	char text[32];

	format_rfc3339((t->first_hour + (int64_t)hour) * MS_PER_HOUR, text);
	key_text(j, "start", text);
}

static void write_label(struct json_out *j, struct truth_label of)
{
	key_text(j, "scenario", simulate_scenarios[of.scenario]);
	key_text(j, "strategy", simulate_strategies[of.scenario][of.strategy]);
	key_text(j, "variant", *simulate_variants[of.variant] ? simulate_variants[of.variant] : NULL);
}

static void write_row(const struct truth *t, size_t hour, struct truth_label of, struct json_out *j)
{
	const int64_t *v = t->hours[hour].credited[of.scenario][of.strategy][of.variant];
	bool any = false;

	for (unsigned k = 0; k < TRUTH_KINDS; k++)
		any |= v[k] != 0;
	if (!any)
		return;
	json_out_object(j);
	key_start(j, t, hour);
	write_label(j, of);
	for (unsigned k = 0; k < TRUTH_REVENUE; k++)
		key_int(j, kinds[k], v[k]);
	key_micros(j, kinds[TRUTH_REVENUE], v[TRUTH_REVENUE]);
	json_out_end_object(j);
}

static void write_chances(const struct truth *t, size_t hour, struct truth_label of, struct json_out *j)
{
	struct simulate_chances c = simulate_chances_of(of.scenario, of.strategy, of.variant);

	(void)t, (void)hour;
	json_out_object(j);
	write_label(j, of);
	key_number(j, "click", c.click / 1e4);
	key_number(j, "cart", c.cart / 1e4);
	key_number(j, "order", c.order / 1e4);
	json_out_end_object(j);
}

static void each_label(const struct truth *t, size_t hour, struct json_out *j,
		       void (*write)(const struct truth *, size_t, struct truth_label, struct json_out *))
{
	for (unsigned scenario = 0; scenario < SIMULATE_SCENARIOS; scenario++)
		for (unsigned strategy = 0; strategy < SIMULATE_STRATEGIES; strategy++)
			for (unsigned variant = 0; variant < SIMULATE_VARIANTS; variant++)
				write(t, hour, (struct truth_label){ scenario, strategy, variant }, j);
}

static void write_shop(const struct truth *t, struct json_out *j)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct truth_hour *h = &t->hours[i];

		json_out_object(j);
		key_start(j, t, i);
		key_int(j, "views", h->views);
		key_int(j, "carts", h->carts);
		key_int(j, "orders", h->orders);
		key_int(j, "units", h->units);
		key_micros(j, "revenue", h->revenue_micros);
		json_out_end_object(j);
	}
}

static void write_people(const struct truth *t, struct json_out *j)
{
	for (unsigned i = VARIANT_CONTROL; i < SIMULATE_VARIANTS; i++) {
		const struct truth_people *p = &t->people[i];

		json_out_object(j);
		key_text(j, "variant", simulate_variants[i]);
		key_int(j, "people", p->people);
		key_int(j, "impressions", p->impressions);
		key_int(j, "clicks", p->clicks);
		key_int(j, "orders", p->orders);
		key_micros(j, "revenue", p->revenue_micros);
		json_out_end_object(j);
	}
}

void truth_write(const struct truth *t, struct json_out *j)
{
	json_out_object(j);
	key_int(j, "answers", t->answers);
	json_out_key(j, "probabilities");
	json_out_array(j);
	each_label(t, 0, j, write_chances);
	json_out_end_array(j);
	json_out_key(j, "rows");
	json_out_array(j);
	for (size_t i = 0; i < t->n; i++)
		each_label(t, i, j, write_row);
	json_out_end_array(j);
	json_out_key(j, "shop");
	json_out_array(j);
	write_shop(t, j);
	json_out_end_array(j);
	json_out_key(j, "experiments");
	json_out_array(j);
	write_people(t, j);
	json_out_end_array(j);
	json_out_key(j, "refused");
	json_out_object(j);
	for (unsigned i = 0; i < TRUTH_REFUSALS; i++)
		key_int(j, refusals[i], t->refused[i]);
	json_out_end_object(j);
	json_out_end_object(j);
}
