/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the first ListenStream= of webserver.socket. */

#include "page-port.h"

#include <string.h>

#include "util.h"

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

static int on_listen(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    const char *type, *listen;
    int r;

    if (sd_bus_message_is_method_error(message, NULL))
        return 0;
    r = sd_bus_message_enter_container(message, 'v', "a(ss)");
    if (r < 0)
        return r;
    r = sd_bus_message_enter_container(message, 'a', "(ss)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(message, "(ss)", &type, &listen)) > 0)
        if (strcmp(type, "Stream") == 0 && page_port_parse(listen, userdata) == 0)
            return 0;
    return r;
}

int page_port_ask(sd_bus *bus, unsigned *port, sd_bus_slot **ret_slot)
{
    _cleanup_free_ char *path = NULL;
    int r;

    r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", "webserver.socket", &path);
    if (r < 0)
        return r;
    return sd_bus_call_method_async(bus, ret_slot, "org.freedesktop.systemd1", path,
            "org.freedesktop.DBus.Properties", "Get", on_listen, port, "ss",
            "org.freedesktop.systemd1.Socket", "Listen");
}
