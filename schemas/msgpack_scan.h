/* msgpack_scan.h - the MessagePack half of scan.h, with the same meanings; called through scan.c. */
#ifndef AISLE_SCHEMAS_MSGPACK_SCAN_H
#define AISLE_SCHEMAS_MSGPACK_SCAN_H

#include "schemas/scan.h"

/* Does a record that begins with this byte hold a MessagePack map? */
static inline bool msgpack_starts_map(unsigned char c)
{
	return (c & 0xf0) == 0x80 || c == 0xde || c == 0xdf;
}

int msgpack_scan_value(struct scan *s) MUST_CHECK;
int msgpack_scan_key(struct scan *s) MUST_CHECK;
int msgpack_scan_item(struct scan *s) MUST_CHECK;
int msgpack_scan_end(struct scan *s) MUST_CHECK;

#endif
