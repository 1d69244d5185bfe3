/*
 * fault.h - places where a crash is tried: FAULT_POINT("commit:rows-written") between two effects.
 *
 * It compiles to nothing unless -DAISLE_FAULTS (BUILD=crash). With it the environment's FAULT_PLAN is a plan:
 *     12                 the process kills itself (SIGKILL) at the 12th point it meets
 *     commit:durable     at the first point of that name
 *     commit:durable:3   at the third
 *     list               each point met is a line on stderr
 * Names are "what:state", where the state is what has just been reached; each name stands in one place.
 * Thread: any; points are counted over all threads.
 */
#ifndef AISLE_SCHEMAS_FAULT_H
#define AISLE_SCHEMAS_FAULT_H

#ifdef AISLE_FAULTS
#define FAULT_POINT(name) fault_point(name)
#else
#define FAULT_POINT(name) ((void)0)
#endif

void fault_point(const char *name);

#endif
