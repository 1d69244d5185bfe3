/* sessions: printing. They are written by the journal (session_write.c) and read through session_index.c. */
#include "views/sessions.h"
#include "schemas/json_keys.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/session_rows.h"
#include "views/view.h"

#include <inttypes.h>
#include <stdio.h>

int sessions_total(struct snap *sn, uint32_t *ret)
{
	struct session_state state;
	int rc = session_state_get(sn, &state);

	if (!rc)
		*ret = state.total;
	return rc;
}

struct printing {
	struct json_out out;
	struct snap *sn;
	int64_t oldest_ms; /* last views before it are forgotten */
	uint32_t item;     /* ID_NONE: all */
	uint32_t actors[PERSON_ACTORS_MAX];
	int actors_n; /* -1: all */
	bool anonymous;
	view_row each;
	void *arg;
};

static bool wanted(const struct printing *p, const struct session_head *h, const unsigned char *items)
{
	bool actor = p->actors_n < 0 || id_among(p->actors, (uint32_t)p->actors_n, h->actor);
	bool item = p->item == ID_NONE;

	for (uint32_t i = 0; i < h->mark.items_n; i++)
		item |= memcmp(items + i * sizeof(p->item), &p->item, sizeof(p->item)) == 0;
	return actor && item && h->mark.last_ms >= p->oldest_ms;
}

static void write_row(struct printing *p, const struct session_head *h, const unsigned char *items)
{
	struct json_out *j = &p->out;
	char hex[17];

	json_out_reset(j);
	json_out_object(j);
	if (!p->anonymous) {
		snprintf(hex, sizeof(hex), "%016" PRIx64, h->hash);
		key_text(j, "session", hex);
		snap_print_actor(p->sn, h->actor, "actor", j);
	}
	key_int(j, "last", h->mark.last_ms);
	json_out_key(j, "items");
	json_out_array(j);
	for (uint32_t i = 0; i < h->mark.items_n; i++) {
		uint32_t item;

		memcpy(&item, items + i * sizeof(item), sizeof(item));
		json_out_str(j, snap_item_name(p->sn, item));
	}
	json_out_end_array(j);
	json_out_end_object(j);
}

static int print_row(void *arg, struct str key, struct str value)
{
	struct printing *p = arg;
	int64_t times[SESSION_VIEWS_MAX];
	const unsigned char *items;
	struct session_head h;
	uint64_t number;

	if (!session_number(key, &number) || !session_row_read(value, &h, &items, times))
		return ERR_STORE_CORRUPT;
	if (!wanted(p, &h, items))
		return 0;
	write_row(p, &h, items);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int sessions_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = {
		.sn = sn, .item = ID_NONE, .actors_n = -1, .anonymous = filter->anonymous, .each = each, .arg = arg
	};
	int64_t watermark;
	int rc;

	if (filter->item.n && (p.item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	if (filter->user.n && (p.actors_n = person_actors(sn, filter->user, filter->user, p.actors)) <= 0)
		return p.actors_n;
	rc = snap_watermark(sn, &watermark);
	if (rc || watermark == TIME_NONE)
		return rc;
	p.oldest_ms = watermark - SESSION_KEEP_MS;
	rc = snap_each(sn, TBL_SESSIONS, (struct str){ NULL, 0 }, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_sessions = {
	.name = "sessions",
	.version = 1,
	.meaning = "the last 64 views of each session, for 90 days",
	.rows = sessions_rows,
	.by = VIEW_BY_ITEM | VIEW_BY_USER,
};
