/*
 * replay - the main of a fuzzer where there is no libFuzzer (gcc): runs what is kept, and some mutations of it.
 *
 *     fuzz_NAME                            the files in tests/fuzz/corpus/NAME
 *     fuzz_NAME [--random N] FILE|DIR...   each file, then N mutations of it (always the same ones)
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>

#define INPUT_MAX ((size_t)1 << 20)
#define ROUNDS 1 /* mutations a file when nothing is said */

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static uint64_t state = UINT64_C(88172645463325252);

static uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void mutate(uint8_t *bytes, size_t *n)
{
	static const uint8_t telling[] = { '"', '\\', '{', '}',  '[',  ']',  ',',  ':',
					   '0', '-',  'e', 0x00, 0x80, 0xc1, 0xdf, 0xff };

	for (uint64_t i = random_next() % 4 + 1; i && *n; i--) {
		size_t at = random_next() % *n;

		switch (random_next() % 4) {
		case 0:
			bytes[at] = (uint8_t)random_next();
			break;
		case 1:
			bytes[at] = telling[random_next() % sizeof(telling)];
			break;
		case 2:
			memmove(bytes + at, bytes + at + 1, *n - at - 1);
			--*n;
			break;
		default:
			*n = at + 1;
		}
	}
}

static int run_file(const char *path, long rounds)
{
	static uint8_t bytes[INPUT_MAX], mutant[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		fprintf(stderr, "replay: cannot open '%s'\n", path);
		return 1;
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	for (long i = 0; i < rounds; i++) {
		size_t m = n;

		memcpy(mutant, bytes, n);
		mutate(mutant, &m);
		LLVMFuzzerTestOneInput(mutant, m);
	}
	return 0;
}

static int is_file(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* A file, or those of a directory by name. */
static int run_path(const char *path, long rounds)
{
	struct dirent **names;
	int n = scandir(path, &names, is_file, alphasort), rc = 0;

	if (n < 0)
		return run_file(path, rounds);
	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (!rc)
			rc = run_file(file, rounds);
		free(names[i]);
	}
	free(names);
	return rc;
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz_");
	long rounds = ROUNDS;
	char kept[256];
	int at = 1, rc = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	if (argc > 2 && !strcmp(argv[1], "--random")) {
		rounds = strtol(argv[2], NULL, 10);
		at = 3;
	}
	if (at == argc) {
		snprintf(kept, sizeof(kept), "tests/fuzz/corpus/%s", name ? name + strlen("fuzz_") : "");
		rc = run_path(kept, rounds);
	}
	for (; at < argc && !rc; at++)
		rc = run_path(argv[at], rounds);
	return rc;
}
