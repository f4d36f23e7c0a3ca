/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration: what is accepted, and that each refusal names file, line and key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config-schema.h"
#include "country-codes.h"
#include "unbox/config.h"
#include "unbox/store.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static int parse(const char *text, struct unbox_config **ret, struct unbox_config_error *error)
{
    return unbox_config_parse("c.yaml", text, strlen(text), ret, error);
}

static void test_nothing_is_fine(void **state)
{
    static const char *const texts[] = {"", "# only a comment\n", "hotspot:\n", "---\n...\n"};

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
        struct unbox_config_error error = {};

        assert_int_equal(parse(texts[i], &config, &error), 0);
        assert_string_equal(unbox_config_string(config, "hotspot.ssid"), "INCUVERS_AP");
        assert_string_equal(unbox_config_string(config, "hotspot.password"), "incuvers1234");
        assert_int_equal(unbox_config_int(config, "health.check_interval_seconds"), 5);
        assert_null(unbox_config_list(config, "health.units")[0]);
    }
}

static void test_values(void **state)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    assert_int_equal(parse("hotspot:\n  ssid: \"a: \\\"b\\\"\"\n  channel: 11\n"
                           "health:\n  units: [one.service, 'two*']\n",
                             &config, &error),
            0);
    assert_string_equal(unbox_config_string(config, "hotspot.ssid"), "a: \"b\"");
    assert_int_equal(unbox_config_int(config, "hotspot.channel"), 11);
    assert_string_equal(unbox_config_list(config, "health.units")[0], "one.service");
    assert_string_equal(unbox_config_list(config, "health.units")[1], "two*");
    assert_null(unbox_config_list(config, "health.units")[2]);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
            {"hotspot:\n  sid: x\n", "c.yaml:2: hotspot.sid: there is no such key"},
            {"hotspt:\n  ssid: x\n", "c.yaml:2: hotspt.ssid: there is no such key"},
            {"\n\nhotspot:\n  password: short\n",
                    "c.yaml:4: hotspot.password: must have 8 to 63 bytes, not 5"},
            {"hotspot:\n  channel: eleven\n",
                    "c.yaml:2: hotspot.channel: must be a whole number, not \"eleven\""},
            {"hotspot:\n  channel: '11'\n", "c.yaml:2: hotspot.channel: must be a whole number"},
            {"hotspot:\n  channel: 1000\n",
                    "c.yaml:2: hotspot.channel: must be from 0 to 196, not 1000"},
            {"hotspot:\n  ssid: [a]\n", "c.yaml:2: hotspot.ssid: must be a text"},
            {"hotspot:\n  ssid: \"a\\nb\"\n",
                    "c.yaml:2: hotspot.ssid: must not contain control characters"},
            {"health:\n  units: one\n", "c.yaml:2: health.units: must be a list"},
            {"network:\n  country: canada\n",
                    "c.yaml:2: network.country: must have 0 to 2 bytes, not 6"},
            {"network:\n  country: UK\n",
                    "c.yaml:2: network.country: must be " COUNTRY_CODE_WANTED},
            {"enrolment:\n  url: http://7.7.7.7\n",
                    "c.yaml:2: enrolment.url: must begin with https://"},
            {"- a\n", "c.yaml:1: must be sections with keys below them"},
            {"hotspot: on\n", "c.yaml:1: hotspot: must have keys below it"},
            {"hotspot:\n  ssid: 'open\n", "c.yaml:3: found unexpected end of stream"},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct unbox_config *config = NULL;
        struct unbox_config_error error = {};

        assert_int_equal(parse(cases[i].text, &config, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].error);
        assert_null(config);
    }
}

