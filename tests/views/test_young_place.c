/* Where young levels lie: in a tmpfs that others fill, in one that has room again, of stores that are gone. */
#include "tests/lib/views_shop.h"
#include "views/generation.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define YOUNG (UINT64_C(1) << 20)
#define TMPFS_MB 24
#define MANY 2000

static char place[64], others[80];
static struct shop shop;

/* A tmpfs that only this process sees, so that it ends with it. */
static bool mount_small(void)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%dm", TMPFS_MB);
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", place, "tmpfs", 0, size) == 0;
}

static void make_place(void)
{
	snprintf(place, sizeof(place), "/tmp/aisle-place-XXXXXX");
	cr_assert(mkdtemp(place));
	snprintf(others, sizeof(others), "%s/others", place);
}

static void setup_small(void)
{
	make_place();
	if (!mount_small()) {
		rmdir(place);
		fputs("  skipped: mounting is not allowed here, 'unshare -rm' allows it\n", stderr);
		cr_skip_test("mounting is not allowed here");
	}
}

static void teardown_small(void)
{
	umount(place);
	rmdir(place);
}

/* Others take all but so many bytes of it. */
static void fill_but(off_t left)
{
	int fd = open(others, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	off_t used = 0;

	cr_assert_geq(fd, 0);
	while (fallocate(fd, 0, used, 4096) == 0)
		used += 4096;
	cr_assert_eq(errno, ENOSPC);
	cr_assert_gt(used, left);
	cr_assert_eq(ftruncate(fd, used - left), 0);
	close(fd);
}

static void open_in(const char *young_path)
{
	shop.young_path = young_path;
	shop_open_young(&shop, YOUNG);
}

/* One more customer of both. */
static void buy(int *buyers)
{
	shop_playf(&shop, "u%d buy p1,p2 @%ds", *buyers, *buyers);
	++*buyers;
}

static void expect_bought(int buyers)
{
	char text[32];

	snprintf(text, sizeof(text), "p2:%d", buyers);
	shop_expect(&shop, "bought-together", "p1", text);
}

static int put(const char *key, size_t n)
{
	char *value = xcalloc(n, 1);
	struct store_txn *t;
	int rc = store_begin_young(shop.store, &t);

	if (!rc) {
		rc = store_put(t, TBL_CATALOG, str_of(key), value, n);
		if (rc)
			store_abort(t);
		else
			rc = store_commit(t);
	}
	free(value);
	return rc;
}

/* Until nothing of that size finds room; how many did. */
static int put_all(size_t n)
{
	char key[32];
	int i, rc = 0;

	for (i = 0; i < MANY && !rc; i++) {
		snprintf(key, sizeof(key), "%zu bytes %d", n, i);
		rc = put(key, n);
	}
	cr_assert_eq(rc, ERR_DISK_FULL, "%d", rc);
	return i - 1;
}

static bool lies_in(const char *dir)
{
	char file[4240];

	young__file(shop.store->levels, young__newest(shop.store->levels), file);
	return strncmp(file, dir, strlen(dir)) == 0 && access(file, F_OK) == 0;
}

Test(young_place, base_takes_what_finds_no_room, .init = setup_small, .fini = teardown_small)
{
	int buyers = 0;

	open_in(place);
	buy(&buyers);
	cr_assert(lies_in(place));
	fill_but(0);
	cr_assert_gt(put_all(200000), 4);
	put_all(20000);
	put_all(1000);
	/* the level is merged, which gives its room back to the next one */
	while (young__newest(shop.store->levels) == 1 && buyers < MANY)
		buy(&buyers);
	cr_assert_eq(young__newest(shop.store->levels), 2);
	cr_assert(lies_in(place));
	buy(&buyers);
	expect_bought(buyers);
	shop_close(&shop);
}

Test(young_place, a_full_one_is_not_begun_in, .init = setup_small, .fini = teardown_small)
{
	int buyers = 0;

	open_in(place);
	fill_but(YOUNG);
	buy(&buyers);
	cr_assert(store_young_displaced(shop.store) && lies_in(shop.dir));
	expect_bought(buyers);
	/* there is room again */
	unlink(others);
	store_young_seal(shop.store);
	buy(&buyers);
	cr_assert(lies_in(place) && !store_young_displaced(shop.store));
	expect_bought(buyers);
	cr_assert_eq(fold_settle(shop.fold), 0);
	cr_assert_eq(snap_renew(shop.snap), 0);
	expect_bought(buyers);
	shop_close(&shop);
}

Test(young_place, a_level_in_the_store_finds_the_disk_full, .init = setup_small, .fini = teardown_small)
{
	shop.under = place;
	open_in(NULL);
	cr_assert_eq(put("before", 1000), 0);
	fill_but(0);
	cr_assert_gt(put_all(200000), 4);
	cr_assert_eq(truncate(others, 0), 0);
	cr_assert_eq(put("after", 200000), 0);
	shop_close(&shop);
}

/* ---- whose they are ---- */

static void setup_place(void)
{
	make_place();
	open_in(place);
	shop_play(&shop, "u1 buy p1,p2 @0s");
}

static void teardown_place(void)
{
	remove_tree(place);
}

/* A file, or a directory that nothing can be made in, is no place. */
Test(young_place, what_is_no_directory_is_not_begun_in, .init = make_place, .fini = teardown_place)
{
	int buyers = 0, fd = open(others, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
	open_in(others);
	buy(&buyers);
	cr_assert(lies_in(shop.dir));
	expect_bought(buyers);
	shop_close(&shop);
}

static int files_there(void)
{
	char command[128];
	FILE *f;
	int ret = -1;

	snprintf(command, sizeof(command), "ls %s | wc -l", place);
	f = popen(command, "r");
	cr_assert(f && fscanf(f, "%d", &ret) == 1);
	pclose(f);
	return ret;
}

/* As another process sees it: POSIX locks do not stop the one that holds them. */
static int drop_orphans_elsewhere(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)store_drop_orphans(place));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(young_place, of_a_store_that_is_gone_they_are_removed, .init = setup_place, .fini = teardown_place)
{
	cr_assert_eq(files_there(), 3); /* the level, its lock, the link */
	cr_assert_eq(drop_orphans_elsewhere(), 0);
	cr_assert_eq(files_there(), 3, "the store is there");
	shop_close(&shop); /* which removes the store's directory; the last commit was not merged */
	cr_assert_eq(files_there(), 3);
	cr_assert_eq(store_drop_orphans(place), 2);
	cr_assert_eq(files_there(), 0);
}

Test(young_place, what_a_process_has_open_stays, .init = setup_place, .fini = teardown_place)
{
	remove_tree(shop.dir);
	cr_assert_eq(drop_orphans_elsewhere(), 0);
	cr_assert_eq(files_there(), 3);
	shop_close(&shop);
	cr_assert_eq(drop_orphans_elsewhere(), 2);
	cr_assert_eq(files_there(), 0);
}

Test(young_place, files_of_other_names_stay, .init = setup_place, .fini = teardown_place)
{
	static const char *const names[] = { "aisle-0123456789abcdef-1", "aisle-0123456789abcdeX-home", "aisle-x",
					     "other" };
	char path[160];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", place, names[i]);
		cr_assert_eq(symlink("/nowhere", path), 0);
	}
	shop_close(&shop);
	cr_assert_eq(store_drop_orphans(place), 2);
	cr_assert_eq(files_there(), (int)ARRAY_SIZE(names));
	cr_assert_eq(store_drop_orphans("/nowhere"), 0);
	cr_assert_eq(store_drop_orphans(NULL), 0);
}

