/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A service's side of the registry, against a healthd that the test plays. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "unbox/service.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_service *, unbox_service_free);
DEFINE_CLEANUP(struct unbox_service_watch *, unbox_service_watch_free);

struct fixture {
    sd_event *event;
    char path[64];
    struct unbox_ipc_server *server;
    json_t *services; /* name → service */
    unsigned registrations;
    bool refuses;
    /* What the service or the watch was told. */
    unsigned states;
    int error;
    char changes[128];
};

static int on_register(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct fixture *fixture = userdata;
    json_t *service;

    fixture->registrations++;
    if (fixture->refuses)
        return unbox_ipc_reply_error(call, UNBOX_IPC_PERMISSION_DENIED, "not yours");
    service = json_deep_copy(params);
    (void)json_object_set_new(service, "unit", json_string("app.service"));
    (void)json_object_set(
            fixture->services, json_string_value(json_object_get(params, "name")), service);
    (void)unbox_ipc_server_publish(fixture->server, "registry.registered", service, NULL);
    return unbox_ipc_reply(call, NULL);
}

static int on_unregister(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct fixture *fixture = userdata;

    (void)json_object_del(fixture->services, json_string_value(json_object_get(params, "name")));
    (void)unbox_ipc_server_publish(
            fixture->server, "registry.unregistered", json_incref(params), NULL);
    return unbox_ipc_reply(call, NULL);
}

static int on_list(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct fixture *fixture = userdata;
    json_t *list = json_array(), *service;
    const char *name;

    json_object_foreach (fixture->services, name, service)
        (void)json_array_append(list, service);
    return unbox_ipc_reply(call, list);
}

static const struct unbox_ipc_method methods[] = {
        {"register_service", "", UNBOX_IPC_READ, false, on_register},
        {"unregister_service", "", UNBOX_IPC_READ, false, on_unregister},
        {"list_services", "", UNBOX_IPC_READ, false, on_list},
        {},
};

static void serve(struct fixture *fixture)
{
    static const struct unbox_ipc_topic topics[] = {{"registry.*", "", false}, {}};
    const struct unbox_ipc_server_options options = {
            .path = fixture->path,
            .name = "healthd",
            .version = "1",
            .description = "A test.",
            .methods = methods,
            .userdata = fixture,
            .topics = topics,
    };

    assert_int_equal(unbox_ipc_server_new(fixture->event, &options, &fixture->server), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-test-service-%d", getpid());
    assert_int_equal(sd_event_new(&fixture->event), 0);
    fixture->services = json_object();
    serve(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    unbox_ipc_server_free(fixture->server);
    json_decref(fixture->services);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

/* Turns the loop until `condition` holds; a test that needs longer than it should has failed. */
#define run_until(fixture, condition)                                                              \
    do {                                                                                           \
        unsigned _turns = 0;                                                                       \
        while (!(condition)) {                                                                     \
            assert_true(sd_event_run((fixture)->event, 10 * USEC_PER_MSEC) >= 0);                  \
            assert_true(_turns++ < 3000);                                                          \
        }                                                                                          \
    } while (false)

static void on_state(int error, const char *message, void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->states++;
    fixture->error = error;
}

static struct unbox_service *announce(struct fixture *fixture)
{
    static const char *const capabilities[] = {"brew", "grind", NULL};
    static const struct unbox_ipc_topic topics[] = {{"app.*", "Coffee.", true}, {}};
    const struct unbox_service_options options = {
            .socket = fixture->path,
            .name = "app",
            .version = "2",
            .description = "Makes coffee.",
            .endpoint = "/run/app.sock",
            .capabilities = capabilities,
            .topics = topics,
    };
    struct unbox_service *service = NULL;

    assert_int_equal(
            unbox_service_register(fixture->event, &options, on_state, fixture, &service), 0);
    run_until(fixture, fixture->states > 0);
    return service;
}

static void test_what_is_registered(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_service_free_p) struct unbox_service *service = announce(fixture);
    struct unbox_service_info info;

    assert_int_equal(fixture->error, 0);
    assert_int_equal(unbox_service_info_read(json_object_get(fixture->services, "app"), &info), 0);
    assert_string_equal(info.version, "2");
    assert_string_equal(info.endpoint, "/run/app.sock");
    assert_true(unbox_service_info_has_capability(&info, "grind"));
    assert_false(unbox_service_info_has_capability(&info, "toast"));
    assert_true(json_is_true(
            json_object_get(json_array_get(json_object_get(info.whole, "topics"), 0), "durable")));
}

static void test_again_when_healthd_is_back(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_service_free_p) struct unbox_service *service = announce(fixture);

    fixture->server = unbox_ipc_server_free(fixture->server);
    run_until(fixture, fixture->error < 0);
    (void)json_object_clear(fixture->services);
    serve(fixture);
    run_until(fixture, fixture->error == 0);
    assert_int_equal(fixture->registrations, 2);
    assert_non_null(json_object_get(fixture->services, "app"));
}

static void test_again_when_it_was_dropped(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_service_free_p) struct unbox_service *service = announce(fixture);

    assert_int_equal(unbox_ipc_server_publish(fixture->server, "registry.unregistered",
                             json_pack("{s:s}", "name", "other"), NULL),
            0);
    assert_int_equal(unbox_ipc_server_publish(fixture->server, "registry.unregistered",
                             json_pack("{s:s}", "name", "app"), NULL),
            0);
    run_until(fixture, fixture->registrations == 2);
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_service_free_p) struct unbox_service *service = NULL;

    fixture->refuses = true;
    service = announce(fixture);
    assert_int_equal(fixture->error, -EREMOTEIO);
}

static void on_changed(bool registered, const struct unbox_service_info *info, void *userdata)
{
    struct fixture *fixture = userdata;
    size_t used = strlen(fixture->changes);

    snprintf(fixture->changes + used, sizeof(fixture->changes) - used, "%s%s ",
            registered ? "+" : "-", info->name);
}

static void test_watch(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_service_watch_free_p) struct unbox_service_watch *watch = NULL;
    _cleanup_(unbox_service_free_p) struct unbox_service *service = NULL;

    (void)json_object_set_new(fixture->services, "old",
            json_pack("{s:s, s:s}", "name", "old", "unit", "old.service"));
    assert_int_equal(
            unbox_service_watch_new(fixture->event, fixture->path, on_changed, fixture, &watch), 0);
    run_until(fixture, strcmp(fixture->changes, "+old ") == 0);
    service = announce(fixture);
    run_until(fixture, strcmp(fixture->changes, "+old +app ") == 0);

    /* While healthd is away nothing has gone; what it doesn't know afterwards has. */
    fixture->server = unbox_ipc_server_free(fixture->server);
    run_until(fixture, fixture->error < 0);
    assert_string_equal(fixture->changes, "+old +app ");
    (void)json_object_del(fixture->services, "old");
    serve(fixture);
    run_until(fixture, strcmp(fixture->changes, "+old +app -old ") == 0);

    assert_int_equal(unbox_service_unregister(service, NULL, NULL), 0);
    run_until(fixture, strcmp(fixture->changes, "+old +app -old -app ") == 0);
    for (unsigned i = 0; i < 20; i++)
        assert_true(sd_event_run(fixture->event, USEC_PER_MSEC) >= 0);
    assert_string_equal(fixture->changes, "+old +app -old -app ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_what_is_registered),
            TEST(test_again_when_healthd_is_back),
            TEST(test_again_when_it_was_dropped),
            TEST(test_refused),
            TEST(test_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
