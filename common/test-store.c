/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Durable files, in a folder of their own below the build. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "unbox/store.h"
#include "util.h"

/* What was made durable, by its inode. */
static ino_t synced[8];
static size_t n_synced;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    synced[n_synced++ % ELEMENTSOF(synced)] = st.st_ino;
    return __real_fsync(fd);
}

static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/unbox-test-store-XXXXXX");

    *state = folder;
    return !mkdtemp(folder) || chdir(folder) < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
    int r = chdir("/") < 0 ? -errno : unbox_store_remove_tree(*state);

    free(*state);
    return r < 0 ? -1 : 0;
}

static unsigned count_files(void)
{
    DIR *dir = opendir(".");
    unsigned count = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            count++;
    closedir(dir);
    return count;
}

static void assert_content(const char *path, const char *expected)
{
    _cleanup_free_ char *data = NULL;
    size_t size;

    assert_int_equal(unbox_store_read(path, 4096, &data, &size), 0);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(data, expected);
}

static void test_write_replaces_whole(void **state)
{
    struct stat st;

    assert_int_equal(unbox_store_write("file", "first, long", 11, 0644, -1, -1), 0);
    assert_int_equal(unbox_store_write("file", "second", 6, 0600, -1, -1), 0);
    assert_content("file", "second");
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(count_files(), 1);
}

static void test_leftover_of_a_cut_write(void **state)
{
    assert_int_equal(unbox_store_flag(".#file", 0644), 0);
    assert_int_equal(unbox_store_write("file", "x", 1, 0600, -1, -1), 0);
    assert_content("file", "x");
    assert_int_equal(count_files(), 1);
}

static void test_tidy(void **state)
{
    assert_int_equal(unbox_store_write("file", "x", 1, 0600, -1, -1), 0);
    assert_int_equal(unbox_store_tidy("file"), 0);
    assert_int_equal(unbox_store_flag(".#file", 0600), 0);
    assert_int_equal(unbox_store_tidy("file"), 1);
    assert_content("file", "x");
    assert_int_equal(count_files(), 1);
    assert_int_equal(unbox_store_tidy("nowhere/file"), -ENOENT);
}

