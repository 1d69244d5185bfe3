/*
 * race_ranker: answers are taken on several threads while the ranker publishes new lists, rules change and the fold commits. Built
 * with TSan it finds unordered accesses; built with ASan, lists that are used after they are freed. Prints "ok".
 */
#include "config/settings.h"
#include "query/control_set.h"
#include "query/ranker_internal.h"
#include "query/recommend.h"
#include "views/fold.h"
#include "views/status.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 3
#define COMMITS 150

static struct answerer_options options;
static atomic_bool done;
static atomic_uint answers;

static void check(int rc, const struct error *e)
{
	if (rc < 0) {
		fprintf(stderr, "race_ranker: %s: %s\n", error_text(rc), e ? e->text : "");
		exit(1);
	}
}

static void *answer_all(void *arg)
{
	static const char *const slugs[] = { "trending", "best-sellers", "home" };
	struct recommend_request *rq = xcalloc(1, sizeof(*rq));
	struct answer *answer = xcalloc(1, sizeof(*answer));
	struct error e = { 0 };
	struct answerer *a;

	(void)arg;
	check(answerer_new(&options, &a, &e), &e);
	for (unsigned i = 0; !atomic_load(&done); i++) {
		rq->scenario = str_of(slugs[i % ARRAY_SIZE(slugs)]);
		rq->max_staleness_ms = -1;
		check(recommend(a, rq, answer, &e), &e);
		for (unsigned k = 0; k < answer->item_count; k++)
			if (answer->items[k].item_id.n == 0) {
				fprintf(stderr, "race_ranker: an item that the snapshot does not know\n");
				exit(1);
			}
		atomic_fetch_add(&answers, 1);
	}
	answerer_free(a);
	free(rq);
	free(answer);
	return NULL;
}

static void decide(struct fold *f, unsigned number)
{
	struct control_record rec;
	struct error e = { 0 };
	char key[32], value[160];
	int n = snprintf(value, sizeof(value),
			 "{\"document\":{\"action\":{\"boost\":{\"filter\":\"itemId = 'i%u'\",\"factor\":%u}}}}",
			 number / 2, 2 + number % 7);

	snprintf(key, sizeof(key), "rule/r%u", number % 5);
	check(control_record_decode(str_of(key), number % 9 ? value : NULL, number % 9 ? (size_t)n : 0, &rec, &e), &e);
	check(fold_config(f, &rec, 0), NULL);
}

static void play(struct fold *f, unsigned number)
{
	char id[32];
	struct event_item item = { .quantity = 1 };
	struct event ev = { .type = number % 3 ? EVENT_VIEW : EVENT_PURCHASE,
			    .has_time = true,
			    .user_id = STR("u"),
			    .t_ms = MS_PER_EPOCH + (int64_t)number * MS_PER_MINUTE,
			    .items = &item,
			    .item_count = 1 };

	item.id = (struct str){ id, (uint32_t)snprintf(id, sizeof(id), "i%u", number) };
	check(fold_event(f, &ev, -1, NULL), NULL);
	if (number % 3 == 0)
		decide(f, number);
	check(fold_commit(f, NULL), NULL);
}

int main(void)
{
	const char *const sets[] = { "rank.refresh=10ms" };
	char dir[] = "/tmp/aisle-race-XXXXXX", command[64];
	struct store_options opt = { .path = dir, .map_size = 1 << 28, .durability = STORE_NOSYNC, .writer = true };
	struct settings_sources from = { .sets = sets, .sets_n = 1 };
	pthread_t threads[THREADS];
	struct store *store;
	struct settings *set;
	struct status *status;
	struct ranker *ranker;
	struct control_watch *control;
	struct error e = { 0 };
	struct fold *f;

	if (!mkdtemp(dir))
		return 1;
	check(store_open(&opt, &store, &e), &e);
	check(fold_new(store, &f, &e), &e);
	check(settings_load(&from, &set, &e), &e);
	check(status_open(dir, true, &status, &e), &e);
	check(ranker_start(store, set, &ranker, &e), &e);
	check(control_watch_start(store, &control, &e), &e);
	options = (struct answerer_options){
		.store = store, .status = status, .ranker = ranker, .settings = set, .control = control
	};
	for (int i = 0; i < THREADS; i++)
		check(-pthread_create(&threads[i], NULL, answer_all, NULL), NULL);
	for (unsigned i = 0; i < COMMITS; i++) {
		play(f, i);
		check(ranker__refresh(ranker, i % 4 ? REFRESH_QUICK : REFRESH_FULL), NULL);
		check(control_watch_follow(control), NULL);
	}
	while (atomic_load(&answers) < 100)
		usleep(1000);
	atomic_store(&done, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ranker_stop(ranker);
	control_watch_stop(control);
	status_close(status);
	settings_free(set);
	fold_free(f);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		return 1;
	puts("ok");
	return 0;
}
