/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of radio networks as bytes, and the rules for their passwords. */

#include "ssid.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

int ssid_from_bytes(const void *bytes, size_t size, struct ssid *ret)
{
    if (size == 0 || size > SSID_MAX)
        return -EINVAL;
    *ret = (struct ssid){.size = size};
    memcpy(ret->bytes, bytes, size);
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -EINVAL;
}

int ssid_from_hex(const char *hex, struct ssid *ret)
{
    size_t digits = strlen(hex);
    struct ssid ssid = {.size = digits / 2};

    if (digits == 0 || digits % 2 || ssid.size > SSID_MAX)
        return -EINVAL;
    for (size_t i = 0; i < ssid.size; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return -EINVAL;
        ssid.bytes[i] = high << 4 | low;
    }
    *ret = ssid;
    return 0;
}

void ssid_to_hex(const struct ssid *ssid, char ret[static SSID_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < ssid->size; i++) {
        ret[2 * i] = digits[ssid->bytes[i] >> 4];
        ret[2 * i + 1] = digits[ssid->bytes[i] & 15];
    }
    ret[2 * ssid->size] = '\0';
}

bool ssid_equal(const struct ssid *a, const struct ssid *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

bool ssid_is_text(const struct ssid *ssid)
{
    return ssid->size > 0 && g_utf8_validate((const char *)ssid->bytes, ssid->size, NULL);
}

/* What moves the cursor, or turns around whatever is written after the name. */
static bool disturbs(gunichar character)
{
    return g_unichar_iscntrl(character) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

const char *ssid_display(const struct ssid *ssid, char buffer[static SSID_DISPLAY_MAX])
{
    const char *here = (const char *)ssid->bytes, *end = here + ssid->size;
    bool text = ssid_is_text(ssid);
    char *out = buffer;

    while (here < end) {
        const char *next = text ? g_utf8_next_char(here) : here + 1;
        bool plain = text ? !disturbs(g_utf8_get_char(here)) : *here >= 0x20 && *here < 0x7f;

        for (; here < next; here++)
            if (plain)
                *out++ = *here;
            else
                out += snprintf(out, 5, "\\x%02x", (uint8_t)*here);
    }
    *out = '\0';
    return buffer;
}

const char *psk_check(const char *psk, size_t size)
{
    if (size < 8)
        return "The password is too short: a Wi-Fi password has at least 8 characters.";
    if (size > 64)
        return "The password is too long: a Wi-Fi password has at most 63 characters.";
    if (!g_utf8_validate(psk, size, NULL))
        return "The password has characters that cannot be in a Wi-Fi password.";
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)psk[i] < 0x20 || psk[i] == 0x7f)
            return "The password has characters that cannot be in a Wi-Fi password.";
    if (size == 64)
        for (size_t i = 0; i < size; i++)
            if (hex_digit(psk[i]) < 0)
                return "A password of 64 characters must be hexadecimal digits only.";
    return NULL;
}
