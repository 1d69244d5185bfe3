#include "views/profile.h"

int profile_get(struct snap *sn, uint32_t actor, struct profile *ret)
{
	return profile_of(sn, &actor, 1, ret);
}

int profile_of(struct snap *sn, const uint32_t *actors, unsigned n, struct profile *ret)
{
	(void)sn;
	(void)actors;
	(void)n;
	*ret = (struct profile){ 0 };
	return ERR_NOT_FOUND;
}

int profile_each(struct snap *sn, profile_row each, void *arg)
{
	(void)sn;
	(void)each;
	(void)arg;
	return 0;
}