static void test_table(void **state)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    const struct unbox_config_row *const *rows;
    struct unbox_config_error error = {};

    assert_int_equal(parse("health:\n  checks:\n"
                           "    - {service: web, type: http, url: 'http://127.0.0.1:5000/health'}\n"
                           "    - type: command\n      command: [/bin/true, 'a b']\n"
                           "      heal: true\n      interval_seconds: 60\n",
                             &config, &error),
            0);
    rows = unbox_config_table(config, "health.checks");
    assert_string_equal(unbox_config_row_string(rows[0], "service"), "web");
    assert_string_equal(unbox_config_row_string(rows[0], "url"), "http://127.0.0.1:5000/health");
    assert_int_equal(unbox_config_row_int(rows[0], "heal_after"), 3);
    assert_false(unbox_config_row_bool(rows[0], "heal"));
    assert_null(unbox_config_row_list(rows[0], "command")[0]);
    assert_string_equal(unbox_config_row_string(rows[1], "service"), "device");
    assert_string_equal(unbox_config_row_list(rows[1], "command")[1], "a b");
    assert_null(unbox_config_row_list(rows[1], "command")[2]);
    assert_int_equal(unbox_config_row_int(rows[1], "interval_seconds"), 60);
    assert_true(unbox_config_row_bool(rows[1], "heal"));
    assert_null(rows[2]);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
            {"[]", "must have 1 to 16 entries, not 0"},
            {"[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
                    "must have 1 to 16 entries, not 17"},
            {"5", "must be a list"},
            {"[0, 5, 4]", "must not go down, as 4 after 5 does"},
            {"[-1]", "must be from 0 to 3600, not -1"},
            {"[0, soon]", "must be a whole number, not \"soon\""},
            {"[[0]]", "must be a whole number"},
    };
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    const int64_t *numbers;
    size_t count;

    assert_int_equal(
            parse("health: {restart_delays_seconds: [1, 1, 30, 90]}\n", &config, &error), 0);
    numbers = unbox_config_ints(config, "health.restart_delays_seconds", &count);
    assert_int_equal(count, 4);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[3], 90);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct unbox_config *refused = NULL;
        char text[128], expected[128];

        snprintf(text, sizeof(text), "health:\n  restart_delays_seconds: %s\n", cases[i].text);
        snprintf(expected, sizeof(expected), "c.yaml:2: health.restart_delays_seconds: %s",
                cases[i].error);
        assert_int_equal(parse(text, &refused, &error), -EINVAL);
        assert_string_equal(error.text, expected);
    }
}

static void test_services(void **state)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config *refused = NULL;
    const struct unbox_config_row *const *rows;
    struct unbox_config_error error = {};

    assert_int_equal(parse("health:\n  services:\n"
                           "    - {unit: hostapd, before: [wifi-unblock], memory_mib: 50}\n",
                             &config, &error),
            0);
    rows = unbox_config_table(config, "health.services");
    assert_string_equal(unbox_config_row_list(rows[0], "before")[0], "wifi-unblock");
    assert_null(unbox_config_row_list(rows[0], "after")[0]);
    assert_int_equal(unbox_config_row_int(rows[0], "memory_mib"), 50);
    assert_null(rows[1]);

    assert_int_equal(
            parse("health:\n  services:\n    - {unit: 'a*'}\n", &refused, &error), -EINVAL);
    assert_string_equal(error.text, "c.yaml:3: health.services.unit: must be the name of one unit");
    assert_int_equal(
            parse("health:\n  services:\n    - unit: a\n      after: [dance]\n", &refused, &error),
            -EINVAL);
    assert_string_equal(
            error.text, "c.yaml:4: health.services.after: must be wifi-unblock or bluetooth-power");
}

static void test_contradictions(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
            {"health:\n  good_health_seconds: 60\n  settling_seconds: 61\n",
                    "c.yaml:3: health.settling_seconds: must not be more than "
                    "health.good_health_seconds"},
            {"health:\n  good_health_seconds: 5\n",
                    "c.yaml:2: health.good_health_seconds: must not be less than "
                    "health.settling_seconds"},
            {"health:\n  services: [{unit: a}, {unit: b}, {unit: a.service}]\n",
                    "c.yaml:2: health.services: must not have the same unit twice"},
            {"hotspot:\n  ssid: a\n  band: bg\n  ssid: a\n",
                    "c.yaml:4: hotspot.ssid: stands there twice, first in line 2"},
            {"hotspot: {ssid: a}\nhealth: {}\nhotspot: {ssid: b}\n",
                    "c.yaml:3: hotspot.ssid: stands there twice, first in line 1"},
            {"health:\n  checks:\n    - type: disk\n      path: /\n      path: /var\n",
                    "c.yaml:5: health.checks.path: stands there twice, first in line 4"},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct unbox_config *config = NULL;
        struct unbox_config_error error = {};

        assert_int_equal(parse(cases[i].text, &config, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].error);
    }
}

#define CHECKS "health:\n  checks:\n"

