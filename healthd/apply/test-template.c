/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The texts: that each value stands where it belongs, and that none is more than a value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "template.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static char *fill_in(const char *yaml,
        int (*template)(const struct unbox_config *, const char *, char **), const char *interface)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    char *text = NULL;

    if (unbox_config_parse_product("p.yaml", yaml, strlen(yaml), &config, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(template(config, interface, &text), 0);
    return text;
}

static void assert_line(const char *text, const char *line)
{
    _cleanup_free_ char *whole = NULL;

    assert_true(asprintf(&whole, "\n%s\n", line) > 0);
    if (!strstr(text, whole))
        fail_msg("no line \"%s\" in:\n%s", line, text);
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    while ((text = strchr(text, '\n'))) {
        lines++;
        text++;
    }
    return lines;
}

static void test_wifi(void **state)
{
    _cleanup_free_ char *text =
            fill_in("wifi: {ssid: My Café, password: 'p \"a\\b#c', channel: 11, country: CH}",
                    template_wifi, "wlan0");

    assert_line(text, "interface=wlan0");
    assert_line(text, "ssid2=4d7920436166c3a9");
    assert_line(text, "utf8_ssid=1");
    assert_line(text, "country_code=CH");
    assert_line(text, "ieee80211d=1");
    assert_line(text, "ieee80211h=0");
    assert_line(text, "hw_mode=g");
    assert_line(text, "channel=11");
    assert_line(text, "wpa_passphrase=p \"a\\b#c");
    assert_null(strstr(text, "wpa_psk="));
}

static void test_wifi_at_5ghz(void **state)
{
    _cleanup_free_ char *text = fill_in(
            "wifi: {ssid: x, password: xxxxxxxx, band: a, country: CA}", template_wifi, "wlan1");

    assert_line(text, "hw_mode=a");
    assert_line(text, "channel=36");
    assert_line(text, "ieee80211h=1");
}

static void test_wifi_defaults(void **state)
{
    _cleanup_free_ char *text =
            fill_in("wifi: {ssid: x, password: xxxxxxxx}", template_wifi, "wlan0");

    assert_line(text, "channel=6");
    assert_line(text, "#country_code=");
    assert_line(text, "ieee80211d=0");
}

/* 32 bytes that are no text, and no line either. */
static void test_wifi_of_bytes(void **state)
{
    static const char hex[] = "00010a0d1b7f80fe00010a0d1b7f80fe00010a0d1b7f80fe00010a0d1b7f80ff";
    _cleanup_free_ char *yaml = NULL, *text = NULL, *line = NULL;

    assert_true(asprintf(&yaml, "wifi: {ssid_hex: '%s', password: '%s'}", hex, hex) > 0);
    text = fill_in(yaml, template_wifi, "wlan0");
    assert_true(asprintf(&line, "ssid2=%s", hex) > 0);
    assert_line(text, line);
    assert_line(text, "utf8_ssid=0");
    free(line);
    assert_true(asprintf(&line, "wpa_psk=%s", hex) > 0);
    assert_line(text, line);
    assert_null(strstr(text, "wpa_passphrase"));
}

static void test_values_are_no_formats(void **state)
{
    _cleanup_free_ char *text =
            fill_in("wifi: {ssid: '%s%n', password: '%s%n%s%n'}", template_wifi, "wlan0");

    assert_line(text, "ssid2=2573256e");
    assert_line(text, "wpa_passphrase=%s%n%s%n");
}

/* The schema has no such values; if ever it had, no file would. */
static void test_no_value_brings_a_line(void **state)
{
    static const char yaml[] = "wifi: {ssid: x, password: xxxxxxxx}";
    static const char *const names[] = {"wlan0\nwpa=0", "wlan0\r", "wlan0\x7f", "wlan0\x1b[0m"};
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    assert_int_equal(unbox_config_parse_product("p", yaml, strlen(yaml), &config, &error), 0);
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        char *text = NULL;

        assert_int_equal(template_wifi(config, names[i], &text), -EBADMSG);
        assert_int_equal(template_network(config, names[i], &text), -EBADMSG);
        assert_null(text);
    }
}

static void test_network(void **state)
{
    _cleanup_free_ char *text = fill_in("network: {ap_ip: 192.168.50.1, dhcp_range_start: "
                                        "192.168.50.10, dhcp_range_end: 192.168.50.99}",
            template_network, "wlan0");
    _cleanup_free_ char *least = fill_in(
            "network: {ap_ip: 10.0.0.254, dhcp_range_start: 10.0.0.1, dhcp_range_end: 10.0.0.1}",
            template_network, "ap0");

    assert_line(text, "Name=wlan0");
    assert_line(text, "Address=192.168.50.1/24");
    assert_line(text, "DHCPServer=yes");
    assert_line(text, "PoolOffset=10");
    assert_line(text, "PoolSize=90");
    assert_line(least, "PoolOffset=1");
    assert_line(least, "PoolSize=1");
    assert_int_equal(lines_of(text), lines_of(least));
}

static void test_properties(void **state)
{
    _cleanup_free_ char *quiet = fill_in("bluetooth: {name: 'A \"b\"'}", template_bluetooth, NULL);
    _cleanup_free_ char *shown =
            fill_in("bluetooth: {name: x, discoverable: true}", template_bluetooth, NULL);
    _cleanup_free_ char *hidden =
            fill_in("bluetooth: {name: x, discoverable: false}", template_bluetooth, NULL);
    _cleanup_free_ char *zone = fill_in("time: {timezone: Europe/Zurich}", template_time, NULL);

    assert_string_equal(quiet, "{\"Alias\":\"A \\\"b\\\"\"}");
    assert_string_equal(shown, "{\"Alias\":\"x\",\"Discoverable\":true,\"DiscoverableTimeout\":0}");
    assert_string_equal(hidden, "{\"Alias\":\"x\",\"Discoverable\":false}");
    assert_string_equal(zone, "{\"Timezone\":\"Europe/Zurich\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_wifi),
            cmocka_unit_test(test_wifi_at_5ghz),
            cmocka_unit_test(test_wifi_defaults),
            cmocka_unit_test(test_wifi_of_bytes),
            cmocka_unit_test(test_values_are_no_formats),
            cmocka_unit_test(test_no_value_brings_a_line),
            cmocka_unit_test(test_network),
            cmocka_unit_test(test_properties),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
