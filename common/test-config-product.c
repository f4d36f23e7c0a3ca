/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The product's configuration: every bound from both sides, and what must fit what. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config-schema.h"
#include "country-codes.h"
#include "unbox/config.h"
#include "unbox/store.h"
#include "util.h"

#define X8 "xxxxxxxx"
#define X32 X8 X8 X8 X8
#define X64 X32 X32
#define X63 X32 X8 X8 X8 "xxxxxxx"
#define X248 X64 X64 X64 X32 X8 X8 X8
#define F64 "0123456789abcdefABCDEF0123456789abcdef0123456789ABCDEF0123456789"

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static void assert_taken(const char *text)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    if (unbox_config_parse_product("p.yaml", text, strlen(text), &config, &error) < 0)
        fail_msg("%s: %s", text, error.text);
    assert_non_null(config);
}

/* `complaint` is what stands behind the file's name. */
static void assert_refused(const char *text, const char *complaint)
{
    struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    char expected[600];

    assert_int_equal(
            unbox_config_parse_product("p.yaml", text, strlen(text), &config, &error), -EINVAL);
    snprintf(expected, sizeof(expected), "p.yaml:%s", complaint);
    assert_string_equal(error.text, expected);
    assert_null(config);
}

static void test_taken(void **state)
{
    static const char *const texts[] = {
            "",
            "wifi:\n",
            "wifi: {ssid: x, password: " X8 "}",
            "wifi: {ssid: " X32 ", password: " X63 "}",
            "wifi: {ssid: x, password: " F64 "}",
            "wifi: {ssid: x, password: ' !\"#$%&~\\= '}",
            "wifi: {ssid_hex: '00', password: " X8 "}",
            "wifi: {ssid_hex: " F64 ", password: " X8 "}",
            "wifi: {ssid: x, password: " X8 ", channel: 1}",
            "wifi: {ssid: x, password: " X8 ", channel: 11}",
            "wifi: {ssid: x, password: " X8 ", channel: 13, country: CH}",
            "wifi: {ssid: x, password: " X8 ", band: a, country: CH}",
            "wifi: {ssid: x, password: " X8 ", band: a, channel: 36, country: CH}",
            "wifi: {ssid: x, password: " X8 ", band: a, channel: 64, country: CH}",
            "wifi: {ssid: x, password: " X8 ", band: a, channel: 144, country: CH}",
            "wifi: {ssid: x, password: " X8 ", band: a, channel: 165, country: CH}",
            "wifi: {ssid: x, password: " X8 ", interface: wlx0123456789ab}",
            "network: {ap_ip: 10.0.0.1, dhcp_range_start: 10.0.0.2, dhcp_range_end: 10.0.0.254}",
            "network: {ap_ip: 10.0.0.254, dhcp_range_start: 10.0.0.1, dhcp_range_end: 10.0.0.1}",
            "bluetooth: {name: x}",
            "bluetooth: {name: " X248 ", discoverable: true}",
            "time: {timezone: UTC}",
            "time: {timezone: America/Argentina/Buenos_Aires}",
            "time: {timezone: Etc/GMT+5}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        assert_taken(texts[i]);
}

struct refusal {
    const char *text; /* of the section wifi */
    const char *complaint;
};

static void assert_wifi_refused(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[256];

        snprintf(text, sizeof(text), "wifi:\n  %s", cases[i].text);
        assert_refused(text, cases[i].complaint);
    }
}

