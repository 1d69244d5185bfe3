/* history: reading. How it is stored is in history_entry.h, how it is written in history_write.c. */
#include "views/history.h"
#include "schemas/json_keys.h"
#include "views/history_entry.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/view.h"

/* ---- rows alone ---- */

struct skimming {
	struct history_skim is;
	struct history_head head;
	uint16_t chunks; /* so far */
};

static int skim_chunk(void *arg, struct str key, struct str value)
{
	struct skimming *s = arg;

	if (key.n != HISTORY_KEY_BYTES || get_be32(key.p + 4) != s->head.first + s->chunks++)
		return ERR_STORE_CORRUPT;
	return history_skim(&s->is, value) ? 0 : ERR_STORE_CORRUPT;
}

static int skim_all(struct snap *sn, uint32_t actor, struct str row, struct skimming *s)
{
	unsigned char be[4];
	struct str newest;
	int rc = 0;

	history_skim_begin(&s->is);
	s->chunks = 0;
	if (!history_head_read(row, &s->head, &newest))
		return ERR_STORE_CORRUPT;
	if (s->head.chunks)
		rc = snap_each(sn, TBL_HISTORY_OLD, id_key(actor, be), skim_chunk, s);
	if (rc)
		return rc;
	return s->chunks == s->head.chunks && history_skim(&s->is, newest) && s->is.entries == s->head.entries
		       ? 0
		       : ERR_STORE_CORRUPT;
}

static int newest_of(const struct history_skim *s, struct history_row *ret)
{
	uint32_t n = s->n < HISTORY_MAX ? s->n : HISTORY_MAX;

	for (uint32_t i = 0; i < n; i++)
		ret[i] = s->rows[s->n - 1 - i];
	return (int)n;
}

/* ---- all there is of a row ---- */

struct full_row {
	struct history_row is;
	bool has_price;
	int64_t price_micros;
	struct str session_id, order_id; /* borrowed from the snapshot; n = 0 when absent */
};

static int take_chunk(void *arg, struct str key, struct str value)
{
	return key.n == HISTORY_KEY_BYTES ? history_load_chunk(arg, get_be32(key.p + 4), value) : ERR_STORE_CORRUPT;
}

/* The last line first, at most `room`. */
static uint32_t lines_of(const struct history_entry *e, struct full_row *ret, uint32_t room)
{
	uint32_t n = e->lines_n < room ? e->lines_n : room;
	struct str packed = e->lines;

	for (uint32_t left = e->lines_n; left-- > 0;) {
		struct history_line line = history_line_take(&packed);

		if (left < n)
			ret[left] = (struct full_row){
				.is = { e->t_ms, line.item, line.quantity, (enum event_type)e->type },
				.has_price = line.has_price,
				.price_micros = line.price_micros,
				.session_id = e->session_id,
				.order_id = e->order_id,
			};
	}
	return n;
}

/* Into ret[HISTORY_MAX]. */
static int rows_of(struct snap *sn, uint32_t actor, struct str row, struct full_row *ret)
{
	struct history_set s;
	unsigned char be[4];
	uint32_t n = 0;
	int rc = history_load_head(&s, row);

	if (!rc && s.head.chunks)
		rc = snap_each(sn, TBL_HISTORY_OLD, id_key(actor, be), take_chunk, &s);
	if (!rc)
		rc = history_load_end(&s);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < s.n && n < HISTORY_MAX; i++)
		n += lines_of(s.newest_first[i], ret + n, HISTORY_MAX - n);
	return (int)n;
}

static int sort_all(struct snap *sn, uint32_t actor, struct str row, struct history_row *ret)
{
	struct full_row rows[HISTORY_MAX];
	int n = rows_of(sn, actor, row, rows);

	for (int i = 0; i < n; i++)
		ret[i] = rows[i].is;
	return n;
}

int history_get(struct snap *sn, uint32_t actor, struct history_row *ret)
{
	struct skimming s;
	unsigned char be[4];
	struct str row;
	int rc = snap_get(sn, TBL_HISTORY, id_key(actor, be), &row);

	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	rc = skim_all(sn, actor, row, &s);
	if (rc)
		return rc;
	return history_skim_sort(&s.is) ? newest_of(&s.is, ret) : sort_all(sn, actor, row, ret);
}

