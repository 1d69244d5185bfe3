#include "schemas/members.h"
#include "schemas/event.h"
#include "schemas/scan.h"

#include <stdio.h>
#include <stdlib.h>

static const struct str before = { "members/", 8 };

bool members_key(struct str key, struct str *ret_segment)
{
	if (key.n < before.n || memcmp(key.p, before.p, before.n) != 0)
		return false;
	*ret_segment = (struct str){ key.p + before.n, key.n - before.n };
	return control_id_valid(*ret_segment);
}

struct str members_key_of(struct str segment, char room[MEMBERS_KEY_MAX])
{
	int n = snprintf(room, MEMBERS_KEY_MAX, "%s%.*s", before.p, STR_FMT(segment));

	return (struct str){ room, (uint32_t)n };
}

static int read_ids(struct scan *scan, void (*each)(void *arg, struct str user_id), void *arg)
{
	int n = 0, rc, token = scan_value(scan);

	if (token >= 0 && (token != TOKEN_ARRAY || scan->is_msgpack))
		return error_set(scan->e, ERR_BAD_CONFIG, "", "the members are not a JSON array of userIds");
	if (token < 0)
		return token;
	while ((rc = scan_item(scan)) > 0) {
		char path[32];

		snprintf(path, sizeof(path), "[%d]", n);
		if (n == MEMBERS_MAX)
			return error_set(scan->e, ERR_BAD_CONFIG, path, "a list has at most %d members", MEMBERS_MAX);
		token = scan_value(scan);
		if (token < 0)
			return token;
		if (token != TOKEN_STRING || !scan->text.n || scan->text.n > EVENT_ID_MAX ||
		    memchr(scan->text.p, '\0', scan->text.n))
			return error_set(scan->e, ERR_BAD_CONFIG, path, "a userId is a text of 1 to %d bytes",
					 EVENT_ID_MAX);
		if (each)
			each(arg, scan->text);
		n++;
	}
	if (!rc)
		rc = scan_end(scan);
	return rc ? rc : n;
}

int members_decode(const void *value, size_t n, void (*each)(void *arg, struct str user_id), void *arg, struct error *e)
{
	struct error own = { 0 }, *to = e ? e : &own;
	struct scan *scan;
	int rc;

	if (!value || !n)
		return 0;
	if (n > MEMBERS_BYTES_MAX)
		return error_set(to, ERR_BAD_CONFIG, "", "the list has %zu bytes, the limit is %d", n,
				 MEMBERS_BYTES_MAX);
	scan = xmalloc(sizeof(*scan) + n + 16);
	scan_init(scan, value, n, (char *)(scan + 1), to);
	rc = read_ids(scan, each, arg);
	free(scan);
	if (rc < 0)
		to->code = ERR_BAD_CONFIG;
	return rc < 0 ? ERR_BAD_CONFIG : rc;
}
