#include "processor/replay_plan.h"

#include "processor/kafka_ask.h"
#include "processor/kafka_conf.h"
#include "schemas/decode.h"

#include <errno.h>
#include <stdlib.h>

#define ANSWER_MS 15000
#define TIMES_FROM_S INT64_C(946684800) /* 2000 to 2099: what is probably a time and no offset */
#define TIMES_TO_S INT64_C(4102444800)

/* ---- points ---- */

static bool take_offset(const char **p, int64_t *ret)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	*ret = strtoll(*p, &end, 10);
	*p = end;
	return !errno;
}

/* The next "PARTITION:OFFSET" of a list. */
static bool take_pair(const char **p, int64_t *partition, int64_t *offset)
{
	if (!take_offset(p, partition) || *partition > INT32_MAX || *(*p)++ != ':' || !take_offset(p, offset))
		return false;
	if (**p == ',' && (*p)[1])
		++*p;
	else if (**p)
		return false;
	return true;
}

/* The offset that an OFFSETS point gives a partition. */
static bool offset_of(const struct replay_point *point, int32_t id, int64_t *ret)
{
	const char *p = point->text;
	int64_t partition, offset;

	while (*p && take_pair(&p, &partition, &offset)) {
		if (partition == id) {
			*ret = offset;
			return true;
		}
	}
	return false;
}

int replay_point_parse(const char *text, struct replay_point *ret, struct error *e)
{
	int64_t value = 0, partition, first;
	const char *p = text;
	int pairs = 1; /* 0: one that is none */

	*ret = (struct replay_point){ .text = text };
	if (!strcmp(text, "earliest")) {
		ret->kind = POINT_EARLIEST;
		return 0;
	}
	if (parse_rfc3339(str_of(text), &ret->value)) {
		ret->kind = POINT_TIME;
		return 0;
	}
	if (take_offset(&p, &value) && !*p) {
		ret->kind = POINT_OFFSET;
		ret->value = value;
		return 0;
	}
	for (p = text; pairs && *p; pairs++) {
		if (!take_pair(&p, &partition, &value))
			pairs = -1;
		else if (offset_of(ret, (int32_t)partition, &first) && first != value)
			return error_set(e, ERR_BAD_REQUEST, "from", "'%s' gives partition %lld two offsets", text,
					 (long long)partition);
	}
	if (pairs > 1) {
		ret->kind = POINT_OFFSETS;
		return 0;
	}
	return error_set(e, ERR_BAD_REQUEST, "from",
			 "'%s' is no place in the log: earliest, a time as 2026-11-01T00:00:00Z, an offset, or "
			 "PARTITION:OFFSET,...",
			 text);
}

/* ---- the plan ---- */

struct making {
	const struct settings *set;
	rd_kafka_t *rk;
	struct replay_plan *plan;
	struct error *e;
};

static int no_answer(struct making *m, const char *what, const char *topic, rd_kafka_resp_err_t err)
{
	char why[KAFKA_WORDS_BYTES];

	return error_set(m->e, ERR_SOURCE_RETRY, "kafka", "cannot ask the broker for %s of '%s': %s", what, topic,
			 kafka_words(err, why));
}

static int add_topic(struct making *m, uint16_t log)
{
	const char *name = setting_topic(m->set, (enum topic)log);
	int32_t count = 0;
	rd_kafka_resp_err_t err = kafka_ask_partitions(m->rk, name, &count, ANSWER_MS);
	int rc = err ? no_answer(m, "the partitions", name, err) : 0;

	m->plan->v = xrealloc(m->plan->v, (m->plan->n + (size_t)count) * sizeof(*m->plan->v));
	for (int32_t id = 0; id < count && !rc; id++) {
		struct replay_part p = { .log = log, .id = id };

		err = kafka_ask_ends(m->rk, name, id, &p.low, &p.high, ANSWER_MS);
		if (err)
			rc = no_answer(m, "the ends", name, err);
		p.begin = p.low;
		p.end = p.high;
		p.whole = true;
		m->plan->v[m->plan->n++] = p;
	}
	return rc;
}

