/* The schemas against the decoders: the scripts with the decode_lines beside this program. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run(const char *script)
{
	char self[1024], command[2048];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	cr_assert_gt(n, 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(command, sizeof(command), "/usr/bin/python3 -B tests/schemas/%s '%s/decode_lines' >&2", script, self);
	cr_assert_eq(system(command), 0, "run from the top of the tree; it says what differs");
}

TestSuite(conformance, .timeout = 300);

Test(conformance, schemas_and_decoder_agree)
{
	run("conformance.py");
}

Test(conformance, schemas_and_documents_agree)
{
	run("control_conformance.py");
}
