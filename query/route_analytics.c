#include "query/figures_cache.h"
#include "query/figures_service.h"
#include "query/http_later.h"
#include "query/http_query.h"
#include "query/http_stream.h"
#include "query/route_document.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>

#define CSV "text/csv"

#define AT_ONCE_MAX (128 << 10)        /* bytes: to compress more would hold up the loop */
#define READING_MAX ((size_t)64 << 20) /* bytes that a loop keeps of longer ones; one is taken in any case */

struct figures_work {
	const struct http_shared *shared;
	struct figures_ask ask;
	struct json_out out;
	struct error e;
	int rc;
};

/* ---- what is asked ---- */

/* A time, or a date: its midnight, UTC. */
static bool parse_moment(struct str v, int64_t *ret)
{
	char text[32];
	int n = v.n == 10 ? snprintf(text, sizeof(text), "%.*sT00:00:00Z", STR_FMT(v)) : 0;

	return parse_rfc3339(n ? (struct str){ text, (uint32_t)n } : v, ret) && *ret >= 0;
}

/* Each false: not a value of it. */
static bool set_from(struct figures_ask *ask, struct str v)
{
	return parse_moment(v, &ask->from_ms);
}

static bool set_to(struct figures_ask *ask, struct str v)
{
	return parse_moment(v, &ask->to_ms);
}

/* Of `by`; none: it takes no such parameter. */
static const unsigned allowed[FIGURES_KINDS] = {
	[FIGURES_SALES] = BY_HOUR | BY_DAY,
	[FIGURES_ENGAGEMENT] = BY_HOUR | BY_DAY,
	[FIGURES_STRATEGIES] = BY_HOUR | BY_DAY | BY_SCENARIO | BY_STRATEGY | BY_VARIANT,
	[FIGURES_SERVICE] = BY_SCENARIO | BY_STRATEGY,
};

static bool set_by(struct figures_ask *ask, struct str v)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = { { "hour", BY_HOUR },
		      { "day", BY_DAY },
		      { "scenario", BY_SCENARIO },
		      { "strategy", BY_STRATEGY },
		      { "variant", BY_VARIANT } };
	struct str part;

	ask->by = 0;
	while (split_next(&v, ',', &part)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && !str_eq(part, str_of(known[i].name)))
			i++;
		if (i == ARRAY_SIZE(known) || (ask->by & known[i].bit))
			return false;
		ask->by |= known[i].bit;
	}
	if (ask->kind == FIGURES_SERVICE && ask->by == allowed[FIGURES_SERVICE])
		return false;
	return ask->by && !(ask->by & ~allowed[ask->kind]) && (ask->by & (BY_HOUR | BY_DAY)) != (BY_HOUR | BY_DAY);
}

static bool set_format(struct figures_ask *ask, struct str v)
{
	ask->csv = str_eq(v, STR("csv"));
	return ask->csv || str_eq(v, STR("json"));
}

static const struct parameter {
	const char *name, *values;
	bool (*set)(struct figures_ask *ask, struct str v);
} parameters[] = {
	{ "from", "a time such as 2026-11-26T00:00:00Z, or a date", set_from },
	{ "to", "a time such as 2026-11-26T00:00:00Z, or a date", set_to },
	{ "by",
	  "hour or day; of strategies also scenario, strategy, variant, with a comma between; of service scenario or strategy",
	  set_by },
	{ "format", "json or csv", set_format },
};

static bool takes(enum figures_kind kind, const struct parameter *p)
{
	if (p->set == set_by)
		return allowed[kind];
	return p->set == set_format || (kind != FIGURES_EXPERIMENT && kind != FIGURES_SERVICE);
}

static const char *taken(enum figures_kind kind)
{
	return kind == FIGURES_EXPERIMENT ? "a report takes format"
	       : kind == FIGURES_SERVICE  ? "figures of the process take by and format"
	       : allowed[kind]            ? "figures take from, to, by and format"
					  : "these figures take from, to and format";
}

/* false: it was refused. *given: bits of those that were there before. */
static bool take(struct http_req *rq, struct figures_ask *ask, struct str name, struct str value, unsigned *given)
{
	char *memory = http_alloc(rq, value.n);
	int n = percent_decode(value, true, memory);
	const struct parameter *p = parameters;

	while (p < parameters + ARRAY_SIZE(parameters) && !str_eq(name, str_of(p->name)))
		p++;
	if (p == parameters + ARRAY_SIZE(parameters) || !takes(ask->kind, p)) {
		http_refuse_parameter(rq, name, taken(ask->kind));
		return false;
	}
	if (*given & 1u << (p - parameters)) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, p->name, "'%s' is given twice", p->name);
		return false;
	}
	*given |= 1u << (p - parameters);
	if (n >= 0 && p->set(ask, (struct str){ memory, (uint32_t)n }))
		return true;
	http_refuse(rq, PROBLEM_BAD_PARAMETER, p->name, "'%s' must be %s", p->name, p->values);
	return false;
}

/* ---- the answer ---- */

