/* A query as it is counted. The same letters on every machine, whatever its locale. */
#include "schemas/scan.h"
#include "views/searches.h"

/* Upper-case letters and how far their lower-case ones lie; step 2: every other one is upper-case, its neighbour lower. */
static const struct letters {
	uint32_t first, last;
	int32_t step, lower;
} upper[] = {
	{ 'A', 'Z', 1, 32 },                                   /* Latin */
	{ 0x00c0, 0x00d6, 1, 32 },                             /* western Europe */
	{ 0x00d8, 0x00de, 1, 32 },   { 0x0100, 0x012e, 2, 1 }, /* central Europe, Turkish, Baltic */
	{ 0x0132, 0x0136, 2, 1 },    { 0x0139, 0x0147, 2, 1 },  { 0x014a, 0x0176, 2, 1 },
	{ 0x0178, 0x0178, 1, -121 }, { 0x0179, 0x017d, 2, 1 },  { 0x0386, 0x0386, 1, 38 }, /* Greek */
	{ 0x0388, 0x038a, 1, 37 },   { 0x038c, 0x038c, 1, 64 }, { 0x038e, 0x038f, 1, 63 },
	{ 0x0391, 0x03a1, 1, 32 },   { 0x03a3, 0x03ab, 1, 32 }, { 0x0400, 0x040f, 1, 80 }, /* Cyrillic */
	{ 0x0410, 0x042f, 1, 32 },   { 0x1ea0, 0x1efe, 2, 1 },                             /* Vietnamese */
};

static uint32_t lower_case(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_SIZE(upper) && c >= upper[i].first; i++)
		if (c <= upper[i].last && (c - upper[i].first) % (uint32_t)upper[i].step == 0)
			return c + (uint32_t)upper[i].lower;
	return c;
}

/* Unicode's White_Space. */
static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* The character of a sequence of n bytes; of one that makes no sense, its byte. */
static uint32_t decode(const unsigned char *p, unsigned n)
{
	static const unsigned char lead[] = { 0xff, 0xff, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & lead[n];

	for (unsigned i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Over a sequence of the same length: no letter above has a lower case of another. */
static void encode(uint32_t c, unsigned char *p, unsigned n)
{
	for (unsigned i = n - 1; i > 0; i--, c >>= 6)
		p[i] = (unsigned char)(0x80 | (c & 0x3f));
	p[0] = (unsigned char)(n == 1 ? c : (0xf0 << (4 - n) & 0xff) | c);
}

uint32_t search_normalise(struct str query, char ret[SEARCH_QUERY_MAX])
{
	const unsigned char *p = (const unsigned char *)query.p, *end = p + query.n;
	bool space = false;
	uint32_t n = 0;

	for (unsigned size; p < end; p += size) {
		unsigned valid = utf8_sequence(p, end);
		uint32_t c;

		size = valid ? valid : 1;
		c = decode(p, size);
		if (valid && is_space(c)) {
			space = n > 0;
			continue;
		}
		if (n + space + size > SEARCH_QUERY_MAX)
			break;
		if (space)
			ret[n++] = ' ';
		space = false;
		memcpy(ret + n, p, size);
		if (valid)
			encode(lower_case(c), (unsigned char *)ret + n, size);
		n += size;
	}
	return n;
}
