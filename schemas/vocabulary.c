#include "schemas/vocabulary.h"

#include <assert.h>

#include "schemas/scan.h"

struct word {
	const char *vocabulary;
	struct str name;
	enum event_type type;
};

static const struct word words[] = {
#define EVENT_TYPE(name, wire) { NULL, { wire, sizeof(wire) - 1 }, EVENT_##name },
#include "schemas/event_types.def"
#undef EVENT_TYPE
#define WORD(vocabulary, name, type) { vocabulary, { name, sizeof(name) - 1 }, EVENT_##type },
#include "schemas/vocabulary.def"
#undef WORD
};

_Static_assert(ARRAY_SIZE(words) * 2 <= VOCABULARY_SLOTS, "the table stays half empty");

static void add(struct vocabulary *v, const struct word *w)
{
	uint32_t i = key_hash(w->name) % VOCABULARY_SLOTS;

	while (v->slot[i].name.n && !str_eq(v->slot[i].name, w->name))
		i = (i + 1) % VOCABULARY_SLOTS;
	assert(!v->slot[i].name.n || v->slot[i].type == w->type);
	v->slot[i].name = w->name;
	v->slot[i].type = w->type;
}

/* Add all words of one vocabulary (none: ours); false when it has none. */
static bool add_all(struct vocabulary *v, struct str vocabulary)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!str_eq(str_of(words[i].vocabulary), vocabulary))
			continue;
		add(v, &words[i]);
		found = true;
	}
	return found;
}

int vocabulary_init(struct vocabulary *v, const char *names, struct error *e)
{
	const char *p = names ? names : "ga4,segment,google-retail";

	memset(v, 0, sizeof(*v));
	add_all(v, (struct str){ 0 });
	while (*p) {
		size_t n;

		p += strspn(p, ", ");
		n = strcspn(p, ", ");
		if (n && !add_all(v, (struct str){ p, (uint32_t)n }))
			return error_set(e, ERR_BAD_SETTING, "vocabularies",
					 "unknown vocabulary '%.*s': known are ga4, segment, google-retail", (int)n, p);
		p += n;
	}
	return 0;
}

bool vocabulary_find(const struct vocabulary *v, struct str name, enum event_type *ret)
{
	uint32_t i = key_hash(name) % VOCABULARY_SLOTS;

	for (; v->slot[i].name.n; i = (i + 1) % VOCABULARY_SLOTS) {
		if (str_eq(v->slot[i].name, name)) {
			*ret = v->slot[i].type;
			return true;
		}
	}
	return false;
}