static void test_wifi_names_are_refused(void **state)
{
    static const struct refusal cases[] = {
            {"{ssid: '', password: " X8 "}", "2: wifi.ssid: must have 1 to 32 bytes, not 0"},
            {"{ssid: " X32 "x, password: " X8 "}", "2: wifi.ssid: must have 1 to 32 bytes, not 33"},
            {"{ssid: \"a\\nssid=b\", password: " X8 "}",
                    "2: wifi.ssid: must not contain control characters"},
            {"{ssid: \"a\\0\", password: " X8 "}",
                    "2: wifi.ssid: must not contain control characters"},
            {"{ssid: x, ssid_hex: '78', password: " X8 "}",
                    "2: wifi.ssid_hex: must not stand beside wifi.ssid"},
            {"{password: " X8 "}", "1: wifi.ssid: is missing"},
            {"{ssid_hex: '7', password: " X8 "}",
                    "2: wifi.ssid_hex: must have 2 to 64 bytes, not 1"},
            {"{ssid_hex: '787', password: " X8 "}",
                    "2: wifi.ssid_hex: must be pairs of hexadecimal digits"},
            {"{ssid_hex: '7g', password: " X8 "}",
                    "2: wifi.ssid_hex: must be pairs of hexadecimal digits"},
            {"{ssid: x}", "1: wifi.password: is missing"},
            {"{ssid: x, password: xxxxxxx}", "2: wifi.password: must have 8 to 64 bytes, not 7"},
            {"{ssid: x, password: " X64 "}",
                    "2: wifi.password: must have 8 to 63 characters, or 64 hexadecimal digits"},
            {"{ssid: x, password: " F64 "0}", "2: wifi.password: must have 8 to 64 bytes, not 65"},
            {"{ssid: x, password: \"12345678\\r\\nwpa=0\"}",
                    "2: wifi.password: must not contain control characters"},
            {"{ssid: x, password: \"1234567\\x7f\"}",
                    "2: wifi.password: must not contain control characters"},
            {"{ssid: x, password: \"1234567\\x85\"}", "2: wifi.password: must be printable ASCII"},
            {"{ssid: x, password: pässwort}", "2: wifi.password: must be printable ASCII"},
            {"{ssid: x, pass: " X8 "}", "2: wifi.pass: there is no such key"},
    };

    assert_wifi_refused(cases, ELEMENTSOF(cases));
}

static void test_radios_are_refused(void **state)
{
    static const struct refusal cases[] = {
            {"{ssid: x, password: " X8 ", channel: 0}",
                    "2: wifi.channel: must be from 1 to 165, not 0"},
            {"{ssid: x, password: " X8 ", channel: 14}",
                    "2: wifi.channel: must be from 1 to 13 in band bg"},
            {"{ssid: x, password: " X8 ", channel: 12}",
                    "2: wifi.channel: can't be 12 or 13 without wifi.country"},
            {"{ssid: x, password: " X8 ", band: a, channel: 11, country: CH}",
                    "2: wifi.channel: is no channel of band a: 36 to 64, 100 to 144, 149 to 165"},
            {"{ssid: x, password: " X8 ", band: a, channel: 68, country: CH}",
                    "2: wifi.channel: is no channel of band a: 36 to 64, 100 to 144, 149 to 165"},
            {"{ssid: x, password: " X8 ", band: a}",
                    "2: wifi.band: can't be a without wifi.country"},
            {"{ssid: x, password: " X8 ", band: g}",
                    "2: wifi.band: must be bg (2.4 GHz) or a (5 GHz)"},
            {"{ssid: x, password: " X8 ", country: UK}",
                    "2: wifi.country: must be " COUNTRY_CODE_WANTED},
            {"{ssid: x, password: " X8 ", interface: 'wlan*'}",
                    "2: wifi.interface: must be the name of a network interface"},
            {"{ssid: x, password: " X8 ", interface: wlx0123456789abc}",
                    "2: wifi.interface: must have 1 to 15 bytes, not 16"},
    };

    assert_wifi_refused(cases, ELEMENTSOF(cases));
}

