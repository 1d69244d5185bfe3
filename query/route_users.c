#include "query/control_set.h"
#include "query/http_req.h"
#include "query/json_keys.h"

#include <math.h>

static void write_segments(struct json_out *j, const struct person_segments *found)
{
	json_out_key(j, "segments");
	json_out_array(j);
	for (unsigned i = 0; i < segments_count(found->set); i++) {
		const struct segment *s = segment_at(found->set, i);

		if (!(found->in >> i & 1))
			continue;
		json_out_object(j);
		key_text(j, "segment", s->id);
		key_text(j, "meaning", s->meaning);
		key_text(j, "filter", s->filter);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

static void write_real(struct json_out *j, const char *key, double v)
{
	if (!isnan(v))
		key_number(j, key, v);
}

/* By the names that conditions have for them. */
static void write_facts(struct json_out *j, const struct filter_person *p)
{
	json_out_object(j);
	write_real(j, "orders", p->orders);
	write_real(j, "units", p->units);
	write_real(j, "spend", p->spend);
	write_real(j, "averageOrder", p->average_order);
	write_real(j, "daysSinceFirst", p->days_since_first);
	write_real(j, "daysSinceLast", p->days_since_last);
	key_time(j, "firstSeen", p->first_ms);
	key_time(j, "lastSeen", p->last_ms);
	if (p->country.n)
		key_str(j, "country", p->country);
	key_strs(j, "viewedCategory", p->viewed.v, p->viewed.n);
	key_strs(j, "boughtCategory", p->bought.v, p->bought.n);
	key_bool(j, "bigSpender", p->is_big_spender);
	json_out_end_object(j);
}

static bool refuses(struct http_req *rq)
{
	if (http_refuses_query(rq))
		return true;
	if (rq->params[0].n && rq->params[0].n <= EVENT_ID_MAX)
		return false;
	http_refuse(rq, PROBLEM_BAD_PARAMETER, "userId", "'userId' must have 1 to %d bytes", EVENT_ID_MAX);
	return true;
}

/* GET /v1/users/{userId}/segments */
void route_segments(struct http_req *rq)
{
	struct json_out *j = &rq->w->out;
	struct person_segments found;
	struct error e = { 0 };
	int rc;

	if (refuses(rq))
		return;
	rc = rq->w->shared->opt.answers->segments(rq->w->answerer, rq->params[0], &found, &e);
	if (rc) {
		http_refuse_error(rq, rc, &e);
		return;
	}
	json_out_reset(j);
	json_out_object(j);
	write_segments(j, &found);
	json_out_key(j, "facts");
	if (found.is_known)
		write_facts(j, &found.facts);
	else
		json_out_null(j);
	key_time(j, "asOf", found.as_of_ms);
	json_out_end_object(j);
	segments_release(found.set);
	http_reply_json(rq, 200, j);
}

/* ---- offers ---- */

static void write_discount(struct json_out *j, const struct control_discount *d)
{
	json_out_key(j, "discount");
	json_out_object(j);
	if (d->amount_micros) {
		key_micros(j, "amount", d->amount_micros);
		if (d->currency.n)
			key_str(j, "currency", d->currency);
	} else {
		key_number(j, "percent", d->percent);
	}
	json_out_end_object(j);
}

static void write_texts(struct json_out *j, const char *key, const struct control_texts *texts)
{
	if (texts->n)
		key_strs(j, key, texts->v, texts->n);
}

static void write_some(struct json_out *j, const char *key, struct str text)
{
	if (text.n)
		key_str(j, key, text);
}

static void write_offer(struct json_out *j, const struct offer *o, int64_t left)
{
	const struct control_offer *is = &o->is->offer;

	json_out_object(j);
	key_text(j, "offerId", o->id);
	key_text(j, "kind", control_kind_name(o->is->kind));
	write_some(j, "name", o->is->name);
	write_some(j, "description", o->is->description);
	write_discount(j, &is->discount);
	write_some(j, "code", is->code);
	write_texts(j, "segments", &is->segments);
	write_texts(j, "itemIds", &is->item_ids);
	write_some(j, "filter", is->filter);
	if (is->from_ms != CONTROL_TIME_NONE)
		key_time(j, "from", is->from_ms);
	if (is->to_ms != CONTROL_TIME_NONE)
		key_time(j, "to", is->to_ms);
	key_bool(j, "oncePerPerson", is->once_per_person);
	if (left >= 0)
		key_int(j, "left", left);
	json_out_end_object(j);
}

/* GET /v1/users/{userId}/offers */
void route_offers(struct http_req *rq)
{
	struct json_out *j = &rq->w->out;
	struct person_offers found;
	struct error e = { 0 };
	int rc;

	if (refuses(rq))
		return;
	rc = rq->w->shared->opt.answers->offers(rq->w->answerer, rq->params[0], &found, &e);
	if (rc) {
		http_refuse_error(rq, rc, &e);
		return;
	}
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "offers");
	json_out_array(j);
	for (unsigned i = 0; i < found.n; i++)
		write_offer(j, found.v[i].is, found.v[i].left);
	json_out_end_array(j);
	key_time(j, "asOf", found.as_of_ms);
	json_out_end_object(j);
	control_set_release(found.set);
	http_reply_json(rq, 200, j);
}
