#include "tests/lib/views_shop.h"
#include "views/generation_internal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/aisle-generation-XXXXXX";

static void setup(void)
{
	cr_assert(mkdtemp(dir));
}

static void teardown(void)
{
	remove_tree(dir);
}

TestSuite(generation, .init = setup, .fini = teardown);

static unsigned created(void)
{
	struct error e = { 0 };
	unsigned n = 0;

	cr_assert_eq(generation_create(dir, NULL, &n, &e), 0, "%s", e.text);
	return n;
}

static unsigned current(void)
{
	struct error e = { 0 };
	unsigned n = 0;

	cr_assert_eq(generation_current(dir, &n, &e), 0, "%s", e.text);
	return n;
}

static void expect_listed(const char *expected)
{
	unsigned all[GENERATIONS_MAX];
	struct error e = { 0 };
	char text[200] = "";
	size_t n;

	cr_assert_eq(generation_list(dir, all, &n, &e), 0, "%s", e.text);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", all[i]);
	cr_assert_str_eq(text, expected);
}

static void make_folder(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert_eq(mkdir(path, 0700), 0);
}

/* `current` becomes a link to target; NULL: it goes. */
static void make_link(const char *target)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/current", dir);
	unlink(path);
	if (target)
		cr_assert_eq(symlink(target, path), 0);
}

Test(generation, numbers_grow_and_one_is_current)
{
	struct error e = { 0 };
	unsigned n = 0;

	expect_listed("");
	cr_assert_eq(generation_current(dir, &n, &e), ERR_NOT_FOUND);
	cr_assert_eq(e.code, 0);
	cr_assert_eq(created(), 1);
	cr_assert_eq(created(), 2);
	cr_assert_eq(generation_swap(dir, 1, &e), 0, "%s", e.text);
	cr_assert_eq(current(), 1);
	cr_assert_eq(generation_swap(dir, 2, &e), 0, "%s", e.text);
	cr_assert_eq(current(), 2);
	cr_assert_eq(generation_drop(dir, 1, &e), 0, "%s", e.text);
	make_folder("generations/10");
	make_folder("generations/09");
	make_folder("generations/x");
	cr_assert_eq(created(), 11);
	expect_listed("2 10 11 ");
}

/* A processor that has the dropped one open would take the new one for it. */
Test(generation, a_number_is_not_used_again)
{
	struct error e = { 0 };

	cr_assert_eq(created(), 1);
	cr_assert_eq(created(), 2);
	cr_assert_eq(created(), 3);
	cr_assert_eq(generation_drop(dir, 3, &e), 0, "%s", e.text);
	cr_assert_eq(generation_drop(dir, 2, &e), 0, "%s", e.text);
	expect_listed("1 ");
	cr_assert_eq(created(), 4);
	cr_assert_eq(generation_drop(dir, 4, &e), 0, "%s", e.text);
	cr_assert_eq(created(), 5);
}

Test(generation, what_is_not_there_cannot_be_current)
{
	struct error e = { 0 };
	unsigned n = 0;

	cr_assert_eq(created(), 1);
	cr_assert_eq(generation_swap(dir, 1, &e), 0);
	cr_assert_eq(generation_swap(dir, 7, &e), ERR_STORE_OPEN);
	cr_assert_eq(current(), 1);
	for (int i = 0; i < 4; i++) {
		static const char *const targets[] = { "elsewhere", "generations/x", "generations/0",
						       "generations/1/.." };

		make_link(targets[i]);
		e = (struct error){ 0 };
		cr_assert_eq(generation_current(dir, &n, &e), ERR_STORE_CORRUPT);
		cr_assert(strstr(e.text, "is not a link to one"), "%s", e.text);
	}
}

/* What a swap and a drop leave when they are killed half way is in nobody's way. */
Test(generation, leftovers_of_a_kill_are_taken_along)
{
	struct error e = { 0 };
	char path[200];

	cr_assert_eq(created(), 1);
	cr_assert_eq(created(), 2);
	snprintf(path, sizeof(path), "%s/current.new", dir);
	cr_assert_eq(symlink("generations/1", path), 0);
	make_folder("generations/.dropped-9");
	make_folder("generations/.dropped-9/base");
	make_folder("generations/.dropped-1");
	make_folder("generations/.dropped-1/base");
	cr_assert_eq(generation_swap(dir, 2, &e), 0, "%s", e.text);
	cr_assert_eq(current(), 2);
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(generation_drop(dir, 1, &e), 0, "%s", e.text);
	snprintf(path, sizeof(path), "%s/generations/.dropped-9", dir);
	cr_assert_neq(access(path, F_OK), 0);
	expect_listed("2 ");
}

