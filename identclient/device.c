/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads serial number and hardware addresses; see device.h for where and in which order. */

#include "device.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "unbox/store.h"
#include "util.h"

#define ATTRIBUTE_MAX 4096

/* Device tree strings end with a NUL, sysfs attributes with a newline. */
static void trim(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    length = strspn(text, " \t");
    memmove(text, text + length, strlen(text + length) + 1);
}

_printf_(2, 3) static int read_attribute(char **ret, const char *format, ...)
{
    _cleanup_free_ char *path = NULL, *text = NULL;
    va_list args;
    int n, r;

    va_start(args, format);
    n = vasprintf(&path, format, args);
    va_end(args);
    if (n < 0) {
        path = NULL;
        return -ENOMEM;
    }
    r = unbox_store_read(path, ATTRIBUTE_MAX, &text, NULL);
    if (r < 0)
        return r;
    trim(text);
    *ret = STEAL(text);
    return 0;
}

/* What boards carry whose vendor never wrote a number; half of a batch would share it. */
static bool is_filler(const char *serial)
{
    static const char *const fillers[] = {"Default string", "To be filled by O.E.M.",
            "System Serial Number", "Not Specified", "Not Applicable", "None", "N/A", "Unknown"};

    for (size_t i = 0; i < ELEMENTSOF(fillers); i++)
        if (strcasecmp(serial, fillers[i]) == 0)
            return true;
    return strspn(serial, "0") == strlen(serial);
}

static int read_dmi(const char *sysfs, const char *credentials, char **ret)
{
    if (credentials)
        return read_attribute(ret, "%s/dmi-serial", credentials);
    return read_attribute(ret, "%s/class/dmi/id/product_serial", sysfs);
}

int device_serial(const char *sysfs, const char *credentials, const char *configured, char **ret,
        const char **ret_source)
{
    static const char *const sources[] = {"device tree", "DMI", "configuration"};

    for (size_t i = 0; i < ELEMENTSOF(sources); i++) {
        _cleanup_free_ char *serial = NULL;
        int r;

        if (i == 0)
            r = read_attribute(&serial, "%s/firmware/devicetree/base/serial-number", sysfs);
        else if (i == 1)
            r = read_dmi(sysfs, credentials, &serial);
        else
            r = (serial = strdup(configured)) ? 0 : -ENOMEM;
        if (r == -ENOMEM)
            return r;
        /* One that can't be read is no reason to stop while another source has it. */
        if (r < 0 || is_filler(serial) || !enrolment_serial_valid(serial))
            continue;
        *ret = STEAL(serial);
        *ret_source = sources[i];
        return 0;
    }
    return -ENODATA;
}

int device_mac(const char *sysfs, const char *interface, char **ret)
{
    return read_attribute(ret, "%s/class/net/%s/address", sysfs, interface);
}
