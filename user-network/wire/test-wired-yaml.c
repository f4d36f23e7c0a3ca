/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A fixed address of the wire: what the customer may give, and that what is written is read back,
 * by this file and, when they are installed, by netplan and NetworkManager ($NETPLAN_GENERATE).
 */

#include <libnm/NetworkManager.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "wired-yaml.h"

static const char *settings_of(const char *line, struct wired_settings *ret)
{
    _cleanup_json_ json_t *object = json_loads(line, 0, NULL);

    assert_non_null(object);
    return wired_settings_from_json(object, ret);
}

#define WHOLE                                                                                      \
    "{\"address\": \"192.0.2.7/24\", \"gateway\": \"192.0.2.1\","                                  \
    " \"dns\": [\"192.0.2.1\", \"2001:db8::53\"]}"

static const char *const good[] = {WHOLE, "{\"address\": \"10.0.0.1/8\"}",
        "{\"address\": \"10.42.7.7/16\"}",
        "{\"address\": \"192.0.2.7/24\", \"gateway\": \"\", \"dns\": []}",
        "{\"address\": \"192.0.2.7/24\", \"gateway\": null, \"dns\": null}",
        "{\"address\": \"192.0.2.6/31\", \"gateway\": \"192.0.2.7\"}",
        "{\"address\": \"10.42.1.7/24\", \"dns\": [\"9.9.9.9\", \"8.8.8.8\", \"1.1.1.1\"]}"};

static void test_what_is_written_is_read(void **state)
{
    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        struct wired_settings settings, back;
        _cleanup_json_ json_t *before = NULL, *after = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;

        assert_null(settings_of(good[i], &settings));
        assert_int_equal(wired_yaml_write(&settings, "eth0", &text, &size), 0);
        assert_int_equal(strlen(text), size);
        assert_int_equal(wired_yaml_read(text, size, &back), 0);
        before = wired_settings_to_json(&settings);
        after = wired_settings_to_json(&back);
        assert_true(json_equal(before, after));
    }
}