/* What loops have counted is in no store, so no answer about it is kept. */
static int make_service(struct figures_work *w, struct snap *sn)
{
	const struct http_shared *shared = w->shared;
	struct service_source from = { .loops = xcalloc(shared->loop_count, sizeof(*from.loops)),
				       .loop_n = shared->loop_count,
				       .started_ms = shared->started_ms,
				       .page = status_page(shared->opt.status),
				       .clock = shared->clock };
	int rc;

	for (unsigned i = 0; i < from.loop_n; i++)
		from.loops[i] = shared->metrics[i]->answered;
	rc = figures_service(sn, &w->ask, &from, &w->out);
	free(from.loops);
	return rc;
}

static void work(void *arg, struct snap *sn)
{
	struct figures_work *w = arg;

	if (w->ask.kind == FIGURES_SERVICE) {
		w->rc = make_service(w, sn);
		return;
	}
	w->rc = figures_cache_make(w->shared->figures, sn, &w->ask, &w->out, &w->e);
}

/* A long answer, sent piece by piece. */
struct rest {
	struct http_worker *w;
	struct json_out text;
	size_t sent;
};

static bool send_more(struct http_req *rq, struct json_out *out, void *arg)
{
	struct rest *r = arg;
	size_t n = r->text.n - r->sent;

	(void)rq;
	n = n < STREAM_PIECE_BYTES ? n : STREAM_PIECE_BYTES;
	out->comma = false;
	json_out_raw(out, (struct str){ r->text.p + r->sent, (uint32_t)n });
	r->sent += n;
	return r->sent < r->text.n;
}

static void free_rest(void *arg)
{
	struct rest *r = arg;

	r->w->figures_bytes -= r->text.n;
	json_out_fini(&r->text);
}

/* Takes the text. */
static void answer_slowly(struct http_req *rq, const char *type, struct json_out *text)
{
	struct rest *r = http_alloc(rq, sizeof(*r));

	rq->w->figures_bytes += text->n;
	*r = (struct rest){ .w = rq->w, .text = *text };
	*text = (struct json_out){ 0 };
	http_stream(rq, type, send_more, free_rest, r);
}

static void answer(struct http_req *rq, void *arg)
{
	struct figures_work *w = arg;
	const char *type = w->ask.csv ? FIGURES_CSV_TYPE : "application/json";
	bool at_once = rq->head || w->out.n <= AT_ONCE_MAX;

	if (w->rc == ERR_NOT_FOUND) {
		http_refuse(rq, PROBLEM_UNKNOWN_DOCUMENT, "id", "there is no experiment '%s'", w->ask.id);
		return;
	}
	if (w->rc) {
		http_refuse_error(rq, w->rc, &w->e);
		return;
	}
	if (!at_once && rq->w->figures_bytes && rq->w->figures_bytes + w->out.n > READING_MAX) {
		http_refuse(rq, PROBLEM_OVERLOADED, NULL, "too many long answers are being read: ask for less");
		return;
	}
	if (at_once)
		http_reply(rq, 200, type, (struct str){ w->out.p, (uint32_t)w->out.n });
	else
		answer_slowly(rq, type, &w->out);
}

static void drop(void *arg)
{
	struct figures_work *w = arg;

	json_out_fini(&w->out);
	free(w);
}

/* `id`: of the experiment, n = 0 of all else. */
static void reply_figures(struct http_req *rq, enum figures_kind kind, struct str id)
{
	static const struct later_ops ops = { work, answer, drop };
	struct figures_work *w;
	struct figures_ask ask = {
		.kind = kind,
		.from_ms = TIME_NONE,
		.to_ms = TIME_NONE,
		.csv = http_accepts(rq, CSV) > http_accepts(rq, "application/json"),
	};
	struct str rest = rq->query, name, value;
	unsigned given = 0;

	while (query_next(&rest, &name, &value))
		if (!take(rq, &ask, name, value, &given))
			return;
	if (kind == FIGURES_STRATEGIES && !ask.by)
		ask.by = BY_SCENARIO | BY_STRATEGY | BY_VARIANT;
	if (kind == FIGURES_SERVICE && !ask.by)
		ask.by = BY_SCENARIO;
	w = xcalloc(1, sizeof(*w));
	w->shared = rq->w->shared;
	w->ask = ask;
	memcpy(w->ask.id, id.p, id.n);
	http_later(rq, &ops, w);
}

void route_figures(struct http_req *rq)
{
	static const enum figures_kind kinds[ROUTE_COUNT] = {
		[ROUTE_ANALYTICS_SALES] = FIGURES_SALES,           [ROUTE_ANALYTICS_ENGAGEMENT] = FIGURES_ENGAGEMENT,
		[ROUTE_ANALYTICS_STRATEGIES] = FIGURES_STRATEGIES, [ROUTE_ANALYTICS_CATEGORIES] = FIGURES_CATEGORIES,
		[ROUTE_ANALYTICS_SEGMENTS] = FIGURES_SEGMENTS,     [ROUTE_ANALYTICS_SERVICE] = FIGURES_SERVICE,
	};

	reply_figures(rq, kinds[rq->route->id], STR(""));
}

void route_experiment(struct http_req *rq)
{
	struct str id;

	if (document_id(rq, &id))
		reply_figures(rq, FIGURES_EXPERIMENT, id);
}
