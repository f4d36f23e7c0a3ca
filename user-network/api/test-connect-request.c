/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What `connect` makes of what a caller says. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "certificates.h"
#include "connect-request.h"
#include "crypto.h"
#include "nm.h"
#include "unbox/store.h"

static char root[32];
static struct paths paths;
static struct scan_list air;

static void see(const char *name, enum security security)
{
    struct scan_entry entry = {.signal = 50, .frequency = 2412, .security = security};

    assert_int_equal(ssid_from_bytes(name, strlen(name), &entry.ssid), 0);
    assert_int_equal(scan_list_add(&air, &entry), 0);
}

static int set_up(void **state)
{
    snprintf(root, sizeof(root), "/tmp/connect-XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(paths_init(root, &paths), 0);
    /* Certificates are kept in the state's folder; here that is the root itself. */
    free(paths.state);
    paths.state = strdup(root);
    see("open", SECURITY_OPEN);
    see("wpa2", SECURITY_WPA2);
    see("wpa3", SECURITY_WPA3);
    see("mixed", SECURITY_WPA2_WPA3);
    see("owe", SECURITY_OWE);
    see("wep", SECURITY_WEP);
    see("company", SECURITY_ENTERPRISE);
    return 0;
}

static int tear_down(void **state)
{
    scan_list_clear(&air);
    paths_done(&paths);
    assert_int_equal(unbox_store_remove_tree(root), 1);
    return 0;
}

static const char *read_known(
        const char *text, const struct wifi_network *known, struct wifi_network *ret)
{
    _cleanup_json_ json_t *params = json_loads(text, JSON_ALLOW_NUL, NULL);

    assert_non_null(params);
    return connect_request_read(params, &paths, &air, known, ret);
}

static void assert_taken(const char *text, struct wifi_network *ret)
{
    const char *wrong = read_known(text, NULL, ret);

    if (wrong)
        fail_msg("%s: %s", text, wrong);
}

static void assert_refused(const char *text)
{
    struct wifi_network network;

    if (!read_known(text, NULL, &network))
        fail_msg("%s was taken", text);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *text;
        const char *kind;
    } cases[] = {
            {"{\"ssid\":\"open\"}", "open"},
            {"{\"ssid\":\"wpa2\",\"password\":\"12345678\"}", "wpa"},
            {"{\"ssid\":\"wpa3\",\"password\":\"12345678\"}", "wpa"},
            {"{\"ssid\":\"mixed\",\"password\":\"12345678\"}", "wpa"},
            {"{\"ssid\":\"owe\"}", "owe"},
            {"{\"ssid\":\"company\",\"identity\":\"me\",\"password\":\"x\"}", "peap"},
            {"{\"ssid\":\"unseen\",\"hidden\":true}", "open"},
            {"{\"ssid\":\"unseen\",\"password\":\"12345678\",\"hidden\":true}", "wpa"},
            {"{\"ssid\":\"unseen\",\"security\":\"owe\"}", "owe"},
            {"{\"ssid\":\"unseen\",\"security\":null,\"identity\":\"me\",\"password\":\"x\"}",
                    "peap"},
    };
    struct wifi_network network;

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        assert_taken(cases[i].text, &network);
        assert_string_equal(wifi_kind_name(&network), cases[i].kind);
    }
}

/* A stranger opens one of the customer's name; and the company has one for guests. */
static void test_several_kinds_of_one_name(void **state)
{
    struct wifi_network network;

    see("home", SECURITY_OPEN);
    see("home", SECURITY_WPA2);
    see("guests", SECURITY_ENTERPRISE);
    see("guests", SECURITY_WPA3);
    assert_taken("{\"ssid\":\"home\",\"password\":\"12345678\"}", &network);
    assert_refused("{\"ssid\":\"home\"}");
    assert_taken("{\"ssid\":\"home\",\"security\":\"open\"}", &network);
    assert_string_equal(wifi_kind_name(&network), "open");
    assert_refused("{\"ssid\":\"home\",\"identity\":\"me\",\"password\":\"12345678\"}");
    assert_taken("{\"ssid\":\"guests\",\"security\":\"wpa\",\"password\":\"12345678\"}", &network);
    assert_taken("{\"ssid\":\"guests\",\"identity\":\"me\",\"password\":\"x\"}", &network);
    assert_string_equal(wifi_kind_name(&network), "peap");
    assert_refused("{\"ssid\":\"guests\",\"security\":\"open\"}");
}