static int in_child(int (*step)(void))
{
	pid_t child = fork();
	int status;

	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(step() ? 1 : 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static int lock_is_refused(void)
{
	struct error e = { 0 };
	char holder[40];
	int fd;

	snprintf(holder, sizeof(holder), "pid %ld;", (long)getppid());
	return generation_lock(dir, 2, &fd, &e) != ERR_STORE_LOCKED || !strstr(e.text, holder);
}

static int drop_is_refused(void)
{
	struct error e = { 0 };

	return generation_drop(dir, 2, &e) != ERR_STORE_LOCKED;
}

Test(generation, one_that_is_folded_into_is_held)
{
	struct error e = { 0 };
	int fd;

	cr_assert_eq(created(), 1);
	cr_assert_eq(created(), 2);
	cr_assert_eq(generation_swap(dir, 1, &e), 0);
	cr_assert_eq(generation_drop(dir, 1, &e), ERR_STORE_LOCKED);
	e = (struct error){ 0 };
	cr_assert_eq(generation_lock(dir, 2, &fd, &e), 0, "%s", e.text);
	cr_assert_eq(in_child(lock_is_refused), 0);
	cr_assert_eq(in_child(drop_is_refused), 0);
	close(fd);
	cr_assert_eq(generation_drop(dir, 2, &e), 0, "%s", e.text);
	expect_listed("1 ");
}

static struct store *opened(unsigned generation, bool read_only)
{
	struct store_options opt = { .path = dir, .generation = generation, .read_only = read_only };
	struct store *s = NULL;
	struct error e = { 0 };

	opt.writer = !read_only;
	cr_assert_eq(store_open(&opt, &s, &e), 0, "%s", e.text);
	return s;
}

static void put_name(struct store *s, const char *text)
{
	struct store_txn *t;

	cr_assert_eq(store_begin(s, &t), 0);
	cr_assert_eq(store_put(t, TBL_STOCK, STR("name"), text, strlen(text)), 0);
	cr_assert_eq(store_commit(t), 0);
}

static void expect_name(unsigned generation, const char *text)
{
	struct store *s = opened(generation, true);
	struct str got;
	struct snap *sn;

	cr_assert_eq(snap_open(s, &sn), 0);
	cr_assert_eq(snap_get(sn, TBL_STOCK, STR("name"), &got), 0);
	cr_assert(got.n == strlen(text) && !memcmp(got.p, text, got.n));
	snap_close(sn);
	store_close(s);
}

Test(generation, a_store_opens_the_current_one_or_the_one_named)
{
	struct error e = { 0 };
	struct store *s = opened(0, false);

	cr_assert_eq(store_generation(s), 1);
	put_name(s, "old");
	cr_assert_eq(created(), 2);
	store_close(s);
	s = opened(2, false);
	put_name(s, "new");
	store_close(s);
	cr_assert_eq(current(), 1);
	expect_name(0, "old");
	expect_name(2, "new");
	cr_assert_eq(generation_swap(dir, 2, &e), 0);
	expect_name(0, "new");
	expect_name(1, "old");
}

/* The link is made when the tables are there; a start that was killed before goes on in the same generation. */
Test(generation, a_first_start_that_was_killed_is_gone_on_with)
{
	struct store_options opt = { .path = dir };
	struct error e = { 0 };
	struct store *s;

	store_close(opened(0, false));
	make_link(NULL);
	store_close(opened(0, false));
	cr_assert_eq(current(), 1);
	expect_listed("1 ");
	cr_assert_eq(created(), 2);
	make_link(NULL);
	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_CORRUPT);
	cr_assert(strstr(e.text, "'current' is gone"), "%s", e.text);
}

/* Neither is helped by a larger store.mapSize. */
Test(generation, a_full_disk_and_too_many_generations_are_told_apart)
{
	unsigned all[GENERATIONS_MAX];
	struct error e = { 0 };
	char name[32];
	size_t n;

	errno = ENOSPC;
	cr_assert_eq(generation__failed(&e, "make", dir), ERR_DISK_FULL);
	make_folder("generations");
	for (int i = 1; i <= GENERATIONS_MAX; i++) {
		snprintf(name, sizeof(name), "generations/%d", i);
		make_folder(name);
	}
	e = (struct error){ 0 };
	cr_assert_eq(generation_list(dir, all, &n, &e), ERR_STORE_OPEN);
	cr_assert(strstr(e.text, "remove those"), "%s", e.text);
}

Test(generation, an_older_layout_is_named)
{
	struct store_options opt = { .path = dir, .writer = true };
	struct error e = { 0 };
	struct store *s;

	make_folder("base");
	cr_assert_eq(store_open(&opt, &s, &e), ERR_STORE_VERSION);
	cr_assert(strstr(e.text, "remove its 'base'"), "%s", e.text);
}

Test(generation, one_being_built_is_marked_from_its_first_moment)
{
	struct error e = { 0 };
	char plan[GENERATION_PLAN_MAX];
	unsigned n = 0;

	cr_assert_eq(created(), 1);
	make_folder("generations/.new-2"); /* killed before it had its name */
	cr_assert_eq(generation_create(dir, "from earliest\n", &n, &e), 0, "%s", e.text);
	cr_assert_eq(n, 2);
	cr_assert(generation_marked(dir, 2, plan));
	cr_assert_str_eq(plan, "from earliest\n");
	cr_assert_not(generation_marked(dir, 1, NULL));
	cr_assert_eq(generation_unmark(dir, 2, &e), 0, "%s", e.text);
	cr_assert_eq(generation_unmark(dir, 2, &e), 0, "%s", e.text);
	cr_assert_not(generation_marked(dir, 2, NULL));
}

/* A replay into an empty directory that was killed is not what a processor starts with. */
Test(generation, a_first_start_takes_none_that_is_being_built)
{
	struct error e = { 0 };
	unsigned n = 0;

	cr_assert_eq(generation_create(dir, "plan", &n, &e), 0);
	store_close(opened(0, false));
	cr_assert_eq(current(), 2);
}

static void point_at(unsigned n)
{
	struct error e = { 0 };

	cr_assert_eq(generation_swap(dir, n, &e), 0, "%s", e.text);
}

static void expect_row(struct snap *sn, const char *text)
{
	struct str got;

	cr_assert_eq(snap_get(sn, TBL_STOCK, STR("name"), &got), 0);
	cr_assert(got.n == strlen(text) && !memcmp(got.p, text, got.n), "%.*s", STR_FMT(got));
}

/* A snapshot that is not renewed stays where it is, through there and back again. */
Test(generation, a_store_follows_and_its_snapshots_when_they_are_renewed)
{
	struct store *s = opened(0, false);
	struct snap *idle, *busy;
	struct error e = { 0 };

	put_name(s, "old");
	cr_assert_eq(created(), 2);
	{
		struct store *new = opened(2, false);

		put_name(new, "new");
		store_close(new);
	}
	cr_assert_eq(snap_open(s, &idle), 0);
	cr_assert_eq(snap_open(s, &busy), 0);
	cr_assert_eq(store_follow(s, &e), 0);
	for (int round = 0; round < 3; round++) {
		point_at(2);
		cr_assert_eq(store_follow(s, &e), 1, "%s", e.text);
		expect_row(busy, "old");
		cr_assert_eq(snap_renew(busy), 0);
		cr_assert_eq(snap_generation(busy), 2);
		expect_row(busy, "new");
		expect_row(idle, "old");
		cr_assert_eq(in_child(lock_is_refused), 0);
		point_at(1);
		cr_assert_eq(store_follow(s, &e), 1, "%s", e.text);
		cr_assert_eq(snap_renew(busy), 0);
		expect_row(busy, "old");
		put_name(s, "old");
	}
	snap_close(idle);
	snap_close(busy);
	store_close(s);
}

static bool holds_first(void)
{
	char link[64], target[4200];

	for (int fd = 0; fd < 256; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strstr(target, "/generations/1/"))
			return true;
	}
	return false;
}

Test(generation, a_parked_snapshot_lets_go_of_what_was_replaced)
{
	struct store *s = opened(0, false);
	struct error e = { 0 };
	struct snap *sn;

	cr_assert_eq(created(), 2);
	cr_assert_eq(snap_open(s, &sn), 0);
	snap_park(sn);
	point_at(2);
	cr_assert_eq(store_follow(s, &e), 1, "%s", e.text);
	cr_expect(holds_first());
	snap_park(sn);
	cr_expect_not(holds_first());
	snap_close(sn);
	store_close(s);
}