static void test_mode_ignores_umask(void **state)
{
    mode_t old = umask(0777);
    struct stat st;

    assert_int_equal(unbox_store_write("file", "x", 1, 0640, -1, -1), 0);
    umask(old);
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_failed_write_keeps_the_old(void **state)
{
    struct rlimit old, tiny = {4, RLIM_INFINITY};

    assert_int_equal(unbox_store_write("file", "old", 3, 0600, -1, -1), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tiny.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    assert_int_equal(unbox_store_write("file", "much too long", 13, 0600, -1, -1), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_content("file", "old");
    assert_int_equal(count_files(), 1);
}

static void test_write_without_folder(void **state)
{
    assert_int_equal(unbox_store_write("nowhere/file", "x", 1, 0600, -1, -1), -ENOENT);
    assert_int_equal(unbox_store_write("", "x", 1, 0600, -1, -1), -EINVAL);
}

static void test_read_bounds(void **state)
{
    _cleanup_free_ char *data = NULL;

    assert_int_equal(unbox_store_write("file", "12345", 5, 0600, -1, -1), 0);
    assert_int_equal(unbox_store_read("file", 4, &data, NULL), -EFBIG);
    assert_null(data);
    assert_int_equal(unbox_store_read("none", 4, &data, NULL), -ENOENT);
    assert_int_equal(unbox_store_read("file", 5, &data, NULL), 0);
    assert_string_equal(data, "12345");
}

static void test_remove(void **state)
{
    assert_int_equal(unbox_store_flag("flag", 0644), 0);
    assert_int_equal(unbox_store_remove("flag"), 1);
    assert_int_equal(unbox_store_remove("flag"), 0);
    assert_int_equal(unbox_store_remove("nowhere/flag"), 0);
}

static void test_remove_tree_follows_no_link(void **state)
{
    assert_int_equal(mkdir("keep", 0755), 0);
    assert_int_equal(unbox_store_flag("keep/precious", 0644), 0);
    assert_int_equal(mkdir("tree", 0755), 0);
    assert_int_equal(mkdir("tree/below", 0755), 0);
    assert_int_equal(unbox_store_flag("tree/below/file", 0644), 0);
    assert_int_equal(symlink("../keep", "tree/link"), 0);
    assert_int_equal(unbox_store_remove_tree("tree"), 1);
    assert_int_equal(unbox_store_remove_tree("tree"), 0);
    assert_int_equal(access("keep/precious", F_OK), 0);
}

static int commit(const char *id, const char *content)
{
    struct unbox_store_generation *generation = NULL;
    int r;

    r = unbox_store_generation_new(".", -1, &generation);
    if (r >= 0)
        r = unbox_store_generation_add(generation, "a", content, strlen(content), 0640, -1);
    if (r >= 0)
        r = unbox_store_generation_commit(generation, id);
    unbox_store_generation_free(generation);
    return r;
}

static void test_generation_switches(void **state)
{
    assert_int_equal(commit("1", "one"), 0);
    assert_content("current/a", "one");
    assert_int_equal(commit("2", "two"), 0);
    assert_content("current/a", "two");
    assert_int_equal(access("gen-1", F_OK), -1);
    assert_int_equal(commit("2", "again"), 0);
    assert_content("current/a", "again");
    assert_int_equal(count_files(), 2);
    assert_int_equal(commit("../3", "x"), -EINVAL);
}

static void offer_generation(const char *id)
{
    struct unbox_store_generation *generation = NULL;

    assert_int_equal(unbox_store_generation_new(".", -1, &generation), 0);
    assert_int_equal(unbox_store_generation_add(generation, "a", id, strlen(id), 0640, -1), 0);
    assert_int_equal(unbox_store_generation_offer(generation, id), 0);
    unbox_store_generation_free(generation);
}

static void test_an_offered_generation_waits(void **state)
{
    assert_int_equal(unbox_store_generation_adopt("."), 0);
    offer_generation("one");
    assert_int_equal(access("current", F_OK), -1);
    assert_int_equal(unbox_store_generation_adopt("."), 1);
    assert_content("current/a", "one");
    offer_generation("two");
    offer_generation("three");
    assert_content("current/a", "one");
    assert_content("next/a", "three");
    assert_int_equal(access("gen-two", F_OK), -1);
    assert_int_equal(unbox_store_generation_discard("."), 1);
    assert_int_equal(unbox_store_generation_discard("."), 0);
    assert_content("current/a", "one");
    offer_generation("four");
    assert_int_equal(unbox_store_generation_adopt("."), 1);
    assert_content("current/a", "four");
    assert_int_equal(count_files(), 2);
}

static void test_abandoned_generation_leaves_nothing(void **state)
{
    struct unbox_store_generation *generation = NULL;

    assert_int_equal(commit("1", "one"), 0);
    assert_int_equal(unbox_store_generation_new(".", -1, &generation), 0);
    assert_int_equal(unbox_store_generation_add(generation, "a", "x", 1, 0600, -1), 0);
    assert_int_equal(unbox_store_generation_add(generation, "a", "x", 1, 0600, -1), -EEXIST);
    assert_int_equal(unbox_store_generation_add(generation, "../a", "x", 1, 0600, -1), -EINVAL);
    unbox_store_generation_free(generation);
    assert_content("current/a", "one");
    assert_int_equal(count_files(), 2);
}

static void test_a_link_takes_the_place_of_anything(void **state)
{
    char where[64];

    assert_int_equal(unbox_store_write("f", "old", 3, 0600, -1, -1), 0);
    for (int i = 0; i < 2; i++) {
        const char *target = i ? "/run/other" : "/run/nowhere";
        ssize_t size;

        assert_int_equal(unbox_store_link("f", target), 0);
        size = readlink("f", where, sizeof(where));
        assert_int_equal(size, (ssize_t)strlen(target));
        assert_memory_equal(where, target, size);
        assert_int_equal(count_files(), 1);
    }
    /* And a file that of a link, whose target stays as it is. */
    assert_int_equal(unbox_store_write("g", "kept", 4, 0600, -1, -1), 0);
    assert_int_equal(unbox_store_link("f", "g"), 0);
    assert_int_equal(unbox_store_write("f", "new", 3, 0600, -1, -1), 0);
    assert_int_equal(unbox_store_remove("f"), 1);
    assert_int_equal(unbox_store_link("nowhere/f", "g"), -ENOENT);
    assert_int_equal(count_files(), 1);
}

static void assert_synced(const char *first, const char *second)
{
    const char *const paths[] = {first, second};
    struct stat st;

    for (size_t i = 0; i < n_synced; i++) {
        assert_true(i < ELEMENTSOF(paths) && paths[i]);
        assert_int_equal(stat(paths[i], &st), 0);
        assert_int_equal(synced[i], st.st_ino);
    }
    assert_int_equal(n_synced, second ? 2 : 1);
    n_synced = 0;
}

/* The content before its name, and each name in the folder that it stands in. */
static void test_durable_in_this_order(void **state)
{
    n_synced = 0;
    assert_int_equal(unbox_store_make_dir("folder", 0700), 1);
    assert_synced(".", NULL);
    assert_int_equal(unbox_store_write("folder/file", "x", 1, 0600, -1, -1), 0);
    assert_synced("folder/file", "folder");
    assert_int_equal(unbox_store_link("link", "folder"), 0);
    assert_synced(".", NULL);
    assert_int_equal(unbox_store_remove("folder/file"), 1);
    assert_synced("folder", NULL);
    assert_int_equal(unbox_store_remove_tree("folder"), 1);
    assert_synced(".", NULL);
}

static void test_make_dir(void **state)
{
    struct stat st;

    assert_int_equal(unbox_store_make_dir("folder", 0700), 1);
    assert_int_equal(unbox_store_make_dir("folder", 0755), 0);
    assert_int_equal(stat("folder", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(unbox_store_make_dir("nowhere/folder", 0700), -ENOENT);
    assert_int_equal(unbox_store_flag("file", 0600), 0);
    assert_int_equal(unbox_store_make_dir("file", 0700), -ENOTDIR);
}

/* A folder can't be replaced by a link, and nothing of the attempt is left. */
static void test_a_link_that_cannot_be_made(void **state)
{
    assert_int_equal(unbox_store_make_dir("folder", 0700), 1);
    assert_int_equal(unbox_store_link("folder", "/run"), -EISDIR);
    assert_int_equal(count_files(), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
            TEST(test_a_link_takes_the_place_of_anything),
            TEST(test_write_replaces_whole),
            TEST(test_leftover_of_a_cut_write),
            TEST(test_tidy),
            TEST(test_mode_ignores_umask),
            TEST(test_failed_write_keeps_the_old),
            TEST(test_write_without_folder),
            TEST(test_read_bounds),
            TEST(test_remove),
            TEST(test_remove_tree_follows_no_link),
            TEST(test_generation_switches),
            TEST(test_an_offered_generation_waits),
            TEST(test_abandoned_generation_leaves_nothing),
            TEST(test_durable_in_this_order),
            TEST(test_make_dir),
            TEST(test_a_link_that_cannot_be_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
