#include "query/shipped.h"

#include "query/json_keys.h"
#include "query/route_answer.h"
#include "query/segments.h"

static void write_scenario(struct json_out *j, const struct scenario_info *info)
{
	json_out_reset(j);
	json_out_object(j);
	if (info->meaning)
		key_text(j, "description", info->meaning);
	json_out_key(j, "chain");
	json_out_array(j);
	for (size_t i = 0; info->chain[i]; i++) {
		json_out_object(j);
		key_text(j, "strategy", info->chain[i]);
		if (info->shares[i])
			key_int(j, "share", info->shares[i]);
		json_out_end_object(j);
	}
	json_out_end_array(j);
	if (info->required)
		key_inputs(j, "requires", info->required);
	if (info->filter)
		key_text(j, "filter", info->filter);
	json_out_end_object(j);
}

static bool scenario_at(const struct answer_ops *answers, size_t index, struct str *ret_id, struct json_out *doc)
{
	struct scenario_info info;

	for (size_t i = 0; answers->info(i, &info); i++)
		if (!info.is_strategy && index-- == 0) {
			*ret_id = str_of(info.slug);
			write_scenario(doc, &info);
			return true;
		}
	return false;
}

static bool segment_shipped_at(size_t index, struct str *ret_id, struct json_out *doc)
{
	struct segment_shipped segment;

	if (!segment_shipped(index, &segment))
		return false;
	*ret_id = str_of(segment.id);
	json_out_reset(doc);
	json_out_object(doc);
	key_text(doc, "description", segment.meaning);
	key_text(doc, "filter", segment.filter);
	json_out_end_object(doc);
	return true;
}

bool shipped_at(const struct answer_ops *answers, enum control_kind kind, size_t index, struct str *ret_id,
		struct json_out *doc)
{
	if (kind == CONTROL_SEGMENT)
		return segment_shipped_at(index, ret_id, doc);
	return kind == CONTROL_SCENARIO && scenario_at(answers, index, ret_id, doc);
}

bool shipped_find(const struct answer_ops *answers, enum control_kind kind, struct str id, struct json_out *doc)
{
	struct str found;

	for (size_t i = 0; shipped_at(answers, kind, i, &found, doc); i++)
		if (str_eq(found, id))
			return true;
	return false;
}
