/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes a unit file, and what is refused; the rest wants a systemd (tests/container). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "daemon-call.h"
#include "daemon-settings.h"
#include "util.h"

#define STRINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *to_file(const struct unbox_daemon_settings *settings)
{
    const char *setting = "";
    char *text = NULL;
    size_t size;

    assert_int_equal(daemon_settings_check(settings, &setting), 0);
    assert_int_equal(daemon_settings_to_file(settings, &text, &size), 0);
    assert_int_equal(size, strlen(text));
    return text;
}

static void test_smallest(void **state)
{
    struct unbox_daemon_settings settings = {.argv = STRINGS("/bin/true")};
    _cleanup_free_ char *text = to_file(&settings);

    assert_string_equal(text, DAEMON_FILE_MARK "\n"
                                               "\n[Service]\n"
                                               "Type=exec\n"
                                               "ExecStart=\":/bin/true\"\n"
                                               "\n[Install]\n"
                                               "WantedBy=multi-user.target\n");
}

static const char every_setting[] = DAEMON_FILE_MARK "\n"
                                                     "\n[Unit]\n"
                                                     "Description=A product\n"
                                                     "After=network.target\n"
                                                     "After=dev-disk\\x2da.device\n"
                                                     "Before=a.service\n"
                                                     "Wants=b.service\n"
                                                     "Requires=c.service\n"
                                                     "BindsTo=d.service\n"
                                                     "PartOf=e@1.service\n"
                                                     "Conflicts=f.service\n"
                                                     "StartLimitIntervalSec=10000000us\n"
                                                     "StartLimitBurst=3\n"
                                                     "\n[Service]\n"
                                                     "Type=oneshot\n"
                                                     "ExecStart=\":/opt/product/bin/product\" "
                                                     "\"--verbose\"\n"
                                                     "ExecReload=\":/bin/kill\" \"-HUP\" \"1\"\n"
                                                     "RemainAfterExit=yes\n"
                                                     "WorkingDirectory=/var/lib/my product\n"
                                                     "Environment=\"A=1\"\n"
                                                     "Environment=\"B=\"\n"
                                                     "User=product\n"
                                                     "Group=33\n"
                                                     "MemoryMax=67108864\n"
                                                     "CPUQuota=150%\n"
                                                     "TasksMax=20\n"
                                                     "LimitNOFILE=infinity\n"
                                                     "Restart=on-failure\n"
                                                     "RestartSec=1500000us\n"
                                                     "WatchdogSec=30000000us\n"
                                                     "TimeoutStartSec=infinity\n"
                                                     "TimeoutStopSec=1us\n"
                                                     "\n[Install]\n"
                                                     "WantedBy=unbox.target\n"
                                                     "WantedBy=g.target\n";

static void test_every_setting(void **state)
{
    struct unbox_daemon_settings settings = {
            .description = "A product",
            .argv = STRINGS("/opt/product/bin/product", "--verbose"),
            .reload_argv = STRINGS("/bin/kill", "-HUP", "1"),
            .type = UNBOX_DAEMON_ONESHOT,
            .remain_after_exit = true,
            .working_directory = "/var/lib/my product",
            .environment = STRINGS("A=1", "B="),
            .user = "product",
            .group = "33",
            .memory_max = 64 << 20,
            .cpu_quota = 150,
            .tasks_max = 20,
            .limit_nofile = UINT64_MAX,
            .restart = UNBOX_DAEMON_RESTART_ON_FAILURE,
            .restart_usec = 1500 * USEC_PER_MSEC,
            .start_limit_interval_usec = 10 * USEC_PER_SEC,
            .start_limit_burst = 3,
            .watchdog_usec = 30 * USEC_PER_SEC,
            .timeout_start_usec = UINT64_MAX,
            .timeout_stop_usec = 1,
            .after = STRINGS("network.target", "dev-disk\\x2da.device"),
            .before = STRINGS("a.service"),
            .wants = STRINGS("b.service"),
            .requires_ = STRINGS("c.service"),
            .binds_to = STRINGS("d.service"),
            .part_of = STRINGS("e@1.service"),
            .conflicts = STRINGS("f.service"),
            .wanted_by = STRINGS("unbox.target", "g.target"),
    };
    _cleanup_free_ char *text = to_file(&settings);

    assert_string_equal(text, every_setting);
}

