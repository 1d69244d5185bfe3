/* fuzz_point - a replay's --from and --to: what is taken is of one kind with its value, all else is refused with a sentence. */
#include "processor/replay_plan.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = xstrndup((const char *)bytes, n);
	struct replay_point point = { 0 };
	struct error e = { 0 };
	int rc = replay_point_parse(text, &point, &e);

	if (rc) {
		expect_error(rc, &e);
		assert(rc == ERR_BAD_REQUEST);
	} else {
		assert(point.kind >= POINT_EARLIEST && point.kind <= POINT_OFFSETS && point.text == text);
		assert(point.kind != POINT_OFFSET || point.value >= 0);
		assert(point.kind != POINT_OFFSETS || strchr(text, ':'));
	}
	free(text);
	return 0;
}
