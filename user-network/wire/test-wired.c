/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A change of the wire from its beginning to each of its ends, with the NetworkManager and the
 * netplan of test-wired-world.c. A run that is killed is one that is freed without a word to them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "nm-wire.h"
#include "test-wired-world.h"
#include "unbox/store.h"
#include "util.h"
#include "wired.h"

static char root[64];
static struct wired *wired;
static struct wired_settings settings;

static void on_changed(void *userdata)
{
}

static void start(uint64_t confirm_usec)
{
    const struct wired_options options = {
            .event = event,
            .paths = &paths,
            .interface = "eth0",
            .confirm_usec = confirm_usec,
            .changed = on_changed,
    };

    assert_int_equal(wired_new(&options, &wired), 0);
}

static int set_up(void **state)
{
    static const char *const folders[] = {"", "/var", "/var/lib", "/var/lib/unbox",
            "/var/lib/unbox/network", "/etc", "/etc/netplan", "/run", "/run/NetworkManager",
            "/run/NetworkManager/system-connections"};
    _cleanup_json_ json_t *object = json_pack("{s:s}", "address", "192.0.2.7/24");
    char folder[256];

    memset(&world, 0, sizeof(world));
    world.running = world.carrier = true;
    use("dhcp", "192.0.2.100");
    assert_true(copy_text(root, sizeof(root), "/tmp/test-wired-XXXXXX"));
    assert_non_null(mkdtemp(root));
    for (size_t i = 1; i < ELEMENTSOF(folders); i++) {
        snprintf(folder, sizeof(folder), "%s%s", root, folders[i]);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    assert_int_equal(paths_init(root, &paths), 0);
    assert_null(wired_settings_from_json(object, &settings));
    assert_true(sd_event_new(&event) >= 0);
    start(10 * USEC_PER_SEC);
    return 0;
}

static int tear_down(void **state)
{
    wired = wired_free(wired);
    end_netplan();
    free(world.checkpoint);
    sd_event_unref(event);
    (void)unbox_store_remove_tree(root);
    paths_done(&paths);
    return 0;
}

static void settle(void)
{
    for (int i = 0; i < 3; i++) {
        while (sd_event_run(event, 0) > 0)
            ;
        wired_look(wired, false);
    }
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void assert_files(bool there)
{
    assert_int_equal(exists(paths.wired_truth), there);
    assert_int_equal(exists(paths.wired_installed), there);
    assert_false(exists(paths.wired_change));
}

static void assert_ended(const char *code)
{
    _cleanup_json_ json_t *told = wired_to_json(wired);
    json_t *last = json_object_get(told, "last");

    assert_false(wired_running(wired));
    assert_true(json_is_null(json_object_get(told, "pending")));
    assert_string_equal(json_string_value(json_object_get(last, "code")), code);
}

/* Until the new address is up, and nobody has confirmed it. */
static void try_it(void)
{
    assert_int_equal(wired_set(wired, &settings), 0);
    settle();
    assert_string_equal(world.asked, "kt");
    assert_int_equal(wired_confirm(wired, "192.0.2.7"), -EAGAIN);
    use(NM_WIRE_UUID, "192.0.2.7");
    settle();
    assert_true(exists(paths.wired_change));
    assert_false(exists(paths.wired_truth));
    assert_false(exists(paths.wired_installed));
    memset(world.asked, 0, sizeof(world.asked));
}

static void kill_it(void)
{
    wired = wired_free(wired);
    memset(world.asked, 0, sizeof(world.asked));
    start(10 * USEC_PER_SEC);
}

static void test_confirmed_over_the_new_address(void **state)
{
    _cleanup_json_ json_t *told = NULL;

    try_it();
    assert_int_equal(wired_set(wired, NULL), -EBUSY);
    assert_int_equal(wired_confirm(wired, "192.0.2.100"), -EADDRNOTAVAIL);
    assert_int_equal(wired_confirm(wired, "fe80::1"), -EADDRNOTAVAIL);
    assert_int_equal(wired_confirm(wired, "::ffff:192.0.2.7"), 0);
    assert_int_equal(wired_confirm(wired, "192.0.2.7"), -ENOENT);
    assert_true(exists(paths.wired_truth) && exists(paths.wired_installed));
    wired_look(wired, true);
    assert_string_equal(world.asked, "d");
    settle();
    assert_string_equal(world.asked, "drax");
    assert_ended("confirmed");
    assert_files(true);
    told = wired_to_json(wired);
    assert_string_equal(json_string_value(json_object_get(told, "method")), "static");
    kill_it();
    settle();
    assert_string_equal(world.asked, "");
    assert_files(true);
}

static void test_nobody_confirms(void **state)
{
    wired_free(wired);
    start(3 * USEC_PER_SEC);
    try_it();
    while (wired_running(wired)) {
        assert_true(sd_event_run(event, 5 * USEC_PER_SEC) > 0);
        wired_look(wired, false);
    }
    assert_ended("not-confirmed");
    assert_string_equal(world.asked, "bx");
    assert_string_equal(world.profile, "dhcp");
    assert_files(false);
}

static void test_the_cable_is_pulled(void **state)
{
    try_it();
    use("", "");
    settle();
    assert_ended("down");
    assert_files(false);
}

static void test_networkmanager_refuses(void **state)
{
    world.refuses = true;
    assert_int_equal(wired_set(wired, &settings), 0);
    settle();
    assert_ended("refused");
    assert_null(world.checkpoint);
    assert_files(false);
}

static void test_networkmanager_goes_and_comes(void **state)
{
    try_it();
    world.running = false;
    free(world.checkpoint);
    world.checkpoint = NULL;
    settle();
    assert_true(wired_running(wired));
    assert_string_equal(world.asked, "");
    /* It has taken up what it found on the wire, and has nothing to go back to. */
    world.running = true;
    settle();
    assert_ended("interrupted");
    assert_string_equal(world.asked, "bxrax");
    assert_string_equal(world.profile, "netplan");
    assert_string_equal(world.address, "192.0.2.100");
    assert_files(false);
}

static void test_networkmanager_comes_back_without_the_trial(void **state)
{
    try_it();
    world.running = false;
    settle();
    world.running = true;
    use("dhcp", "192.0.2.100");
    settle();
    assert_ended("interrupted");
    assert_string_equal(world.asked, "bx");
    assert_files(false);
}

/* It ends what it has tried before it goes away, and takes it up again when it is back. */
static void test_networkmanager_brings_the_trial_back(void **state)
{
    try_it();
    use("", "");
    settle();
    assert_ended("down");
    world.running = false;
    settle();
    memset(world.asked, 0, sizeof(world.asked));
    world.running = true;
    use(NM_WIRE_UUID, "192.0.2.7");
    settle();
    settle();
    assert_ended("interrupted");
    assert_string_equal(world.asked, "bxrax");
    assert_string_equal(world.address, "192.0.2.100");
    assert_files(false);
}

static void test_networkmanager_dies_when_it_is_confirmed(void **state)
{
    try_it();
    world.dies = true;
    assert_int_equal(wired_confirm(wired, NULL), 0);
    settle();
    assert_true(wired_running(wired));
    assert_true(exists(paths.wired_truth) && exists(paths.wired_installed));
    assert_string_equal(world.asked, "dr");
    world.dies = false;
    world.running = true;
    settle();
    settle();
    assert_string_equal(world.asked, "drrax");
    assert_ended("confirmed");
    assert_files(true);
}

static void test_killed_before_it_is_confirmed(void **state)
{
    try_it();
    kill_it();
    settle();
    assert_ended("interrupted");
    assert_string_equal(world.asked, "bx");
    assert_string_equal(world.profile, "dhcp");
    assert_files(false);
}

/* A checkpoint of that name may be anybody's by now. */
static void test_a_reboot_before_it_is_confirmed(void **state)
{
    _cleanup_json_ json_t *change = NULL;

    try_it();
    wired = wired_free(wired);
    change = json_load_file(paths.wired_change, 0, NULL);
    assert_int_equal(
            json_object_set_new(change, "boot", json_string("00000000000000000000000000000001")),
            0);
    assert_int_equal(json_dump_file(change, paths.wired_change, 0), 0);
    nm_wire_checkpoint_forget(NULL);
    use("dhcp", "192.0.2.100");
    kill_it();
    settle();
    assert_null(world.checkpoint);
    assert_ended("interrupted");
    assert_string_equal(world.asked, "bx");
    assert_files(false);
}

/* Whoever asks first finds out what was left, and has to wait for its end. */
static void test_a_change_before_the_last_is_cleared_away(void **state)
{
    try_it();
    kill_it();
    assert_int_equal(wired_set(wired, &settings), 0);
    settle();
    assert_string_equal(world.asked, "bxkt");
}

static void test_a_truth_that_nobody_can_read(void **state)
{
    wired = wired_free(wired);
    assert_int_equal(unbox_store_write(paths.wired_truth, "network: 7", 10, 0600, -1, -1), 0);
    assert_int_equal(unbox_store_write(paths.wired_installed, "network: 7", 10, 0600, -1, -1), 0);
    start(10 * USEC_PER_SEC);
    settle();
    assert_files(false);
    assert_false(wired_running(wired));
}

static void test_killed_after_it_was_confirmed(void **state)
{
    try_it();
    assert_int_equal(wired_confirm(wired, NULL), 0);
    kill_it();
    settle();
    settle();
    assert_string_equal(world.asked, "drax");
    assert_ended("confirmed");
    assert_files(true);
}

static void test_no_cable(void **state)
{
    world.carrier = false;
    assert_int_equal(wired_set(wired, &settings), -ENOTCONN);
    world.running = false;
    assert_int_equal(wired_set(wired, NULL), -ENOTCONN);
    assert_false(wired_running(wired));
    assert_int_equal(wired_confirm(wired, NULL), -ENOENT);
}

static void test_back_to_dhcp(void **state)
{
    try_it();
    assert_int_equal(wired_confirm(wired, NULL), 0);
    settle();
    assert_files(true);
    memset(world.asked, 0, sizeof(world.asked));
    assert_int_equal(wired_set(wired, NULL), 0);
    assert_false(exists(paths.wired_truth) || exists(paths.wired_installed));
    settle();
    assert_string_equal(world.asked, "rax");
    assert_ended("dhcp");
    assert_files(false);
}

static void test_a_strangers_broken_file(void **state)
{
    _cleanup_free_ char *made = NULL;

    assert_true(asprintf(&made, "%s/netplan-eth0.nmconnection", paths.generated) > 0);
    world.broken = true;
    try_it();
    assert_int_equal(wired_confirm(wired, NULL), 0);
    settle();
    assert_ended("confirmed");
    assert_true(exists(made));
    assert_int_equal(wired_set(wired, NULL), 0);
    settle();
    assert_false(exists(made));
}

static void test_the_copy_is_put_back(void **state)
{
    try_it();
    assert_int_equal(wired_confirm(wired, NULL), 0);
    settle();
    assert_int_equal(unlink(paths.wired_installed), 0);
    kill_it();
    assert_true(exists(paths.wired_installed));
    settle();
    settle();
    assert_string_equal(world.asked, "rax");
    assert_false(wired_running(wired));
    /* And a copy that nobody wished for goes. */
    assert_int_equal(unlink(paths.wired_truth), 0);
    kill_it();
    assert_files(false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_confirmed_over_the_new_address),
            TEST(test_nobody_confirms),
            TEST(test_the_cable_is_pulled),
            TEST(test_networkmanager_refuses),
            TEST(test_networkmanager_goes_and_comes),
            TEST(test_networkmanager_comes_back_without_the_trial),
            TEST(test_networkmanager_brings_the_trial_back),
            TEST(test_networkmanager_dies_when_it_is_confirmed),
            TEST(test_killed_before_it_is_confirmed),
            TEST(test_a_reboot_before_it_is_confirmed),
            TEST(test_a_change_before_the_last_is_cleared_away),
            TEST(test_a_truth_that_nobody_can_read),
            TEST(test_killed_after_it_was_confirmed),
            TEST(test_no_cable),
            TEST(test_back_to_dhcp),
            TEST(test_a_strangers_broken_file),
            TEST(test_the_copy_is_put_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
