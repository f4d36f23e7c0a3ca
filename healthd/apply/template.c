/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * System files are written whole. hostapd has no quotes and no escapes: a value ends with its line,
 * so that no value may contain one, and the name of the network is written in hexadecimal.
 */

#include "template.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define NOTICE                                                                                     \
    "# Written by healthd from " UNBOX_CONFIG_PRODUCT_PATH ", which is the\n"                      \
    "# place for changes: the next apply_config replaces this file.\n"

#define PSK_DIGITS 64

/* The lines of a text; 0 when it is not all lines of printable characters. */
static size_t count_lines(const char *text)
{
    size_t lines = 0;
    const char *c;

    for (c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 && *c != '\n')
            return 0;
        if (*c == 0x7f)
            return 0;
        lines += *c == '\n';
    }
    return c > text && c[-1] == '\n' ? lines : 0;
}

/* As asprintf(). No value may bring a line with it: the result has as many as the format. */
_printf_(2, 3) static int fill_in(char **ret, const char *format, ...)
{
    char *text;
    va_list args;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return -ENOMEM;
    if (count_lines(text) != count_lines(format) || count_lines(text) == 0) {
        explicit_bzero(text, n);
        free(text);
        return -EBADMSG;
    }
    *ret = text;
    return 0;
}

static void to_hex(const char *text, char *ret)
{
    for (; *text; text++)
        ret += snprintf(ret, 3, "%02x", (unsigned char)*text);
    *ret = '\0';
}

int template_wifi(const struct unbox_config *product, const char *interface, char **ret)
{
    bool text = unbox_config_given(product, "wifi.ssid");
    bool high = strcmp(unbox_config_string(product, "wifi.band"), "a") == 0;
    const char *country = unbox_config_string(product, "wifi.country");
    const char *password = unbox_config_string(product, "wifi.password");
    int64_t channel = unbox_config_int(product, "wifi.channel");
    char ssid[65];

    if (text)
        to_hex(unbox_config_string(product, "wifi.ssid"), ssid);
    else
        snprintf(ssid, sizeof(ssid), "%s", unbox_config_string(product, "wifi.ssid_hex"));

    return fill_in(ret,
            NOTICE "interface=%s\n"
                   "driver=nl80211\n"
                   "ctrl_interface=/run/hostapd\n"
                   "ssid2=%s\n"
                   "utf8_ssid=%d\n"
                   "%scountry_code=%s\n"
                   "ieee80211d=%d\n"
                   "ieee80211h=%d\n"
                   "hw_mode=%s\n"
                   "channel=%lld\n"
                   "ieee80211n=1\n"
                   "wmm_enabled=1\n"
                   "auth_algs=1\n"
                   "wpa=2\n"
                   "wpa_key_mgmt=WPA-PSK\n"
                   "rsn_pairwise=CCMP\n"
                   "%s=%s\n",
            interface, ssid, text, *country ? "" : "#", country, !!*country, high, high ? "a" : "g",
            (long long)(channel
                                ?: high ? 36
                                        : 6),
            strlen(password) == PSK_DIGITS ? "wpa_psk" : "wpa_passphrase", password);
}

static uint32_t last_byte(const struct unbox_config *product, const char *key)
{
    struct in_addr address = {};

    (void)inet_pton(AF_INET, unbox_config_string(product, key), &address);
    return ntohl(address.s_addr) & 255;
}

int template_network(const struct unbox_config *product, const char *interface, char **ret)
{
    uint32_t start = last_byte(product, "network.dhcp_range_start");
    uint32_t end = last_byte(product, "network.dhcp_range_end");

    return fill_in(ret,
            NOTICE "[Match]\n"
                   "Name=%s\n"
                   "\n"
                   "[Link]\n"
                   "RequiredForOnline=no\n"
                   "\n"
                   "[Network]\n"
                   "Address=%s/24\n"
                   "DHCPServer=yes\n"
                   "IPv6AcceptRA=no\n"
                   "# The address is there before hostapd is.\n"
                   "ConfigureWithoutCarrier=yes\n"
                   "\n"
                   "[DHCPServer]\n"
                   "PoolOffset=%u\n"
                   "PoolSize=%u\n",
            interface, unbox_config_string(product, "network.ap_ip"), start, end - start + 1);
}

/* Takes over `values`. */
static int to_text(json_t *values, char **ret)
{
    *ret = values ? json_dumps(values, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(values);
    return *ret ? 0 : -ENOMEM;
}

int template_bluetooth(const struct unbox_config *product, const char *interface, char **ret)
{
    const char *name = unbox_config_string(product, "bluetooth.name");
    bool discoverable = unbox_config_bool(product, "bluetooth.discoverable");

    if (!unbox_config_given(product, "bluetooth.discoverable"))
        return to_text(json_pack("{s:s}", "Alias", name), ret);
    if (!discoverable)
        return to_text(json_pack("{s:s, s:b}", "Alias", name, "Discoverable", 0), ret);
    /* Otherwise BlueZ hides it after three minutes. */
    return to_text(json_pack("{s:s, s:b, s:i}", "Alias", name, "Discoverable", 1,
                           "DiscoverableTimeout", 0),
            ret);
}

int template_time(const struct unbox_config *product, const char *interface, char **ret)
{
    return to_text(
            json_pack("{s:s}", "Timezone", unbox_config_string(product, "time.timezone")), ret);
}
