/*
 * served.h - a log of what was answered, for audits: a record of topics.served for every answer, or a sample of them
 * (served.sample). Nobody waits for it: a record that the broker does not take is counted, not sent again. It names no
 * person, but its recommendationId is one person's (token.h).
 *
 * Which answers are in the sample is decided by their recommendationIds, so it is the same on every node.
 * Thread: any; new and close main.
 */
#ifndef AISLE_QUERY_SERVED_H
#define AISLE_QUERY_SERVED_H

#include "config/settings.h"
#include "query/recommend.h"
#include "schemas/record.h"

struct served;

/* NULL when nothing is sampled, or there is nobody to publish (NULL): then all else does nothing. */
struct served *served_new(const struct settings *set, struct publisher *publisher);
/* Acknowledgements that are still to come find no log and only free. */
void served_close(struct served *s);
void served_tell(struct served *s, const struct answer *a, int64_t now_ms);
void served_counts(const struct served *s, uint64_t *ret_told, uint64_t *ret_lost);

#endif
