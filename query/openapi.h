/*
 * openapi.h - schemas/openapi.yaml as JSON, put into the program when it is built (rules.mk). Thread: any.
 */
#ifndef AISLE_QUERY_OPENAPI_H
#define AISLE_QUERY_OPENAPI_H

#include "schemas/base.h"

struct str openapi_json(void);

#endif
