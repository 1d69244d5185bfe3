#include "tests/lib/views_shop.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(store, .init = setup, .fini = teardown);

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return *state >> 33;
}

Test(store, long_values_come_back_whole_and_shrink)
{
	static const size_t sizes[] = { 0, 1, 1999, 2000, 2001, 4000, 4001, 100000, 3, 6000, 2000 };
	unsigned char *value = xmalloc(100000);
	struct store_txn *t;
	struct str got;

	for (size_t i = 0; i < 100000; i++)
		value[i] = (unsigned char)(i * 7 + i / 2000);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		value[0] = (unsigned char)i;
		cr_assert_eq(store_begin(shop.store, &t), 0);
		cr_assert_eq(store_put(t, TBL_CATALOG, STR("key"), value, sizes[i]), 0);
		cr_assert_eq(store_put(t, TBL_CATALOG, STR("kez"), "other", 5), 0);
		cr_assert_eq(store_commit(t), 0);
		cr_assert_eq(snap_renew(shop.snap), 0);
		cr_assert_eq(snap_get(shop.snap, TBL_CATALOG, STR("key"), &got), 0);
		cr_assert_eq(got.n, sizes[i]);
		cr_assert(sizes[i] == 0 || memcmp(got.p, value, sizes[i]) == 0, "%zu bytes differ", sizes[i]);
	}
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_delete(t, TBL_CATALOG, STR("key")), 0);
	cr_assert_eq(store_delete(t, TBL_CATALOG, STR("never there")), 0);
	cr_assert_eq(store_commit(t), 0);
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(snap_get(shop.snap, TBL_CATALOG, STR("key"), &got), ERR_NOT_FOUND);
	free(value);
}

Test(store, an_aborted_transaction_leaves_nothing)
{
	struct store_txn *t;
	struct str got;

	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_put(t, TBL_STOCK, STR("a"), "b", 1), 0);
	store_abort(t);
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(snap_get(shop.snap, TBL_STOCK, STR("a"), &got), ERR_NOT_FOUND);
}

/* A row that cannot be read is not an absent one: what was folded on it must not be written. */
Test(store, a_damaged_row_fails_the_commit)
{
	struct event ev = { .type = EVENT_VIEW,
			    .has_time = true,
			    .t_ms = SHOP_START + MS_PER_MINUTE,
			    .user_id = STR("u1"),
			    .item_count = 1,
			    .items = &(struct event_item){ .id = STR("a"), .quantity = 1 } };
	struct error e = { 0 };
	struct store_txn *t;

	for (int i = 0; i < 300; i++)
		shop_playf(&shop, "u1 view i%d @0s", i);
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(mdb_drop(t->txn, shop.store->levels->base.dbi_long, 0), 0);
	cr_assert_eq(store_commit(t), 0);
	cr_assert_eq(fold_commit(shop.fold, NULL), 0);
	cr_assert_eq(fold_event(shop.fold, &ev, -1, &e), 0);
	cr_assert_eq(fold_commit(shop.fold, NULL), ERR_STORE_CORRUPT);
}

/* ---- adding tables against plain arrays ---- */

#define GROUPS 3
#define MEMBERS 3000

struct sums {
	int64_t v[GROUPS][MEMBERS][3];
	bool there[GROUPS][MEMBERS];
	uint64_t group;
	uint32_t member;
	size_t rows;
};

struct wanted {
	uint32_t member;
	int64_t *ret;
};

static int take_wanted(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	struct wanted *w = arg;

	(void)group;
	if (member == w->member)
		memcpy(w->ret, columns, 3 * sizeof(*columns));
	return member == w->member;
}

/* One member's columns of item-totals; false, and zeros, when it is not there. */
static bool sum_get(uint64_t group, uint32_t member, int64_t ret[3])
{
	struct wanted w = { member, ret };

	memset(ret, 0, 3 * sizeof(*ret));
	return snap_sums(shop.snap, TBL_ITEM_TOTALS, group, group, take_wanted, &w) == 1;
}