static void test_table_refusals(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
            {"health:\n  checks: yes\n", "c.yaml:2: health.checks: must be a list"},
            {CHECKS "  - disk\n", "c.yaml:3: must be keys with values, {key: value, …}"},
            {CHECKS "  - {[a]: b}\n", "c.yaml:3: a key must be a plain word"},
            {CHECKS "  - {service: web}\n", "c.yaml:3: health.checks.type: is missing"},
            {CHECKS "  - {type: memory}\n  - type: memory\n    colour: blue\n",
                    "c.yaml:5: health.checks.colour: there is no such key"},
            {CHECKS "  - {type: smell}\n",
                    "c.yaml:3: health.checks.type: must be address, dhcp_range, bluetooth, tcp, "
                    "http, unix, disk, memory, temperature, dbus, certificate or command"},
            {CHECKS "  - {type: http}\n",
                    "c.yaml:3: health.checks.url: is missing: this type of check needs it"},
            {CHECKS "  - {type: memory, port: 1}\n",
                    "c.yaml:3: health.checks.port: this type of check has no such key"},
            {CHECKS "  - {type: tcp, address: localhost, port: 1}\n",
                    "c.yaml:3: health.checks.address: must be an IP address"},
            {CHECKS "  - {type: tcp, address: '::1', port: 0}\n",
                    "c.yaml:3: health.checks.port: must be from 1 to 65535, not 0"},
            {CHECKS "  - {type: command, command: [ls]}\n",
                    "c.yaml:3: health.checks.command: must begin with the absolute path of a "
                    "program"},
            {CHECKS "  - {type: memory, service: 'web*'}\n",
                    "c.yaml:3: health.checks.service: must be the name of one unit, or device"},
            {CHECKS "  - {type: http, url: 'https://127.0.0.1/'}\n",
                    "c.yaml:3: health.checks.url: must begin with http://"},
            {CHECKS "  - {type: http, url: 'http://example.org/'}\n",
                    "c.yaml:3: health.checks.url: must name an IP address or localhost"},
            {CHECKS "  - {type: http, url: 'http://127.0.0.1:x@example.org/'}\n",
                    "c.yaml:3: health.checks.url: must name an IP address or localhost"},
            {CHECKS "  - {type: memory, heal: maybe}\n",
                    "c.yaml:3: health.checks.heal: must be true or false"},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct unbox_config *config = NULL;
        struct unbox_config_error error = {};

        assert_int_equal(parse(cases[i].text, &config, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].error);
        assert_null(config);
    }
}

static void test_table_is_bounded(void **state)
{
    _cleanup_free_ char *text = NULL;
    struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    fputs(CHECKS, stream);
    for (int i = 0; i < 257; i++)
        fputs("  - {type: memory}\n", stream);
    fclose(stream);
    assert_int_equal(parse(text, &config, &error), -EINVAL);
    assert_string_equal(error.text, "c.yaml:3: health.checks: must have 0 to 256 entries, not 257");
}

static void test_fallbacks_are_valid(void **state)
{
    for (size_t i = 0; i < config_suite.size; i++) {
        const struct config_key *key = &config_suite.keys[i];

        assert_non_null(key->meaning);
        assert_int_equal(key->table != NULL, key->type == CONFIG_TABLE);
        for (size_t j = 0; key->table && j < key->table->size; j++)
            assert_non_null(key->table->keys[j].meaning);
        if (key->type != CONFIG_STRING)
            continue;
        assert_in_range(strlen(key->fallback), key->min, key->max);
        if (key->check)
            assert_null(key->check(key->fallback));
    }
}

static void assert_same_numbers(const struct unbox_config *config, const struct config_key *key)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *empty = NULL;
    struct unbox_config_error error = {};
    size_t count, expected;
    const int64_t *numbers = unbox_config_ints(config, key->name, &count), *fallback;

    assert_int_equal(parse("", &empty, &error), 0);
    fallback = unbox_config_ints(empty, key->name, &expected);
    assert_int_equal(count, expected);
    assert_memory_equal(numbers, fallback, count * sizeof(*numbers));
}

