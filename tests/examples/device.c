/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * example-device: what is plugged in and out, from udev (sd-device of libsystemd). It publishes
 * example-device.added and example-device.removed, and answers who asks for the devices that are
 * there now (`list`, with the subsystem as its parameter: net, block, tty, input, …). It has a tab
 * on the device's page.
 */

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-device.h>

#include "unbox/compat.h"
#include "unbox/log.h"

#define NAME "example-device"
#define SOCKET "/run/example-device/socket"
#define HISTORY 30

struct device {
    struct unbox_run *run;
    struct unbox_ipc_server *server;
    struct unbox_service *service;
    sd_device_monitor *monitor;
    uint64_t plugged, pulled;
    json_t *history; /* how many were there after each change, the latest last */
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

static void remember(struct device *self)
{
    (void)json_array_append_new(
            self->history, json_integer((json_int_t)self->plugged - (json_int_t)self->pulled));
    if (json_array_size(self->history) > HISTORY)
        (void)json_array_remove(self->history, 0);
}

static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
    struct device *self = userdata;
    sd_device_action_t action;
    const char *topic = NULL, *name = "?";

    if (sd_device_get_action(device, &action) < 0)
        return 0;
    if (action == SD_DEVICE_ADD) {
        topic = NAME ".added";
        self->plugged++;
    } else if (action == SD_DEVICE_REMOVE) {
        topic = NAME ".removed";
        self->pulled++;
    }
    if (!topic)
        return 0;
    remember(self);
    (void)sd_device_get_sysname(device, &name);
    unbox_run_status(self->run, "last: %s %s", strrchr(topic, '.') + 1, name);
    (void)ipc_publish(unbox_service_client(self->service), topic, describe(device), NULL, NULL);
    return 0;
}

/* Those of a subsystem: 0 and an array, or a negative errno. */
static int devices_of(const char *subsystem, json_t **ret)
{
    sd_device_enumerator *enumerator = NULL;
    json_t *devices;
    int r;

    r = sd_device_enumerator_new(&enumerator);
    if (r >= 0)
        r = sd_device_enumerator_add_match_subsystem(enumerator, subsystem, true);
    /* Also what udev has not seen to, or never will in a container. */
    if (r >= 0)
        r = sd_device_enumerator_allow_uninitialized(enumerator);
    devices = json_array();
    for (sd_device *device = r < 0 ? NULL : sd_device_enumerator_get_device_first(enumerator);
            device; device = sd_device_enumerator_get_device_next(enumerator))
        (void)json_array_append_new(devices, describe(device));
    sd_device_enumerator_unref(enumerator);
    if (r < 0) {
        json_decref(devices);
        return r;
    }
    *ret = devices;
    return 0;
}

static int list(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const char *subsystem;
    json_t *devices;
    int r;

    if (json_unpack(params, "{s:s}", "subsystem", &subsystem) < 0)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "which subsystem?");
    r = devices_of(subsystem, &devices);
    return r < 0 ? r : unbox_ipc_reply(call, devices); /* INTERNAL_ERROR */
}

/* What the tab shows. */
static int overview(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct device *self = userdata;
    json_t *interfaces;
    int r = devices_of("net", &interfaces);

    if (r < 0)
        return r;
    return unbox_ipc_reply(call,
            json_pack("{s:I, s:I, s:O, s:o}", "plugged", (json_int_t)self->plugged, "pulled",
                    (json_int_t)self->pulled, "history", self->history, "interfaces", interfaces));
}

/* The page calls as nobody who may operate anything: `web` says what it may ask for. */
static const struct unbox_ipc_method methods[] = {
        {"list", "The devices of a subsystem.", UNBOX_IPC_READ, true, list},
        {"overview", "What the tab shows.", UNBOX_IPC_READ, true, overview},
        {},
};

/* webserver/services.h says what may be in it. */
static const char tab[] =
        "{\"title\": \"Devices\", \"method\": \"overview\", \"status\": ["
        "  {\"name\": \"plugged\", \"label\": \"Plugged in\", \"type\": \"number\"},"
        "  {\"name\": \"pulled\", \"label\": \"Taken away\", \"type\": \"number\"},"
        "  {\"name\": \"history\", \"label\": \"Since the start\", \"type\": \"chart\"},"
        "  {\"name\": \"interfaces\", \"label\": \"Network interfaces\", \"type\": \"table\","
        "   \"columns\": [{\"name\": \"name\", \"label\": \"Name\", \"type\": \"text\"}]}],"
        " \"actions\": [{\"method\": \"list\", \"label\": \"List devices\","
        "   \"parameters\": {\"type\": \"object\", \"required\": [\"subsystem\"], \"properties\": {"
        "     \"subsystem\": {\"type\": \"string\", \"title\": \"Kind\","
        "       \"enum\": [\"net\", \"block\", \"tty\", \"input\"]}}}}]}";

static const struct unbox_ipc_topic topics[] = {
        {NAME ".added", "A device was plugged in.", false},
        {NAME ".removed", "A device was taken away.", false},
        {},
};

static int serve(struct device *self, sd_event *event)
{
    json_t *shown;
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
    shown = json_loads(tab, 0, NULL);
    r = service_register(event,
            &(struct unbox_service_options){.name = NAME,
                    .version = "1",
                    .description = "What is plugged in",
                    .endpoint = SOCKET,
                    .topics = topics,
                    .tab = shown},
            NULL, NULL, &self->service);
    json_decref(shown);
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
    struct device self = {.history = json_array()};
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
    json_decref(self.history);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}
