#include "query/served.h"

#include "query/json_keys.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <xxhash.h>

struct served {
	struct publisher *publisher;
	const char *topic;
	double sample;
	_Atomic unsigned refs; /* the owner's, and one a record under way */
	_Atomic uint64_t told, lost;
};

struct served *served_new(const struct settings *set, struct publisher *publisher)
{
	double sample = setting_number(set, SET_SERVED_SAMPLE);
	struct served *s;

	if (!publisher || sample <= 0)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->publisher = publisher;
	s->topic = setting_string(set, SET_TOPIC_SERVED);
	s->sample = sample;
	atomic_init(&s->refs, 1);
	return s;
}

void served_close(struct served *s)
{
	if (s && atomic_fetch_sub(&s->refs, 1) == 1)
		free(s);
}

static void on_done(void *arg, int code, int32_t partition, int64_t offset)
{
	struct served *s = arg;

	(void)partition, (void)offset;
	atomic_fetch_add(code ? &s->lost : &s->told, 1);
	served_close(s);
}

static bool is_sampled(const struct served *s, struct str id)
{
	return (double)(XXH3_64bits(id.p, id.n) >> 11) * 0x1p-53 < s->sample;
}

static void write_record(struct json_out *j, const struct answer *a, int64_t now_ms)
{
	json_out_object(j);
	key_text(j, "recommendationId", a->recommendation_id);
	key_time(j, "servedAt", now_ms);
	key_text(j, "scenario", a->scenario);
	key_text(j, "variant", a->variant[0] ? a->variant : NULL);
	key_bool(j, "fallback", a->fallback);
	key_time(j, "asOf", a->as_of_ms);
	key_int(j, "lagMs", a->lag_ms);
	json_out_key(j, "items");
	json_out_array(j);
	for (unsigned i = 0; i < a->item_count; i++) {
		json_out_object(j);
		key_str(j, "itemId", a->items[i].item_id);
		key_int(j, "rank", a->items[i].rank);
		key_text(j, "strategy", a->items[i].strategy);
		json_out_key(j, "score");
		json_out_score(j, a->items[i].score);
		key_bool(j, "promoted", a->items[i].promoted);
		json_out_end_object(j);
	}
	json_out_end_array(j);
	json_out_end_object(j);
}

void served_tell(struct served *s, const struct answer *a, int64_t now_ms)
{
	struct str id = str_of(a->recommendation_id);
	struct json_out out = { 0 };

	if (!s || !id.n || !is_sampled(s, id))
		return;
	write_record(&out, a, now_ms);
	atomic_fetch_add(&s->refs, 1);
	if (s->publisher->ops->send(s->publisher, s->topic, -1, id, out.p, out.n, 0, NULL, 0, on_done, s))
		on_done(s, ERR_PRODUCE, -1, -1);
	json_out_fini(&out);
}

void served_counts(const struct served *s, uint64_t *ret_told, uint64_t *ret_lost)
{
	*ret_told = s ? atomic_load(&s->told) : 0;
	*ret_lost = s ? atomic_load(&s->lost) : 0;
}
