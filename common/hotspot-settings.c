/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fills in what differs from device to device, so that two of them can be told apart in the air. */

#include "hotspot-settings.h"

#include <stdio.h>
#include <string.h>

#include "hotspot-password.h"
#include "util.h"

/* Enough to tell the devices of one shelf apart, short enough to stand behind a product's name. */
#define SERIAL_TAIL 6

static const char *tail(const char *serial)
{
    size_t size = strlen(serial);

    return size > SERIAL_TAIL ? serial + size - SERIAL_TAIL : serial;
}

/* How many bytes of `text` fit, without half a character of UTF-8 at the end. */
static size_t fitting(const char *text, size_t size, size_t room)
{
    if (size <= room)
        return size;
    while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
        room--;
    return room;
}

bool hotspot_expand(
        const char *pattern, const char *hostname, const char *serial, char *ret, size_t size)
{
    size_t used = 0;

    while (*pattern) {
        size_t length = strcspn(pattern, "%"), taken;
        const char *text = pattern;

        if (length > 0) {
            pattern += length;
        } else {
            text = pattern[1] == 'H' ? hostname : pattern[1] == 's' ? tail(serial) : "%";
            length = strlen(text);
            pattern += pattern[1] ? 2 : 1;
        }
        taken = fitting(text, length, size - 1 - used);
        memcpy(ret + used, text, taken);
        used += taken;
        if (taken < length) {
            ret[used] = '\0';
            return false;
        }
    }
    ret[used] = '\0';
    return true;
}

static const char *make_ssid(const char *pattern, const struct hotspot_device *device,
        char ret[static HOTSPOT_SSID_MAX + 1])
{
    bool whole =
            hotspot_expand(pattern, device->hostname, device->serial, ret, HOTSPOT_SSID_MAX + 1);

    if (!*ret) {
        /* Of a pattern that is nothing but what isn't known: at most 32 bytes, by the schema. */
        snprintf(ret, HOTSPOT_SSID_MAX + 1, "%s", pattern);
        return "hotspot.ssid is empty once its specifiers are filled in, and taken as it stands";
    }
    return whole ? NULL : "hotspot.ssid is longer than 32 bytes, and was cut";
}

static const char *make_password(const struct unbox_config *config,
        const struct hotspot_device *device, char ret[static HOTSPOT_PASSWORD_MAX + 1])
{
    const char *pattern = unbox_config_string(config, "hotspot.password");
    const char *complaint = NULL;

    if (unbox_config_bool(config, "hotspot.password_per_device")) {
        if (*device->uuid && *device->serial &&
                hotspot_password_derive(device->uuid, device->serial,
                        unbox_config_string(config, "hotspot.password_secret"), ret) >= 0)
            return NULL;
        complaint = "the identity has no UUID or serial: hotspot.password is used instead";
    }
    if (hotspot_expand(pattern, device->hostname, device->serial, ret, HOTSPOT_PASSWORD_MAX + 1) &&
            strlen(ret) >= HOTSPOT_PASSWORD_MIN)
        return complaint;
    /* 8 to 63 bytes, by the schema. */
    snprintf(ret, HOTSPOT_PASSWORD_MAX + 1, "%s", pattern);
    return "hotspot.password has not 8 to 63 bytes once its specifiers are filled in, and is taken "
           "as it stands";
}

void hotspot_settings_make(const struct unbox_config *config, const struct hotspot_device *device,
        struct hotspot_settings *ret, const char **ret_complaint)
{
    const char *of_ssid, *of_password;

    of_ssid = make_ssid(unbox_config_string(config, "hotspot.ssid"), device, ret->ssid);
    of_password = make_password(config, device, ret->password);
    *ret_complaint = of_password ?: of_ssid;
}

static void print_escaped(const char *text, FILE *stream)
{
    for (; *text; text++) {
        if (strchr("\\;,:\"", *text))
            fputc('\\', stream);
        fputc(*text, stream);
    }
}

int hotspot_qr(const struct hotspot_settings *settings, char **ret)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return -ENOMEM;
    fputs("WIFI:T:WPA;S:", stream);
    print_escaped(settings->ssid, stream);
    fputs(";P:", stream);
    print_escaped(settings->password, stream);
    fputs(";;", stream);
    if (fclose(stream) != 0)
        return -ENOMEM;
    *ret = STEAL(text);
    return 0;
}
