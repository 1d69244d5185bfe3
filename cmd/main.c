#include "cmd/command.h"

#include <signal.h>
#include <unistd.h>

/* A page of the mapped store that is not in its file: the file was cut, or the disk fails. */
static void store_page_missing(int sig)
{
	static const char text[] = "aisle: the store is damaged: data.mdb is shorter than it was, or its disk fails; "
				   "rebuild it from the log with an empty store.path\n";

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct sigaction damaged = { .sa_handler = store_page_missing };

	sigaction(SIGBUS, &damaged, NULL);
	return command_main(argc, argv);
}
