#include "query/person_facts.h"
#include "query/segments.h"
#include "views/catalog.h"
#include "views/countries.h"
#include "views/ids.h"
#include "views/profile.h"

#include <math.h>
#include <stdlib.h>

void person_facts_fini(struct person_facts *pf)
{
	arena_fini(&pf->arena);
	idmap_fini(&pf->seen);
	free(pf->rows);
	*pf = (struct person_facts){ 0 };
}

static void clear(struct person_facts *pf)
{
	arena_reset(&pf->arena);
	pf->is_known = false;
	pf->hash_n = 0;
	pf->is = (struct filter_person){ .orders = NAN,
					 .units = NAN,
					 .spend = NAN,
					 .average_order = NAN,
					 .days_since_first = NAN,
					 .days_since_last = NAN,
					 .first_ms = TIME_ABSENT,
					 .last_ms = TIME_ABSENT };
}

static void take_profile(struct person_facts *pf, const struct profile *p, int64_t now_ms, int64_t big_spend_micros)
{
	struct filter_person *is = &pf->is;

	pf->is_known = true;
	is->orders = (double)p->orders;
	is->units = (double)p->units;
	is->spend = (double)p->spend_micros / (double)MICROS;
	if (p->orders > 0)
		is->average_order = is->spend / is->orders;
	is->days_since_first = (double)(now_ms - p->first_ms) / (double)MS_PER_DAY;
	is->days_since_last = (double)(now_ms - p->last_ms) / (double)MS_PER_DAY;
	is->first_ms = p->first_ms;
	is->last_ms = p->last_ms;
	is->is_big_spender = p->spend_micros >= big_spend_micros;
}

static int read_country(struct person_facts *pf, struct snap *sn, const uint32_t *actors, unsigned n)
{
	int64_t newest_ms = INT64_MIN;

	for (unsigned i = 0; i < n; i++) {
		struct str country;
		struct profile p;
		int rc = profile_get(sn, actors[i], &p);

		if (!rc && p.last_ms > newest_ms) {
			rc = country_get(sn, actors[i], &country);
			if (!rc) {
				newest_ms = p.last_ms;
				pf->is.country = arena_str(&pf->arena, country);
			}
		}
		if (rc && rc != ERR_NOT_FOUND)
			return rc;
	}
	return 0;
}

static void add_category(struct person_facts *pf, struct str_list *list, struct str category)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], category))
			return;
	if (list->n < CATALOG_LIST_MAX)
		list->v[list->n++] = arena_str(&pf->arena, category);
}

static int add_categories(struct person_facts *pf, struct snap *sn, const struct history_row *row)
{
	bool is_buy = row->type == EVENT_PURCHASE;
	uint32_t *done, bit = is_buy ? 2 : 1;
	int rc;

	if (!is_buy && row->type != EVENT_VIEW)
		return 0;
	done = idmap_put(&pf->seen, row->item, 0);
	if (*done & bit)
		return 0;
	*done |= bit;
	rc = catalog_get(sn, row->item, &pf->record);
	for (uint32_t i = 0; rc == CATALOG_LIVE && i < pf->record.categories.n; i++)
		add_category(pf, is_buy ? &pf->is.bought : &pf->is.viewed, pf->record.categories.v[i]);
	return rc < 0 ? rc : 0;
}

static int read_categories(struct person_facts *pf, struct snap *sn, const uint32_t *actors, unsigned n, int64_t now_ms)
{
	int rows, rc = 0;

	if (!pf->rows)
		pf->rows = xcalloc(HISTORY_PERSON_ROOM(PERSON_ACTORS_MAX), sizeof(*pf->rows));
	rows = history_of_person(sn, actors, n, pf->rows);
	idmap_clear(&pf->seen);
	for (int i = 0; i < rows && !rc && now_ms - pf->rows[i].t_ms < PERSON_RECENT_DAYS * MS_PER_DAY; i++)
		rc = add_categories(pf, sn, &pf->rows[i]);
	return rows < 0 ? rows : rc;
}

static void add_hash(struct person_facts *pf, const void *hash)
{
	pf->hashes[pf->hash_n++] = member_hash(hash);
}

static int read_hashes(struct person_facts *pf, struct snap *sn, const uint32_t *actors, unsigned n, struct str user_id)
{
	unsigned char of_user[ACTOR_HASH_BYTES];

	for (unsigned i = 0; i < n && i < PERSON_ACTORS_MAX; i++) {
		struct str hash;
		int rc = snap_actor_hash(sn, actors[i], &hash);

		if (rc)
			return rc;
		add_hash(pf, hash.p);
	}
	if (user_id.n) {
		actor_hash(snap_person_key(sn), ACTOR_USER, user_id, of_user);
		add_hash(pf, of_user);
	}
	return 0;
}

int person_facts_read(struct person_facts *pf, struct snap *sn, const uint32_t *actors, unsigned n, struct str user_id,
		      unsigned reads, int64_t now_ms, int64_t big_spend_micros)
{
	struct profile profile;
	int rc;

	clear(pf);
	rc = reads & READS_MEMBERS ? read_hashes(pf, sn, actors, n, user_id) : 0;
	if (rc)
		return rc;
	rc = profile_of(sn, actors, n, &profile);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	take_profile(pf, &profile, now_ms, big_spend_micros);
	if (reads & FILTER_READS_COUNTRY)
		rc = read_country(pf, sn, actors, n);
	if (!rc && reads & FILTER_READS_CATEGORIES)
		rc = read_categories(pf, sn, actors, n, now_ms);
	return rc;
}
