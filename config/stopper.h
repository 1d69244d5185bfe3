/*
 * stopper.h - how a thread that looks at something now and then rests in between, and is told to end. Thread: any.
 */
#ifndef AISLE_CONFIG_STOPPER_H
#define AISLE_CONFIG_STOPPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct stopper {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool is_pulled;
};

void stopper_init(struct stopper *s);
/* Nobody may be resting. */
void stopper_fini(struct stopper *s);
/* True, at once, when it is time to stop. */
bool stopper_rest(struct stopper *s, uint64_t ns);
void stopper_pull(struct stopper *s);

#endif
