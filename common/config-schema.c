/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of every configuration key, and the checks that bounds alone can't express. */

#include "config-schema.h"
#include "config-value.h"

#include <string.h>

#include "country-codes.h"
#include "util.h"

static const char *check_https(const char *value)
{
    return strncmp(value, "https://", 8) == 0 ? NULL : "must begin with https://";
}

static const char *check_https_or_none(const char *value)
{
    return *value ? check_https(value) : NULL;
}

static const char *check_enrolment_mode(const char *value)
{
    return strcmp(value, "csr") == 0 || strcmp(value, "bundle") == 0 ? NULL
                                                                     : "must be csr or bundle";
}

/* "sha256//" and 32 bytes in base64, once or several times. */
static const char *check_pins(const char *value)
{
    static const char letters[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    while (*value) {
        if (strncmp(value, "sha256//", 8) != 0 || strspn(value + 8, letters) != 43 ||
                value[51] != '=' || (value[52] && value[52] != ';'))
            return "must be sha256//BASE64, of 32 bytes, and several of these apart by ;";
        value += value[52] ? 53 : 52;
    }
    return NULL;
}

static const char *check_key_mode(const char *value)
{
    return strcmp(value, "0640") == 0 || strcmp(value, "0600") == 0 ? NULL : "must be 0640 or 0600";
}

static const char *check_key_encryption(const char *value)
{
    static const char *const known[] = {"none", "host", "tpm2"};

    for (size_t i = 0; i < ELEMENTSOF(known); i++)
        if (strcmp(value, known[i]) == 0)
            return NULL;
    return "must be none, host or tpm2";
}

static const char *check_page_https(const char *value)
{
    static const char *const known[] = {"optional", "required", "off"};

    for (size_t i = 0; i < ELEMENTSOF(known); i++)
        if (strcmp(value, known[i]) == 0)
            return NULL;
    return "must be optional, required or off";
}

static const char *check_absolute(const char *value)
{
    return value[0] == '/' ? NULL : "must be an absolute path";
}

static const char *check_country(const char *value)
{
    return !*value || country_code_known(value) ? NULL : "must be " COUNTRY_CODE_WANTED;
}

static const char *check_band(const char *value)
{
    return strcmp(value, "bg") == 0 || strcmp(value, "a") == 0
                   ? NULL
                   : "must be bg (2.4 GHz) or a (5 GHz)";
}

static const char *check_bluetooth_profile(const char *value)
{
    return strcmp(value, "android-auto") == 0 || strcmp(value, "hfp-ag") == 0 ||
                           strcmp(value, "hsp-hs") == 0
                   ? NULL
                   : "must be android-auto, hfp-ag or hsp-hs";
}

static const char *check_interface(const char *value)
{
    return strpbrk(value, "/ \t\n") ? "must be the name of a network interface" : NULL;
}

static const char *check_specifiers(const char *value)
{
    for (const char *at = strchr(value, '%'); at; at = strchr(at + 2, '%'))
        if (at[1] != 'H' && at[1] != 's' && at[1] != '%')
            return "must have after each % an H (hostname), an s (end of the serial) or a %";
    return NULL;
}

static const struct config_key suite_keys[] = {
        {"hotspot.ssid", CONFIG_STRING, 1, 32, "INCUVERS_AP", check_specifiers,
                "Name of the hotspot that the device opens when it has no network."},
        {"hotspot.password", CONFIG_STRING, 8, 63, "incuvers1234", check_specifiers,
                "Password of the hotspot (WPA2).", .secret = true},
        {"hotspot.password_per_device", CONFIG_BOOL, 0, 0, "false", NULL,
                "Instead, a password that is derived from the device's identity."},
        {"hotspot.password_secret", CONFIG_STRING, 0, 255, "", NULL,
                "The product's secret that goes into that derivation.", .secret = true},
        {"hotspot.band", CONFIG_STRING, 1, 2, "bg", check_band,
                "Band of the hotspot: bg is 2.4 GHz, a is 5 GHz."},
        {"hotspot.channel", CONFIG_INT, 0, 196, "0", NULL,
                "Channel of the hotspot; 0 takes the quietest that may be used everywhere."},
        {"hotspot.captive_portal", CONFIG_BOOL, 0, 0, "true", NULL,
                "Every name that a phone on the hotspot asks for leads to the page."},
        {"hotspot.request_minutes", CONFIG_INT, 1, 1440, "10", NULL,
                "How long a hotspot that was asked for stays open while nobody is on it."},
        {"network.wifi_interface", CONFIG_STRING, 1, 15, "wlan0", check_interface,
                "The radio that joins the customer's network and opens the hotspot."},
        {"network.wired_interface", CONFIG_STRING, 1, 15, "eth0", check_interface, "The wire."},
        {"network.country", CONFIG_STRING, 0, 2, "", check_country,
                "Country whose rules the radio keeps (ISO 3166) where neither the customer nor the "
                "factory has said one; empty leaves the kernel's."},
        {"network.boot_wait_seconds", CONFIG_INT, 5, 600, "45", NULL,
                "How long a start waits for the saved network before it opens the hotspot."},
        {"enrolment.url", CONFIG_STRING, 9, 255, "https://7.7.7.7:5001", check_https,
                "Where identserver answers on the factory bench."},
        {"enrolment.ca_file", CONFIG_STRING, 1, 255, "/etc/unbox/factory-ca.pem", check_absolute,
                "The factory's CA, the only one that the enrolment trusts."},
        {"enrolment.interface", CONFIG_STRING, 1, 15, "eth0", check_interface,
                "The interface that the bench is on; the enrolment uses no other."},
        {"enrolment.serial", CONFIG_STRING, 0, 64, "", NULL,
                "Serial number, for hardware that has none in its device tree or DMI."},
        {"enrolment.product", CONFIG_STRING, 1, 64, "unbox", NULL,
                "Product name that the bench is told."},
        {"enrolment.hardware_revision", CONFIG_STRING, 0, 32, "", NULL,
                "Hardware revision that the bench is told."},
        {"enrolment.batch", CONFIG_STRING, 0, 64, "", NULL, "Batch that the bench is told."},
        {"enrolment.mode", CONFIG_STRING, 3, 6, "csr", check_enrolment_mode,
                "csr: the key is made on the device and never leaves it; bundle: the bench makes "
                "it."},
        {"enrolment.pins", CONFIG_STRING, 0, 255, "", check_pins,
                "SHA-256 of the public keys that the servers may have; empty: any that the CA "
                "certifies."},
        {"enrolment.key_mode", CONFIG_STRING, 4, 4, "0640", check_key_mode,
                "Mode of the private key: 0640 for programs of the group unbox-identity, or 0600."},
        {"enrolment.key_encryption", CONFIG_STRING, 4, 4, "none", check_key_encryption,
                "What the private key is encrypted with at rest: none, host or tpm2."},
        {"enrolment.reassign_url", CONFIG_STRING, 0, 255, "", check_https_or_none,
                "Where new credentials are had by a token; empty: at the bench."},
        {"enrolment.renew_url", CONFIG_STRING, 0, 255, "", check_https_or_none,
                "Where the certificate is renewed; empty: nowhere."},
        {"factory.poweroff", CONFIG_BOOL, 0, 0, "false", NULL,
                "Whether the device turns itself off when it has been enrolled."},
        {"health.units", CONFIG_LIST, 1, 255, "", NULL,
                "Units that healthd watches besides the suite's own and NetworkManager; globs are "
                "fine."},
        {"health.services", CONFIG_TABLE, 0, 256, "", NULL,
                "What is special about a unit: steps around its restarts, and what it may use.",
                &config_services},
        {"health.restart_delays_seconds", CONFIG_INTS, 0, 3600, "0 5 10", NULL,
                "The first restarts of a service, in seconds after it was seen to have failed."},
        {"health.restart_interval_seconds", CONFIG_INT, 1, 86400, "60", NULL,
                "The time between all later restarts, for as long as it takes."},
        {"health.starting_limit_seconds", CONFIG_INT, 1, 3600, "30", NULL,
                "How long a service may take to start before it counts as failed."},
        {"health.settling_seconds", CONFIG_INT, 1, 3600, "10", NULL,
                "How long a service that failed has to run before it is said to have recovered."},
        {"health.good_health_seconds", CONFIG_INT, 1, 86400, "120", NULL,
                "How long it has to run before its restarts are forgotten."},
        {"health.bluetooth_profiles", CONFIG_LIST, 1, 16, "", check_bluetooth_profile,
                "Bluetooth profiles that are registered with BlueZ."},
        {"health.check_interval_seconds", CONFIG_INT, 1, 3600, "5", NULL,
                "How often the functional checks run."},
        {"health.apply_settle_seconds", CONFIG_INT, 0, 60, "3", NULL,
                "How long a service must have run before what was applied is believed to work."},
        {"health.checks", CONFIG_TABLE, 0, 256, "", NULL,
                "Functional checks, each of a service and with keys by its type.", &config_checks},
        {"web.https", CONFIG_STRING, 3, 8, "optional", check_page_https,
                "The page over TLS, until its owner says otherwise: optional, required or off."},
};

/* Whichever of the two stands in a file is at fault. */
static const char *check_times(const struct unbox_config_row *all, const char **ret_key)
{
    static const char settling[] = "health.settling_seconds", good[] = "health.good_health_seconds";

    if (unbox_config_row_int(all, settling) <= unbox_config_row_int(all, good))
        return NULL;
    *ret_key = config_given(all, settling) ? settling : good;
    return *ret_key == settling ? "must not be more than health.good_health_seconds"
                                : "must not be less than health.settling_seconds";
}

static const char *check_suite(const struct unbox_config_row *all, const char **ret_key)
{
    const char *complaint = check_times(all, ret_key);

    if (complaint)
        return complaint;
    *ret_key = "health.services";
    return config_check_services(
            all->values[config_index(all->table, *ret_key, CONFIG_TABLE)].rows);
}

const struct config_table config_suite = {suite_keys, ELEMENTSOF(suite_keys), check_suite};
