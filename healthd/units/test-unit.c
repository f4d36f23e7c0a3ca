/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is thought of a unit, from what systemd may say of it. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "unit.h"

/* A service that was started in this boot. */
static struct unit *make(enum unit_role role, const char *state, const char *sub_state)
{
    struct unit *unit = unit_new("user-network.service", role);

    assert_non_null(unit);
    unit->facts.load_state = strdup("loaded");
    unit->facts.active_state = strdup(state);
    unit->facts.sub_state = strdup(sub_state);
    unit->facts.service_type = strdup("notify");
    unit->facts.condition_result = true;
    unit->facts.condition_time = 1;
    unit->facts.inactive_exit_time = 1;
    return unit;
}

static void end(struct unit *unit, const char *result, int code, int status)
{
    free(unit->facts.result);
    unit->facts.result = strdup(result);
    unit->facts.exit_code = code;
    unit->facts.exit_status = status;
}

static void assert_exempt(const struct unit *unit, const char *trigger, const char *why)
{
    _cleanup_free_ char *exemption = unit_exemption(unit, trigger);

    assert_int_equal(unit_seen(unit, trigger, false), LADDER_EXEMPT);
    assert_non_null(exemption);
    assert_string_equal(exemption, why);
    assert_false(unit_is_unhealthy(unit));
}

static void test_states_for_the_ladder(void **state)
{
    static const struct {
        const char *state;
        enum ladder_seen seen;
    } cases[] = {
            {"active", LADDER_UP},
            {"reloading", LADDER_UP},
            {"activating", LADDER_STARTING},
            {"deactivating", LADDER_WAIT},
            {"inactive", LADDER_DOWN},
            {"failed", LADDER_DOWN},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, cases[i].state, "x");

        assert_int_equal(unit_seen(unit, NULL, false), cases[i].seen);
        assert_int_equal(unit_seen(unit, NULL, true), LADDER_WAIT);
    }
}

static void test_a_check_that_heals(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "active", "running");

    unit->facts.active_enter_time = 1000;
    assert_int_equal(unit_set_checked(unit, "http check of x: refused", true, false), 0);
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_UP);
    assert_string_equal(unit_state(unit), "failing");
    assert_true(unit_is_unhealthy(unit));

    assert_int_equal(unit_set_checked(unit, "http check of x: refused", true, true), 0);
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_DOWN);
    unit->facts.job = 7;
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_WAIT);
    unit->facts.job = 0;

    /* Restarted: it has the time of a start to pass. */
    unit->facts.active_enter_time = 2000;
    assert_int_equal(unit_set_checked(unit, NULL, true, false), 0);
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_STARTING);
    assert_int_equal(unit_set_checked(unit, NULL, false, false), 0);
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_UP);
    assert_string_equal(unit_state(unit), "active");
    assert_false(unit_is_unhealthy(unit));
}

/* What a check says of a unit that doesn't run is nothing new. */
static void test_a_check_of_what_is_down(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "failed", "failed");

    assert_int_equal(unit_set_checked(unit, "tcp check of x: refused", false, false), 0);
    assert_string_equal(unit_state(unit), "failed");
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_DOWN);
}

static void test_a_job_is_pending(void **state)
{
    _cleanup_(unit_free_p) struct unit *down = make(UNIT_HEALED, "failed", "failed");
    _cleanup_(unit_free_p) struct unit *starting = make(UNIT_HEALED, "activating", "start");

    down->facts.job = starting->facts.job = 5;
    assert_int_equal(unit_seen(down, NULL, false), LADDER_WAIT);
    /* Its own start is what it is measured by. */
    assert_int_equal(unit_seen(starting, NULL, false), LADDER_STARTING);
}

static void test_condition_failed(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "inactive", "dead");

    unit->facts.condition_result = false;
    unit->facts.condition = strdup("ConditionPathExists=/x");
    assert_exempt(unit, NULL, "condition failed: ConditionPathExists=/x");
}

static void test_stopped_on_purpose(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "failed", "failed");

    end(unit, "timeout", CLD_KILLED, SIGKILL);
    unit->stopped = true;
    assert_exempt(unit, NULL, "stopped on purpose");
    assert_false(unit_notice_failure(unit));
}

static void test_its_socket_waits(void **state)
{
    _cleanup_(unit_free_p) struct unit *idle = make(UNIT_HEALED, "inactive", "dead");
    _cleanup_(unit_free_p) struct unit *failed = make(UNIT_HEALED, "failed", "failed");

    assert_exempt(idle, "webserver.socket", "waits for webserver.socket");
    assert_int_equal(unit_seen(failed, "webserver.socket", false), LADDER_WAIT);
    assert_true(unit_is_unhealthy(failed));
}

static void test_not_called_for(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "inactive", "dead");

    unit->facts.condition_time = unit->facts.inactive_exit_time = 0;
    unit->facts.file_state = strdup("disabled");
    assert_exempt(unit, NULL, "not enabled");
    free(unit->facts.file_state);
    unit->facts.file_state = strdup("enabled");
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_DOWN);
}

