#include "schemas/fault.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How many of these points a process with this plan comes past; -1: all, and it lives. */
static int dies_after(const char *plan)
{
	static const char *const met[] = { "a:begun", "b:begun", "a:begun", "b:begun" };
	int status, past[2], n = 0;
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(past), 0);
	pid = fork();
	if (pid == 0) {
		setenv("FAULT_PLAN", plan, 1);
		for (size_t i = 0; i < 4; i++) {
			fault_point(met[i]);
			if (write(past[1], "x", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(past[1]);
	while (read(past[0], &byte, 1) == 1)
		n++;
	close(past[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return -1;
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return n;
}

Test(fault, a_plan_names_the_moment)
{
	cr_expect_eq(dies_after("1"), 0);
	cr_expect_eq(dies_after("3"), 2);
	cr_expect_eq(dies_after("b:begun"), 1);
	cr_expect_eq(dies_after("a:begun:2"), 2);
}

Test(fault, without_a_plan_or_beyond_it_nothing_happens)
{
	cr_expect_eq(dies_after(""), -1);
	cr_expect_eq(dies_after("5"), -1);
	cr_expect_eq(dies_after("a:begun:3"), -1);
	cr_expect_eq(dies_after("c:begun"), -1);
}