/* The first offset at or after a time, of each partition; RD_KAFKA_OFFSET_END when there is none. */
static int look_up_time(struct making *m, int64_t t_ms, rd_kafka_topic_partition_list_t **ret)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)m->plan->n);
	rd_kafka_resp_err_t err;

	for (size_t i = 0; i < m->plan->n; i++)
		rd_kafka_topic_partition_list_add(list, setting_topic(m->set, (enum topic)m->plan->v[i].log),
						  m->plan->v[i].id)
			->offset = t_ms;
	err = m->plan->n ? kafka_ask_times(m->rk, list, ANSWER_MS) : 0;
	if (err) {
		rd_kafka_topic_partition_list_destroy(list);
		return no_answer(m, "offsets by time", "all topics", err);
	}
	*ret = list;
	return 0;
}

bool replay_time_meant(int64_t offset, char ret[32])
{
	int64_t t_ms = offset >= TIMES_FROM_S * 1000 ? offset : offset < TIMES_TO_S ? offset * 1000 : 0;

	if (t_ms < TIMES_FROM_S * 1000 || t_ms >= TIMES_TO_S * 1000)
		return false;
	format_rfc3339(t_ms, ret);
	return true;
}

static int no_offset(struct making *m, const struct replay_part *p, int64_t offset)
{
	char time[32] = "";
	bool meant = replay_time_meant(offset, time);

	return error_set(m->e, ERR_BAD_REQUEST, "from",
			 "partition %d of '%s' holds offsets %lld to %lld: there is no %lld%s%s", p->id,
			 setting_topic(m->set, (enum topic)p->log), (long long)p->low, (long long)p->high,
			 (long long)offset, meant ? "; as a time write " : "", time);
}

/* Where the point lies in one partition; -1 where it says nothing. `time`: what a look-up by time found, or NULL. */
static int locate_one(struct making *m, const struct replay_point *point, const struct replay_part *p,
		      const rd_kafka_topic_partition_t *time, int64_t *ret)
{
	*ret = -1;
	if (time) {
		/* what has come since the ends were asked for is behind them */
		*ret = time->offset < 0 || time->offset > p->high ? p->high : time->offset;
		return 0;
	}
	if (p->log != TOPIC_EVENTS)
		return 0;
	if (point->kind == POINT_OFFSET)
		*ret = point->value;
	else if (point->kind == POINT_OFFSETS)
		offset_of(point, p->id, ret);
	if (*ret < 0 || (*ret >= p->low && *ret <= p->high))
		return 0;
	return no_offset(m, p, *ret);
}

/* A typing error in a partition's number would read that partition from its beginning. */
static int check_partitions(struct making *m, const struct replay_point *point)
{
	const char *p = point->text;
	int64_t partition, offset;

	if (point->kind != POINT_OFFSETS)
		return 0;
	while (*p && take_pair(&p, &partition, &offset))
		if (!replay_plan_find(m->plan, TOPIC_EVENTS, (int32_t)partition))
			return error_set(m->e, ERR_BAD_REQUEST, "from", "'%s' has no partition %lld",
					 setting_topic(m->set, TOPIC_EVENTS), (long long)partition);
	return 0;
}

/* In each partition; `state_topics`: a time is about catalogue and stock too. */
static int locate(struct making *m, const struct replay_point *point, bool state_topics, int64_t *ret)
{
	rd_kafka_topic_partition_list_t *times = NULL;
	int rc = point->kind == POINT_TIME ? look_up_time(m, point->value, &times) : check_partitions(m, point);

	for (size_t i = 0; i < m->plan->n && !rc; i++) {
		const struct replay_part *p = &m->plan->v[i];
		bool by_time = times && (state_topics || p->log == TOPIC_EVENTS);

		rc = locate_one(m, point, p, by_time ? &times->elems[i] : NULL, &ret[i]);
	}
	if (times)
		rd_kafka_topic_partition_list_destroy(times);
	return rc;
}

