#include "query/http_req.h"
#include "query/json_keys.h"
#include "views/generation.h"
#include "views/replay_status.h"
#include "views/versions.h"

static void write_generations(const char *store, unsigned current, struct json_out *j)
{
	unsigned all[GENERATIONS_MAX];
	size_t n = 0;

	key_int(j, "current", current);
	json_out_key(j, "generations");
	json_out_array(j);
	if (generation_list(store, all, &n, NULL) == 0)
		for (size_t i = 0; i < n; i++)
			json_out_int(j, all[i]);
	json_out_end_array(j);
}

static void write_frozen(const struct versions *versions, struct json_out *j)
{
	json_out_key(j, "frozenViews");
	json_out_array(j);
	for (size_t i = 0; view_registry[i]; i++) {
		if (!versions->frozen[i])
			continue;
		json_out_object(j);
		key_text(j, "view", view_registry[i]->name);
		key_int(j, "stored", versions->stored[i]);
		key_int(j, "program", view_registry[i]->version);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

void route_replay(struct http_req *rq)
{
	struct store *s = rq->w->shared->opt.store;
	struct json_out *j = &rq->w->out;
	struct versions versions;
	struct replay_page page;
	struct error e = { 0 };
	bool at_work;
	int rc;

	if (http_refuses_query(rq))
		return;
	rc = replay_status_read(store_path(s), &page, &at_work, &e);
	if (!rc)
		rc = snap_renew(rq->w->snap);
	if (!rc) {
		rc = versions_of_snap(rq->w->snap, &versions);
		snap_park(rq->w->snap);
	}
	if (rc) {
		http_refuse_error(rq, rc, &e);
		return;
	}
	json_out_reset(j);
	json_out_object(j);
	replay_status_write(&page, j);
	write_generations(store_path(s), store_generation(s), j);
	write_frozen(&versions, j);
	json_out_end_object(j);
	http_reply_json(rq, 200, j);
}
