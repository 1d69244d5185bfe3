#include "views/page_file.h"

#include "views/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct error *e, const char *what, const char *path)
{
	return error_set(e, ERR_STORE_OPEN, "store.path", "cannot %s '%s': %s", what, path, strerror(errno));
}

/* A page of zeros, so that a reader need not care whether a processor ever ran. */
static void *zeros(void)
{
	return mmap(NULL, PAGE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A hole would be filled through memory. */
static bool make_room(int fd, const struct stat *st)
{
	if (st->st_blocks && st->st_size >= PAGE_FILE_BYTES)
		return true;
	errno = reserve_bytes(fd, 0, PAGE_FILE_BYTES);
	return !errno && ftruncate(fd, PAGE_FILE_BYTES) == 0;
}

int page_file_map(const char *path, bool writer, void **ret, struct error *e)
{
	int fd = open(path, writer ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0644);
	struct stat st;
	int rc = 0;
	void *p;

	if (fd < 0 && errno == ENOENT && !writer) {
		p = zeros();
	} else if (fd < 0) {
		return failed(e, "open", path);
	} else if (fstat(fd, &st) || (writer && !make_room(fd, &st))) {
		rc = failed(e, "make room for", path);
		goto out;
	} else if (!writer && st.st_size < PAGE_FILE_BYTES) {
		p = zeros();
	} else {
		p = mmap(NULL, PAGE_FILE_BYTES, writer ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	}
	if (p == MAP_FAILED)
		rc = failed(e, "map", path);
	else
		*ret = p;
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

bool page_file_look(const char *path, void *page)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool whole;

	if (fd < 0)
		return false;
	whole = fstat(fd, &st) == 0 && st.st_size >= PAGE_FILE_BYTES;
	if (whole && mmap(page, PAGE_FILE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		abort(); /* no memory for it */
	close(fd);
	return whole;
}

void page_file_unmap(void *page)
{
	if (page)
		munmap(page, PAGE_FILE_BYTES);
}
