/*
 * The page after a page. The link to it holds all that is needed: the request as a query string and what was shown, so
 * that any server can answer it; its recommendationId, which is signed, names the scenario.
 */
#include "query/route_input_internal.h"
#include "query/route_next.h"
#include "query/route_recommend.h"

#include <ctype.h>
#include <stdio.h>

struct link {
	char text[HTTP_URL_MAX];
	size_t n;
	bool is_full;
};

static void put(struct link *l, char c)
{
	if (l->n == sizeof(l->text))
		l->is_full = true;
	else
		l->text[l->n++] = c;
}

static void put_plain(struct link *l, const char *text)
{
	size_t n = strlen(text);

	if (n > sizeof(l->text) - l->n) {
		l->is_full = true;
		return;
	}
	memcpy(l->text + l->n, text, n);
	l->n += n;
}

static void put_encoded(struct link *l, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (uint32_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
			put(l, (char)c);
		} else {
			put(l, '%');
			put(l, digits[c >> 4]);
			put(l, digits[c & 15]);
		}
	}
}

static void put_list(struct link *l, const struct str *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i)
			put(l, ',');
		put_encoded(l, list[i]);
	}
}

static void put_real(struct link *l, double v)
{
	char text[40];

	snprintf(text, sizeof(text), "%.17g", v);
	put_encoded(l, str_of(text));
}

static void put_whole(struct link *l, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	put_plain(l, text);
}

static bool is_given(const struct input_field *f, struct recommend_request *ask)
{
	const void *at = input_place(ask, f->at);

	if (!(f->where & IN_QUERY) || f->at == offsetof(struct recommend_request, validate_only))
		return false;
	switch (f->kind) {
	case KIND_TEXT:
		return ((const struct str *)at)->n > 0;
	case KIND_LIST:
		return *(const unsigned *)input_place(ask, f->count_at) > 0;
	case KIND_CHOICE:
	case KIND_COUNT:
	case KIND_STRICT:
		return *(const unsigned *)at != 0;
	case KIND_STALENESS:
		return ask->max_staleness_ms >= 0;
	case KIND_FLAG:
		return *(const bool *)at;
	case KIND_SHARE:
	case KIND_SCORE:
		return *(const bool *)input_place(ask, f->count_at);
	default:
		return false;
	}
}

static void put_value(struct link *l, const struct input_field *f, struct recommend_request *ask)
{
	const void *at = input_place(ask, f->at);

	switch (f->kind) {
	case KIND_TEXT:
		put_encoded(l, *(const struct str *)at);
		break;
	case KIND_LIST:
		put_list(l, at, *(const unsigned *)input_place(ask, f->count_at));
		break;
	case KIND_CHOICE:
		put_plain(l, f->choices[*(const unsigned *)at]);
		break;
	case KIND_COUNT:
		put_whole(l, ask->count);
		break;
	case KIND_STALENESS:
		put_whole(l, ask->max_staleness_ms);
		break;
	case KIND_STRICT:
		put_plain(l, ask->strict == STRICT_TRUE ? "true" : "false");
		break;
	case KIND_SHARE:
	case KIND_SCORE:
		put_real(l, *(const double *)at);
		break;
	default:
		put_plain(l, "true");
	}
}

void next_link_write(struct json_out *j, struct recommend_request *ask, const struct answer *a,
		     const struct shown *before)
{
	unsigned wanted = a->count;
	char shown[SHOWN_TEXT_MAX];
	struct link l;

	l.n = 0;
	l.is_full = !a->recommendation_id[0] || a->item_count < wanted || !shown_write(before, a, shown);
	if (!l.is_full) {
		put_plain(&l, "/v1/recommendations/");
		put_plain(&l, a->recommendation_id);
		put_plain(&l, "/next?");
		for (size_t i = 0; i < input_field_count; i++) {
			const struct input_field *f = &input_fields[i];

			if (!is_given(f, ask))
				continue;
			put_plain(&l, f->name);
			put(&l, '=');
			put_value(&l, f, ask);
			put(&l, '&');
		}
		put_plain(&l, "shown=");
		put_plain(&l, shown);
	}
	json_out_key(j, "next");
	if (l.is_full)
		json_out_null(j);
	else
		json_out_str(j, (struct str){ l.text, (uint32_t)l.n });
}

static void refuse_unknown(struct http_req *rq)
{
	http_refuse(
		rq, PROBLEM_UNKNOWN_RECOMMENDATION, "recommendationId",
		"this server did not give that id to this person; servers with one person.key.file know each other's");
}

void route_recommend_next(struct http_req *rq)
{
	struct recommend_request *ask = &rq->w->ask;
	const struct answer_ops *answers = rq->w->shared->opt.answers;
	char *slug = http_alloc(rq, TOKEN_SCENARIO_MAX + 1);
	struct problem p;

	if (!answers->scenario_of(rq->params[0], slug)) {
		refuse_unknown(rq);
		return;
	}
	input_init(ask, str_of(slug));
	if (!input_from_query(rq, ~0u, ask, &p)) {
		http_problem(rq, &p);
		return;
	}
	if (!answers->given(rq->w->answerer, rq->params[0], ask))
		refuse_unknown(rq);
	else if (!ask->shown)
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "shown",
			    "the page before says where the next one is: follow its 'next'");
	else
		recommend_reply(rq);
}