static void test_what_nobody_may_give(void **state)
{
    static const char *const bad[] = {"{}", "{\"address\": 7}", "{\"address\": \"\"}",
            "{\"address\": \"192.0.2.7\"}", "{\"address\": \"192.0.2.7/\"}",
            "{\"address\": \"192.0.2.7/32\"}", "{\"address\": \"192.0.2.7/7\"}",
            "{\"address\": \"192.0.2.7/024\"}", "{\"address\": \"192.0.2.7/24x\"}",
            "{\"address\": \"192.0.2.7/+24\"}", "{\"address\": \"192.0.2.7/ 24\"}",
            "{\"address\": \"192.0.2.7/99999999999999999999\"}", "{\"address\": \"192.0.2/24\"}",
            "{\"address\": \"192.0.2.7 /24\"}", "{\"address\": \"192.0.2.256/24\"}",
            "{\"address\": \"2001:db8::7/64\"}",
            /* No device's, or the edge of its network, or the hotspot's. */
            "{\"address\": \"0.0.0.7/8\"}", "{\"address\": \"127.0.0.2/8\"}",
            "{\"address\": \"169.254.1.7/16\"}", "{\"address\": \"224.0.0.7/24\"}",
            "{\"address\": \"255.255.255.255/24\"}", "{\"address\": \"192.0.2.0/24\"}",
            "{\"address\": \"192.0.2.255/24\"}", "{\"address\": \"10.42.0.7/24\"}",
            "{\"address\": \"10.42.0.9/30\"}",
            "{\"address\": \"10.42.7.7/16\", \"gateway\": \"10.42.0.1\"}",
            "{\"address\": \"192.0.2.7/24\", \"gateway\": \"224.0.0.1\"}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": [\"224.0.0.251\"]}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": [\"ff02::fb\"]}",
            "{\"address\": \"241.0.0.1/24\"}",
            "{\"address\": \"192.0.2.7/24\", \"gateway\": \"192.0.3.1\"}",
            "{\"address\": \"192.0.2.7/24\", \"gateway\": \"192.0.2.7\"}",
            "{\"address\": \"192.0.2.7/24\", \"gateway\": \"192.0.2.255\"}",
            "{\"address\": \"192.0.2.7/24\", \"gateway\": \"router\"}",
            "{\"address\": \"192.0.2.7/24\", \"gateway\": 1}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": \"192.0.2.1\"}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": [1]}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": [\"::1\"]}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": [\"fe80::1\"]}",
            "{\"address\": \"192.0.2.7/24\", \"dns\": [\"0.0.0.0\"]}",
            ("{\"address\": \"192.0.2.7/24\","
             " \"dns\": [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", \"192.0.2.4\"]}")};

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        struct wired_settings settings = {.prefix = 99};

        if (!settings_of(bad[i], &settings))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(settings.prefix, 99);
    }
}

static void test_whole_file(void **state)
{
    struct wired_settings settings;
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_null(settings_of(WHOLE, &settings));
    assert_int_equal(wired_yaml_write(&settings, "eth0", &text, &size), 0);
    assert_string_equal(strchr(strchr(text, '\n') + 1, '\n') + 1, "network:\n"
                                                                  "  version: 2\n"
                                                                  "  ethernets:\n"
                                                                  "    \"eth0\":\n"
                                                                  "      renderer: NetworkManager\n"
                                                                  "      dhcp4: false\n"
                                                                  "      dhcp6: true\n"
                                                                  "      optional: true\n"
                                                                  "      addresses:\n"
                                                                  "      - \"192.0.2.7/24\"\n"
                                                                  "      routes:\n"
                                                                  "      - to: default\n"
                                                                  "        via: \"192.0.2.1\"\n"
                                                                  "      nameservers:\n"
                                                                  "        addresses:\n"
                                                                  "        - \"192.0.2.1\"\n"
                                                                  "        - \"2001:db8::53\"\n");
}

static void test_other_peoples_files(void **state)
{
    static const char *const files[] = {"", "network", "[", "network: {ethernets: [",
            "network: {ethernets: {eth0: {}}}", "network: {ethernets: {eth0: {addresses: []}}}",
            "network: {ethernets: {eth0: {addresses: [192.0.2.7]}}}",
            "network: {ethernets: {eth0: {addresses: [[192.0.2.7/24]]}}}",
            "network: {ethernets: {eth0: {addresses: [10.42.0.7/24]}}}",
            "network: {ethernets: {a: {addresses: [192.0.2.7/24]}, b: {}}}",
            "network: {ethernets: {a: {addresses: [192.0.2.7/24], routes: [{via: x}]}}}",
            ("network: {ethernets: {a: {addresses: [192.0.2.7/24],"
             " nameservers: {addresses: [x]}}}}"),
            "network: {ethernets: {a: {addresses: [\"192.0.2.7/24\\0\"]}}}"};
    struct wired_settings settings;

    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        assert_int_equal(wired_yaml_read(files[i], strlen(files[i]), &settings), -EBADMSG);
}

/* With the factory's file under ours, as on a device. */
static const char factory[] = "network:\n  version: 2\n  renderer: NetworkManager\n"
                              "  ethernets:\n    eth0:\n      dhcp4: true\n      optional: true\n";

static NMConnection *generate(const char *generator, const char *text)
{
    g_autofree char *root = g_dir_make_tmp("netplan-XXXXXX", NULL);
    g_autofree char *etc = g_build_filename(root, "etc/netplan", NULL);
    g_autofree char *below = g_build_filename(etc, "50-cloud-init.yaml", NULL);
    g_autofree char *file = g_build_filename(etc, "70-user-wired.yaml", NULL);
    g_autofree char *made = g_build_filename(
            root, "run/NetworkManager/system-connections/netplan-eth0.nmconnection", NULL);
    const char *argv[] = {generator, "--root-dir", root, NULL};
    g_autoptr(GKeyFile) keyfile = g_key_file_new();
    int status;

    assert_int_equal(g_mkdir_with_parents(etc, 0700), 0);
    assert_true(g_file_set_contents(below, factory, -1, NULL));
    assert_true(g_file_set_contents(file, text, -1, NULL));
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
    assert_int_equal(status, 0);
    assert_true(g_key_file_load_from_file(keyfile, made, G_KEY_FILE_NONE, NULL));
    return nm_keyfile_read(keyfile, "/", NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, NULL);
}

static void test_netplan_itself(void **state)
{
    const char *generator = getenv("NETPLAN_GENERATE") ?: "/usr/libexec/netplan/generate";
    struct wired_settings settings;
    _cleanup_free_ char *text = NULL;
    NMConnection *profile;
    NMSettingIPConfig *ip4;
    size_t size;

    if (access(generator, X_OK) < 0) {
        print_message("%s isn't installed\n", generator);
        skip();
    }
    assert_null(settings_of(WHOLE, &settings));
    assert_int_equal(wired_yaml_write(&settings, "eth0", &text, &size), 0);
    profile = generate(generator, text);
    assert_non_null(profile);
    ip4 = nm_connection_get_setting_ip4_config(profile);
    assert_string_equal(nm_setting_ip_config_get_method(ip4), "manual");
    assert_int_equal(nm_setting_ip_config_get_num_addresses(ip4), 1);
    assert_string_equal(
            nm_ip_address_get_address(nm_setting_ip_config_get_address(ip4, 0)), "192.0.2.7");
    assert_string_equal(nm_setting_ip_config_get_dns(ip4, 0), "192.0.2.1");
    assert_string_equal(
            nm_setting_ip_config_get_method(nm_connection_get_setting_ip6_config(profile)), "auto");
    g_object_unref(profile);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_what_is_written_is_read),
            cmocka_unit_test(test_what_nobody_may_give),
            cmocka_unit_test(test_whole_file),
            cmocka_unit_test(test_other_peoples_files),
            cmocka_unit_test(test_netplan_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