static int bound(struct making *m, const struct replay_point *from, const struct replay_point *to)
{
	int64_t *at = xcalloc(m->plan->n + 1, sizeof(*at));
	int rc = locate(m, from, false, at);

	for (size_t i = 0; i < m->plan->n && !rc; i++) {
		m->plan->v[i].whole = at[i] < 0;
		if (at[i] >= 0)
			m->plan->v[i].begin = at[i];
	}
	if (!rc)
		rc = locate(m, to, true, at);
	for (size_t i = 0; i < m->plan->n && !rc; i++) {
		struct replay_part *p = &m->plan->v[i];

		if (at[i] >= 0 && at[i] < p->end)
			p->end = at[i];
		if (p->end < p->begin)
			rc = error_set(m->e, ERR_BAD_REQUEST, "to", "--to lies before --from in partition %d of '%s'",
				       p->id, setting_topic(m->set, (enum topic)p->log));
	}
	free(at);
	return rc;
}

int replay_plan_check_times(const struct replay_plan *plan, const struct settings *set, const struct replay_point *from,
			    const struct replay_point *to, struct error *e)
{
	bool by_time = from->kind == POINT_TIME || to->kind == POINT_TIME, holds = false;

	for (size_t i = 0; i < plan->n; i++) {
		const struct replay_part *p = &plan->v[i];

		if (p->log != TOPIC_EVENTS)
			continue;
		if (p->begin < p->end)
			return 0;
		holds |= p->low < p->high;
	}
	if (!by_time || !holds)
		return 0;
	if (to->kind == POINT_NONE)
		return error_set(e, ERR_BAD_REQUEST, "from", "'%s' holds no record of %s or later",
				 setting_topic(set, TOPIC_EVENTS), from->text);
	return error_set(e, ERR_BAD_REQUEST, "to", "'%s' holds no record between --from and --to",
			 setting_topic(set, TOPIC_EVENTS));
}

int replay_plan_check_topics(const struct replay_plan *plan, const struct settings *set, unsigned topics,
			     struct error *e)
{
	for (uint16_t log = 0; log < TOPIC_COUNT; log++)
		if (topics >> log & 1 && !replay_plan_find(plan, log, 0))
			return error_set(
				e, ERR_BAD_REQUEST, "topics",
				"topic '%s' does not exist, and nothing would be left of it: is its name in the "
				"settings right?",
				setting_topic(set, (enum topic)log));
	return 0;
}

int replay_plan_make(const struct settings *set, const struct replay_point *from, const struct replay_point *to,
		     struct replay_plan *ret, struct error *e)
{
	struct replay_plan plan = { 0 };
	struct making m = { .set = set, .plan = &plan, .e = e };
	rd_kafka_conf_t *conf;
	int rc = kafka_conf_make(set, KAFKA_PROBE, &conf, e);

	if (!rc)
		rc = kafka_client_new(RD_KAFKA_CONSUMER, conf, &m.rk, e);
	if (rc)
		return rc;
	for (uint16_t log = 0; log < TOPIC_COUNT && !rc; log++)
		rc = add_topic(&m, log);
	if (!rc)
		rc = bound(&m, from, to);
	kafka_client_destroy(m.rk);
	if (rc)
		replay_plan_fini(&plan);
	else
		*ret = plan;
	return rc;
}

void replay_plan_fini(struct replay_plan *plan)
{
	free(plan->v);
	*plan = (struct replay_plan){ 0 };
}

struct replay_part *replay_plan_find(const struct replay_plan *plan, uint16_t log, int32_t id)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].log == log && plan->v[i].id == id)
			return &plan->v[i];
	return NULL;
}

int64_t replay_plan_offsets(const struct replay_plan *plan)
{
	int64_t sum = 0;

	for (size_t i = 0; i < plan->n; i++)
		sum += plan->v[i].end - plan->v[i].begin;
	return sum;
}
