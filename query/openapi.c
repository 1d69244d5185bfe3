#include "query/openapi.h"

/* made by the linker out of openapi.json (rules.mk) */
extern const char _binary_openapi_json_start[], _binary_openapi_json_end[];

struct str openapi_json(void)
{
	return (struct str){ _binary_openapi_json_start,
			     (uint32_t)(_binary_openapi_json_end - _binary_openapi_json_start) };
}
