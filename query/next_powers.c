/* Powers that an answer needs by the thousand; between the steps of an age the error is below 1e-6. */
#include "query/next_internal.h"

#include <math.h>
#include <pthread.h>

#define AGE_STEP 64
#define AGES 4096 /* 262,144 sessions; older ones are raised as they come */
#define DFS 4096

static struct {
	double ages[AGES + 1], dfs[2][DFS];
	struct next_powers shared;
} powers;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static double age_power(double age)
{
	return pow(1 + age / 20000, -0.4);
}

static double df_power(enum next_damping which, uint32_t df)
{
	return pow(df + 1.0, which == NEXT_DF_NEIGHBOURS ? -0.2 : -0.15);
}

static void make(void)
{
	struct next_powers *p = &powers.shared;

	for (int i = 0; i <= AGES; i++)
		powers.ages[i] = age_power(i * AGE_STEP);
	for (uint32_t df = 0; df < DFS; df++)
		for (int which = NEXT_DF_NEIGHBOURS; which <= NEXT_DF_STEP; which++)
			powers.dfs[which][df] = df_power((enum next_damping)which, df);
	for (int i = 0; i < NEXT_ITEMS_MAX; i++) {
		p->place[i] = pow(i + 1, -0.5);
		p->anchor[i] = exp(-i / 4.0);
	}
	for (int i = 1; i <= SESSION_VIEWS_MAX; i++) {
		p->length[i] = pow(i, -0.2);
		p->distance[i] = pow(i, -0.8);
	}
}

const struct next_powers *next__powers(void)
{
	pthread_once(&once, make);
	return &powers.shared;
}

double next__age(double age)
{
	double step = age / AGE_STEP;
	uint32_t i = step < AGES ? (uint32_t)step : AGES;

	if (i >= AGES)
		return age_power(age);
	return powers.ages[i] + (powers.ages[i + 1] - powers.ages[i]) * (step - i);
}

double next__damping(enum next_damping which, uint32_t df)
{
	return df < DFS ? powers.dfs[which][df] : df_power(which, df);
}
