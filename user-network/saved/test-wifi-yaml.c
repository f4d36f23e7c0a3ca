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

static void assert_list_round_trip(const struct wifi_list *list)
{
    _cleanup_(wifi_list_clear) struct wifi_list back = {};
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_int_equal(wifi_yaml_write(list, "wlan0", &text, &size), 0);
    assert_int_equal(strlen(text), size);
    assert_int_equal(wifi_yaml_read(text, size, &back), 0);
    assert_int_equal(back.n_entries, list->n_entries);
    for (size_t i = 0; i < list->n_entries; i++)
        assert_true(wifi_network_equal(&list->entries[i], &back.entries[i]));
}

static void assert_round_trip(struct wifi_network *network)
{
    assert_list_round_trip(&(struct wifi_list){network, 1});
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

/* One of each kind, with all that it may have. */
static struct wifi_network peap(void)
{
    struct wifi_network network = network_of("Company", "");

    network.kind = WIFI_PEAP;
    network.priority = 7;
    assert_true(copy_text(
            network.eap.identity, sizeof(network.eap.identity), "j\xc3\xb6rg@\"example\".org"));
    assert_true(copy_text(network.eap.anonymous, sizeof(network.eap.anonymous), "anonymous"));
    assert_true(copy_text(network.eap.password, sizeof(network.eap.password), "a: \\ ; # $(x)"));
    assert_true(copy_text(
            network.eap.ca, sizeof(network.eap.ca), "/var/lib/unbox/network/certificate-0.pem"));
    return network;
}

/* Nobody's certificate, but a name that the system's authorities vouch for. */
static struct wifi_network school(void)
{
    struct wifi_network network = network_of("eduroam", "");

    network.kind = WIFI_PEAP;
    assert_true(copy_text(network.eap.identity, sizeof(network.eap.identity), "me@example.org"));
    assert_true(copy_text(network.eap.password, sizeof(network.eap.password), "secret"));
    assert_true(copy_text(network.eap.domain, sizeof(network.eap.domain), "radius.example.org"));
    return network;
}

static struct wifi_network tls(const char *key_password)
{
    struct wifi_network network = network_of("Factory floor", "");

    network.kind = WIFI_TLS;
    assert_true(copy_text(network.eap.identity, sizeof(network.eap.identity), "device-17"));
    assert_true(copy_text(network.eap.password, sizeof(network.eap.password), key_password));
    assert_true(copy_text(
            network.eap.ca, sizeof(network.eap.ca), "/var/lib/unbox/network/certificate-0.pem"));
    assert_true(copy_text(network.eap.domain, sizeof(network.eap.domain), "factory.example.org"));
    assert_true(copy_text(network.eap.certificate, sizeof(network.eap.certificate),
            "/var/lib/unbox/network/certificate-1.pem"));
    assert_true(copy_text(
            network.eap.key, sizeof(network.eap.key), "/var/lib/unbox/network/certificate-2.pem"));
    return network;
}

static struct wifi_network fixed(void)
{
    struct wifi_network network = network_of("12345", "12345678");

    network.address = (struct wifi_address){.address = "192.168.7.20",
            .prefix = 24,
            .gateway = "192.168.7.1",
            .dns = {"1.1.1.1", "192.168.7.1"},
            .n_dns = 2};
    network.priority = PRIORITY_MAX;
    return network;
}

static struct wifi_network owe(void)
{
    struct wifi_network network = network_of("Station", "");

    network.kind = WIFI_OWE;
    network.hidden = true;
    return network;
}

static void fill(struct wifi_list *list)
{
    const struct wifi_network networks[] = {network_of("HomeNet", "12345678"), peap(), tls(""),
            fixed(), owe(), network_of("Cafe", ""), school()};

    for (size_t i = 0; i < ELEMENTSOF(networks); i++)
        assert_int_equal(wifi_list_put(list, &networks[i]), 0);
}

static void test_every_kind(void **state)
{
    _cleanup_(wifi_list_clear) struct wifi_list list = {};
    struct wifi_network network = tls("secret");

    fill(&list);
    assert_list_round_trip(&list);
    assert_round_trip(&network);
    network = fixed();
    network.address.gateway[0] = '\0';
    network.address.n_dns = 0;
    assert_round_trip(&network);
    network = (struct wifi_network){.ssid = {"a", 1}, .address = {.dns = {"8.8.8.8"}, .n_dns = 1}};
    assert_round_trip(&network);
}

static void test_many_odd_names_at_once(void **state)
{
    _cleanup_(wifi_list_clear) struct wifi_list list = {};

    for (size_t i = 0; i < ELEMENTSOF(odd_names) && i < WIFI_LIST_MAX; i++) {
        struct wifi_network network = network_of(odd_names[i], "12345678");

        network.priority = (int)i;
        assert_int_equal(wifi_list_put(&list, &network), 0);
    }
    assert_list_round_trip(&list);
}

static void test_what_cannot_be_written(void **state)
{
    static const struct ssid refused[] = {
            {"caf\xe9", 4}, {"a\0b", 3}, {"\0", 1}, {"\xed\xa0\x80", 3}};
    struct wifi_network network;
    char *text = NULL;
    size_t size;

    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        network = (struct wifi_network){.ssid = refused[i]};
        assert_int_equal(
                wifi_yaml_write(&(struct wifi_list){&network, 1}, "wlan0", &text, &size), -EILSEQ);
    }
    network = network_of("a", "short");
    assert_int_equal(
            wifi_yaml_write(&(struct wifi_list){&network, 1}, "wlan0", &text, &size), -EINVAL);
    assert_int_equal(wifi_yaml_write(&(struct wifi_list){}, "wlan0", &text, &size), -EINVAL);
    assert_null(text);
}

