/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The keys of the product's own configuration, and how their values have to fit each other. What
 * has passed here can be written into a system file as it is: nothing in it has a control
 * character, and each value is of its field's form.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config-schema.h"
#include "config-value.h"
#include "country-codes.h"
#include "util.h"

static bool is_hex(const char *text)
{
    while (isxdigit((unsigned char)*text))
        text++;
    return !*text;
}

static const char *check_ssid_hex(const char *value)
{
    return is_hex(value) && strlen(value) % 2 == 0 ? NULL : "must be pairs of hexadecimal digits";
}

static const char *check_password(const char *value)
{
    for (const char *c = value; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            return "must be printable ASCII";
    if (strlen(value) == 64 && !is_hex(value))
        return "must have 8 to 63 characters, or 64 hexadecimal digits";
    return NULL;
}

static const char *check_band(const char *value)
{
    return strcmp(value, "bg") == 0 || strcmp(value, "a") == 0
                   ? NULL
                   : "must be bg (2.4 GHz) or a (5 GHz)";
}

static const char *check_country(const char *value)
{
    return country_code_known(value) ? NULL : "must be " COUNTRY_CODE_WANTED;
}

/* What both the kernel takes, and a [Match] section that knows globs, lists and "!". */
static const char *check_interface(const char *value)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_-.";

    return !value[strspn(value, allowed)] && strcmp(value, ".") != 0 && strcmp(value, "..") != 0
                   ? NULL
                   : "must be the name of a network interface";
}

static uint32_t address(const char *value)
{
    struct in_addr in;

    return inet_pton(AF_INET, value, &in) == 1 ? ntohl(in.s_addr) : 0;
}

/* One that a host may have: no multicast, no loopback, not "this network". */
static const char *check_ipv4(const char *value)
{
    uint32_t ip = address(value);

    return ip >> 24 >= 1 && ip >> 24 < 224 && ip >> 24 != 127
                   ? NULL
                   : "must be the IPv4 address of a host";
}

/* As in the tz database: "Europe/Zurich", "Etc/GMT+5". It also becomes a path. */
static const char *check_timezone(const char *value)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_+-/";

    if (!isalpha((unsigned char)value[0]) || value[strspn(value, allowed)] || strstr(value, "//") ||
            value[strlen(value) - 1] == '/')
        return "must be the name of a timezone, for example Europe/Zurich";
    return NULL;
}

static const struct config_key product_keys[] = {
        {"wifi.ssid", CONFIG_STRING, 1, 32, "", NULL, "Name of the access point, as text."},
        {"wifi.ssid_hex", CONFIG_STRING, 2, 64, "", check_ssid_hex,
                "Name of the access point in hexadecimal, for bytes that are no text."},
        {"wifi.password", CONFIG_STRING, 8, 64, "", check_password,
                "Password (WPA2), or the key itself as 64 hexadecimal digits.", .secret = true},
        {"wifi.band", CONFIG_STRING, 1, 2, "bg", check_band, "bg is 2.4 GHz, a is 5 GHz."},
        {"wifi.channel", CONFIG_INT, 1, 165, "0", NULL, "Channel; without it 6, or 36 in band a."},
        {"wifi.country", CONFIG_STRING, 2, 2, "", check_country,
                "Where the device is: needed for 5 GHz and for the channels 12 and 13."},
        {"wifi.interface", CONFIG_STRING, 1, 15, "", check_interface,
                "The radio; without it the suite's network.wifi_interface."},
        {"network.ap_ip", CONFIG_STRING, 7, 15, "", check_ipv4,
                "The device's own address in the access point's network, a /24."},
        {"network.dhcp_range_start", CONFIG_STRING, 7, 15, "", check_ipv4,
                "The first address that is leased."},
        {"network.dhcp_range_end", CONFIG_STRING, 7, 15, "", check_ipv4,
                "The last address that is leased."},
        {"network.interface", CONFIG_STRING, 1, 15, "", check_interface,
                "The interface; without it the suite's network.wifi_interface."},
        {"bluetooth.name", CONFIG_STRING, 1, 248, "", NULL, "How the device calls itself."},
        {"bluetooth.discoverable", CONFIG_BOOL, 0, 0, "false", NULL,
                "Whether others find it, for as long as it is on."},
        {"time.timezone", CONFIG_STRING, 1, 64, "", check_timezone,
                "The device's timezone, as in the tz database."},
};

