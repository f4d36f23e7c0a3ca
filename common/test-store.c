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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
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
            TEST(test_abandoned_generation_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
