/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * example-device: what is plugged in and out, from udev (sd-device of libsystemd). It publishes
 * example-device.added and example-device.removed, and answers who asks for the devices that are
 * there now (`list`, with the subsystem as its parameter: net, block, tty, input, …).
 */

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-device.h>

#include "unbox/compat.h"
#include "unbox/log.h"

#define NAME "example-device"
#define SOCKET "/run/example-device/socket"

struct device {
    struct unbox_run *run;
    struct unbox_ipc_server *server;
    struct unbox_service *service;
    sd_device_monitor *monitor;
};

/* NULL (and null for who hears of it) when something in it is no UTF-8. */
static json_t *describe(sd_device *device)
{
    const char *name = NULL, *subsystem = NULL, *node = NULL, *model = NULL;

    (void)sd_device_get_sysname(device, &name);
    (void)sd_device_get_subsystem(device, &subsystem);
    (void)sd_device_get_devname(device, &node);
    (void)sd_device_get_property_value(device, "ID_MODEL", &model);
    return json_pack("{s:s*, s:s*, s:s*, s:s*}", "name", name, "subsystem", subsystem, "node", node,
            "model", model);
}

static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
    struct device *self = userdata;
    sd_device_action_t action;
    const char *topic = NULL, *name = "?";

    if (sd_device_get_action(device, &action) >= 0 && action == SD_DEVICE_ADD)
        topic = NAME ".added";
    else if (action == SD_DEVICE_REMOVE)
        topic = NAME ".removed";
    if (!topic)
        return 0;
    (void)sd_device_get_sysname(device, &name);
    unbox_run_status(self->run, "last: %s %s", strrchr(topic, '.') + 1, name);
    (void)ipc_publish(unbox_service_client(self->service), topic, describe(device), NULL, NULL);
    return 0;
}

static int list(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    sd_device_enumerator *enumerator = NULL;
    const char *subsystem;
    json_t *devices;
    int r;

    if (json_unpack(params, "{s:s}", "subsystem", &subsystem) < 0)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "which subsystem?");
    r = sd_device_enumerator_new(&enumerator);
    if (r >= 0)
        r = sd_device_enumerator_add_match_subsystem(enumerator, subsystem, true);
    devices = json_array();
    for (sd_device *device = r < 0 ? NULL : sd_device_enumerator_get_device_first(enumerator);
            device; device = sd_device_enumerator_get_device_next(enumerator))
        (void)json_array_append_new(devices, describe(device));
    sd_device_enumerator_unref(enumerator);
    if (r < 0) {
        json_decref(devices);
        return r; /* INTERNAL_ERROR */
    }
    return unbox_ipc_reply(call, devices);
}

static const struct unbox_ipc_method methods[] = {
        {"list", "The devices of a subsystem.", UNBOX_IPC_READ, false, list},
        {},
};
static const struct unbox_ipc_topic topics[] = {
        {NAME ".added", "A device was plugged in.", false},
        {NAME ".removed", "A device was taken away.", false},
        {},
};

static int serve(struct device *self, sd_event *event)
{
    int r = ipc_serve(event,
            &(struct unbox_ipc_server_options){.path = SOCKET,
                    .name = NAME,
                    .version = "1",
                    .description = "What is plugged in",
                    .methods = methods,
                    .userdata = self},
            &self->server);

    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "can't serve %s", SOCKET);
    r = service_register(event,
            &(struct unbox_service_options){.name = NAME,
                    .version = "1",
                    .description = "What is plugged in",
                    .endpoint = SOCKET,
                    .topics = topics},
            NULL, NULL, &self->service);
    return r < 0 ? unbox_log_errno(LOG_ERR, r, "can't register") : 0;
}

static int start(struct device *self)
{
    sd_event *event = unbox_run_event(self->run);
    int r = serve(self, event);

    if (r < 0)
        return r;
    r = sd_device_monitor_new(&self->monitor);
    if (r >= 0)
        r = sd_device_monitor_attach_event(self->monitor, event);
    if (r >= 0)
        r = sd_device_monitor_start(self->monitor, on_device, self);
    return r < 0 ? unbox_log_errno(LOG_ERR, r, "can't listen to udev") : 0;
}

int main(void)
{
    struct device self = {};
    int r = unbox_run_new(NULL, NULL, &self.run);

    if (r >= 0)
        r = start(&self);
    if (r >= 0) {
        unbox_run_ready(self.run);
        r = unbox_run_loop(self.run);
    }
    sd_device_monitor_unref(self.monitor);
    unbox_service_free(self.service);
    unbox_ipc_server_free(self.server);
    unbox_run_free(self.run);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}
