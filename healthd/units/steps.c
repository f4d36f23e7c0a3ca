/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Steps are calls on the system bus, one after the other; each gets what is left of the time.
 * Nobody is started for a step's sake: who isn't there can't be what keeps the unit from working.
 */

#include "steps.h"

#include <string.h>
#include <time.h>

#include "unbox/log.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define NM "org.freedesktop.NetworkManager"
#define NM_PATH "/org/freedesktop/NetworkManager"
#define BLUEZ "org.bluez"
#define ADAPTER BLUEZ ".Adapter1"
#define ADAPTERS_MAX 8
#define STEPS_MAX 8

typedef int (*step_fn)(struct steps *steps);

struct steps {
    sd_bus *bus;
    char *unit;
    const struct step *list[STEPS_MAX];
    size_t count, next;
    sd_bus_slot *slots[1 + ADAPTERS_MAX]; /* of the step that is being done */
    size_t calls, pending;
    uint64_t deadline;
    void (*done)(void *userdata);
    void *userdata;
};

static int unblock_wifi(struct steps *steps);
static int list_adapters(struct steps *steps);

static const struct step {
    const char *name;
    step_fn begin;
} known_steps[] = {
        {"wifi-unblock", unblock_wifi},
        {"bluetooth-power", list_adapters},
};

static uint64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

static void failed(const struct steps *steps, const char *error)
{
    unbox_log(LOG_WARNING, "the step %s around a restart of %s failed: %s",
            steps->list[steps->next - 1]->name, steps->unit, error);
}

static void forget_calls(struct steps *steps)
{
    for (size_t i = 0; i < steps->calls; i++)
        steps->slots[i] = sd_bus_slot_unref(steps->slots[i]);
    steps->calls = 0;
    steps->pending = 0;
}

/* True while there is something to wait for. */
static bool go_on(struct steps *steps)
{
    while (steps->pending == 0 && steps->next < steps->count) {
        int r;

        forget_calls(steps);
        r = steps->list[steps->next++]->begin(steps);
        if (r < 0)
            failed(steps, strerrordesc_np(-r));
    }
    return steps->pending > 0;
}

static void answered(struct steps *steps)
{
    steps->pending--;
    if (!go_on(steps))
        steps->done(steps->userdata);
}

static const char *error_of(sd_bus_message *m)
{
    const sd_bus_error *error = sd_bus_message_get_error(m);

    return error ? error->message ?: error->name : NULL;
}

static int send_call(struct steps *steps, sd_bus_message *m, sd_bus_message_handler_t replied)
{
    uint64_t now = now_usec();
    int r;

    if (now >= steps->deadline)
        return -ETIMEDOUT;
    r = sd_bus_message_set_auto_start(m, false);
    if (r < 0)
        return r;
    r = sd_bus_call_async(
            steps->bus, &steps->slots[steps->calls], m, replied, steps, steps->deadline - now);
    if (r < 0)
        return r;
    steps->calls++;
    steps->pending++;
    return 0;
}

static int on_set(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct steps *steps = userdata;
    const char *error = error_of(m);

    if (error)
        failed(steps, error);
    answered(steps);
    return 0;
}

static int set_true(struct steps *steps, const char *service, const char *path,
        const char *interface, const char *property)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!steps->bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(steps->bus, &m, service, path, PROPERTIES, "Set");
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "ssv", interface, property, "b", 1);
    if (r < 0)
        return r;
    return send_call(steps, m, on_set);
}

static int unblock_wifi(struct steps *steps)
{
    return set_true(steps, NM, NM_PATH, NM, "WirelessEnabled");
}

/* Of one object, a{sa{sv}}: it is an adapter. */
static int is_adapter(sd_bus_message *m, bool *ret)
{
    const char *interface;
    int r;

    *ret = false;
    r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
        r = sd_bus_message_read_basic(m, 's', &interface);
        if (r < 0)
            return r;
        *ret |= strcmp(interface, ADAPTER) == 0;
        r = sd_bus_message_skip(m, "a{sv}");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int power_adapters(struct steps *steps, sd_bus_message *m)
{
    const char *path;
    size_t count = 0;
    bool found;
    int r;

    r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
        r = sd_bus_message_read_basic(m, 'o', &path);
        if (r >= 0)
            r = is_adapter(m, &found);
        if (r < 0)
            return r;
        if (found && count++ < ADAPTERS_MAX)
            r = set_true(steps, BLUEZ, path, ADAPTER, "Powered");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    if (r < 0)
        return r;
    return count > 0 ? 0 : -ENODEV;
}

static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct steps *steps = userdata;
    const char *error = error_of(m);
    int r;

    if (error)
        failed(steps, error);
    else {
        r = power_adapters(steps, m);
        if (r < 0)
            failed(steps, r == -ENODEV ? "there is no adapter" : strerrordesc_np(-r));
    }
    answered(steps);
    return 0;
}

static int list_adapters(struct steps *steps)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!steps->bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(
            steps->bus, &m, BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    if (r < 0)
        return r;
    return send_call(steps, m, on_objects);
}

static void add_step(struct steps *steps, const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(known_steps) && steps->count < STEPS_MAX; i++)
        if (strcmp(known_steps[i].name, name) == 0)
            steps->list[steps->count++] = &known_steps[i];
}

int steps_begin(sd_bus *bus, const char *unit, const char *const *names,
        void (*done)(void *userdata), void *userdata, struct steps **ret)
{
    _cleanup_(steps_free_p) struct steps *steps = NULL;

    if (!names[0])
        return 0;
    steps = calloc(1, sizeof(*steps));
    if (!steps)
        return -ENOMEM;
    steps->bus = sd_bus_ref(bus);
    steps->done = done;
    steps->userdata = userdata;
    steps->deadline = now_usec() + STEPS_TIMEOUT_USEC;
    steps->unit = strdup(unit);
    if (!steps->unit)
        return -ENOMEM;
    for (; *names; names++)
        add_step(steps, *names);
    if (!go_on(steps))
        return 0;
    *ret = STEAL(steps);
    return 1;
}

struct steps *steps_free(struct steps *steps)
{
    if (!steps)
        return NULL;
    forget_calls(steps);
    sd_bus_unref(steps->bus);
    free(steps->unit);
    free(steps);
    return NULL;
}
