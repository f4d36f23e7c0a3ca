/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What healthd would be if it were asked over D-Bus: the state of twenty services in one answer. */

#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "dbus.h"
#include "util.h"

static int append_services(sd_bus_message *reply)
{
    int r;

    r = sd_bus_message_open_container(reply, 'a', "{ss}");
    if (r < 0)
        return r;
    for (unsigned i = 1; i <= RIVAL_SERVICES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "bench-unit-%u", i);
        r = sd_bus_message_append(reply, "{ss}", name, "active");
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(reply);
}

static int get_health(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *reply = NULL;
    int r;

    r = sd_bus_message_new_method_return(m, &reply);
    if (r < 0)
        return r;
    r = append_services(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD(RIVAL_METHOD, "", "a{ss}", get_health, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int serve(void)
{
    _cleanup_(sd_bus_close_unref_p) sd_bus *bus = NULL;
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    int r;

    r = sd_event_new(&event);
    if (r < 0)
        return r;
    r = sd_bus_open_system(&bus);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(bus, event, 0);
    if (r < 0)
        return r;
    r = sd_bus_add_object_vtable(bus, NULL, RIVAL_PATH, RIVAL_INTERFACE, vtable, NULL);
    if (r < 0)
        return r;
    r = sd_bus_request_name(bus, RIVAL_NAME, 0);
    if (r < 0)
        return r;
    (void)sd_notify(0, "READY=1");
    return sd_event_loop(event);
}

int main(void)
{
    int r = serve();

    if (r < 0)
        fprintf(stderr, "bench-dbus-serve: %s\n", strerrordesc_np(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