/* What is shipped as the documentation has every key, and the values that hold without it. */
static void test_example(void **state)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    _cleanup_free_ char *text = NULL;

    assert_int_equal(unbox_store_read(EXAMPLE, 65536, &text, NULL), 0);
    assert_int_equal(parse(text, &config, &error), 0);
    for (size_t i = 0; i < config_suite.size; i++) {
        const struct config_key *key = &config_suite.keys[i];
        char line[64];

        snprintf(line, sizeof(line), "\n  %s: ", strchr(key->name, '.') + 1);
        assert_non_null(strstr(text, line));
        if (key->type == CONFIG_STRING)
            assert_string_equal(unbox_config_string(config, key->name), key->fallback);
        else if (key->type == CONFIG_INT)
            assert_int_equal(unbox_config_int(config, key->name), strtoll(key->fallback, NULL, 10));
        else if (key->type == CONFIG_BOOL)
            assert_int_equal(
                    unbox_config_bool(config, key->name), strcmp(key->fallback, "true") == 0);
        else if (key->type == CONFIG_LIST)
            assert_null(unbox_config_list(config, key->name)[0]);
        else if (key->type == CONFIG_INTS)
            assert_same_numbers(config, key);
        else
            assert_null(unbox_config_table(config, key->name)[0]);
    }
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(unbox_store_write(path, text, strlen(text), 0644, -1, -1), 0);
}

static void test_drop_ins_override(void **state)
{
    char folder[] = "/tmp/unbox-test-config-XXXXXX";
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("config.yaml.d", 0755), 0);
    write_text("config.yaml", "hotspot:\n  ssid: base\n  channel: 1\n");
    write_text("config.yaml.d/20-late.yaml", "hotspot:\n  ssid: late\n");
    write_text("config.yaml.d/10-early.yaml", "hotspot:\n  ssid: early\n  channel: 6\n");
    write_text("config.yaml.d/ignored.txt", "not YAML: [");
    assert_int_equal(unbox_config_load("config.yaml", &config, &error), 0);
    assert_string_equal(unbox_config_string(config, "hotspot.ssid"), "late");
    assert_int_equal(unbox_config_int(config, "hotspot.channel"), 6);
    /* A contradiction between two files is one of the file that has the value at fault. */
    config = unbox_config_free(config);
    write_text("config.yaml.d/30-fast.yaml", "health:\n  good_health_seconds: 20\n");
    write_text("config.yaml.d/40-slow.yaml", "\nhealth:\n  settling_seconds: 30\n");
    assert_int_equal(unbox_config_load("config.yaml", &config, &error), -EINVAL);
    assert_string_equal(error.text,
            "config.yaml.d/40-slow.yaml:3: health.settling_seconds: must not be more than "
            "health.good_health_seconds");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(unbox_store_remove_tree(folder), 1);
}

static void test_shown_without_secrets(void **state)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    _cleanup_json_ json_t *shown = NULL;
    _cleanup_free_ char *text = NULL;
    json_t *checks;

    assert_int_equal(parse("hotspot: {password: correct horse, channel: 11}\n"
                           "health:\n"
                           "  units: [a, b]\n"
                           "  checks:\n"
                           "  - {type: tcp, address: '::1', port: 80}\n",
                             &config, &error),
            0);
    shown = unbox_config_to_json(config);
    text = json_dumps(shown, 0);
    assert_null(strstr(text, "horse"));
    assert_non_null(strstr(text, "\"password\": \"" UNBOX_CONFIG_SECRET "\""));
    assert_non_null(strstr(text, "\"ssid\": \"INCUVERS_AP\""));
    assert_non_null(strstr(text, "\"channel\": 11"));
    assert_non_null(strstr(text, "\"units\": [\"a\", \"b\"]"));
    checks = json_object_get(json_object_get(shown, "health"), "checks");
    assert_int_equal(json_array_size(checks), 1);
    assert_string_equal(
            json_string_value(json_object_get(json_array_get(checks, 0), "address")), "::1");
}

static void test_unreadable_is_an_error(void **state)
{
    struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    assert_int_equal(unbox_config_load("/proc/self", &config, &error), -EISDIR);
    assert_string_equal(error.text, "/proc/self: can't be read: Is a directory");
    assert_null(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_nothing_is_fine),
            cmocka_unit_test(test_values),
            cmocka_unit_test(test_refusals),
            cmocka_unit_test(test_numbers),
            cmocka_unit_test(test_services),
            cmocka_unit_test(test_contradictions),
            cmocka_unit_test(test_table),
            cmocka_unit_test(test_table_refusals),
            cmocka_unit_test(test_table_is_bounded),
            cmocka_unit_test(test_fallbacks_are_valid),
            cmocka_unit_test(test_example),
            cmocka_unit_test(test_drop_ins_override),
            cmocka_unit_test(test_shown_without_secrets),
            cmocka_unit_test(test_unreadable_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