static void test_nothing_gets_a_meaning(void **state)
{
    struct unbox_daemon_settings settings = {
            .description = "100 % \"yours\" ; # \\x",
            .argv = STRINGS("/opt/a b%c", "", ";", "%h", "$HOME", "a\"b'c\\d", "two\nlines\t"),
            .working_directory = "/tmp/100%",
            .environment = STRINGS("QUOTED=\"a\" 'b' %h $HOME\n[Service]\nUser=root\\"),
            .wanted_by = (const char *const[]){NULL},
    };
    _cleanup_free_ char *text = to_file(&settings);

    assert_string_equal(text,
            DAEMON_FILE_MARK "\n"
                             "\n[Unit]\n"
                             "Description=100 %% \"yours\" ; # \\x\n"
                             "\n[Service]\n"
                             "Type=exec\n"
                             "ExecStart=\":/opt/a b%%c\" \"\" \";\" \"%%h\" \"$HOME\" "
                             "\"a\\\"b'c\\\\d\" \"two\\x0alines\\x09\"\n"
                             "WorkingDirectory=/tmp/100%%\n"
                             "Environment=\"QUOTED=\\\"a\\\" 'b' %%h $HOME\\x0a[Service]\\x0a"
                             "User=root\\\\\"\n"
                             "\n[Install]\n");
}

/* With one setting that is wrong, on top of what is right. */
struct refusal {
    const char *setting;
    struct unbox_daemon_settings settings;
};

static void assert_refused(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *setting = "";

        if (daemon_settings_check(&cases[i].settings, &setting) != -EINVAL ||
                strcmp(setting, cases[i].setting) != 0)
            fail_msg("case %zu: %s was to be refused, not \"%s\"", i, cases[i].setting, setting);
    }
}

static void test_programs_are_refused(void **state)
{
    static const char *const argv[] = {"/bin/true", NULL};
    const struct refusal cases[] = {
            {"ExecStart", {.argv = NULL}},
            {"ExecStart", {.argv = (const char *const[]){NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"true", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"/bin/", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"/bin/../bin/true", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"/bin/a\nb", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"/bin/a\"b", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"/bin/true", "\033[1m", NULL}}},
            {"ExecStart", {.argv = (const char *const[]){"/bin/true", "\xff", NULL}}},
            {"ExecReload", {.argv = argv, .reload_argv = (const char *const[]){"kill", NULL}}},
            {"Description", {.argv = argv, .description = ""}},
            {"Description", {.argv = argv, .description = " leads"}},
            {"Description", {.argv = argv, .description = "trails "}},
            {"Description", {.argv = argv, .description = "a\n[Service]"}},
            {"Description", {.argv = argv, .description = "continues\\"}},
            {"Description", {.argv = argv, .description = "\xc3"}},
            {"Description", {.argv = argv, .description = "U+FFFE \xef\xbf\xbe"}},
            {"Description", {.argv = argv, .description = "U+FDD0 \xef\xb7\x90"}},
            {"Description", {.argv = argv, .description = "U+10FFFF \xf4\x8f\xbf\xbf"}},
            {"WorkingDirectory", {.argv = argv, .working_directory = "tmp"}},
            {"WorkingDirectory", {.argv = argv, .working_directory = "/tmp/.."}},
            {"WorkingDirectory", {.argv = argv, .working_directory = "/tmp\nUser=root"}},
            {"WorkingDirectory", {.argv = argv, .working_directory = "/tmp/\\"}},
            {"Environment", {.argv = argv, .environment = (const char *const[]){"A", NULL}}},
            {"Environment", {.argv = argv, .environment = (const char *const[]){"=1", NULL}}},
            {"Environment", {.argv = argv, .environment = (const char *const[]){"1A=1", NULL}}},
            {"Environment", {.argv = argv, .environment = (const char *const[]){"A B=1", NULL}}},
            {"Environment", {.argv = argv, .environment = (const char *const[]){"A=\r", NULL}}},
    };

    assert_refused(cases, ELEMENTSOF(cases));
}

