#include "schemas/base64url.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_write(const unsigned char *p, size_t n, char *ret)
{
	char *to = ret;

	for (; n >= 3; p += 3, n -= 3) {
		unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

		*to++ = letters[v >> 18];
		*to++ = letters[v >> 12 & 63];
		*to++ = letters[v >> 6 & 63];
		*to++ = letters[v & 63];
	}
	if (n) {
		unsigned v = (unsigned)p[0] << 8 | (n == 2 ? p[1] : 0);

		*to++ = letters[v >> 10];
		*to++ = letters[v >> 4 & 63];
		if (n == 2)
			*to++ = letters[v << 2 & 63];
	}
	*to = '\0';
	return (size_t)(to - ret);
}
