#include "schemas/event.h"

#include <assert.h>

const char *event_type_name(enum event_type type)
{
	static const char *const names[] = {
#define EVENT_TYPE(name, wire) wire,
#include "schemas/event_types.def"
#undef EVENT_TYPE
	};

	assert((unsigned)type < EVENT_TYPE_COUNT);
	return names[type];
}
