#include "cmd/demo_control.h"

#include "cmd/demo_files.h"
#include "schemas/decode.h"
#include "views/config.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	enum control_kind kind;
	const char *id;
	enum demo_file file;
} documents[DEMO_DOCUMENTS] = {
	{ CONTROL_EXPERIMENT, "similar-third", DEMO_SIMILAR_THIRD },
	{ CONTROL_RULE, "christmas-in-mails", DEMO_CHRISTMAS_IN_MAILS },
	{ CONTROL_RULE, "no-trifles-in-baskets", DEMO_NO_TRIFLES_IN_BASKETS },
	{ CONTROL_OFFER, "welcome", DEMO_WELCOME },
};

void demo_control_put(unsigned index, int64_t t_ms, char key[CONTROL_KEY_MAX], struct json_out *j)
{
	struct str file = demo_file(documents[index].file);
	char *text = xmalloc(file.n), time[32], *dated = NULL;
	struct config_row row = { .kind = documents[index].kind,
				  .id = str_of(documents[index].id),
				  .revision = 1,
				  .change_id = index + 1,
				  .changed_at_ms = t_ms,
				  .changed_by = STR("the demo"),
				  .document = { text, control_compact(file, text) } };

	format_rfc3339(t_ms, time);
	if (row.kind == CONTROL_EXPERIMENT) {
		size_t size = row.document.n + sizeof(time) + 32;
		int n;

		dated = xmalloc(size);
		n = snprintf(dated, size, "{\"startedAt\":\"%s\",%.*s", time, (int)row.document.n - 1, text + 1);
		row.document = (struct str){ dated, (uint32_t)n };
	}
	control_key_of(row.kind, row.id, key);
	config_write_record(j, &row);
	free(dated);
	free(text);
}
