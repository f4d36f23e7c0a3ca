/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What healthd remembers, and what of it survives a restart, a crash and a broken file. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "unbox/store.h"

struct fixture {
    sd_event *event;
    char folder[32];
    char path[64];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/unbox-memory-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/memory.json", fixture->folder);
    assert_true(sd_event_new(&fixture->event) >= 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    sd_event_unref(fixture->event);
    assert_int_equal(unbox_store_remove_tree(fixture->folder), 1);
    free(fixture);
    return 0;
}

static struct memory *open_memory(struct fixture *fixture)
{
    struct memory *memory = NULL;

    assert_int_equal(memory_open(fixture->event, fixture->path, &memory), 0);
    return memory;
}

static void test_survives_a_restart(void **state)
{
    struct memory *memory = open_memory(*state);

    assert_false(memory_was_left_open(memory));
    memory_add_event(memory, "webserver", "failed", "webserver was killed (SIGKILL)");
    memory_set_stopped(memory, "a.service", true);
    memory_set_stopped(memory, "b.service", true);
    memory_set_stopped(memory, "b.service", false);
    memory_set_restarts(memory, "a.service", 7);
    memory_close(memory);

    memory = open_memory(*state);
    assert_false(memory_was_left_open(memory));
    assert_int_equal(json_array_size(memory_events(memory)), 1);
    assert_string_equal(
            json_string_value(json_object_get(json_array_get(memory_events(memory), 0), "message")),
            "webserver was killed (SIGKILL)");
    assert_true(memory_is_stopped(memory, "a.service"));
    assert_false(memory_is_stopped(memory, "b.service"));
    assert_int_equal(memory_restarts(memory, "a.service"), 7);
    assert_int_equal(memory_restarts(memory, "b.service"), -1);
    memory_close(memory);
}

static void test_a_crash_is_seen(void **state)
{
    struct fixture *fixture = *state;
    struct memory *memory = open_memory(fixture), *second;

    /* The loop comes to rest: what was begun is written. */
    while (sd_event_run(fixture->event, 0) > 0)
        ;
    second = open_memory(fixture);
    assert_true(memory_was_left_open(second));
    memory_close(second);
    memory_close(memory);
}

static void test_the_oldest_goes(void **state)
{
    struct memory *memory = open_memory(*state);
    char message[16];

    for (int i = 0; i < MEMORY_EVENTS + 10; i++) {
        snprintf(message, sizeof(message), "%d", i);
        memory_add_event(memory, "s", "failed", message);
    }
    assert_int_equal(json_array_size(memory_events(memory)), MEMORY_EVENTS);
    assert_string_equal(
            json_string_value(json_object_get(json_array_get(memory_events(memory), 0), "message")),
            "10");
    memory_close(memory);
}

static void test_a_broken_file_is_begun_anew(void **state)
{
    static const char *const texts[] = {
            "", "{", "[]", "7", "{\"events\":{},\"stopped\":[],\"restarts\":7,\"open\":\"x\"}"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        struct memory *memory;

        assert_int_equal(
                unbox_store_write(fixture->path, texts[i], strlen(texts[i]), 0600, -1, -1), 0);
        memory = open_memory(fixture);
        assert_false(memory_was_left_open(memory));
        memory_add_event(memory, "s", "failed", "m");
        memory_set_stopped(memory, "s", true);
        memory_set_restarts(memory, "s", 1);
        assert_int_equal(json_array_size(memory_events(memory)), 1);
        memory_close(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_survives_a_restart, setup, teardown),
            cmocka_unit_test_setup_teardown(test_a_crash_is_seen, setup, teardown),
            cmocka_unit_test_setup_teardown(test_the_oldest_goes, setup, teardown),
            cmocka_unit_test_setup_teardown(test_a_broken_file_is_begun_anew, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