static int check_row(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	struct sums *s = arg;

	cr_assert(s->rows == 0 || group > s->group || (group == s->group && member > s->member), "order");
	cr_assert(s->there[group][member]);
	cr_assert_arr_eq(columns, s->v[group][member], sizeof(s->v[group][member]));
	s->group = group;
	s->member = member;
	s->rows++;
	return 0;
}

static void add_round(struct sums *want, uint64_t *random, size_t n)
{
	static int64_t columns[GROUPS * MEMBERS][3];
	static struct sum_delta deltas[GROUPS * MEMBERS];
	struct store_txn *t;
	size_t k = 0;

	for (uint64_t g = 0; g < GROUPS; g++) {
		for (uint32_t m = 0; m < MEMBERS; m++) {
			if (next_random(random) % (GROUPS * MEMBERS) >= n)
				continue;
			for (int c = 0; c < 3; c++) {
				/* wide enough for all rounds together */
				int64_t wide = (int64_t)(next_random(random) << (next_random(random) % 28));

				columns[k][c] = next_random(random) % 2 ? wide : -(int64_t)(next_random(random) % 5);
				want->v[g][m][c] += columns[k][c];
			}
			want->there[g][m] = true;
			deltas[k] = (struct sum_delta){ .group = g, .member = m, .columns = columns[k] };
			k++;
		}
	}
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_add(t, TBL_ITEM_TOTALS, deltas, k), 0);
	cr_assert_eq(store_commit(t), 0);
}

Test(store, sums_are_what_plain_arrays_say)
{
	static const size_t sizes[] = { 1, 5, 3000, 9000, 10, 1, 100, 9000, 2 };
	static struct sums want;
	uint64_t random = 11;
	size_t there = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		add_round(&want, &random, sizes[i]);
		cr_assert_eq(snap_renew(shop.snap), 0);
		want.rows = there = 0;
		cr_assert_eq(snap_sums(shop.snap, TBL_ITEM_TOTALS, 0, GROUPS, check_row, &want), 0);
		for (uint64_t g = 0; g < GROUPS; g++)
			for (uint32_t m = 0; m < MEMBERS; m++)
				there += want.there[g][m];
		cr_assert_eq(want.rows, there);
	}
}

/* `n` members of group 0 from `first` on, each column + value. */
static int add_run(uint32_t first, size_t n, int64_t value)
{
	const int64_t columns[3] = { value, value, value };
	struct sum_delta deltas[300];
	struct store_txn *t;
	int rc;

	for (size_t i = 0; i < n; i++)
		deltas[i] = (struct sum_delta){ .member = first + (uint32_t)i, .columns = columns };
	cr_assert_eq(store_begin(shop.store, &t), 0);
	rc = store_add(t, TBL_ITEM_TOTALS, deltas, n);
	cr_assert_eq(store_commit(t), 0);
	return rc;
}

Test(store, wide_numbers_before_old_members_do_not_outgrow_a_row)
{
	int64_t got[3];

	cr_assert_eq(add_run(60000, 250, 1), 0);
	cr_assert_eq(add_run(1, 50, INT64_MAX / 2), 0);
	cr_assert_eq(add_run(60100, 1, 1), 0);
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert(sum_get(0, 60100, got));
	cr_assert_eq(got[2], 2);
	cr_assert(sum_get(0, 50, got));
	cr_assert_eq(got[0], INT64_MAX / 2);
}