static void test_network_is_refused(void **state)
{
    static const struct {
        const char *values[3]; /* ap_ip, start, end */
        const char *complaint;
    } cases[] = {
            {{"10.0.0.0", "10.0.0.2", "10.0.0.9"},
                    "2: network.ap_ip: must not be the network's own address or its broadcast"},
            {{"10.0.0.255", "10.0.0.2", "10.0.0.9"},
                    "2: network.ap_ip: must not be the network's own address or its broadcast"},
            {{"10.0.0.1", "10.0.0.0", "10.0.0.9"},
                    "3: network.dhcp_range_start: must not be the network's own address or its "
                    "broadcast"},
            {{"10.0.0.1", "10.0.0.2", "10.0.0.255"},
                    "4: network.dhcp_range_end: must not be the network's own address or its "
                    "broadcast"},
            {{"10.0.0.1", "10.0.1.2", "10.0.1.9"},
                    "3: network.dhcp_range_start: must be in the same /24 as network.ap_ip"},
            {{"10.0.0.1", "10.0.0.2", "10.0.1.9"},
                    "4: network.dhcp_range_end: must be in the same /24 as network.ap_ip"},
            {{"10.0.0.1", "10.0.0.9", "10.0.0.8"},
                    "4: network.dhcp_range_end: must not be before network.dhcp_range_start"},
            {{"10.0.0.5", "10.0.0.5", "10.0.0.9"},
                    "2: network.ap_ip: must not be one of those that are leased"},
            {{"127.0.0.1", "127.0.0.2", "127.0.0.9"},
                    "2: network.ap_ip: must be the IPv4 address of a host"},
            {{"224.0.0.1", "224.0.0.2", "224.0.0.9"},
                    "2: network.ap_ip: must be the IPv4 address of a host"},
            {{"10.0.0.01", "10.0.0.2", "10.0.0.9"},
                    "2: network.ap_ip: must be the IPv4 address of a host"},
            {{"10.0.0.256", "10.0.0.2", "10.0.0.9"},
                    "2: network.ap_ip: must be the IPv4 address of a host"},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        char text[256];

        snprintf(text, sizeof(text),
                "network:\n  ap_ip: %s\n  dhcp_range_start: %s\n  dhcp_range_end: %s\n",
                cases[i].values[0], cases[i].values[1], cases[i].values[2]);
        assert_refused(text, cases[i].complaint);
    }
    assert_refused("network:\n  ap_ip: 10.0.0.1\n  dhcp_range_start: 10.0.0.2\n",
            "1: network.dhcp_range_end: is missing");
}

static void test_others_are_refused(void **state)
{
    assert_refused("bluetooth: {name: ''}", "1: bluetooth.name: must have 1 to 248 bytes, not 0");
    assert_refused(
            "bluetooth: {name: " X248 "x}", "1: bluetooth.name: must have 1 to 248 bytes, not 249");
    assert_refused("bluetooth: {discoverable: true}", "1: bluetooth.name: is missing");
    assert_refused("bluetooth: {name: x, discoverable: yes}",
            "1: bluetooth.discoverable: must be true or false");
    for (const char *const *zone = (const char *const[]){"/etc/passwd", "../../etc/passwd",
                 "Europe/", "Europe//Zurich", "Europe/Zur ich", "Europe/../UTC", NULL};
            *zone; zone++) {
        char text[64];

        snprintf(text, sizeof(text), "time: {timezone: %s}", *zone);
        assert_refused(text,
                "1: time.timezone: must be the name of a timezone, for example Europe/Zurich");
    }
    assert_refused("hotspot: {ssid: x}", "1: hotspot.ssid: there is no such key");
}

/* A missing file isn't an empty one: nothing would be applied, and nobody would know. */
static void test_files(void **state)
{
    struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    assert_int_equal(unbox_config_load_product("/nowhere.yaml", &config, &error), -ENOENT);
    assert_string_equal(error.text, "/nowhere.yaml: can't be read: No such file or directory");
    assert_null(config);
}

/* What is shipped as the documentation has every key but the one that another excludes. */
static void test_example(void **state)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    if (unbox_config_load_product(PRODUCT_EXAMPLE, &config, &error) < 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < config_product.size; i++)
        assert_int_equal(unbox_config_given(config, config_product.keys[i].name),
                strcmp(config_product.keys[i].name, "wifi.ssid_hex") != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_taken),
            cmocka_unit_test(test_wifi_names_are_refused),
            cmocka_unit_test(test_radios_are_refused),
            cmocka_unit_test(test_network_is_refused),
            cmocka_unit_test(test_others_are_refused),
            cmocka_unit_test(test_files),
            cmocka_unit_test(test_example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
