#include "views/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

int sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	int failed = errno;

	if (fd >= 0)
		close(fd);
	errno = failed;
	return rc;
}

int sync_parent(const char *path)
{
	char *copy = xstrndup(path, strlen(path)); /* dirname() writes into it */
	int rc = sync_directory(dirname(copy));
	int failed = errno;

	free(copy);
	errno = failed;
	return rc;
}