Test(store, dropping_groups_takes_bounded_pieces)
{
	static struct sums want;
	struct store_txn *t;
	uint64_t random = 1;
	int64_t got[3];
	int calls = 0;

	add_round(&want, &random, GROUPS * MEMBERS);
	cr_assert_eq(snap_renew(shop.snap), 0);
	for (; sum_get(1, MEMBERS - 1, got); calls++) {
		cr_assert_eq(store_begin(shop.store, &t), 0);
		cr_assert_eq(store_drop_groups(t, TBL_ITEM_TOTALS, 0, 2, 5), 0);
		cr_assert_eq(store_commit(t), 0);
		cr_assert_eq(snap_renew(shop.snap), 0);
	}
	cr_assert_gt(calls, 3);
	memset(want.there[0], 0, sizeof(want.there[0]));
	memset(want.there[1], 0, sizeof(want.there[1]));
	cr_assert_eq(snap_sums(shop.snap, TBL_ITEM_TOTALS, 0, GROUPS, check_row, &want), 0);
	cr_assert_eq(want.rows, MEMBERS);
}

/* ---- opening ---- */

Test(store, the_key_is_made_once_and_only_its_owner_reads_it)
{
	struct store_options opt = { .path = shop.dir, .read_only = true };
	struct store *again;
	struct stat st;
	char file[128];

	snprintf(file, sizeof(file), "%s/person.key", shop.dir);
	cr_assert_eq(stat(file, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(st.st_size, 32);
	pid_t pid = fork(); /* LMDB may not be opened twice in one process */
	if (pid == 0) {
		unsigned char key[32];

		memcpy(key, store_person_key(shop.store), 32);
		_exit(store_open(&opt, &again, NULL) || memcmp(key, store_person_key(again), 32) != 0);
	}
	int status;
	waitpid(pid, &status, 0);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(store, a_second_processor_is_refused_with_the_pid_of_the_first)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct store_options opt = { .path = shop.dir, .writer = true };
		struct error e = { 0 };
		struct store *again;
		char holder[32];

		snprintf(holder, sizeof(holder), "pid %ld", (long)getppid());
		_exit(store_open(&opt, &again, &e) != ERR_STORE_LOCKED || !strstr(e.text, holder));
	}
	int status;
	waitpid(pid, &status, 0);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(store_open, a_lost_or_another_person_key_is_refused)
{
	char dir[] = "/tmp/aisle-store-XXXXXX", file[128];
	struct store_options opt = { .path = dir };
	struct error e = { 0 };
	struct store *s = NULL;
	int fd;

	cr_assert(mkdtemp(dir));
	cr_assert_eq(store_open(&opt, &s, &e), 0, "%s", e.text);
	store_close(s);
	snprintf(file, sizeof(file), "%s/person.key", dir);
	cr_assert_eq(unlink(file), 0);
	s = NULL;
	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_CORRUPT);
	cr_assert(strstr(e.text, "is missing"), "%s", e.text);
	cr_assert_eq(access(file, F_OK), -1); /* nothing was made in its place */
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
	close(fd);
	e = (struct error){ 0 };
	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_CORRUPT);
	cr_assert_str_eq(e.field, "person.key.file");
	cr_assert(strstr(e.text, "another person key"), "%s", e.text);
	remove_tree(dir);
}

Test(store_open, half_a_key_that_a_process_of_the_same_number_left_is_no_hindrance)
{
	char dir[] = "/tmp/aisle-store-XXXXXX", file[128];
	struct store_options opt = { .path = dir };
	struct error e = { 0 };
	struct store *s = NULL;

	cr_assert(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/person.key.%ld", dir, (long)getpid());
	cr_assert_eq(close(open(file, O_WRONLY | O_CREAT, 0600)), 0);
	cr_assert_eq(store_open(&opt, &s, &e), 0, "%s", e.text);
	cr_assert_eq(access(file, F_OK), -1);
	store_close(s);
	remove_tree(dir);
}

Test(store_open, what_is_wrong_is_told_apart)
{
	static const char *const folders[] = { "generations", "generations/1", "generations/1/base" };
	struct store_options opt = { .path = "/tmp/aisle-no-such-store", .read_only = true };
	char dir[] = "/tmp/aisle-store-XXXXXX", file[128];
	struct error e = { 0 };
	struct store *s = NULL;
	int fd;

	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_OPEN);
	cr_assert(strstr(e.text, "does not exist"), "%s", e.text);

	cr_assert(mkdtemp(dir));
	opt = (struct store_options){ .path = dir };
	snprintf(file, sizeof(file), "%s/person.key", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, "short", 5), 5);
	close(fd);
	e = (struct error){ 0 };
	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_CORRUPT);
	unlink(file);

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, folders[i]);
		mkdir(file, 0700);
	}
	snprintf(file, sizeof(file), "%s/generations/1/base/data.mdb", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 2000; i++)
		cr_assert_eq(write(fd, "not a database ", 15), 15);
	close(fd);
	e = (struct error){ 0 };
	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_CORRUPT, "%s", e.text);
	cr_assert_null(s);
	remove_tree(dir);
}

