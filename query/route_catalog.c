#include "query/http_body.h"
#include "query/http_publish.h"
#include "query/http_query.h"
#include "query/http_req.h"
#include "query/json_keys.h"
#include "query/route_answer.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/stock.h"

#include <stdio.h>

static bool item_id_is_good(struct http_req *rq)
{
	if (rq->params[0].n > EVENT_ID_MAX)
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "itemId", "an item id has at most %d bytes", EVENT_ID_MAX);
	else if (rq->method == METHOD_PUT && !body_trim(rq->params[0]).n)
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "itemId", "an item id is more than blanks");
	else
		return true;
	return false;
}

/* The snapshot is open: 0 with `out` filled, NOT_FOUND, or an error of the store. */
static int look_up(struct http_req *rq)
{
	uint32_t id = snap_item(rq->w->snap, rq->params[0]);
	int64_t low = setting_int(rq->w->shared->opt.settings, SET_ANSWER_LOW_STOCK);
	int rc;

	if (id == ID_NONE) {
		rc = snap_failure(rq->w->snap);
		return rc ? rc : ERR_NOT_FOUND;
	}
	json_out_reset(&rq->w->out);
	rc = stored_item_write(&rq->w->out, rq->w->snap, id, low);
	return rc == CATALOG_LIVE ? 0 : rc < 0 ? rc : ERR_NOT_FOUND;
}

void route_item_get(struct http_req *rq)
{
	int rc;

	if (http_refuses_query(rq) || !item_id_is_good(rq))
		return;
	rc = snap_renew(rq->w->snap);
	if (rc == 0) {
		rc = look_up(rq);
		snap_park(rq->w->snap);
	}
	if (rc == 0)
		http_reply_json(rq, 200, &rq->w->out);
	else if (rc == ERR_NOT_FOUND)
		http_refuse(rq, PROBLEM_UNKNOWN_ITEM, "itemId", "the catalogue has no record of it");
	else
		http_refuse_error(rq, rc, NULL);
}

static void finish(struct http_req *rq, struct publish *p, void *arg)
{
	struct json_out *j = &rq->w->out;
	struct problem lost;
	int32_t partition;
	int64_t offset;

	(void)arg;
	if (publish_result(p, 0, &partition, &offset) != PUBLISH_ACKED) {
		publish_problem(p, 0, &lost);
		http_problem(rq, &lost);
		return;
	}
	json_out_reset(j);
	json_out_object(j);
	key_text(j, "status", "accepted");
	key_str(j, "itemId", rq->params[0]);
	key_int(j, "partition", partition);
	key_int(j, "offset", offset);
	json_out_end_object(j);
	http_reply_json(rq, 202, j);
}

static void publish(struct http_req *rq, enum setting_id topic, struct str key, struct str value)
{
	struct publish *p = publish_new(rq, 1, finish, NULL);

	publish_send(p, 0, setting_string(rq->w->shared->opt.settings, topic), key, value.p, value.n);
	publish_wait(p);
}

/* What every write checks first; false when it was answered. */
static bool may_write(struct http_req *rq)
{
	return !http_refuses_query(rq) && item_id_is_good(rq) && publish_possible(rq);
}

static bool body_is_object(struct http_req *rq, struct str *ret)
{
	*ret = body_trim(rq->body);
	if (ret->n && ret->p[0] == '{')
		return true;
	http_refuse(rq, PROBLEM_BAD_BODY, NULL, "the body must be a JSON object");
	return false;
}

void route_item_put(struct http_req *rq)
{
	struct error e = { 0 };
	struct catalog_item item;
	struct str body;
	bool deleted;
	int rc;

	if (!may_write(rq) || !body_is_object(rq, &body))
		return;
	rc = decode_catalog(rq->w->decoder, rq->params[0], body.p, body.n, &item, &deleted, &e);
	if (rc == 0 && deleted)
		rc = error_set(&e, ERR_CONFLICTING_FIELDS, "op", "use DELETE to delete an item");
	if (rc == 0 && item.available_from_ms != TIME_ABSENT && item.available_to_ms != TIME_ABSENT &&
	    item.available_from_ms >= item.available_to_ms)
		rc = error_set(&e, ERR_CONFLICTING_FIELDS, "availableTo",
			       "it would never be shown: availableTo is not after availableFrom");
	if (rc == ERR_UNKNOWN_FIELD && !*e.suggestion)
		snprintf(e.text, sizeof(e.text), "there is no field '%s': %s", e.field,
			 strcmp(e.field, "stock") == 0 || strcmp(e.field, "quantity") == 0
				 ? "stock has a path of its own, /v1/items/{itemId}/stock"
				 : "fields of your own go into 'attributes'");
	if (rc != 0)
		http_refuse_error(rq, rc, &e);
	else
		publish(rq, SET_TOPIC_CATALOG, rq->params[0], body);
}

void route_item_delete(struct http_req *rq)
{
	if (may_write(rq))
		publish(rq, SET_TOPIC_CATALOG, rq->params[0], (struct str){ NULL, 0 });
}

/* itemId, or itemId|location. */
static struct str stock_key(struct http_req *rq, const struct stock_record *rec)
{
	uint32_t n = rec->item_id.n + (rec->location.n ? 1 + rec->location.n : 0);
	char *p = http_alloc(rq, n);

	memcpy(p, rec->item_id.p, rec->item_id.n);
	if (rec->location.n) {
		p[rec->item_id.n] = '|';
		memcpy(p + rec->item_id.n + 1, rec->location.p, rec->location.n);
	}
	return (struct str){ p, n };
}

void route_stock_put(struct http_req *rq)
{
	const struct clock *clock = rq->w->shared->clock;
	struct error e = { 0 };
	struct stock_record rec;
	struct str body;
	bool deleted;
	int rc;

	if (!may_write(rq) || !body_is_object(rq, &body))
		return;
	rc = decode_stock(rq->w->decoder, rq->params[0], body.p, body.n, &rec, &deleted, &e);
	if (rc == 0 && deleted)
		rc = error_set(&e, ERR_CONFLICTING_FIELDS, "op", "a stock record is not deleted here: send quantity 0");
	if (rc == 0 && rec.has_as_of && rec.as_of_ms > clock->wall_ms(clock) + TIME_AHEAD_MAX_MS)
		rc = error_set(&e, ERR_TIME_IN_FUTURE, "asOf", "asOf is more than an hour from now");
	if (rc == 0 && !str_eq(rec.item_id, rq->params[0]))
		rc = error_set(
			&e, ERR_KEY_MISMATCH, "itemId",
			"an id with '|' in it must stand in the body too, as itemId: else a location would begin there");
	if (rc == 0 && text_has_control(rec.location))
		rc = error_set(&e, ERR_BAD_ID, "location",
			       "location has a control character, which the key of its record may not have");
	if (rc != 0)
		http_refuse_error(rq, rc, &e);
	else
		publish(rq, SET_TOPIC_STOCK, stock_key(rq, &rec), body);
}
