#include "processor/source_kafka.h"
#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_log shop;

static void setup(void)
{
	test_log_init(&shop, 2, (const char *[]){ "topics.discovery=200ms", NULL });
}

static void teardown(void)
{
	test_log_fini(&shop);
}

TestSuite(source_kafka, .init = setup, .fini = teardown, .timeout = 60);

static void send_many(struct test_log *l, int32_t partition, int from, int to)
{
	for (int i = from; i < to; i++) {
		char value[64];

		snprintf(value, sizeof(value), "{\"n\":%d}", i);
		test_log_send(l, "shop.events", partition, "u1", value, strlen(value));
	}
}

static struct source *open_source(struct test_log *l, struct test_resume *resume)
{
	struct source *s = NULL;
	struct error e = { 0 };

	cr_assert_eq(source_kafka_open(l->settings, test_resume_lookup, resume, &s, &e), 0, "%s", e.text);
	return s;
}

/* Reads one record itself, to know its timestamp. */
static struct test_resume position_of(struct test_log *l, int32_t partition, int64_t offset)
{
	struct source *s = open_source(l, NULL);
	struct test_resume ret = { 0 };
	struct record v[100];
	struct error e = { 0 };

	for (int tries = 0; tries < 200 && !ret.log_name; tries++) {
		int n = s->ops->poll(s, v, 100, 50, &e);

		for (int i = 0; i < n; i++)
			if (v[i].partition == partition && v[i].offset == offset && v[i].topic == TOPIC_EVENTS)
				ret = (struct test_resume){ "shop.events",
							    partition,
							    { offset + 1, offset, v[i].timestamp_ms,
							      record_fingerprint(&v[i]) } };
	}
	s->ops->close(s);
	cr_assert_not_null(ret.log_name, "no record %lld", (long long)offset);
	return ret;
}

Test(source_kafka, reads_every_partition_of_every_topic)
{
	struct test_records got = { 0 };
	struct source *s;

	send_many(&shop, 0, 0, 10);
	send_many(&shop, 1, 0, 5);
	test_log_send(&shop, "shop.catalog", 0, "p1", "{}", 2);
	test_log_send(&shop, "shop.stock", 1, "p1", NULL, 0);
	s = open_source(&shop, NULL);
	test_source_read(s, 17, 0, &got);
	cr_assert_eq(got.n, 17);
	for (size_t i = 0; i < got.n; i++)
		cr_assert_eq(got.v[i].value == NULL, got.v[i].topic == TOPIC_STOCK);
	/* nothing else comes, and the source knows it */
	test_source_read(s, 18, 500, &got);
	cr_assert_eq(got.n, 17);
	cr_assert_eq(s->ops->lag(s), 0);
	s->ops->close(s);
	test_records_fini(&got);
}

Test(source_kafka, order_holds_within_a_partition)
{
	struct test_records got = { 0 };
	int64_t next[2] = { 0, 0 };
	struct source *s;

	send_many(&shop, 0, 0, 60);
	send_many(&shop, 1, 0, 60);
	s = open_source(&shop, NULL);
	test_source_read(s, 120, 0, &got);
	cr_assert_eq(got.n, 120);
	for (size_t i = 0; i < got.n; i++)
		cr_assert_eq(got.v[i].offset, next[got.v[i].partition]++);
	s->ops->close(s);
	test_records_fini(&got);
}

/* Records up to 11 are applied; `next` lies further where a marker of a transaction was read as well. */
static void resume(int64_t next)
{
	struct test_records got = { 0 };
	struct test_resume at;
	struct source *s;

	send_many(&shop, 0, 0, 20);
	at = position_of(&shop, 0, 11);
	at.at.next = next;
	s = open_source(&shop, &at);
	test_source_read(s, 8, 0, &got);
	cr_assert_eq(got.n, 8);
	cr_assert_eq(got.v[0].offset, 12);
	/* live records follow */
	send_many(&shop, 0, 20, 21);
	test_source_read(s, 9, 0, &got);
	cr_assert_eq(got.n, 9);
	cr_assert_str_eq(got.v[8].value, "{\"n\":20}");
	s->ops->close(s);
	test_records_fini(&got);
}

