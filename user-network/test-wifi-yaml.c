/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The customer's netplan file: whatever name and password go in come out again, as this file reads
 * them, and as netplan and NetworkManager do when they are installed ($NETPLAN_GENERATE).
 */

#include <libnm/NetworkManager.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "util.h"
#include "wifi-yaml.h"

static struct wifi_network network_of(const char *name, const char *psk)
{
    struct wifi_network network = {};

    assert_int_equal(ssid_from_bytes(name, strlen(name), &network.ssid), 0);
    assert_true(strlen(psk) <= PSK_MAX);
    memcpy(network.psk, psk, strlen(psk));
    return network;
}

static void assert_round_trip(const struct wifi_network *network)
{
    _cleanup_free_ char *text = NULL;
    struct wifi_network back;
    size_t size;

    assert_int_equal(wifi_yaml_write(network, "wlan0", "CA", &text, &size), 0);
    assert_int_equal(strlen(text), size);
    assert_int_equal(wifi_yaml_read(text, size, &back), 0);
    assert_true(ssid_equal(&network->ssid, &back.ssid));
    assert_string_equal(network->psk, back.psk);
    assert_int_equal(network->hidden, back.hidden);
}

static const char *const odd_names[] = {"HomeNet", "a \"quoted\" 'name'", "back\\slash\\",
        "co:lon: x", "$(reboot)", "`reboot`; rm -rf /", "\xf0\x9f\x9a\x80 caf\xc3\xa9", "12345678",
        "0x10", "true", "null", "~", "- item", "# comment", " lead and trail ", "tab\there",
        "new\nline", "12345678901234567890123456789012", "%s%n",
        "\xe2\x80\xae"
        "reversed",
        "{a: b}", "&anchor", "*alias", "!tag", "\x01\x7f", "\xc2\x85\xe2\x80\xa8",
        "\xef\xbb\xbf"
        "bom",
        "=", "<<"};

static void test_odd_names(void **state)
{
    for (size_t i = 0; i < ELEMENTSOF(odd_names); i++) {
        struct wifi_network network = network_of(odd_names[i], "pass\"word\\: #$(x)");

        assert_round_trip(&network);
        network.hidden = true;
        assert_round_trip(&network);
        network.psk[0] = '\0';
        assert_round_trip(&network);
    }
}

static void test_what_cannot_be_written(void **state)
{
    static const struct ssid refused[] = {
            {"caf\xe9", 4}, {"a\0b", 3}, {"\0", 1}, {"\xed\xa0\x80", 3}};
    char *text = NULL;
    size_t size;

    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        struct wifi_network network = {.ssid = refused[i]};

        assert_int_equal(wifi_yaml_write(&network, "wlan0", "", &text, &size), -EILSEQ);
    }
    assert_null(text);
}

static void test_whole_file(void **state)
{
    struct wifi_network network = network_of("Home \"Net\"", "12345678");
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_int_equal(wifi_yaml_write(&network, "wlan0", "CA", &text, &size), 0);
    assert_string_equal(strchr(strchr(text, '\n') + 1, '\n') + 1,
            "network:\n"
            "  version: 2\n"
            "  wifis:\n"
            "    \"wlan0\":\n"
            "      renderer: NetworkManager\n"
            "      dhcp4: true\n"
            "      dhcp6: true\n"
            "      optional: true\n"
            "      regulatory-domain: \"CA\"\n"
            "      access-points:\n"
            "        \"Home \\\"Net\\\"\":\n"
            "          password: \"12345678\"\n");
}

static void test_other_peoples_files(void **state)
{
    static const char *const files[] = {"", "network", "network: {wifis: {wlan0: {}}}",
            "network: {wifis: {wlan0: {access-points: {}}}}",
            "network: {wifis: {wlan0: {access-points: {a: {}, b: {}}}}}",
            "network: {wifis: {wlan0: {access-points: {a: {password: short}}}}}",
            "network: {wifis: {wlan0: {access-points: {[a]: {}}}}}", "[", "network: {wifis: [",
            "network: {wifis: {w: {access-points: {123456789012345678901234567890123: {}}}}}"};
    struct wifi_network network;

    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        assert_int_equal(wifi_yaml_read(files[i], strlen(files[i]), &network), -EBADMSG);
}

static NMConnection *profile_in(const char *folder, const char *name)
{
    g_autoptr(GKeyFile) keyfile = g_key_file_new();
    g_autofree char *path = g_build_filename(folder, name, NULL);

    assert_true(g_key_file_load_from_file(keyfile, path, G_KEY_FILE_NONE, NULL));
    return nm_keyfile_read(keyfile, folder, NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, NULL);
}

static void assert_netplan_agrees(const char *generate, const struct wifi_network *network)
{
    g_autofree char *root = g_dir_make_tmp("netplan-XXXXXX", NULL);
    g_autofree char *etc = g_build_filename(root, "etc/netplan", NULL);
    g_autofree char *file = g_build_filename(etc, "60-user-netplan.yaml", NULL);
    g_autofree char *made = g_build_filename(root, "run/NetworkManager/system-connections", NULL);
    const char *argv[] = {generate, "--root-dir", root, NULL};
    _cleanup_free_ char *text = NULL;
    NMConnection *profile;
    const char *name;
    GBytes *bytes;
    GDir *dir;
    size_t size;
    int status;

    assert_int_equal(wifi_yaml_write(network, "wlan0", "", &text, &size), 0);
    assert_int_equal(g_mkdir_with_parents(etc, 0700), 0);
    assert_true(g_file_set_contents_full(file, text, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
    assert_int_equal(status, 0);
    dir = g_dir_open(made, 0, NULL);
    name = g_dir_read_name(dir);
    assert_non_null(name);
    profile = profile_in(made, name);
    assert_non_null(profile);
    bytes = nm_setting_wireless_get_ssid(nm_connection_get_setting_wireless(profile));
    assert_int_equal(g_bytes_get_size(bytes), network->ssid.size);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), network->ssid.bytes, network->ssid.size);
    g_object_unref(profile);
    g_dir_close(dir);
}

static void test_netplan_itself(void **state)
{
    const char *generate = getenv("NETPLAN_GENERATE") ?: "/usr/libexec/netplan/generate";

    if (access(generate, X_OK) < 0) {
        print_message("%s isn't installed\n", generate);
        skip();
    }
    for (size_t i = 0; i < ELEMENTSOF(odd_names); i++) {
        struct wifi_network network = network_of(odd_names[i], "pass\"word\\: #$(x)");

        assert_netplan_agrees(generate, &network);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_odd_names),
            cmocka_unit_test(test_what_cannot_be_written),
            cmocka_unit_test(test_whole_file),
            cmocka_unit_test(test_other_peoples_files),
            cmocka_unit_test(test_netplan_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
