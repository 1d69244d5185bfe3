/* Linked only into builds with fault points: nothing else calls it. */
#include "schemas/fault.h"
#include "schemas/base.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
	bool armed, list;
	struct str name;     /* n = 0: any point counts */
	atomic_ullong to_go; /* points until the end */
} plan;

static void read_plan(void)
{
	const char *text = getenv("FAULT_PLAN");
	size_t name_len, n = text ? strlen(text) : 0;

	if (!n)
		return;
	plan.list = strcmp(text, "list") == 0;
	plan.armed = !plan.list;
	for (name_len = n; name_len && strchr("0123456789", text[name_len - 1]); name_len--)
		;
	atomic_store(&plan.to_go, name_len < n ? strtoull(text + name_len, NULL, 10) : 1);
	if (name_len && name_len < n && text[name_len - 1] == ':')
		name_len--;
	plan.name = (struct str){ text, (uint32_t)name_len };
}

void fault_point(const char *name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_plan);
	if (plan.list)
		fprintf(stderr, "%s\n", name);
	if (plan.armed && (!plan.name.n || str_eq(plan.name, str_of(name))) && atomic_fetch_sub(&plan.to_go, 1) == 1)
		kill(getpid(), SIGKILL);
}
