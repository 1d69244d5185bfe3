#include "config/stopper.h"

#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

void stopper_init(struct stopper *s)
{
	pthread_condattr_t attr;

	*s = (struct stopper){ .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->cond, &attr);
	pthread_condattr_destroy(&attr);
}

void stopper_fini(struct stopper *s)
{
	pthread_cond_destroy(&s->cond);
	pthread_mutex_destroy(&s->lock);
}

bool stopper_rest(struct stopper *s, uint64_t ns)
{
	struct timespec until;
	bool ret;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ns += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(ns / NS_PER_S);
	until.tv_nsec = (long)(ns % NS_PER_S);
	pthread_mutex_lock(&s->lock);
	while (!s->is_pulled && pthread_cond_timedwait(&s->cond, &s->lock, &until) == 0)
		;
	ret = s->is_pulled;
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void stopper_pull(struct stopper *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_pulled = true;
	pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->lock);
}