static void test_what_does_not_fit(void **state)
{
    static const char *const texts[] = {"{}", "{\"ssid\":1}", "{\"ssid\":\"\"}",
            "{\"ssid\":\"012345678901234567890123456789012\"}", "{\"ssid_hex\":\"ff\"}",
            "{\"ssid_hex\":\"610062\"}", "{\"ssid\":\"a\\u0000b\"}", "{\"ssid_hex\":\"6\"}",
            "{\"ssid\":\"wpa2\"}", "{\"ssid\":\"wpa2\",\"password\":\"short\"}",
            "{\"ssid\":\"wpa2\",\"password\":12345678}",
            "{\"ssid\":\"wpa2\",\"password\":\"1234567\\u00008\"}",
            "{\"ssid\":\"open\",\"password\":\"12345678\"}",
            "{\"ssid\":\"owe\",\"password\":\"12345678\"}", "{\"ssid\":\"wep\"}",
            "{\"ssid\":\"company\"}", "{\"ssid\":\"company\",\"password\":\"12345678\"}",
            "{\"ssid\":\"company\",\"security\":\"wpa\",\"password\":\"12345678\"}",
            "{\"ssid\":\"wpa2\",\"security\":\"peap\",\"identity\":\"a\",\"password\":\"x\"}",
            "{\"ssid\":\"company\",\"security\":\"tls\",\"identity\":\"me\"}",
            "{\"ssid\":\"unseen\",\"security\":\"wpa\"}",
            "{\"ssid\":\"unseen\",\"security\":\"open\",\"password\":\"12345678\"}",
            "{\"ssid\":\"unseen\",\"security\":\"ttls\"}", "{\"ssid\":\"open\",\"priority\":1000}",
            "{\"ssid\":\"open\",\"priority\":-1}", "{\"ssid\":\"open\",\"priority\":\"1\"}"};

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        assert_refused(texts[i]);
}

/* The names of a bad day, as they come out of a scan: whatever is text is taken as it is. */
static void test_odd_names(void **state)
{
    static const char *const hex[] = {"2261222027622720", "5c5c", "613a62", "24287265626f6f7429",
            "f09f9a80", "3132333435363738", "e280ae61",
            "3031323334353637383930313233343536373839303132333435363738393031"};

    for (size_t i = 0; i < ELEMENTSOF(hex); i++) {
        struct wifi_network network;
        char text[128], back[SSID_HEX_MAX];

        snprintf(text, sizeof(text), "{\"ssid_hex\":\"%s\"}", hex[i]);
        assert_taken(text, &network);
        ssid_to_hex(&network.ssid, back);
        assert_string_equal(back, hex[i]);
    }
}

static void test_address(void **state)
{
    static const char *const refused[] = {"\"address\":\"192.168.1.20\"",
            "\"address\":\"192.168.1.20/\"", "\"address\":\"192.168.1.20/240\"",
            "\"address\":\"192.168.1.20/24x\"", "\"address\":24", "\"address\":\"/24\"",
            "\"address\":\"1111111111111111111/2\"", "\"gateway\":\"192.168.1.1\"",
            "\"address\":\"192.168.1.20/24\",\"gateway\":\"10.0.0.1\"", "\"dns\":\"1.1.1.1\"",
            "\"dns\":[1]", "\"dns\":[\"x\"]", "\"dns\":[\"1.1.1.1;2.2.2.2\"]",
            "\"dns\":[\"1.1.1.1\",\"1.1.1.2\",\"1.1.1.3\",\"1.1.1.4\"]"};
    struct wifi_network network;

    assert_taken("{\"ssid\":\"open\",\"address\":\"192.168.1.20/24\",\"gateway\":\"192.168.1.1\","
                 "\"dns\":[\"1.1.1.1\",\"9.9.9.9\"]}",
            &network);
    assert_string_equal(network.address.address, "192.168.1.20");
    assert_int_equal(network.address.prefix, 24);
    assert_string_equal(network.address.gateway, "192.168.1.1");
    assert_int_equal(network.address.n_dns, 2);
    assert_string_equal(network.address.dns[1], "9.9.9.9");
    assert_taken("{\"ssid\":\"open\",\"address\":null,\"gateway\":null,\"dns\":null}", &network);
    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        char text[256];

        snprintf(text, sizeof(text), "{\"ssid\":\"open\",%s}", refused[i]);
        assert_refused(text);
    }
}

static void test_priority_stays(void **state)
{
    struct wifi_network network, known = {.priority = 7};

    assert_null(read_known("{\"ssid\":\"open\"}", &known, &network));
    assert_int_equal(network.priority, 7);
    assert_null(read_known("{\"ssid\":\"open\",\"priority\":3}", &known, &network));
    assert_int_equal(network.priority, 3);
}

/* A certificate of its own and its key, as an authority hands them out. */
static void make_pair(char **ret_certificate, char **ret_key)
{
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    _cleanup_(X509_free_p) X509 *certificate = NULL;

    assert_int_equal(crypto_key_new(&key), 0);
    assert_int_equal(crypto_certificate_new(&(struct crypto_certificate_options){.name = "device",
                                                    .key = key,
                                                    .use = CRYPTO_CERTIFICATE_CLIENT,
                                                    .not_before = 1800000000,
                                                    .not_after = 1900000000},
                             &certificate),
            0);
    assert_int_equal(crypto_certificate_to_pem(certificate, ret_certificate), 0);
    assert_int_equal(crypto_key_to_pem(key, ret_key), 0);
}

