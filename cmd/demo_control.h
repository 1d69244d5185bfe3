/*
 * demo_control.h - what is decided in the demo's shop: a few documents of config/demo/control, as records of the topic.
 * Thread: any.
 */
#ifndef AISLE_CMD_DEMO_CONTROL_H
#define AISLE_CMD_DEMO_CONTROL_H

#include "schemas/control.h"
#include "schemas/json_out.h"

#define DEMO_DOCUMENTS 4

/* One of DEMO_DOCUMENTS, decided and, if it is an experiment, started at t_ms; `key` is the record's, `j` gets its value. */
void demo_control_put(unsigned index, int64_t t_ms, char key[CONTROL_KEY_MAX], struct json_out *j);

#endif
