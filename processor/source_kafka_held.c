/* Records that a producer's open transaction holds back: named when that lasts, since nothing else tells whom to ask. */
#include "processor/source_kafka.h"

#include "config/log.h"

/* How many; 0 when what is there can be read. */
static int64_t held(const struct source_kafka *s, const struct part *p)
{
	int64_t low, high;

	if (p->state != PART_READING || !p->seen || p->eof_at < p->at.next ||
	    rd_kafka_get_watermark_offsets(s->rk, s->topics[p->log], p->id, &low, &high))
		return 0;
	return high > p->eof_at ? high - p->eof_at : 0;
}

static void look(struct source_kafka *s, struct part *p, uint64_t now_ns)
{
	int64_t records = held(s, p), limit_ms = setting_int(s->set, SET_TOPICS_HELD_WARN);

	if (records && p->held_ns && p->held_at == p->eof_at) {
		if (p->held_told || now_ns - p->held_ns < (uint64_t)limit_ms * 1000000u)
			return;
		p->held_told = true;
		log_warn("a transaction that is open holds records back, they are read when its producer ends it",
			 "topic=%s partition=%d offset=%lld records=%lld seconds=%llu", s->topics[p->log], p->id,
			 (long long)p->eof_at, (long long)records,
			 (unsigned long long)((now_ns - p->held_ns) / 1000000000u));
		return;
	}
	if (p->held_told)
		log_info("the transaction has ended, its partition is read on", "topic=%s partition=%d offset=%lld",
			 s->topics[p->log], p->id, (long long)p->held_at);
	p->held_at = p->eof_at;
	p->held_ns = records ? now_ns : 0;
	p->held_told = false;
}

void kafka__tell_held(struct source_kafka *s, uint64_t now_ns)
{
	for (struct part *p = NULL; s->rk && (p = kafka__part_after(s, p));)
		look(s, p, now_ns);
}

void kafka__pass(struct source_kafka *s)
{
	for (struct part *p = NULL; (p = kafka__part_after(s, p));)
		if (p->state == PART_READING && p->eof_at > p->passed)
			p->passed = p->eof_at;
}

bool kafka__ended(struct source_kafka *s, const char **log_name, int32_t *partition, struct position *ret)
{
	for (struct part *p = NULL; (p = kafka__part_after(s, p));) {
		/* without a last record nothing would tell that the log is the same */
		if (p->state != PART_READING || p->at.last < 0 || p->passed <= p->at.next || p->passed <= p->told)
			continue;
		p->told = p->passed;
		*log_name = s->topics[p->log];
		*partition = p->id;
		*ret = p->at;
		ret->next = p->passed;
		return true;
	}
	return false;
}
