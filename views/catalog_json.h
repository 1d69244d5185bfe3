/*
 * catalog_json.h - a catalogue record as JSON, field names as on the wire; absent fields are left out.
 */
#ifndef AISLE_VIEWS_CATALOG_JSON_H
#define AISLE_VIEWS_CATALOG_JSON_H

#include "schemas/catalog_item.h"
#include "schemas/json_out.h"

/* One object with itemId first. */
void catalog_item_json(struct json_out *j, const struct catalog_item *item);

/* One field, key and value, by its wire name; false when there is no such field. An absent one writes nothing. */
bool catalog_field_json(struct json_out *j, const struct catalog_item *item, struct str field);

#endif
