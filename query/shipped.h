/*
 * shipped.h - documents that are there before anybody put one: what GET shows of an id, and what a deletion goes back to.
 * Thread: any.
 */
#ifndef AISLE_QUERY_SHIPPED_H
#define AISLE_QUERY_SHIPPED_H

#include "query/server.h"
#include "schemas/control.h"
#include "schemas/json_out.h"

/* Index 0.. of a kind; false: there are no more. `doc` is emptied first. */
bool shipped_at(const struct answer_ops *answers, enum control_kind kind, size_t index, struct str *ret_id,
		struct json_out *doc);
/* False: nothing of that id is shipped. */
bool shipped_find(const struct answer_ops *answers, enum control_kind kind, struct str id, struct json_out *doc);

#endif
