/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The registry: who may be called what, whose a topic is, and what survives a restart. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "registry.h"
#include "unbox/store.h"

struct fixture {
    char folder[32];
    char path[64];
    struct registry *registry;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/unbox-registry-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/registry.json", fixture->folder);
    assert_int_equal(registry_open(fixture->path, NULL, &fixture->registry), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    registry_free(fixture->registry);
    assert_int_equal(unbox_store_remove_tree(fixture->folder), 1);
    free(fixture);
    return 0;
}

static int add(struct fixture *fixture, const char *unit, const char *params)
{
    _cleanup_json_ json_t *object = json_loads(params, 0, NULL);
    const char *message = NULL;
    int r;

    assert_non_null(object);
    r = registry_register(fixture->registry, unit, object, &message);
    assert_true(r >= 0 || (message && *message));
    return r;
}

static void test_names(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(add(fixture, "app.service", "{\"name\":\"app\"}"), 0);
    assert_int_equal(add(fixture, "other.service", "{\"name\":\"app\"}"), -EPERM);
    assert_int_equal(add(fixture, "", "{\"name\":\"app\"}"), -EPERM);
    assert_int_equal(add(fixture, "", "{\"name\":\"\"}"), -EPERM);
    assert_int_equal(add(fixture, "app@7.service", "{\"name\":\"app@7\"}"), 0);
    /* Whoever is logged in is no service. */
    assert_int_equal(add(fixture, "session-7.scope", "{\"name\":\"session-7.scope\"}"), -EPERM);
    assert_int_equal(add(fixture, "user@1000.service", "{\"name\":\"user@1000\"}"), -EPERM);
    assert_int_equal(add(fixture, ".service", "{\"name\":\"\"}"), -EPERM);
    assert_int_equal(registry_unregister(fixture->registry, "other.service", "app"), -EPERM);
    assert_int_equal(registry_unregister(fixture->registry, "app.service", "none"), -ENOENT);
    assert_int_equal(registry_unregister(fixture->registry, "app.service", "app"), 0);
    assert_null(registry_find(fixture->registry, "app"));
}

static void test_what_is_no_registration(void **state)
{
    static const char *const params[] = {
            "{}",
            "{\"name\":7}",
            "{\"name\":\"app\",\"nmae\":1}",
            "{\"name\":\"app\",\"endpoint\":\"relative\"}",
            "{\"name\":\"app\",\"capabilities\":[1]}",
            "{\"name\":\"app\",\"capabilities\":\"x\"}",
            "{\"name\":\"app\",\"topics\":{}}",
            "{\"name\":\"app\",\"topics\":[\"app.*\"]}",
            "{\"name\":\"app\",\"topics\":[{\"name\":\"*\"}]}",
            "{\"name\":\"app\",\"topics\":[{\"name\":\"a b\"}]}",
            "{\"name\":\"app\",\"tab\":\"<b>\"}",
    };
    struct fixture *fixture = *state;
    _cleanup_free_ char *big = NULL;

    for (size_t i = 0; i < ELEMENTSOF(params); i++)
        assert_int_equal(add(fixture, "app.service", params[i]), -EINVAL);
    assert_true(asprintf(&big, "{\"name\":\"app\",\"description\":\"%0*d\"}", REGISTRY_SERVICE_SIZE,
                        0) > 0);
    assert_int_equal(add(fixture, "app.service", big), -EINVAL);
}

static void test_topics(void **state)
{
    struct fixture *fixture = *state;
    bool durable;

    assert_int_equal(add(fixture, "app.service",
                             "{\"name\":\"app\",\"topics\":[{\"name\":\"app.*\"},"
                             "{\"name\":\"app.alarm\",\"durable\":true}]}"),
            0);
    assert_int_equal(
            add(fixture, "b.service", "{\"name\":\"b\",\"topics\":[{\"name\":\"app.b\"}]}"),
            -EEXIST);
    assert_int_equal(
            add(fixture, "b.service", "{\"name\":\"b\",\"topics\":[{\"name\":\"health.b\"}]}"),
            -EEXIST);
    assert_string_equal(
            registry_topic_owner(fixture->registry, "app.alarm", &durable), "app.service");
    assert_true(durable);
    assert_string_equal(registry_topic_owner(fixture->registry, "app.x", &durable), "app.service");
    assert_false(durable);
    assert_null(registry_topic_owner(fixture->registry, "apple.x", &durable));
    assert_true(registry_is_reserved("health.failed"));
    assert_true(registry_is_reserved("config.drifted"));
    assert_true(registry_is_reserved("gap"));
    assert_false(registry_is_reserved("healthy.failed"));
}

static void test_too_many(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i <= REGISTRY_SERVICES; i++) {
        char unit[32], params[64];

        snprintf(unit, sizeof(unit), "s%d.service", i);
        snprintf(params, sizeof(params), "{\"name\":\"s%d\"}", i);
        assert_int_equal(add(fixture, unit, params), i < REGISTRY_SERVICES ? 0 : -ENOSPC);
    }
    assert_int_equal(add(fixture, "s1.service", "{\"name\":\"s1\",\"version\":\"2\"}"), 0);
}

static bool runs(const char *unit, void *userdata)
{
    return strcmp(unit, userdata) == 0;
}

static void test_a_restart(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_json_ json_t *list = NULL;

    assert_int_equal(add(fixture, "b.service", "{\"name\":\"b\",\"tab\":{\"title\":\"B\"}}"), 0);
    assert_int_equal(add(fixture, "a.service", "{\"name\":\"a\"}"), 0);
    registry_free(fixture->registry);
    assert_int_equal(registry_open(fixture->path, NULL, &fixture->registry), 0);
    list = registry_list(fixture->registry);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "name")), "a");

    registry_check(fixture->registry, runs, (char *)"b.service");
    assert_null(registry_find(fixture->registry, "a"));
    registry_free(fixture->registry);
    assert_int_equal(registry_open(fixture->path, NULL, &fixture->registry), 0);
    assert_non_null(registry_find(fixture->registry, "b"));
    assert_null(registry_find(fixture->registry, "a"));
}

static void test_a_broken_file(void **state)
{
    static const char *const texts[] = {"", "[]", "{", "{\"a\":7}", "{\"a\":{\"unit\":7}}"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_json_ json_t *list = NULL;

        registry_free(fixture->registry);
        assert_int_equal(
                unbox_store_write(fixture->path, texts[i], strlen(texts[i]), 0600, -1, -1), 0);
        assert_int_equal(registry_open(fixture->path, NULL, &fixture->registry), 0);
        list = registry_list(fixture->registry);
        assert_int_equal(json_array_size(list), 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_names),
            TEST(test_what_is_no_registration),
            TEST(test_topics),
            TEST(test_too_many),
            TEST(test_a_restart),
            TEST(test_a_broken_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
