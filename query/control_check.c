/* What a document names must be there: placements, segments. */
#include "query/control_internal.h"

#include <stdio.h>

bool control_set_places(const struct control_set *set, struct str placement)
{
	struct scenario sc;

	return scenario_find(set, placement, &sc);
}

static bool has_segment(const struct control_set *set, struct str id)
{
	struct segment_shipped shipped;

	for (unsigned i = 0; segment_shipped(i, &shipped); i++)
		if (str_eq(id, str_of(shipped.id)))
			return true;
	return control_set__find(set, CONTROL_SEGMENT, id) != NULL;
}

static int check_names(const struct control_set *set, const char *field, const char *what,
		       const struct control_texts *names,
		       bool (*is_there)(const struct control_set *set, struct str name), struct error *e)
{
	char path[sizeof(e->field)];

	for (uint32_t i = 0; i < names->n; i++) {
		if (is_there(set, names->v[i]))
			continue;
		snprintf(path, sizeof(path), "%s[%u]", field, i);
		return error_set(e, ERR_BAD_CONFIG, path, "there is no %s '%.*s'", what, STR_FMT(names->v[i]));
	}
	return 0;
}

static int check_places(const struct control_set *set, const struct control_texts *names, struct error *e)
{
	return check_names(set, "placements", "scenario or strategy", names, control_set_places, e);
}

static int check_segments(const struct control_set *set, const struct control_texts *names, struct error *e)
{
	return check_names(set, "segments", "segment", names, has_segment, e);
}

/* Is there room for one more that counts? */
static int check_room(const struct control_set *set, const struct control_doc *d, struct error *e)
{
	if (!set || !d->is->enabled || control_set__find(set, d->kind, str_of(d->id)))
		return 0;
	if (d->kind == CONTROL_SEGMENT && segment_find(set->segments, str_of(d->id)) < 0 &&
	    segments_count(set->segments) == SEGMENTS_MAX)
		return error_set(e, ERR_BAD_CONFIG, "id", "there are %d segments already, which is the most",
				 SEGMENTS_MAX);
	if (d->kind != CONTROL_SEGMENT && set->offers->n == OFFERS_MAX)
		return error_set(e, ERR_BAD_CONFIG, "id",
				 "there are %d offers and promotions already, which is the most", OFFERS_MAX);
	return 0;
}

static int check_links(const struct control_set *set, const struct control_doc *d, struct error *e)
{
	int rc;

	switch (d->kind) {
	case CONTROL_RULE:
		rc = check_places(set, &d->is->rule.placements, e);
		return rc ? rc : check_segments(set, &d->is->rule.segments, e);
	case CONTROL_EXPERIMENT:
		return check_places(set, &d->is->experiment.placements, e);
	case CONTROL_OFFER:
	case CONTROL_PROMOTION:
		rc = check_room(set, d, e);
		return rc ? rc : check_segments(set, &d->is->offer.segments, e);
	case CONTROL_SEGMENT:
		return check_room(set, d, e);
	default:
		return 0;
	}
}

int control__check(const struct control_set *set, const struct control_change *change, struct control_doc **ret,
		   struct error *e)
{
	struct control_doc *d;
	int rc;

	if (!control_id_valid(change->id))
		return error_set(e, ERR_BAD_CONFIG, "id", "an id is 1 to %d of a-z, 0-9 and -", CONTROL_ID_MAX);
	d = control_doc_make(change);
	rc = d->problem.code;
	if (rc)
		*e = d->problem;
	else
		rc = check_links(set, d, e);
	if (rc)
		control_doc_unref(d);
	else
		*ret = d;
	return rc;
}

int control_check(const struct control_set *set, const struct control_change *change, struct error *e)
{
	struct control_doc *d;
	int rc;

	if (!change->document.n)
		return 0;
	rc = control__check(set, change, &d, e);
	if (!rc)
		control_doc_unref(d);
	return rc;
}
