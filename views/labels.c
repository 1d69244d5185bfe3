#include "views/labels.h"
#include "views/ids.h"
#include "views/keys.h"

#include <stdio.h>
#include <xxhash.h>

/* text: ANSWER, u8 strategy, scenario, 0, variant; or VARIANT, "EXPERIMENT/VARIANT" */
enum { ANSWER = 'a', VARIANT = 'x' };

#define TEXT_MAX (2 + TOKEN_SCENARIO_MAX + 1 + TOKEN_VARIANT_MAX)

static uint32_t intern(struct fold *f, struct str text)
{
	uint32_t label = (uint32_t)XXH3_64bits(text.p, text.n);
	unsigned char be[4];

	for (;; label++) {
		struct str key = id_key(label, be), row = fold_peek(f, TBL_LABELS, key);

		if (str_eq(row, text))
			return label;
		if (!row.n && label != ID_NONE) {
			fold_put(f, TBL_LABELS, key, text.p, text.n);
			return label;
		}
	}
}

uint32_t fold_label_of_answer(struct fold *f, const struct answer_token *t, uint8_t strategy)
{
	char text[TEXT_MAX + 1];
	int n;

	text[0] = ANSWER;
	text[1] = (char)strategy;
	n = snprintf(text + 2, sizeof(text) - 2, "%s%c%s", t->scenario, 0, t->variant);
	return intern(f, (struct str){ text, 2 + (uint32_t)n });
}

uint32_t fold_label_of_variant(struct fold *f, struct str variant)
{
	char text[1 + TOKEN_VARIANT_MAX];

	text[0] = VARIANT;
	memcpy(text + 1, variant.p, variant.n);
	return intern(f, (struct str){ text, 1 + variant.n });
}

static int get(struct snap *sn, uint32_t label, char kind, struct str *ret)
{
	unsigned char be[4];
	int rc = snap_get(sn, TBL_LABELS, id_key(label, be), ret);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	return rc || ret->n < 2 || ret->p[0] != kind ? ERR_STORE_CORRUPT : 0;
}

int snap_label_of_answer(struct snap *sn, uint32_t label, struct engagement_label *ret)
{
	struct str text;
	const char *end;
	int rc = get(sn, label, ANSWER, &text);

	if (rc)
		return rc;
	end = memchr(text.p + 2, 0, text.n - 2);
	if (!end)
		return ERR_STORE_CORRUPT;
	ret->scenario = (struct str){ text.p + 2, (uint32_t)(end - text.p - 2) };
	ret->variant = (struct str){ end + 1, text.n - 3 - ret->scenario.n };
	if (!strategy_slug((unsigned char)text.p[1], ret->strategy))
		snprintf(ret->strategy, sizeof(ret->strategy), "strategy-%u", (unsigned char)text.p[1]);
	return 0;
}

static bool split(struct str text, struct str *ret_experiment, struct str *ret_variant)
{
	const char *slash = memchr(text.p + 1, '/', text.n - 1);

	if (!slash)
		return false;
	*ret_experiment = (struct str){ text.p + 1, (uint32_t)(slash - text.p - 1) };
	*ret_variant = (struct str){ slash + 1, text.n - 2 - ret_experiment->n };
	return true;
}

int snap_label_of_variant(struct snap *sn, uint32_t label, struct str *ret_experiment, struct str *ret_variant)
{
	struct str text;
	int rc = get(sn, label, VARIANT, &text);

	if (rc)
		return rc;
	return split(text, ret_experiment, ret_variant) ? 0 : ERR_STORE_CORRUPT;
}

struct search {
	struct str experiment;
	struct labels *out;
};

static int collect(void *arg, struct str key, struct str value)
{
	const struct search *s = arg;
	struct labels *out = s->out;
	struct str experiment, variant;

	if (key.n != 4 || value.n < 2)
		return ERR_STORE_CORRUPT;
	if (value.p[0] != VARIANT || !split(value, &experiment, &variant) || !str_eq(experiment, s->experiment))
		return 0;
	ARRAY_GROW(out->v, out->n, out->room, 8);
	out->v[out->n++] = get_be32(key.p);
	return 0;
}

int snap_labels_of(struct snap *sn, struct str experiment, struct labels *ret)
{
	struct search s = { experiment, ret };

	ret->n = 0;
	return snap_each(sn, TBL_LABELS, (struct str){ NULL, 0 }, collect, &s);
}