static void test_not_ours_to_restart(void **state)
{
    _cleanup_(unit_free_p) struct unit *watched = make(UNIT_WATCHED, "inactive", "dead");
    _cleanup_(unit_free_p) struct unit *oneshot = make(UNIT_HEALED, "inactive", "dead");

    free(oneshot->facts.service_type);
    oneshot->facts.service_type = strdup("oneshot");
    assert_exempt(watched, NULL, "not running");
    assert_exempt(oneshot, NULL, "not running");
}

static void test_not_there(void **state)
{
    _cleanup_(unit_free_p) struct unit *own = unit_new("identserver.service", UNIT_HEALED);
    _cleanup_(unit_free_p) struct unit *wanted = unit_new("hostpad.service", UNIT_HEALED);

    wanted->wanted = true;
    assert_int_equal(unit_facts_set_unloaded(&own->facts, "not-found"), 0);
    assert_int_equal(unit_facts_set_unloaded(&wanted->facts, "not-found"), 0);
    assert_false(unit_is_shown(own));
    assert_false(unit_is_unhealthy(own));
    assert_true(unit_is_shown(wanted));
    assert_true(unit_is_unhealthy(wanted));
    assert_string_equal(unit_state(wanted), "not-found");
    assert_int_equal(unit_facts_set_unloaded(&wanted->facts, "masked"), 0);
    assert_exempt(wanted, NULL, "masked");
}

static void test_a_failure_is_noticed_once(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "activating", "auto-restart");

    end(unit, "signal", CLD_KILLED, SIGKILL);
    assert_true(unit_notice_failure(unit));
    assert_false(unit_notice_failure(unit));
    end(unit, "success", 0, 0);
    assert_false(unit_notice_failure(unit));
    end(unit, "exit-code", CLD_EXITED, 1);
    assert_true(unit_notice_failure(unit));
}

static void test_how_it_ended(void **state)
{
    static const struct {
        const char *result;
        int code, status;
        const char *text;
    } cases[] = {
            {"signal", CLD_KILLED, SIGKILL, "was killed (SIGKILL)"},
            {"core-dump", CLD_DUMPED, SIGSEGV, "crashed (SIGSEGV)"},
            {"signal", CLD_KILLED, 40, "was killed (signal 40)"},
            {"exit-code", CLD_EXITED, 78, "exited with status 78"},
            {"exit-code", 0, 0, "failed (exit-code)"},
            {"watchdog", CLD_DUMPED, SIGABRT, "did not feed its watchdog"},
            {"start-limit-hit", 0, 0, "was started too often"},
            {"success", CLD_EXITED, 0, "ended by itself"},
            {"news", 0, 0, "failed (news)"},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "failed", "failed");
        _cleanup_free_ char *text = NULL;

        end(unit, cases[i].result, cases[i].code, cases[i].status);
        text = unit_facts_how_it_ended(&unit->facts);
        assert_non_null(text);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_ended_for_good(void **state)
{
    _cleanup_(unit_free_p) struct unit *unit = make(UNIT_HEALED, "failed", "failed");
    _cleanup_free_ char *why = NULL;

    unit->facts.final_ends.statuses[78 / 64] = UINT64_C(1) << 78 % 64;
    end(unit, "exit-code", CLD_EXITED, 1);
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_DOWN);
    end(unit, "exit-code", CLD_EXITED, 78);
    assert_int_equal(unit_seen(unit, NULL, false), LADDER_EXEMPT);
    /* Left alone, but not well; and said once. */
    assert_true(unit_is_unhealthy(unit));
    assert_true(unit_notice_failure(unit));
    why = unit_exemption(unit, NULL);
    assert_string_equal(why, "exited with status 78, which no restart mends");
}

static void test_names(void **state)
{
    static const char *const pairs[][2] = {
            {"webserver", "webserver.service"},
            {"webserver.socket", "webserver.socket"},
            {"getty@tty1", "getty@tty1.service"},
            {"a.b", "a.b.service"},
    };

    for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
        _cleanup_free_ char *full = NULL;
        char name[64];

        assert_true(unit_full_name(pairs[i][0], &full) >= 0);
        assert_string_equal(full, pairs[i][1]);
        unit_short_name(full, name, sizeof(name));
        assert_string_equal(name, pairs[i][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_states_for_the_ladder),
            cmocka_unit_test(test_a_check_that_heals),
            cmocka_unit_test(test_a_check_of_what_is_down),
            cmocka_unit_test(test_a_job_is_pending),
            cmocka_unit_test(test_condition_failed),
            cmocka_unit_test(test_stopped_on_purpose),
            cmocka_unit_test(test_its_socket_waits),
            cmocka_unit_test(test_not_called_for),
            cmocka_unit_test(test_not_ours_to_restart),
            cmocka_unit_test(test_not_there),
            cmocka_unit_test(test_a_failure_is_noticed_once),
            cmocka_unit_test(test_how_it_ended),
            cmocka_unit_test(test_ended_for_good),
            cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
