/* What a document names must be there: placements, segments. */
#include "schemas/suggest.h"
#include "query/control_internal.h"
#include "query/offers.h"

#include <stdio.h>
#include <stdlib.h>

static bool has_place(const struct control_set *set, struct str placement)
{
	struct scenario sc;

	return scenario_find(set, placement, &sc);
}

/* A document takes the place of the segment of its id that is shipped. */
static bool has_segment(const struct control_set *set, struct str id)
{
	struct segment_shipped shipped;

	if (control_set__doc(set, CONTROL_SEGMENT, id))
		return control_set__find(set, CONTROL_SEGMENT, id) != NULL;
	for (unsigned i = 0; segment_shipped(i, &shipped); i++)
		if (str_eq(id, str_of(shipped.id)))
			return true;
	return false;
}

/* Of a document that is put all names must be there; later it has an effect as long as one of them is. */
enum links { LINKS_ALL, LINKS_ANY };

static int check_names(const struct control_set *set, enum links which, const char *field, enum control_kind kind,
		       const char *what, const struct control_texts *names,
		       bool (*is_there)(const struct control_set *set, struct str name), struct error *e)
{
	const struct control_doc *d;
	char path[sizeof(e->field)];
	uint32_t first = names->n, there = 0;

	for (uint32_t i = 0; i < names->n; i++) {
		if (is_there(set, names->v[i]))
			there++;
		else if (first == names->n)
			first = i;
	}
	if (first == names->n || (which == LINKS_ANY && there))
		return 0;
	snprintf(path, sizeof(path), "%s[%u]", field, first);
	d = control_set__doc(set, kind, names->v[first]);
	if (d)
		return error_set(e, ERR_BAD_CONFIG, path, "%s '%s' %s", control_kind_name(kind), d->id,
				 d->problem.code ? "has a problem of its own" : "is switched off");
	return error_set(e, ERR_BAD_CONFIG, path, "there is no %s '%.*s'", what, STR_FMT(names->v[first]));
}

static int check_places(const struct control_set *set, enum links which, const struct control_texts *names,
			struct error *e)
{
	return check_names(set, which, "placements", CONTROL_SCENARIO, "scenario or strategy", names, has_place, e);
}

static int check_segments(const struct control_set *set, enum links which, const struct control_texts *names,
			  struct error *e)
{
	return check_names(set, which, "segments", CONTROL_SEGMENT, "segment", names, has_segment, e);
}

static int check_links(const struct control_set *set, enum links which, const struct control_doc *d, struct error *e)
{
	int rc;

	switch (d->kind) {
	case CONTROL_RULE:
		rc = check_places(set, which, &d->is->rule.placements, e);
		return rc ? rc : check_segments(set, which, &d->is->rule.segments, e);
	case CONTROL_EXPERIMENT:
		return check_places(set, which, &d->is->experiment.placements, e);
	case CONTROL_OFFER:
	case CONTROL_PROMOTION:
		return check_segments(set, which, &d->is->offer.segments, e);
	default:
		return 0;
	}
}

/* Is there room for one more that counts? */
static int check_room(const struct control_set *set, const struct control_doc *d, struct error *e)
{
	if (control_set__find(set, d->kind, str_of(d->id)))
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

/* An order names an offer or promotion by its id or its code: one that two understand would draw on both budgets. */
static int check_code(const struct control_set *set, const struct control_doc *d, struct error *e)
{
	struct str id = str_of(d->id), code = d->is->offer.code;

	for (unsigned i = 0; i < set->offers->n; i++) {
		const struct offer *o = &set->offers->v[i];
		struct str other = o->is->offer.code;

		if (str_eq(id, str_of(o->id))) {
			if (d->kind == o->doc->kind)
				continue;
			return error_set(e, ERR_BAD_CONFIG, "id", "it is the id of a%s that is switched on",
					 o->doc->kind == CONTROL_OFFER ? "n offer" : " promotion");
		}
		if (code.n && (str_eq(code, other) || str_eq(code, str_of(o->id))))
			return error_set(e, ERR_BAD_CONFIG, "code", "orders that name '%.*s' are those of %s '%s'",
					 STR_FMT(code), control_kind_name(o->doc->kind), o->id);
		if (str_eq(id, other))
			return error_set(e, ERR_BAD_CONFIG, "id", "it is the code of %s '%s'",
					 control_kind_name(o->doc->kind), o->id);
	}
	return 0;
}

static int check_beside(const struct control_set *set, const struct control_doc *d, struct error *e)
{
	bool is_offer = d->kind == CONTROL_OFFER || d->kind == CONTROL_PROMOTION;
	int rc = 0;

	if (!set || !d->is->enabled)
		return 0;
	if (is_offer || d->kind == CONTROL_SEGMENT)
		rc = check_room(set, d, e);
	return rc || !is_offer ? rc : check_code(set, d, e);
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
	else if ((rc = check_links(set, LINKS_ALL, d, e)) == 0)
		rc = check_beside(set, d, e);
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

bool control_set_problem(const struct control_set *set, enum control_kind kind, struct str id, struct error *ret)
{
	const struct control_doc *d = control_set__doc(set, kind, id);

	*ret = (struct error){ 0 };
	if (!d)
		return false;
	if (d->problem.code)
		*ret = d->problem;
	return d->problem.code || check_links(set, LINKS_ANY, d, ret) != 0;
}

bool control_set_has_segment(const struct control_set *set, struct str id, const char **ret_near)
{
	const struct control_docs *docs = set ? &set->docs[CONTROL_SEGMENT] : &(struct control_docs){ 0 };
	char word[CONTROL_ID_MAX + 1];
	const char **names;

	*ret_near = NULL;
	if (has_segment(set, id) || control_set__doc(set, CONTROL_SEGMENT, id))
		return true;
	names = xcalloc(docs->n + 1, sizeof(*names));
	for (unsigned i = 0; i < docs->n; i++)
		names[i] = docs->v[i]->id;
	snprintf(word, sizeof(word), "%.*s", STR_FMT(id));
	*ret_near = suggest_nearest(word, names, docs->n);
	free(names);
	return false;
}