static void test_whole_file(void **state)
{
    struct wifi_network network = network_of("Home \"Net\"", "12345678");
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_int_equal(wifi_yaml_write(&(struct wifi_list){&network, 1}, "wlan0", &text, &size), 0);
    assert_string_equal(strchr(strchr(text, '\n') + 1, '\n') + 1,
            "network:\n"
            "  version: 2\n"
            "  wifis:\n"
            "    \"wlan0\":\n"
            "      renderer: NetworkManager\n"
            "      dhcp4: true\n"
            "      dhcp6: true\n"
            "      optional: true\n"
            "      access-points:\n"
            "        \"Home \\\"Net\\\"\":\n"
            "          password: \"12345678\"\n");
}

static const char *access_points(const char *text)
{
    return strchr(strstr(text, "access-points:\n"), '\n') + 1;
}

static void test_whole_networks(void **state)
{
    struct wifi_network networks[] = {peap(), tls(""), fixed(), owe()};
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_int_equal(wifi_yaml_write(&(struct wifi_list){networks, 4}, "wlan0", &text, &size), 0);
    assert_string_equal(access_points(text),
            "        \"Company\":\n"
            "          auth:\n"
            "            key-management: eap\n"
            "            method: peap\n"
            "            identity: \"j\xc3\xb6rg@\\\"example\\\".org\"\n"
            "            anonymous-identity: \"anonymous\"\n"
            "            ca-certificate: \"/var/lib/unbox/network/certificate-0.pem\"\n"
            "            password: \"a: \\\\ ; # $(x)\"\n"
            "            phase2-auth: mschapv2\n"
            "          networkmanager:\n"
            "            passthrough:\n"
            "              connection.autoconnect-priority: \"7\"\n"
            "        \"Factory floor\":\n"
            "          auth:\n"
            "            key-management: eap\n"
            "            method: tls\n"
            "            identity: \"device-17\"\n"
            "            ca-certificate: \"/var/lib/unbox/network/certificate-0.pem\"\n"
            "            client-certificate: \"/var/lib/unbox/network/certificate-1.pem\"\n"
            "            client-key: \"/var/lib/unbox/network/certificate-2.pem\"\n"
            "          networkmanager:\n"
            "            passthrough:\n"
            "              802-1x.private-key-password-flags: \"4\"\n"
            "              802-1x.domain-suffix-match: \"factory.example.org\"\n"
            "        \"12345\":\n"
            "          password: \"12345678\"\n"
            "          networkmanager:\n"
            "            passthrough:\n"
            "              connection.autoconnect-priority: \"999\"\n"
            "              ipv4.method: \"manual\"\n"
            "              ipv4.address1: \"192.168.7.20/24,192.168.7.1\"\n"
            "              ipv4.dns: \"1.1.1.1;192.168.7.1;\"\n"
            "              ipv4.ignore-auto-dns: \"true\"\n"
            "              ipv6.ignore-auto-dns: \"true\"\n"
            "        \"Station\":\n"
            "          hidden: true\n"
            "          networkmanager:\n"
            "            passthrough:\n"
            "              wifi-security.key-mgmt: \"owe\"\n");
}

