#include "views/versions.h"

#include "views/fold.h"

#include <stdio.h>

static int take_version(void *arg, struct str key, struct str value)
{
	struct versions *v = arg;
	uint32_t version;

	if (value.n != sizeof(version))
		return ERR_STORE_CORRUPT;
	memcpy(&version, value.p, sizeof(version));
	v->known = true;
	for (size_t i = 0; view_registry[i]; i++)
		if (str_eq(key, str_of(view_registry[i]->name)))
			v->stored[i] = version;
	return 0;
}

static void compare(struct versions *v)
{
	for (size_t i = 0; v->known && view_registry[i]; i++)
		v->frozen[i] = v->stored[i] != view_registry[i]->version;
}

int versions_of_snap(struct snap *sn, struct versions *ret)
{
	int rc;

	*ret = (struct versions){ 0 };
	rc = snap_each(sn, TBL_VIEW_VERSIONS, (struct str){ NULL, 0 }, take_version, ret);
	compare(ret);
	return rc;
}

int versions_of_txn(struct store_txn *t, struct versions *ret)
{
	int rc;

	*ret = (struct versions){ 0 };
	rc = store_each(t, TBL_VIEW_VERSIONS, take_version, ret);
	compare(ret);
	return rc;
}

void versions_put(struct fold *f)
{
	for (size_t i = 0; view_registry[i]; i++) {
		uint32_t version = view_registry[i]->version;

		fold_put(f, TBL_VIEW_VERSIONS, str_of(view_registry[i]->name), &version, sizeof(version));
	}
}

bool versions_describe(const struct versions *v, char *ret, size_t size)
{
	for (size_t i = 0; view_registry[i]; i++) {
		if (!v->frozen[i])
			continue;
		snprintf(ret, size,
			 "view '%s' of the store is of version %u, this program makes version %u: `aisle replay %s%s` "
			 "brings it up to date",
			 view_registry[i]->name, v->stored[i], view_registry[i]->version,
			 view_registry[i]->tables ? "--view " : "--from earliest",
			 view_registry[i]->tables ? view_registry[i]->name : "");
		return true;
	}
	return false;
}

int versions_check(const struct versions *v, const char *store, struct error *e)
{
	for (size_t i = 0; view_registry[i]; i++)
		if (v->frozen[i] && !view_registry[i]->apply)
			return error_set(
				e, ERR_VIEW_CHANGED, "store.path",
				"view '%s' of store '%s' is of version %u, this program makes %u, and other views need "
				"it: run `aisle replay --from earliest`",
				view_registry[i]->name, store, v->stored[i], view_registry[i]->version);
	return 0;
}
