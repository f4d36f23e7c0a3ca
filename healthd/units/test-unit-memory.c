/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* healthd is killed while a unit is on its ladder, and the next one goes on where it was. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unbox/store.h"
#include "unit-memory.h"

#define LADDER(restarts, last)                                                                     \
    ("{\"restarts\":" restarts ",\"last\":" last ",\"starting\":0,\"trouble\":1,"                  \
     "\"degraded\":true,\"ran\":true,\"since\":1}")
#define NAME "radio.service"
#define SECOND(n) ((1000 + (n)) * USEC_PER_SEC)

struct fixture {
    sd_event *event;
    char folder[32];
    char path[64];
    struct memory *memory;
    struct unit *unit;
};

/* What healthd does when it is begun, at that second. */
static void begin(struct fixture *fixture, unsigned second)
{
    assert_int_equal(memory_open(fixture->event, fixture->path, &fixture->memory), 0);
    fixture->unit = unit_new(NAME, UNIT_HEALED);
    assert_non_null(fixture->unit);
    unit_recall(fixture->memory, fixture->unit, SECOND(second));
}

static void end(struct fixture *fixture)
{
    fixture->memory = memory_close(fixture->memory);
    fixture->unit = unit_free(fixture->unit);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/unbox-ladder-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/memory.json", fixture->folder);
    assert_true(sd_event_new(&fixture->event) >= 0);
    begin(fixture, 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    end(fixture);
    sd_event_unref(fixture->event);
    assert_int_equal(unbox_store_remove_tree(fixture->folder), 1);
    free(fixture);
    return 0;
}

static unsigned at(struct fixture *fixture, unsigned second, enum ladder_seen seen)
{
    unsigned actions =
            ladder_step(&fixture->unit->ladder, &ladder_default_rules, SECOND(second), seen, false);

    unit_remember(fixture->memory, fixture->unit);
    return actions;
}

static unsigned due(const struct fixture *fixture)
{
    return ladder_due(&fixture->unit->ladder, &ladder_default_rules) / USEC_PER_SEC - 1000;
}

/* Three restarts, at 0, 5 and 10 s, all of them in vain. */
static void fail_three_times(struct fixture *fixture)
{
    for (unsigned second = 0; second <= 10; second += 5) {
        assert_true(at(fixture, second, LADDER_DOWN) & LADDER_RESTART);
        assert_int_equal(at(fixture, second, LADDER_STARTING), 0);
    }
    assert_int_equal(at(fixture, 11, LADDER_DOWN), LADDER_DEGRADED);
    fixture->unit->trouble = strdup("failed 3 times");
    fixture->unit->trouble_since = 7;
    unit_remember(fixture->memory, fixture->unit);
}

static void test_goes_on_at_60_s(void **state)
{
    struct fixture *fixture = *state;

    fail_three_times(fixture);
    end(fixture);
    begin(fixture, 15);
    assert_string_equal(fixture->unit->trouble, "failed 3 times");
    assert_int_equal(fixture->unit->trouble_since, 7);
    assert_int_equal(fixture->unit->ladder.restarts, 3);
    /* Known already: neither its failure nor that it is degraded is told again. */
    assert_int_equal(at(fixture, 15, LADDER_DOWN), 0);
    assert_int_equal(due(fixture), 70);
    assert_int_equal(at(fixture, 69, LADDER_DOWN), 0);
    assert_int_equal(at(fixture, 70, LADDER_DOWN), LADDER_RESTART);
    /* And again, however often. */
    end(fixture);
    begin(fixture, 71);
    assert_int_equal(at(fixture, 71, LADDER_DOWN), 0);
    assert_int_equal(due(fixture), 130);
}

static void test_in_the_middle(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(at(fixture, 0, LADDER_DOWN), LADDER_FAILED | LADDER_RESTART);
    end(fixture);
    begin(fixture, 2);
    assert_int_equal(at(fixture, 2, LADDER_DOWN), 0);
    assert_int_equal(due(fixture), 5);
    assert_int_equal(at(fixture, 5, LADDER_DOWN), LADDER_RESTART);
}

static void test_a_start_that_never_ends(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(at(fixture, 0, LADDER_DOWN), LADDER_FAILED | LADDER_RESTART);
    assert_int_equal(at(fixture, 1, LADDER_STARTING), 0);
    end(fixture);
    begin(fixture, 20);
    /* It has the thirty seconds once, not once for each healthd. */
    assert_int_equal(at(fixture, 20, LADDER_STARTING), 0);
    assert_int_equal(due(fixture), 31);
    assert_true(at(fixture, 31, LADDER_STARTING) & LADDER_RESTART);
}

static void test_it_came_back_meanwhile(void **state)
{
    struct fixture *fixture = *state;

    fail_three_times(fixture);
    end(fixture);
    begin(fixture, 40);
    assert_int_equal(at(fixture, 40, LADDER_UP), LADDER_RUNNING_AGAIN);
    assert_int_equal(at(fixture, 50, LADDER_UP), LADDER_RECOVERED);
    assert_non_null(memory_ladder(fixture->memory, NAME));
    assert_int_equal(at(fixture, 160, LADDER_UP), 0);
    /* Nothing is left of it. */
    assert_null(memory_ladder(fixture->memory, NAME));
}

static void test_nothing_is_kept_of_a_healthy_one(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(at(fixture, 0, LADDER_STARTING), 0);
    assert_int_equal(at(fixture, 1, LADDER_UP), 0);
    assert_null(memory_ladder(fixture->memory, NAME));
    /* Stopped on purpose: the ladder is left. */
    fail_three_times(fixture);
    assert_int_equal(at(fixture, 12, LADDER_EXEMPT), 0);
    assert_null(memory_ladder(fixture->memory, NAME));
}

static void test_what_cannot_be(void **state)
{
    static const char *const texts[] = {
            "7",
            "{}",
            LADDER("-1", "1"),
            LADDER("1e9", "1"),
            /* The clock has not got there yet: nobody would be restarted for a long time. */
            LADDER("3", "9000000000000"),
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        memory_set_ladder(fixture->memory, NAME, json_loads(texts[i], JSON_DECODE_ANY, NULL));
        unit_recall(fixture->memory, fixture->unit, SECOND(0));
        assert_int_equal(fixture->unit->ladder.restarts, 0);
        assert_false(fixture->unit->ladder.trouble);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_goes_on_at_60_s),
            TEST(test_in_the_middle),
            TEST(test_a_start_that_never_ends),
            TEST(test_it_came_back_meanwhile),
            TEST(test_nothing_is_kept_of_a_healthy_one),
            TEST(test_what_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