static void test_names_and_numbers_are_refused(void **state)
{
    static const char *const argv[] = {"/bin/true", NULL};
    const struct refusal cases[] = {
            {"User", {.argv = argv, .user = ""}},
            {"User", {.argv = argv, .user = "-a"}},
            {"User", {.argv = argv, .user = "a%u"}},
            {"User", {.argv = argv, .user = "a b"}},
            {"User", {.argv = argv, .user = "65535"}},
            {"User", {.argv = argv, .user = "4294967295"}},
            {"User", {.argv = argv, .user = "99999999999999999999999"}},
            {"User", {.argv = argv, .user = "007"}},
            {"Group", {.argv = argv, .group = "a\nUser=root"}},
            {"After", {.argv = argv, .after = (const char *const[]){"network", NULL}}},
            {"After", {.argv = argv, .after = (const char *const[]){".target", NULL}}},
            {"After", {.argv = argv, .after = (const char *const[]){"getty@.service", NULL}}},
            {"Wants", {.argv = argv, .wants = (const char *const[]){"a.service b.service", NULL}}},
            {"Requires", {.argv = argv, .requires_ = (const char *const[]){"%i.service", NULL}}},
            {"WantedBy", {.argv = argv, .wanted_by = (const char *const[]){"a\n.target", NULL}}},
            {"MemoryMax", {.argv = argv, .memory_max = UINT64_MAX - 1}},
            {"CPUQuota", {.argv = argv, .cpu_quota = UINT64_MAX}},
            {"StartLimitBurst", {.argv = argv, .start_limit_burst = UINT64_C(1) << 32}},
            {"RestartSec", {.argv = argv, .restart_usec = UINT64_C(1) << 63}},
            {"Type", {.argv = argv, .type = UNBOX_DAEMON_ONESHOT + 1}},
            {"Restart", {.argv = argv, .restart = UNBOX_DAEMON_RESTART_ALWAYS + 1}},
    };

    assert_refused(cases, ELEMENTSOF(cases));
}

/* What looks like what is refused, and isn't. */
static void test_not_refused(void **state)
{
    static const char *const users[] = {"0", "33", "65534", "65536", "4294967294", "0a", "a0"};
    struct unbox_daemon_settings settings = {
            .description =
                    "\xef\xbf\xbd \xef\xb7\x8f \xf0\x9f\x98\x80 \xc2\x80", /* U+FFFD, U+FDCF */
            .argv = STRINGS("/bin/true"),
            .after = STRINGS("a@b@.service", "a@@.service"),
    };
    const char *setting = "";

    for (size_t i = 0; i < ELEMENTSOF(users); i++) {
        settings.user = users[i];
        if (daemon_settings_check(&settings, &setting) != 0)
            fail_msg("%s refused, with the user %s", setting, users[i]);
    }
}

static void test_long_paths(void **state)
{
    char path[1 + NAME_MAX + 1 + 1 + 1] = "/";
    struct unbox_daemon_settings settings = {
            .argv = STRINGS("/bin/true"), .working_directory = path};
    const char *setting = "";

    memset(path + 1, 'a', NAME_MAX);
    assert_int_equal(daemon_settings_check(&settings, &setting), 0);
    path[1 + NAME_MAX] = '/';
    path[1 + NAME_MAX + 1] = 'a';
    assert_int_equal(daemon_settings_check(&settings, &setting), 0);
    path[1 + NAME_MAX] = 'a';
    assert_int_equal(daemon_settings_check(&settings, &setting), -EINVAL);
    assert_string_equal(setting, "WorkingDirectory");
}

