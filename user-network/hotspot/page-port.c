/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the first ListenStream= of webserver.socket. */

#include "page-port.h"

#include <string.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

struct page_port {
    sd_bus *bus;
    char *unit; /* its object's path */
    unsigned port;
    void (*changed)(unsigned port, void *userdata);
    void *userdata;
    sd_bus_slot *unit_changed;
    sd_bus_slot *reloading;
    sd_bus_slot *asking;
};

int page_port_parse(const char *listen, unsigned *ret)
{
    const char *digits = strrchr(listen, ':');
    unsigned long port;
    char *end;

    digits = digits ? digits + 1 : listen;
    errno = 0;
    port = strtoul(digits, &end, 10);
    if (errno || end == digits || *end || port == 0 || port > UINT16_MAX)
        return -EINVAL;
    *ret = port;
    return 0;
}

/* Of a property Listen. 0 with the port, or a negative errno. */
static int read_listen(sd_bus_message *message, unsigned *ret)
{
    const char *type, *listen;
    int r;

    r = sd_bus_message_enter_container(message, 'v', "a(ss)");
    if (r < 0)
        return r;
    r = sd_bus_message_enter_container(message, 'a', "(ss)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(message, "(ss)", &type, &listen)) > 0)
        if (strcmp(type, "Stream") == 0 && page_port_parse(listen, ret) == 0)
            return 0;
    return r < 0 ? r : -ENOENT;
}

static int on_listen(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct page_port *page_port = userdata;
    unsigned port;

    page_port->asking = sd_bus_slot_unref(page_port->asking);
    if (sd_bus_message_is_method_error(message, NULL) || read_listen(message, &port) < 0 ||
            port == page_port->port)
        return 0;
    page_port->port = port;
    page_port->changed(port, page_port->userdata);
    return 0;
}

static int ask(struct page_port *page_port)
{
    page_port->asking = sd_bus_slot_unref(page_port->asking);
    return sd_bus_call_method_async(page_port->bus, &page_port->asking, SYSTEMD, page_port->unit,
            PROPERTIES, "Get", on_listen, page_port, "ss", SYSTEMD ".Socket", "Listen");
}

static int on_unit_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    (void)ask(userdata);
    return 0;
}

static int on_reloading(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    int begins;

    if (sd_bus_message_read(message, "b", &begins) >= 0 && !begins)
        (void)ask(userdata);
    return 0;
}

static int watch(struct page_port *page_port)
{
    int r;

    r = sd_bus_match_signal_async(page_port->bus, &page_port->unit_changed, SYSTEMD,
            page_port->unit, PROPERTIES, "PropertiesChanged", on_unit_changed, NULL, page_port);
    if (r < 0)
        return r;
    r = sd_bus_match_signal_async(page_port->bus, &page_port->reloading, SYSTEMD, SYSTEMD_PATH,
            MANAGER, "Reloading", on_reloading, NULL, page_port);
    if (r < 0)
        return r;
    /* It tells nobody of its units' changes until somebody wants to hear of them. */
    return sd_bus_call_method_async(
            page_port->bus, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER, "Subscribe", NULL, NULL, "");
}

int page_port_new(sd_bus *bus, void (*changed)(unsigned port, void *userdata), void *userdata,
        struct page_port **ret)
{
    _cleanup_(page_port_free_p) struct page_port *page_port = calloc(1, sizeof(*page_port));
    int r;

    if (!page_port)
        return -ENOMEM;
    page_port->bus = sd_bus_ref(bus);
    page_port->port = PAGE_PORT_DEFAULT;
    page_port->changed = changed;
    page_port->userdata = userdata;
    r = sd_bus_path_encode(SYSTEMD_PATH "/unit", "webserver.socket", &page_port->unit);
    if (r >= 0)
        r = watch(page_port);
    if (r >= 0)
        r = ask(page_port);
    if (r < 0)
        return r;
    *ret = STEAL(page_port);
    return 0;
}

struct page_port *page_port_free(struct page_port *page_port)
{
    if (!page_port)
        return NULL;
    sd_bus_slot_unref(page_port->unit_changed);
    sd_bus_slot_unref(page_port->reloading);
    sd_bus_slot_unref(page_port->asking);
    sd_bus_unref(page_port->bus);
    free(page_port->unit);
    free(page_port);
    return NULL;
}
