/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What browsers missed, and whether they are told so. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "ring.h"

#define PROCESS 7

static int set_up(void **state)
{
    *state = ring_new(PROCESS);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    ring_free(*state);
    return 0;
}

static struct event_id id_of(uint64_t seq, uint32_t n)
{
    return (struct event_id){seq, n, PROCESS};
}

/* Where somebody goes on who has seen `id`. */
static uint64_t after(const struct ring *ring, struct event_id id, bool gap_expected)
{
    bool gap;
    uint64_t place = ring_after(ring, &id, &gap);

    assert_int_equal(gap, gap_expected);
    return place;
}

static void assert_next(const struct ring *ring, struct event_id id, const char *text)
{
    const struct ring_entry *entry = ring_get(ring, after(ring, id, false));

    assert_non_null(entry);
    assert_string_equal(entry->text, text);
    assert_int_equal(entry->size, strlen(text));
}

static void test_numbers(void **state)
{
    static const char *const wrong[] = {"", "5", "5-", "5-0", "5-0-", "-0-7", "5--7", "5-0-7 ",
            " 5-0-7", "+5-0-7", "5-0-7-1", "5-0-4294967296", "9223372036854775808-0-7", "x"};
    char text[EVENT_ID_SIZE];
    struct event_id id;

    assert_int_equal(event_id_parse("1790000000123-4-4294967295", &id), 0);
    assert_true(id.seq == 1790000000123 && id.n == 4 && id.process == UINT32_MAX);
    event_id_format(&id, text);
    assert_string_equal(text, "1790000000123-4-4294967295");
    for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
        assert_true(event_id_parse(wrong[i], &id) < 0);
}

static void test_goes_on(void **state)
{
    struct ring *ring = *state;
    json_t *data = json_pack("{ss}", "a", "line\nbreak");

    assert_int_equal(ring_add(ring, "health.changed", data, 100, 1), 0);
    assert_int_equal(ring_add(ring, "tokens.changed", NULL, 0, 1), 0);
    assert_int_equal(ring_add(ring, "health.changed", NULL, 103, 1), 0);
    json_decref(data);
    assert_next(ring, id_of(99, 0),
            "id: 100-0-7\n"
            "data: {\"topic\":\"health.changed\",\"data\":{\"a\":\"line\\nbreak\"}}\n\n");
    assert_next(ring, id_of(100, 0),
            "id: 100-1-7\ndata: {\"topic\":\"tokens.changed\",\"data\":null}\n\n");
    assert_next(ring, id_of(100, 1),
            "id: 103-0-7\ndata: {\"topic\":\"health.changed\",\"data\":null}\n\n");
    assert_true(after(ring, id_of(103, 0), false) == ring_end(ring));
    assert_null(ring_get(ring, ring_end(ring)));
}

static void test_numbers_only_grow(void **state)
{
    struct ring *ring = *state;
    struct event_id last;

    assert_int_equal(ring_add(ring, "a", NULL, 100, 1), 0);
    assert_int_equal(ring_add(ring, "a", NULL, 90, 1), 0);
    last = ring_last(ring);
    assert_true(last.seq == 100 && last.n == 1 && last.process == PROCESS);
}

static void test_what_another_process_saw(void **state)
{
    struct ring *ring = *state;
    struct event_id other = {100, 0, PROCESS + 1};

    assert_int_equal(ring_add(ring, "kept", NULL, 101, 1), 0);
    /* What the bus has kept is told, and that something else may be missing too. */
    assert_non_null(ring_get(ring, after(ring, other, true)));
    (void)after(ring, id_of(500, 0), true);
}

static void test_has_bounds(void **state)
{
    struct ring *ring = *state;
    uint64_t place = ring_end(ring);

    for (uint64_t seq = 1; seq <= RING_ENTRIES_MAX; seq++)
        assert_int_equal(ring_add(ring, "a", NULL, seq, 1), 0);
    assert_non_null(ring_get(ring, place));
    assert_true(after(ring, id_of(0, 0), false) == place);
    assert_int_equal(ring_add(ring, "a", NULL, RING_ENTRIES_MAX + 1, 1), 0);
    assert_null(ring_get(ring, place));
    assert_true(after(ring, id_of(0, 0), true) == place + 1);
    assert_true(after(ring, id_of(1, 0), false) == place + 1);
}

static void test_has_bounds_of_bytes(void **state)
{
    struct ring *ring = *state;
    json_t *data = json_array();
    uint64_t place = ring_end(ring);
    size_t size;

    for (unsigned i = 0; i < 20000; i++)
        assert_int_equal(json_array_append_new(data, json_integer(7)), 0);
    assert_int_equal(ring_add(ring, "a", data, 0, 1), 0);
    size = ring_get(ring, place)->size;
    for (size_t i = 1; i < RING_BYTES_MAX / size; i++)
        assert_int_equal(ring_add(ring, "a", data, 0, 1), 0);
    assert_non_null(ring_get(ring, place));
    assert_int_equal(ring_add(ring, "a", data, 0, 1), 0);
    assert_null(ring_get(ring, place));
    assert_non_null(ring_get(ring, place + 1));

    /* One that is larger than all of it leaves the others alone. */
    while (json_array_size(data) < RING_BYTES_MAX / 2)
        assert_int_equal(json_array_append_new(data, json_integer(7)), 0);
    assert_int_equal(ring_add(ring, "a", data, 0, 1), -EMSGSIZE);
    assert_non_null(ring_get(ring, place + 1));
    json_decref(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_numbers),
            cmocka_unit_test_setup_teardown(test_goes_on, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_numbers_only_grow, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_what_another_process_saw, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_has_bounds, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_has_bounds_of_bytes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
