#include "views/reserve.h"

#include <errno.h>
#include <fcntl.h>

int reserve_bytes(int fd, uint64_t from, uint64_t end)
{
	int rc;

	do
		rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(end - from)) ? errno : 0;
	while (rc == EINTR);
	return rc == EOPNOTSUPP ? 0 : rc;
}
