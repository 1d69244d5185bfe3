/* config_list.h - what the config_*.c files share about a list of documents. Thread: main. */
#ifndef AISLE_CMD_CONFIG_LIST_H
#define AISLE_CMD_CONFIG_LIST_H

#include "cmd/config_docs.h"

/* Found or made; valid until the next one is made. */
struct config_doc *config_docs__add(struct config_docs *docs, enum control_kind kind, struct str id);
/* A copy without white space. */
void config_doc__set(struct config_doc *doc, struct str json);

#endif