static const char *read_company(const char *ca, const char *certificate, const char *key,
        const char *password, struct wifi_network *ret)
{
    _cleanup_json_ json_t *params = json_pack("{s:s,s:s,s:s*,s:s*,s:s*,s:s*}", "ssid", "company",
            "identity", "me", "ca_certificate", ca, "client_certificate", certificate, "client_key",
            key, "client_key_password", password);

    assert_non_null(params);
    return connect_request_read(params, &paths, &air, NULL, ret);
}

/* How many files there are: what is refused leaves none. */
static size_t count_files(void)
{
    DIR *dir = opendir(root);
    size_t n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void assert_private(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_certificates(void **state)
{
    _cleanup_(crypto_secret_free_p) char *key = NULL, *other_key = NULL;
    _cleanup_free_ char *certificate = NULL, *other = NULL, *large = NULL;
    struct wifi_network network;
    size_t before;

    make_pair(&certificate, &key);
    make_pair(&other, &other_key);
    assert_null(read_company(certificate, certificate, key, NULL, &network));
    assert_int_equal(network.kind, WIFI_TLS);
    assert_string_equal(network.eap.ca, network.eap.certificate);
    assert_string_not_equal(network.eap.key, network.eap.certificate);
    assert_private(network.eap.certificate);
    assert_private(network.eap.key);
    assert_null(nm_check_certificates(&network));

    before = count_files();
    large = calloc(1, CERTIFICATE_MAX + 2);
    memset(large, '\n', CERTIFICATE_MAX + 1);
    memcpy(large, certificate, strlen(certificate));
    assert_non_null(read_company(large, certificate, key, NULL, &network));
    assert_string_equal(read_company(NULL, certificate, other_key, NULL, &network),
            "The key is not that of the device's certificate.");
    assert_non_null(read_company(NULL, certificate, "-----BEGIN PRIVATE KEY-----", NULL, &network));
    assert_non_null(read_company(NULL, certificate, NULL, NULL, &network));
    assert_non_null(read_company(key, certificate, key, NULL, &network));
    assert_non_null(read_company("/etc/shadow", certificate, key, NULL, &network));
    assert_refused("{\"ssid\":\"company\",\"identity\":\"me\",\"password\":\"x\","
                   "\"ca_certificate\":\"-----BEGIN CERTIFICATE-----\\nAA==\"}");
    assert_int_equal(count_files(), before);
}

static void test_server(void **state)
{
    struct wifi_network network;

    assert_taken("{\"ssid\":\"company\",\"identity\":\"me\",\"password\":\"x\","
                 "\"anonymous_identity\":\"anonymous\",\"domain\":\"radius.example.org\"}",
            &network);
    assert_string_equal(network.eap.anonymous, "anonymous");
    assert_string_equal(network.eap.domain, "radius.example.org");
    assert_refused("{\"ssid\":\"company\",\"identity\":\"me\",\"password\":\"x\","
                   "\"domain\":\"a.example.org;b.example.org\"}");
    assert_refused("{\"ssid\":\"company\",\"identity\":\"me\",\"password\":\"x\","
                   "\"domain\":7}");
}

/* Whoever wants what is saved needn't tell its secrets once more. */
static void test_again(void **state)
{
    struct wifi_network network, known = {.psk = "12345678",
                                         .priority = 7,
                                         .address = {.address = "10.1.1.2", .prefix = 24}};

    assert_null(read_known("{\"ssid\":\"wpa2\"}", &known, &network));
    assert_string_equal(network.psk, "12345678");
    assert_int_equal(network.priority, 7);
    assert_string_equal(network.address.address, "10.1.1.2");
    assert_null(read_known("{\"ssid\":\"wpa2\",\"dns\":[]}", &known, &network));
    assert_string_equal(network.address.address, "");
    assert_null(read_known("{\"ssid\":\"wpa2\",\"password\":\"87654321\"}", &known, &network));
    assert_string_equal(network.psk, "87654321");
    assert_string_equal(network.address.address, "");
    /* The router has become another meanwhile. */
    assert_null(read_known("{\"ssid\":\"open\"}", &known, &network));
    assert_string_equal(network.psk, "");
    assert_non_null(read_known("{\"ssid\":\"company\"}", &known, &network));
    assert_non_null(read_known("{\"ssid\":\"wep\"}", &known, &network));

    known = (struct wifi_network){.kind = WIFI_PEAP, .eap = {.identity = "me", .password = "x"}};
    assert_null(read_known("{\"ssid\":\"company\",\"hidden\":true}", &known, &network));
    assert_string_equal(network.eap.identity, "me");
    assert_true(network.hidden);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_kinds),
            cmocka_unit_test(test_several_kinds_of_one_name),
            cmocka_unit_test(test_what_does_not_fit),
            cmocka_unit_test(test_odd_names),
            cmocka_unit_test(test_address),
            cmocka_unit_test(test_priority_stays),
            cmocka_unit_test(test_certificates),
            cmocka_unit_test(test_server),
            cmocka_unit_test(test_again),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
