#include "views/session_rows.h"

_Static_assert(SESSION_ROW_MAX < 2000, "the store does not cut it");

bool session_row_read(struct str row, struct session_head *ret, const unsigned char **ret_items, int64_t *times)
{
	const unsigned char *p = (const unsigned char *)row.p, *end = p + row.n;
	uint64_t step;
	int64_t t;

	if (row.n < sizeof(*ret))
		return false;
	memcpy(ret, p, sizeof(*ret));
	p += sizeof(*ret);
	if (!mark_is_good(&ret->mark) || ret->mark.items_n == 0 || ret->mark.items_n > SESSION_VIEWS_MAX ||
	    ret->views < ret->mark.items_n || (size_t)(end - p) < ret->mark.items_n * sizeof(uint32_t))
		return false;
	if (ret_items)
		*ret_items = p;
	if (!times)
		return true;
	p += ret->mark.items_n * sizeof(uint32_t);
	t = ret->mark.last_ms;
	for (uint32_t i = ret->mark.items_n; i-- > 0;) {
		times[i] = t;
		if (i > 0 && !(p = get_varint(p, end, &step)))
			return false;
		t = i > 0 ? (int64_t)((uint64_t)t - (uint64_t)unzigzag(step)) : t;
		if (t < 0 || t >= TIME_END_MS)
			return false;
	}
	return p == end;
}

struct str session_changes_key(uint64_t commit, enum session_changed what, uint32_t part,
			       unsigned char buf[SESSION_CHANGES_KEY_BYTES])
{
	put_be64(buf, commit);
	buf[8] = (unsigned char)what;
	put_be32(buf + 9, part);
	return (struct str){ (char *)buf, SESSION_CHANGES_KEY_BYTES };
}
