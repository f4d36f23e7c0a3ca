/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is told of a service is told, whatever stands in it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "events.h"
#include "unbox/store.h"

struct fixture {
    sd_event *event;
    char folder[32];
    struct memory *memory;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    char path[64];

    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/unbox-events-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(path, sizeof(path), "%s/memory.json", fixture->folder);
    assert_true(sd_event_new(&fixture->event) >= 0);
    assert_int_equal(memory_open(fixture->event, path, &fixture->memory), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    memory_close(fixture->memory);
    sd_event_unref(fixture->event);
    assert_int_equal(unbox_store_remove_tree(fixture->folder), 1);
    free(fixture);
    return 0;
}

static const char *last_message(const struct fixture *fixture)
{
    json_t *events = memory_events(fixture->memory);
    json_t *last = json_array_get(events, json_array_size(events) - 1);

    return json_string_value(json_object_get(last, "message"));
}

static void test_a_sentence(void **state)
{
    struct fixture *fixture = *state;

    events_check_failing(fixture->memory, "web.service", "disk check of /: full");
    assert_string_equal(last_message(fixture), "web fails the disk check of /: full");
}

/* Wherever it is cut, what is left is text. */
static void test_a_long_sentence(void **state)
{
    struct fixture *fixture = *state;

    for (size_t odd = 0; odd < 2; odd++) {
        char text[1024] = "";
        const char *message;

        memset(text, 'x', odd);
        for (size_t i = odd; i + 2 < sizeof(text); i += 2)
            memcpy(text + i, "\xc3\xa9", 2);
        events_check_failing(fixture->memory, "web.service", text);
        assert_int_equal(json_array_size(memory_events(fixture->memory)), odd + 1);
        message = last_message(fixture);
        assert_true(strlen(message) < sizeof(text) - 400);
        assert_non_null(strstr(message, "\xc3\xa9…"));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_a_sentence),
            TEST(test_a_long_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
