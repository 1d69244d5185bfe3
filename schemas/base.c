#include "schemas/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *checked(void *p)
{
	if (!p) {
		fputs("aisle: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xmalloc(size_t n)
{
	return checked(malloc(n ? n : 1));
}

void *xpages(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return checked(p == MAP_FAILED ? NULL : p);
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return checked(realloc(p, n ? n : 1));
}

char *xstrndup(const char *p, size_t n)
{
	char *ret = xmalloc(n + 1);

	memcpy(ret, p, n);
	ret[n] = '\0';
	return ret;
}