static void test_other_peoples_files(void **state)
{
    static const char *const files[] = {"", "network", "network: {wifis: {wlan0: {}}}",
            "network: {wifis: {wlan0: {access-points: {}}}}",
            "network: {wifis: {wlan0: {access-points: {a: {}, a: {}}}}}",
            "network: {wifis: {wlan0: {access-points: {a: {password: short}}}}}",
            "network: {wifis: {wlan0: {access-points: {[a]: {}}}}}", "[", "network: {wifis: [",
            "network: {wifis: {w: {access-points: {123456789012345678901234567890123: {}}}}}",
            "network: {wifis: {w: {access-points: {a: []}}}}",
            "network: {wifis: {w: {access-points: {a: {auth: {method: ttls, identity: b}}}}}}",
            "network: {wifis: {w: {access-points: {a: {auth: {method: peap, identity: b}}}}}}"};
    static const char *const passed[] = {"connection.autoconnect-priority: 1000",
            "connection.autoconnect-priority: -1", "wifi-security.key-mgmt: sae",
            "ipv4.address1: 192.168.1.1", "ipv4.address1: 192.168.1.300/24",
            "ipv4.address1: '192.168.1.2/24,10.0.0.1'",
            "ipv4.dns: '1.1.1.1;2.2.2.2;3.3.3.3;4.4.4.4'", "ipv4.dns: 'x;'"};
    struct wifi_list list = {};

    for (size_t i = 0; i < ELEMENTSOF(files); i++)
        assert_int_equal(wifi_yaml_read(files[i], strlen(files[i]), &list), -EBADMSG);
    for (size_t i = 0; i < ELEMENTSOF(passed); i++) {
        char text[256];

        snprintf(text, sizeof(text),
                "network: {wifis: {w: {access-points: {a: {networkmanager: {passthrough: "
                "{%s}}}}}}}",
                passed[i]);
        assert_int_equal(wifi_yaml_read(text, strlen(text), &list), -EBADMSG);
    }
    assert_int_equal(list.n_entries, 0);
}

static NMConnection *profile_in(const char *folder, const char *name)
{
    g_autoptr(GKeyFile) keyfile = g_key_file_new();
    g_autofree char *path = g_build_filename(folder, name, NULL);

    assert_true(g_key_file_load_from_file(keyfile, path, G_KEY_FILE_NONE, NULL));
    return nm_keyfile_read(keyfile, folder, NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, NULL);
}

/* The profile among those that netplan has made that is of this network. */
static NMConnection *profile_of(const char *folder, const struct ssid *ssid)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    NMConnection *found = NULL;
    const char *name;

    assert_non_null(dir);
    while (!found && (name = g_dir_read_name(dir))) {
        NMConnection *profile = profile_in(folder, name);
        GBytes *bytes;

        assert_non_null(profile);
        bytes = nm_setting_wireless_get_ssid(nm_connection_get_setting_wireless(profile));
        if (g_bytes_get_size(bytes) == ssid->size &&
                memcmp(g_bytes_get_data(bytes, NULL), ssid->bytes, ssid->size) == 0)
            found = g_object_ref(profile);
        g_object_unref(profile);
    }
    g_dir_close(dir);
    assert_non_null(found);
    return found;
}