Test(source_kafka, resumes_after_the_stored_record)
{
	resume(12);
}

Test(source_kafka, records_where_only_a_marker_was_are_read)
{
	resume(15);
}

Test(source_kafka, another_record_at_the_stored_offset_is_refused)
{
	struct test_records got = { 0 };
	struct test_resume at;
	struct source *s;

	send_many(&shop, 0, 0, 20);
	send_many(&shop, 1, 0, 3);
	at = position_of(&shop, 0, 11);
	at.at.fingerprint ^= 1;
	s = open_source(&shop, &at);
	cr_assert_eq(test_source_until_stopped(s, 10000, &got), ERR_LOG_RECREATED);
	/* the other partition goes on */
	test_source_read(s, 3, 0, &got);
	cr_assert_eq(got.n, 3);
	for (size_t i = 0; i < got.n; i++)
		cr_assert_eq(got.v[i].partition, 1);
	s->ops->close(s);
	test_records_fini(&got);
}

Test(source_kafka, a_shorter_log_is_refused)
{
	struct test_records got = { 0 };
	struct test_resume at;
	struct source *s;

	send_many(&shop, 0, 0, 20);
	at = position_of(&shop, 0, 11);
	at.at.last = 500;
	at.at.next = 501;
	s = open_source(&shop, &at);
	cr_assert_eq(test_source_until_stopped(s, 20000, &got), ERR_LOG_TRUNCATED);
	cr_assert_eq(got.n, 0);
	s->ops->close(s);
	test_records_fini(&got);
}

/* The log goes on behind the last applied record, but nothing there can be read. */
Test(source_kafka, an_end_behind_the_stored_record_says_that_it_was_compacted_away, .init = NULL, .fini = NULL)
{
	struct part p = { .at = { .next = 12, .last = 11 } };
	rd_kafka_message_t end = { .err = RD_KAFKA_RESP_ERR__PARTITION_EOF, .offset = 14 };

	cr_assert_eq(kafka__judge(&p, &end), VERDICT_COMPACTED);
	end.offset = 11;
	cr_assert_eq(kafka__judge(&p, &end), VERDICT_OUTSIDE);
}

Test(source_kafka, tells_the_group_what_is_durable)
{
	struct test_records got = { 0 };
	struct source *s;

	send_many(&shop, 0, 0, 5);
	s = open_source(&shop, NULL);
	test_source_read(s, 5, 0, &got);
	s->ops->committed(s, got.v[0].topic, 0, 5);
	s->ops->close(s);
	test_records_fini(&got);
}

Test(source_kafka, settings_that_break_correctness_are_refused, .init = NULL, .fini = NULL)
{
	static const char *const bad[] = { "kafka.auto.offset.reset=earliest", "kafka.enable.auto.commit=true",
					   "kafka.isolation.level=read_uncommitted", "kafka.check.crcs=false",
					   "kafka.no.such.thing=1" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct settings *set =
			test_settings("/tmp", (const char *[]){ "kafka.bootstrap.servers=127.0.0.1:1", bad[i], NULL });
		struct source *s = NULL;
		struct error e = { 0 };

		cr_expect_eq(source_kafka_open(set, NULL, NULL, &s, &e), ERR_BAD_SETTING, "%s", bad[i]);
		cr_expect_eq(strncmp(e.field, bad[i], strcspn(bad[i], "=")), 0, "%s", e.field);
		settings_free(set);
	}
}

Test(source_kafka, a_broker_that_is_away_is_waited_for, .init = NULL, .fini = NULL)
{
	struct settings *set = test_settings("/tmp", (const char *[]){ "kafka.bootstrap.servers=127.0.0.1:1", NULL });
	struct test_records got = { 0 };
	struct source *s = NULL;
	struct error e = { 0 };

	cr_assert_eq(source_kafka_open(set, NULL, NULL, &s, &e), 0);
	cr_assert_eq(test_source_read(s, 1, 1500, &got), ERR_SOURCE_RETRY);
	s->ops->close(s);
	settings_free(set);
}
