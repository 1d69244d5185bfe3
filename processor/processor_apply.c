#include "processor/processor_internal.h"
#include "schemas/members.h"

#define COUNT(page, field) STATUS_SET(page, field, (page)->field + 1)

static int apply_event(struct processor *p, const struct record *r, struct error *e)
{
	struct event ev;
	int rc;

	rc = decode_event(p->decoder, r->value ? r->value : "", r->value_len, &ev, e);
	if (!rc)
		rc = fold_event(p->fold, &ev, r->timestamp_ms, e);
	if (rc < 0)
		return rc;
	if (rc)
		COUNT(p->page, duplicates);
	else
		COUNT(p->page, events);
	return 0;
}

static int apply_catalog(struct processor *p, const struct record *r, struct error *e)
{
	struct catalog_item item;
	bool deleted = false;
	int rc = decode_catalog(p->decoder, r->key, r->value, r->value ? r->value_len : 0, &item, &deleted, e);

	return rc ? rc : fold_catalog(p->fold, &item, deleted);
}

static int apply_stock(struct processor *p, const struct record *r, struct error *e)
{
	struct stock_record rec;
	bool deleted = false;
	int rc = decode_stock(p->decoder, r->key, r->value, r->value ? r->value_len : 0, &rec, &deleted, e);

	return rc ? rc : fold_stock(p->fold, &rec, deleted, r->timestamp_ms, e);
}

static int apply_config(struct processor *p, const struct record *r, struct error *e)
{
	struct control_record rec;
	struct str segment;
	int rc;

	if (members_key(r->key, &segment))
		return fold_members(p->fold, segment, r->value, r->value ? r->value_len : 0, e);
	rc = control_record_decode(r->key, r->value, r->value ? r->value_len : 0, &rec, e);
	if (!rc)
		rc = fold_config(p->fold, &rec, r->timestamp_ms);
	else if (rec.kind != CONTROL_KIND_COUNT && control_id_valid(rec.id))
		fold_config_unreadable(p->fold, rec.kind, rec.id);
	return rc < 0 ? rc : 0;
}

static int apply_one(struct processor *p, const struct record *r, struct error *e)
{
	switch (r->topic) {
	case TOPIC_EVENTS:
		return apply_event(p, r, e);
	case TOPIC_CATALOG:
		return apply_catalog(p, r, e);
	case TOPIC_STOCK:
		return apply_stock(p, r, e);
	case TOPIC_CONFIG:
		return apply_config(p, r, e);
	default:
		return error_set(e, ERR_UNKNOWN_TOPIC, "topic", "no topic of that name is read");
	}
}

/* Records come in runs of one partition. */
static void tell_partition(struct processor *p, struct source *src, const struct record *records, size_t i)
{
	const struct record *r = &records[i];

	if (i == 0 || r->log != r[-1].log || r->partition != r[-1].partition)
		fold_partition(p->fold, src->ops->log_name(src, r->log), r->partition);
}

int processor__apply(struct processor *p, struct source *src, const struct record *records, size_t n, struct error *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct record *r = &records[i];
		struct error why = { 0 };
		int rc;

		tell_partition(p, src, records, i);
		rc = apply_one(p, r, &why);
		COUNT(p->page, records);
		if (!rc)
			continue;
		error_set(&why, rc, "", "%s", error_text(rc));
		if (error_class(rc) != CLASS_SKIP) {
			*e = why;
			return rc;
		}
		COUNT(p->page, dead_letters);
		processor__tell_letter(p, src, r, rc);
		if (dead_letters_add(p->letters, r, src->ops->log_name(src, r->log), &why)) {
			rc = dead_letters_settle(p->letters, &p->stop, e);
			if (rc)
				return rc;
		}
	}
	return 0;
}