Test(young_place, whose_it_is_another_user_is_told, .init = setup_place, .fini = teardown_place)
{
	struct store_options opt = shop_store_options(&shop);
	char command[200];
	struct store *s;
	struct error e = { 0 };

	if (geteuid() != 0) {
		shop_close(&shop);
		cr_skip_test("only root can be somebody else");
	}
	snprintf(command, sizeof(command), "chmod -R a+rwX %s", shop.dir);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(chmod(place, 0755), 0);
	opt.read_only = true;
	opt.writer = false;
	cr_assert_eq(setresuid(65534, 65534, 0), 0);
	cr_expect_eq(store_open(&opt, &s, &e), ERR_STORE_OPEN);
	cr_assert_eq(setresuid(0, 0, 0), 0);
	cr_expect(strstr(e.text, place), "%s", e.text);
	cr_expect(strstr(e.text, "belongs to user 'root'"), "%s", e.text);
	shop_close(&shop);
}

Test(young_place, a_copy_of_the_store_leaves_those_of_the_first, .init = setup_place, .fini = teardown_place)
{
	struct store_options opt = shop_store_options(&shop);
	char copy[80], command[200];
	struct store *s;
	struct error e = { 0 };

	snprintf(copy, sizeof(copy), "%s-copy", shop.dir);
	snprintf(command, sizeof(command), "cp -r %s %s", shop.dir, copy);
	cr_assert_eq(system(command), 0);
	opt.path = copy;
	cr_assert_eq(store_open(&opt, &s, &e), 0, "%s", e.text);
	store_close(s);
	remove_tree(copy);
	cr_assert(lies_in(place));
	shop_play(&shop, "u2 buy p1,p2 @1s");
	shop_expect(&shop, "bought-together", "p1", "p2:2");
	shop_close(&shop);
}
