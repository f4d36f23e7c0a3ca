/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files on the disk: whatever a power cut left, a start brings them in line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "certificates.h"
#include "hotspot.h"
#include "join-record.h"
#include "saved.h"
#include "unbox/store.h"
#include "util.h"

static char root[32];
static struct paths paths;
static sd_event *event;

static void make_folder(const char *place)
{
    char path[256];

    snprintf(path, sizeof(path), "%s%s", root, place);
    for (char *slash = path + strlen(root) + 1; slash; slash = strchr(slash + 1, '/')) {
        char end = *slash;

        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = end;
    }
    assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
}

static int make_root(void **state)
{
    snprintf(root, sizeof(root), "/tmp/saved-XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(paths_init(root, &paths), 0);
    make_folder("/var/lib/unbox/network");
    make_folder("/etc/netplan");
    make_folder("/etc/NetworkManager/dnsmasq-shared.d");
    assert_true(sd_event_new(&event) >= 0);
    return 0;
}

static int remove_root(void **state)
{
    sd_event_unref(event);
    paths_done(&paths);
    assert_int_equal(unbox_store_remove_tree(root), 1);
    return 0;
}

static void write_network(const char *path, const char *name)
{
    struct wifi_network network = {.psk = "12345678"};
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_int_equal(ssid_from_bytes(name, strlen(name), &network.ssid), 0);
    assert_int_equal(wifi_yaml_write(&(struct wifi_list){&network, 1}, "wlan0", &text, &size), 0);
    assert_int_equal(unbox_store_write(path, text, size, 0600, -1, -1), 0);
}

static struct saved *start(void)
{
    struct saved_options options = {.paths = &paths, .interface = "wlan0"};
    struct saved *saved = NULL;

    assert_int_equal(saved_new(event, &options, &saved), 0);
    return saved;
}

static void assert_same(const char *a, const char *b)
{
    _cleanup_free_ char *left = NULL;
    _cleanup_free_ char *right = NULL;

    assert_int_equal(unbox_store_read(a, 4096, &left, NULL), 0);
    assert_int_equal(unbox_store_read(b, 4096, &right, NULL), 0);
    assert_string_equal(left, right);
}

static void test_nothing(void **state)
{
    struct saved *saved = start();

    assert_null(saved_first(saved));
    assert_true(saved_is(saved, ""));
    assert_int_not_equal(access(paths.installed, F_OK), 0);
    assert_null(saved_free(saved));
}

static void test_copy_is_missing(void **state)
{
    struct saved *saved;
    struct stat st;

    write_network(paths.truth, "home");
    saved = start();
    assert_non_null(saved_first(saved));
    assert_same(paths.truth, paths.installed);
    assert_int_equal(stat(paths.installed, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    saved_free(saved);
}

static void test_copy_is_another(void **state)
{
    struct saved *saved;

    write_network(paths.truth, "home");
    write_network(paths.installed, "another");
    saved = start();
    assert_same(paths.truth, paths.installed);
    saved_free(saved);
}

static void test_copy_without_truth(void **state)
{
    struct saved *saved;

    write_network(paths.installed, "forgotten");
    saved = start();
    assert_null(saved_first(saved));
    assert_int_not_equal(access(paths.installed, F_OK), 0);
    saved_free(saved);
}

static void test_truth_is_broken(void **state)
{
    static const char broken[] = "network: {wifis: [";
    char aside[256];
    struct saved *saved;

    assert_int_equal(unbox_store_write(paths.truth, broken, strlen(broken), 0600, -1, -1), 0);
    write_network(paths.installed, "home");
    saved = start();
    assert_null(saved_first(saved));
    assert_int_not_equal(access(paths.installed, F_OK), 0);
    snprintf(aside, sizeof(aside), "%s.broken", paths.truth);
    assert_int_equal(access(aside, F_OK), 0);
    saved_free(saved);
}

/* As on a worn card: who can't be told of his networks needs the hotspot all the more. */
static void test_truth_cannot_be_read(void **state)
{
    struct saved *saved;

    make_folder("/var/lib/unbox/network/user-netplan.yaml/in-the-way");
    write_network(paths.installed, "home");
    saved = start();
    assert_null(saved_first(saved));
    assert_false(saved_left(saved));
    assert_int_equal(access(paths.installed, F_OK), 0);
    saved_free(saved);
}

static void test_name_that_cannot_be_written(void **state)
{
    struct wifi_network network = {.ssid = {"caf\xe9", 4}, .psk = "12345678"};
    struct saved *saved = start();

    assert_int_equal(saved_check(saved, &network, NULL, NULL), -EILSEQ);
    assert_false(saved_busy(saved));
    assert_int_equal(saved_install(saved), -EINVAL);
    saved_free(saved);
}

/* Three networks, one of them with a certificate of its own. */
static void write_several(const char *certificate)
{
    struct wifi_network networks[3] = {{.ssid = {"home", 4}, .psk = "12345678"},
            {.ssid = {"office", 6}, .kind = WIFI_PEAP, .priority = 5},
            {.ssid = {"cafe", 4}, .hidden = true}};
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_true(copy_text(networks[1].eap.identity, sizeof(networks[1].eap.identity), "me"));
    assert_true(copy_text(networks[1].eap.password, sizeof(networks[1].eap.password), "secret"));
    assert_true(copy_text(networks[1].eap.ca, sizeof(networks[1].eap.ca), certificate));
    assert_int_equal(wifi_yaml_write(&(struct wifi_list){networks, 3}, "wlan0", &text, &size), 0);
    assert_int_equal(unbox_store_write(paths.truth, text, size, 0600, -1, -1), 0);
}

static void note_end(int error, const char *message, void *userdata)
{
    *(int *)userdata = error;
}

static const char pem[] = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

static void test_several(void **state)
{
    static const struct ssid office = {"office", 6}, cafe = {"cafe", 4}, other = {"other", 5};
    _cleanup_free_ char *certificate = NULL, *stray = NULL;
    struct saved *saved;
    int ended = 1;

    assert_int_equal(certificates_keep(&paths, pem, strlen(pem), &certificate), 0);
    assert_int_equal(certificates_keep(&paths, pem, strlen(pem) - 1, &stray), 0);
    assert_string_not_equal(certificate, stray);
    write_several(certificate);
    saved = start();
    assert_int_equal(saved_networks(saved)->n_entries, 3);
    assert_false(saved_is(saved, ""));
    assert_true(ssid_equal(&saved_first(saved)->ssid, &office));
    assert_int_equal(access(certificate, F_OK), 0);
    assert_int_not_equal(access(stray, F_OK), 0);

    assert_int_equal(saved_forget(saved, &other, note_end, &ended), -ENOENT);
    /* There is no netplan here: that the apply can't begin comes after the forgetting. */
    assert_int_equal(saved_forget(saved, &office, note_end, &ended), 0);
    assert_true(ended < 0);
    assert_null(saved_find(saved, &office));
    assert_non_null(saved_find(saved, &cafe));
    assert_same(paths.truth, paths.installed);
    assert_int_not_equal(access(certificate, F_OK), 0);
    saved_free(saved);

    saved = start();
    assert_int_equal(saved_networks(saved)->n_entries, 2);
    assert_true(saved_find(saved, &cafe)->hidden);
    assert_int_equal(saved_forget(saved, NULL, note_end, &ended), 0);
    assert_null(saved_first(saved));
    assert_int_not_equal(access(paths.truth, F_OK), 0);
    assert_int_not_equal(access(paths.installed, F_OK), 0);
    saved_free(saved);
}

static void test_forget_the_last(void **state)
{
    static const struct ssid home = {"home", 4};
    struct saved *saved;
    int ended = 1;

    write_network(paths.truth, "home");
    saved = start();
    assert_int_equal(saved_forget(saved, &home, note_end, &ended), 0);
    assert_null(saved_first(saved));
    assert_int_not_equal(access(paths.truth, F_OK), 0);
    assert_int_not_equal(access(paths.installed, F_OK), 0);
    assert_int_equal(saved_set_priority(saved, &home, 3, note_end, &ended), -ENOENT);
    saved_free(saved);
}

static void test_what_is_no_certificate(void **state)
{
    _cleanup_free_ char *large = calloc(1, CERTIFICATE_MAX + 2);
    char *path = NULL;

    assert_non_null(large);
    memset(large, 'A', CERTIFICATE_MAX + 1);
    memcpy(large, "-----BEGIN ", 11);
    assert_int_equal(certificates_keep(&paths, "", 0, &path), -EINVAL);
    assert_int_equal(certificates_keep(&paths, "hello", 5, &path), -EINVAL);
    assert_int_equal(certificates_keep(&paths, "-----BEGIN \0", 12, &path), -EINVAL);
    assert_int_equal(certificates_keep(&paths, large, CERTIFICATE_MAX + 1, &path), -EINVAL);
    assert_null(path);
}

static void test_join_record(void **state)
{
    struct join_record record = {.digest = "12ab", .checkpoint = "/checkpoint/1"}, back;

    assert_int_equal(ssid_from_bytes("a\0\xff", 3, &record.ssid), 0);
    assert_false(join_record_read(&paths, &back));
    assert_int_equal(join_record_write(&paths, &record), 0);
    assert_true(join_record_read(&paths, &back));
    assert_true(ssid_equal(&record.ssid, &back.ssid));
    assert_string_equal(back.digest, "12ab");
    assert_string_equal(back.checkpoint, "/checkpoint/1");
    join_record_remove(&paths);
    assert_false(join_record_read(&paths, &back));
}

static void test_hotspot_names(void **state)
{
    _cleanup_free_ char *text = NULL;

    assert_int_equal(hotspot_write_names(&paths, "unbox-1", false), 1);
    assert_int_equal(hotspot_write_names(&paths, "unbox-1", false), 0);
    assert_int_equal(hotspot_write_names(&paths, "unbox-2", false), 1);
    assert_int_equal(unbox_store_read(paths.hotspot_names, 4096, &text, NULL), 0);
    assert_non_null(strstr(text, "\nhost-record=unbox-2,unbox-2.local,10.42.0.1\n"));
    assert_non_null(strstr(text, "\nlocal=/#/\n"));
    assert_null(strstr(text, "address="));
    assert_int_equal(hotspot_write_names(&paths, "unbox-3.example.com", false), 1);
    free(text);
    text = NULL;
    assert_int_equal(unbox_store_read(paths.hotspot_names, 4096, &text, NULL), 0);
    assert_non_null(strstr(text, "\nhost-record=unbox-3.example.com,unbox-3.local,10.42.0.1\n"));
    assert_int_equal(hotspot_write_names(&paths, "", false), -EINVAL);
    assert_int_equal(hotspot_write_names(&paths, "a\naddress=/#/1.2.3.4", false), -EINVAL);
    assert_int_equal(hotspot_write_names(&paths, "-a", false), -EINVAL);
}

static void test_captive_portal(void **state)
{
    _cleanup_free_ char *text = NULL;

    assert_int_equal(hotspot_write_names(&paths, "unbox-1", false), 1);
    assert_int_equal(hotspot_write_names(&paths, "unbox-1", true), 1);
    assert_int_equal(hotspot_write_names(&paths, "unbox-1", true), 0);
    assert_int_equal(unbox_store_read(paths.hotspot_names, 4096, &text, NULL), 0);
    assert_non_null(strstr(text, "\nno-resolv\n"));
    assert_non_null(strstr(text, "\naddress=/#/10.42.0.1\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_nothing),
            TEST(test_copy_is_missing),
            TEST(test_copy_is_another),
            TEST(test_copy_without_truth),
            TEST(test_truth_is_broken),
            TEST(test_truth_cannot_be_read),
            TEST(test_name_that_cannot_be_written),
            TEST(test_several),
            TEST(test_forget_the_last),
            TEST(test_what_is_no_certificate),
            TEST(test_join_record),
            TEST(test_captive_portal),
            TEST(test_hotspot_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
