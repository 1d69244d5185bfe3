/* jansson beside schemas/json_out.h: three functions, unused here, have names that the writer has too. */
#ifndef AISLE_QUERY_HTTP_JANSSON_H
#define AISLE_QUERY_HTTP_JANSSON_H

#define json_object jansson_object
#define json_array jansson_array
#define json_null jansson_null
#include <jansson.h>
#undef json_object
#undef json_array
#undef json_null

#endif