static char *generate_profiles(const char *generate, const struct wifi_list *list)
{
    g_autofree char *root = g_dir_make_tmp("netplan-XXXXXX", NULL);
    g_autofree char *etc = g_build_filename(root, "etc/netplan", NULL);
    g_autofree char *file = g_build_filename(etc, "60-user-netplan.yaml", NULL);
    const char *argv[] = {generate, "--root-dir", root, NULL};
    _cleanup_free_ char *text = NULL;
    size_t size;
    int status;

    assert_int_equal(wifi_yaml_write(list, "wlan0", &text, &size), 0);
    assert_int_equal(g_mkdir_with_parents(etc, 0700), 0);
    assert_true(g_file_set_contents_full(file, text, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
    assert_int_equal(status, 0);
    return g_build_filename(root, "run/NetworkManager/system-connections", NULL);
}

static const char *generator(void)
{
    const char *generate = getenv("NETPLAN_GENERATE") ?: "/usr/libexec/netplan/generate";

    if (access(generate, X_OK) < 0) {
        print_message("%s isn't installed\n", generate);
        skip();
    }
    return generate;
}

static void test_netplan_itself(void **state)
{
    const char *generate = generator();

    for (size_t i = 0; i < ELEMENTSOF(odd_names); i++) {
        struct wifi_network network = network_of(odd_names[i], "pass\"word\\: #$(x)");
        g_autofree char *made = generate_profiles(generate, &(struct wifi_list){&network, 1});

        g_object_unref(profile_of(made, &network.ssid));
    }
}

static void assert_eap(NMConnection *profile, const struct wifi_network *network)
{
    NMSetting8021x *eap = nm_connection_get_setting_802_1x(profile);
    bool is_tls = network->kind == WIFI_TLS;

    assert_non_null(eap);
    assert_string_equal(nm_setting_802_1x_get_eap_method(eap, 0), is_tls ? "tls" : "peap");
    assert_string_equal(nm_setting_802_1x_get_identity(eap), network->eap.identity);
    assert_string_equal(
            nm_setting_802_1x_get_anonymous_identity(eap) ?: "", network->eap.anonymous);
    if (network->eap.ca[0])
        assert_string_equal(nm_setting_802_1x_get_ca_cert_path(eap), network->eap.ca);
    else
        assert_int_equal(
                nm_setting_802_1x_get_ca_cert_scheme(eap), NM_SETTING_802_1X_CK_SCHEME_UNKNOWN);
    assert_string_equal(nm_setting_802_1x_get_domain_suffix_match(eap) ?: "", network->eap.domain);
    assert_int_equal(nm_setting_802_1x_get_system_ca_certs(eap),
            network->eap.domain[0] && !network->eap.ca[0]);
    if (is_tls) {
        assert_string_equal(nm_setting_802_1x_get_client_cert_path(eap), network->eap.certificate);
        assert_string_equal(nm_setting_802_1x_get_private_key_path(eap), network->eap.key);
        assert_int_equal(nm_setting_802_1x_get_private_key_password_flags(eap),
                NM_SETTING_SECRET_FLAG_NOT_REQUIRED);
    } else {
        assert_string_equal(nm_setting_802_1x_get_password(eap), network->eap.password);
        assert_string_equal(nm_setting_802_1x_get_phase2_auth(eap), "mschapv2");
    }
}

static void assert_address(NMConnection *profile, const struct wifi_address *address)
{
    NMSettingIPConfig *ip4 = nm_connection_get_setting_ip4_config(profile);

    assert_string_equal(nm_setting_ip_config_get_method(ip4), "manual");
    assert_int_equal(nm_setting_ip_config_get_num_addresses(ip4), 1);
    assert_string_equal(
            nm_ip_address_get_address(nm_setting_ip_config_get_address(ip4, 0)), address->address);
    assert_string_equal(nm_setting_ip_config_get_gateway(ip4), address->gateway);
    assert_int_equal(nm_setting_ip_config_get_num_dns(ip4), address->n_dns);
    assert_string_equal(nm_setting_ip_config_get_dns(ip4, 0), address->dns[0]);
    assert_true(nm_setting_ip_config_get_ignore_auto_dns(ip4));
}

/* What netplan has no word for reaches NetworkManager all the same. */
static void test_netplan_every_kind(void **state)
{
    static const char *const key_managements[] = {
            "wpa-psk", "wpa-eap", "wpa-eap", "wpa-psk", "owe", NULL, "wpa-eap"};
    const char *generate = generator();
    _cleanup_(wifi_list_clear) struct wifi_list list = {};
    g_autofree char *made = NULL;

    fill(&list);
    made = generate_profiles(generate, &list);
    for (size_t i = 0; i < list.n_entries; i++) {
        g_autoptr(NMConnection) profile = profile_of(made, &list.entries[i].ssid);
        NMSettingWirelessSecurity *security = nm_connection_get_setting_wireless_security(profile);

        assert_true(nm_connection_normalize(profile, NULL, NULL, NULL));
        if (key_managements[i])
            assert_string_equal(
                    nm_setting_wireless_security_get_key_mgmt(security), key_managements[i]);
        else
            assert_null(security);
        assert_int_equal(nm_setting_connection_get_autoconnect_priority(
                                 nm_connection_get_setting_connection(profile)),
                list.entries[i].priority);
        if (list.entries[i].kind == WIFI_PEAP || list.entries[i].kind == WIFI_TLS)
            assert_eap(profile, &list.entries[i]);
        if (list.entries[i].address.address[0])
            assert_address(profile, &list.entries[i].address);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_odd_names),
            cmocka_unit_test(test_every_kind),
            cmocka_unit_test(test_many_odd_names_at_once),
            cmocka_unit_test(test_what_cannot_be_written),
            cmocka_unit_test(test_whole_file),
            cmocka_unit_test(test_whole_networks),
            cmocka_unit_test(test_other_peoples_files),
            cmocka_unit_test(test_netplan_itself),
            cmocka_unit_test(test_netplan_every_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