static bool section_given(const struct unbox_config_row *row, const char *section)
{
    size_t length = strlen(section);

    for (size_t i = 0; i < row->table->size; i++)
        if (strncmp(row->table->keys[i].name, section, length) == 0 && row->values[i].given)
            return true;
    return false;
}

static bool is_5ghz_channel(int64_t channel)
{
    return (channel >= 36 && channel <= 64 && channel % 4 == 0) ||
           (channel >= 100 && channel <= 144 && channel % 4 == 0) ||
           (channel >= 149 && channel <= 165 && channel % 4 == 1);
}

static const char *check_channel(const struct unbox_config_row *row, const char **ret_key)
{
    bool country = config_given(row, "wifi.country");
    int64_t channel = unbox_config_row_int(row, "wifi.channel");

    *ret_key = "wifi.channel";
    if (strcmp(unbox_config_row_string(row, "wifi.band"), "bg") == 0) {
        if (channel > 13)
            return "must be from 1 to 13 in band bg";
        return channel < 12 || country ? NULL : "can't be 12 or 13 without wifi.country";
    }
    if (channel && !is_5ghz_channel(channel))
        return "is no channel of band a: 36 to 64, 100 to 144, 149 to 165";
    *ret_key = "wifi.band";
    return country ? NULL : "can't be a without wifi.country";
}

static const char *check_wifi(const struct unbox_config_row *row, const char **ret_key)
{
    bool text = config_given(row, "wifi.ssid"), hex = config_given(row, "wifi.ssid_hex");

    if (!section_given(row, "wifi."))
        return NULL;
    *ret_key = text && hex ? "wifi.ssid_hex" : "wifi.ssid";
    if (text == hex)
        return text ? "must not stand beside wifi.ssid" : "is missing";
    *ret_key = "wifi.password";
    if (!config_given(row, "wifi.password"))
        return "is missing";
    return check_channel(row, ret_key);
}

static const char *check_host(
        const struct unbox_config_row *row, const char *name, uint32_t own, const char **ret_key)
{
    uint32_t ip = address(unbox_config_row_string(row, name));

    *ret_key = name;
    if (!config_given(row, name))
        return "is missing";
    if (ip >> 8 != own >> 8)
        return "must be in the same /24 as network.ap_ip";
    if ((ip & 255) == 0 || (ip & 255) == 255)
        return "must not be the network's own address or its broadcast";
    return NULL;
}

static const char *check_network(const struct unbox_config_row *row, const char **ret_key)
{
    uint32_t own = address(unbox_config_row_string(row, "network.ap_ip"));
    uint32_t start = address(unbox_config_row_string(row, "network.dhcp_range_start"));
    uint32_t end = address(unbox_config_row_string(row, "network.dhcp_range_end"));
    const char *complaint;

    if (!section_given(row, "network."))
        return NULL;
    complaint = check_host(row, "network.ap_ip", own, ret_key);
    if (!complaint)
        complaint = check_host(row, "network.dhcp_range_start", own, ret_key);
    if (!complaint)
        complaint = check_host(row, "network.dhcp_range_end", own, ret_key);
    if (complaint)
        return complaint;
    if (end < start)
        return "must not be before network.dhcp_range_start";
    *ret_key = "network.ap_ip";
    return own >= start && own <= end ? "must not be one of those that are leased" : NULL;
}

static const char *check_bluetooth(const struct unbox_config_row *row, const char **ret_key)
{
    *ret_key = "bluetooth.name";
    return section_given(row, "bluetooth.") && !config_given(row, *ret_key) ? "is missing" : NULL;
}

static const char *check_product(const struct unbox_config_row *row, const char **ret_key)
{
    const char *complaint = check_wifi(row, ret_key);

    if (!complaint)
        complaint = check_network(row, ret_key);
    return complaint ?: check_bluetooth(row, ret_key);
}

const struct config_table config_product = {product_keys, ELEMENTSOF(product_keys), check_product};
