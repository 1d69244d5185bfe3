#include "views/sessions.h"

#include "schemas/error.h"

#include <stdlib.h>

struct session_index {
	struct snap *sn;
};

struct session_index *session_index_new(void)
{
	return xcalloc(1, sizeof(struct session_index));
}

void session_index_free(struct session_index *x)
{
	free(x);
}

int session_index_begin(struct session_index *x, struct snap *sn)
{
	x->sn = sn;
	return 0;
}

int session_get(struct session_index *x, uint32_t number, struct session *ret)
{
	(void)x;
	*ret = (struct session){ .number = number };
	return ERR_NOT_FOUND;
}

int session_newest(struct session_index *x, uint32_t item, uint32_t max, const uint32_t **ret, uint32_t *ret_n)
{
	(void)x;
	(void)item;
	(void)max;
	*ret = NULL;
	*ret_n = 0;
	return 0;
}

int session_running(struct session_index *x, uint32_t actor, struct str session_id, uint32_t *ret)
{
	(void)x;
	(void)actor;
	(void)session_id;
	*ret = SESSION_NONE;
	return 0;
}

int sessions_total(struct snap *sn, uint32_t *ret)
{
	(void)sn;
	*ret = 0;
	return 0;
}