/* v[0..middle) and v[middle..n) are newest first each; of one time those of the first part come first. */
static void merge_runs(struct history_row *v, size_t middle, size_t n, struct history_row *spare)
{
	size_t left = middle, right = n - middle;

	if (!left || !right || v[middle - 1].t_ms >= v[middle].t_ms)
		return;
	memcpy(spare, v + middle, right * sizeof(*v));
	for (size_t to = n; right;)
		v[--to] = left && v[left - 1].t_ms < spare[right - 1].t_ms ? v[--left] : spare[--right];
}

int history_of_person(struct snap *sn, const uint32_t *actors, unsigned n, struct history_row *ret)
{
	size_t all = 0;

	for (unsigned i = 0; i < n; i++) {
		int rows = history_get(sn, actors[i], ret + all);

		if (rows < 0)
			return rows;
		merge_runs(ret, all, all + (size_t)rows, ret + (size_t)n * HISTORY_MAX);
		all += (size_t)rows;
	}
	return (int)all;
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t item;
	view_row each;
	void *arg;
};

static void print_id(struct json_out *j, const char *name, struct str id)
{
	if (id.n)
		key_str(j, name, id);
}

/* actor_hex NULL: without the actor */
static void write_row(struct printing *p, const char *actor_hex, const struct full_row *r)
{
	struct json_out *j = &p->out;

	json_out_object(j);
	if (actor_hex)
		key_text(j, "actor", actor_hex);
	key_text(j, "type", event_type_name(r->is.type));
	key_str(j, "itemId", snap_item_name(p->sn, r->is.item));
	key_int(j, "t", r->is.t_ms);
	print_id(j, "sessionId", r->session_id);
	print_id(j, "orderId", r->order_id);
	key_int(j, "quantity", r->is.quantity);
	if (r->has_price)
		key_micros(j, "price", r->price_micros);
	json_out_end_object(j);
}

static int print_one(struct printing *p, const char *actor_hex, const struct full_row *r)
{
	json_out_reset(&p->out);
	write_row(p, actor_hex, r);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int print_row(void *arg, struct str key, struct str value)
{
	struct full_row rows[HISTORY_MAX];
	struct printing *p = arg;
	char hex[ACTOR_HASH_HEX];
	int n = key.n == 4 ? rows_of(p->sn, get_be32(key.p), value, rows) : ERR_STORE_CORRUPT, rc = 0;

	if (n < 0)
		return n;
	snap_actor_hex(p->sn, get_be32(key.p), hex);
	for (int i = 0; i < n && !rc; i++)
		if (p->item == ID_NONE || rows[i].is.item == p->item)
			rc = print_one(p, hex, &rows[i]);
	return rc;
}

static int history_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .item = ID_NONE, .each = each, .arg = arg };
	int rc;

	if (filter->item.n && (p.item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	rc = person_each(sn, TBL_HISTORY, filter->user, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

/* All rows of an actor as one text without its hash. */
static int print_actor(void *arg, struct str key, struct str value)
{
	struct full_row rows[HISTORY_MAX];
	struct printing *p = arg;
	int n = key.n == 4 ? rows_of(p->sn, get_be32(key.p), value, rows) : ERR_STORE_CORRUPT;

	if (n <= 0)
		return n;
	json_out_reset(&p->out);
	json_out_array(&p->out);
	for (int i = 0; i < n; i++)
		write_row(p, NULL, &rows[i]);
	json_out_end_array(&p->out);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int history_digest_rows(struct snap *sn, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int rc = snap_each(sn, TBL_HISTORY, (struct str){ NULL, 0 }, print_actor, &p);

	json_out_fini(&p.out);
	return rc;
}

const struct view view_history = {
	.name = "history",
	.version = 1,
	.meaning = "what each actor did: its last 256 item rows",
	.tables = TABLE_BIT(TBL_HISTORY) | TABLE_BIT(TBL_HISTORY_OLD) | TABLE_BIT(TBL_HISTORY_PRINTS),
	.rows = history_rows,
	.by = VIEW_BY_ITEM | VIEW_BY_USER,
	.digest_rows = history_digest_rows,
};