/* ---- the sweeping hand ---- */

#define SWEPT_ROWS 300

static void put_numbered(struct store_txn *t, uint32_t i)
{
	unsigned char key[4], value[5000] = { 0 };

	memcpy(value, &i, sizeof(i));
	cr_assert_eq(store_put(t, TBL_CATALOG, id_key(i, key), value, i % 5 ? 10 : 5000), 0);
}

struct sweeping {
	size_t looked, longest;
	unsigned one_in;
};

static int odd_one(void *arg, struct str key, struct str value)
{
	struct sweeping *s = arg;
	uint32_t i;

	memcpy(&i, value.p, sizeof(i));
	cr_assert_eq(get_be32(key.p), i);
	if (value.n > s->longest)
		s->longest = value.n;
	s->looked++;
	return i % s->one_in == 0;
}

/* Each turn of the hand sees each row once, whatever the pieces; what is dropped loses its parts too. */
Test(store, a_hand_sweeps_a_table_piece_by_piece)
{
	struct sweeping s = { .one_in = 3 };
	struct store_txn *t;
	size_t looked = 0;
	MDB_stat st;

	cr_assert_eq(store_begin(shop.store, &t), 0);
	for (uint32_t i = 0; i < SWEPT_ROWS; i++)
		put_numbered(t, i);
	cr_assert_eq(store_written(t, TABLE_BIT(TBL_CATALOG)), SWEPT_ROWS);
	cr_assert_eq(store_commit(t), 0);
	while (looked < SWEPT_ROWS) {
		cr_assert_eq(store_begin(shop.store, &t), 0);
		cr_assert_eq(store_sweep(t, TABLE_BIT(TBL_CATALOG), 7, odd_one, &s), 0);
		cr_assert_eq(store_commit(t), 0);
		cr_assert(s.looked == looked + 7 || s.looked == SWEPT_ROWS);
		looked = s.looked;
	}
	cr_assert_geq(s.longest, STORE_HEAD_MIN);
	s.one_in = SWEPT_ROWS * 2;
	s.looked = 0;
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_sweep(t, TABLE_BIT(TBL_CATALOG), SIZE_MAX, odd_one, &s), 0);
	cr_assert_eq(s.looked, SWEPT_ROWS - SWEPT_ROWS / 3);
	s.one_in = 1;
	cr_assert_eq(store_sweep(t, TABLE_BIT(TBL_CATALOG), SIZE_MAX, odd_one, &s), 0);
	cr_assert_eq(store_sweep(t, TABLE_BIT(TBL_CATALOG), 1, odd_one, &s), 0, "an empty table");
	cr_assert_eq(mdb_stat(t->txn, shop.store->levels->base.dbi[TBL_CATALOG], &st), 0);
	cr_assert_eq(st.ms_entries, 0);
	cr_assert_eq(mdb_stat(t->txn, shop.store->levels->base.dbi_long, &st), 0);
	cr_assert_eq(st.ms_entries, 0);
	store_abort(t);
}