static void test_too_large(void **state)
{
    _cleanup_free_ char *argument = calloc(1, 256 * 1024 + 1);
    struct unbox_daemon_settings settings = {};
    const char *setting;
    char *text;
    size_t size;

    memset(argument, 'a', 256 * 1024);
    settings.argv = STRINGS("/bin/true", argument);
    assert_int_equal(daemon_settings_check(&settings, &setting), 0);
    assert_int_equal(daemon_settings_to_file(&settings, &text, &size), -E2BIG);
}

static void test_names(void **state)
{
    static const char *const wrong[] = {
            "", ".service", "a b", "a/b", "../a", "a%b", "a\n", "@a", "a@"};
    static const struct {
        const char *name, *unit;
        bool can_be_made;
    } right[] = {
            {"product", "product.service", true},
            {"product.service", "product.service", true},
            {"com.example.product", "com.example.product.service", true},
            {"a.b:c-d_e\\x20", "a.b:c-d_e\\x20.service", true},
            {"getty@tty1", "getty@tty1.service", false},
            {"network.target", "network.target", false},
    };
    char longest[257] = {};

    for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
        _cleanup_free_ char *unit = NULL;

        assert_int_equal(daemon_unit_name(wrong[i], &unit), -EINVAL);
    }
    for (size_t i = 0; i < ELEMENTSOF(right); i++) {
        _cleanup_free_ char *unit = NULL;

        assert_int_equal(daemon_unit_name(right[i].name, &unit), 0);
        assert_string_equal(unit, right[i].unit);
        assert_int_equal(daemon_can_be_made(unit), right[i].can_be_made);
    }
    for (size_t length = 247; length <= 248; length++) {
        _cleanup_free_ char *unit = NULL;

        memset(longest, 'a', length);
        assert_int_equal(daemon_unit_name(longest, &unit), length == 247 ? 0 : -EINVAL);
    }
}

static void test_text_is_cut_between_characters(void **state)
{
    char text[5];

    daemon_copy_text(text, sizeof(text), "abcd");
    assert_string_equal(text, "abcd");
    daemon_copy_text(text, sizeof(text), "abcde");
    assert_string_equal(text, "abcd");
    daemon_copy_text(text, sizeof(text), "abc\xc3\xa9");
    assert_string_equal(text, "abc");
    daemon_copy_text(text, sizeof(text), "ab\xc3\xa9z");
    assert_string_equal(text, "ab\xc3\xa9");
}

static void test_no_bus(void **state)
{
    struct unbox_daemon_settings settings = {.argv = STRINGS("/bin/true")};
    struct unbox_daemon_error error = {};
    struct unbox_daemon_status status;

    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", true);
    assert_int_equal(unbox_daemon_start("a", USEC_PER_SEC, &error), -EHOSTDOWN);
    assert_non_null(strstr(error.text, "can't connect to the system bus"));
    assert_int_equal(unbox_daemon_create("a", &settings, USEC_PER_SEC, NULL), -EHOSTDOWN);
    settings.persistent = true;
    assert_int_equal(unbox_daemon_create("a", &settings, USEC_PER_SEC, NULL), -EHOSTDOWN);
    assert_int_equal(unbox_daemon_get_status("a", USEC_PER_SEC, &status, NULL), -EHOSTDOWN);
    assert_int_equal(unbox_daemon_remove("a", USEC_PER_SEC, NULL), -EHOSTDOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_smallest),
            cmocka_unit_test(test_every_setting),
            cmocka_unit_test(test_nothing_gets_a_meaning),
            cmocka_unit_test(test_programs_are_refused),
            cmocka_unit_test(test_names_and_numbers_are_refused),
            cmocka_unit_test(test_not_refused),
            cmocka_unit_test(test_long_paths),
            cmocka_unit_test(test_too_large),
            cmocka_unit_test(test_names),
            cmocka_unit_test(test_text_is_cut_between_characters),
            cmocka_unit_test(test_no_bus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
