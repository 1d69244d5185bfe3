/* A request that waits for acknowledgements: what its answer is made from. */
#include "query/http_internal.h"
#include "query/http_publish.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

/* Takes what is sent and acknowledges it when the test says so. */
static struct log {
	struct publisher base; /* first */
	publish_done done[2];
	void *arg[2];
	unsigned n;
} shop_log;

static int take(struct publisher *base, const char *topic, int32_t partition, struct str key, const void *value,
		size_t value_len, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		publish_done done, void *arg)
{
	(void)base, (void)topic, (void)partition, (void)key, (void)value, (void)value_len;
	(void)timestamp_ms, (void)headers, (void)header_count;
	shop_log.done[shop_log.n] = done;
	shop_log.arg[shop_log.n++] = arg;
	return 0;
}

static void acknowledge(unsigned i)
{
	shop_log.done[i](shop_log.arg[i], 0, 3, i);
}

static unsigned finished;

static void late_for_the_answer(struct http_req *rq, struct publish *p, void *arg)
{
	int32_t partition = -1;
	int64_t offset = -1;

	(void)rq, (void)arg;
	finished++;
	cr_assert_eq(publish_result(p, 0, &partition, &offset), PUBLISH_ACKED);
	cr_assert_eq(partition, 3);
	cr_assert_eq(offset, 0);
	cr_assert_eq(publish_result(p, 1, NULL, NULL), PUBLISH_WAITING);
	acknowledge(1);
	cr_assert_eq(publish_result(p, 1, NULL, NULL), PUBLISH_WAITING, "as it was told before");
}

static void nothing(uv_async_t *wake)
{
	(void)wake;
}

Test(http_publish, an_answer_is_made_from_one_moment)
{
	static const struct publisher_ops ops = { .send = take };
	static struct metrics metrics;
	static h2o_req_t h2o;
	struct http_shared shared = { .clock = &clock_system, .opt = { .publisher = &shop_log.base } };
	struct http_worker w = { .shared = &shared, .metrics = &metrics };
	struct http_req rq = { .w = &w, .h2o = &h2o };
	struct publish *p;
	uv_async_t wake;
	uv_loop_t uv;

	shop_log.base.ops = &ops;
	uv_loop_init(&uv);
	uv_async_init(&uv, &wake, nothing);
	h2o_mem_init_pool(&h2o.pool);
	w.publishes = publish_queue_new(&wake, 0);
	p = publish_new(&rq, 2, late_for_the_answer, NULL);
	for (size_t i = 0; i < 2; i++)
		publish_send(p, i, "shop.events", STR("u1"), "{}", 2);
	publish_wait(p);
	acknowledge(0);
	publish_queue_run(w.publishes, http_now_ns(&w));
	cr_assert_eq(finished, 1);
	cr_assert_eq(atomic_load(&metrics.events_published), 1);
	publish_queue_close(w.publishes);
	h2o_mem_clear_pool(&h2o.pool);
	uv_close((uv_handle_t *)&wake, NULL);
	uv_run(&uv, UV_RUN_DEFAULT);
	uv_loop_close(&uv);
}
