/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * identclient: gets this device its identity from the factory bench, once. One process is one try;
 * systemd repeats it until it ends well or is refused for good.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "crypto.h"
#include "device.h"
#include "enrolment.h"
#include "identity.h"
#include "unbox/config.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/run.h"
#include "unbox/store.h"

#define CA_SIZE_MAX (64 * 1024)

struct arguments {
    const char *directory;
    const char *sysfs;
    bool check;
};

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);
DEFINE_CLEANUP(struct unbox_run *, unbox_run_free);

static int usage(FILE *to, int code)
{
    fprintf(to, "identclient [OPTION…]\n\n"
                "Gets this device its identity from the factory bench; systemd runs it.\n\n"
                "  --check                 say item by item whether the identity is whole\n"
                "  --state-directory=DIR   where it lies (/var/lib/unbox/identity)\n"
                "  --sysfs=DIR             where the hardware is described (/sys)\n"
                "  --help                  this text\n");
    return code;
}

/* Returns -1 to go on, or an exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
            {"check", no_argument, NULL, 'c'},
            {"state-directory", required_argument, NULL, 'd'},
            {"sysfs", required_argument, NULL, 's'},
            {"help", no_argument, NULL, 'h'},
            {},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
        switch (option) {
        case 'c':
            ret->check = true;
            break;
        case 'd':
            ret->directory = optarg;
            break;
        case 's':
            ret->sysfs = optarg;
            break;
        case 'h':
            return usage(stdout, UNBOX_EXIT_OK);
        default:
            return usage(stderr, UNBOX_EXIT_USAGE);
        }
    return optind < argc ? usage(stderr, UNBOX_EXIT_USAGE) : -1;
}

_printf_(1, 2) static int config_invalid(const char *format, ...)
{
    char text[640];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    unbox_run_notify_status("configuration: %s", text);
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_CONFIG_INVALID, NULL, "%s", text);
    return UNBOX_EXIT_CONFIG;
}

static int read_ca(const struct unbox_config *config, char **ret)
{
    const char *path = unbox_config_string(config, "enrolment.ca_file");
    _cleanup_(X509_free_p) X509 *ca = NULL;
    _cleanup_free_ char *pem = NULL;
    int r;

    r = unbox_store_read(path, CA_SIZE_MAX, &pem, NULL);
    if (r < 0)
        return config_invalid("enrolment.ca_file: %s: %s", path, strerror(-r));
    r = crypto_certificate_from_pem(pem, &ca);
    if (r < 0)
        return config_invalid("enrolment.ca_file: %s holds no certificate", path);
    *ret = STEAL(pem);
    return 0;
}

static int enrol(
        const struct arguments *arguments, const struct unbox_config *config, const char *serial)
{
    const char *const mac_interfaces[] = {unbox_config_string(config, "network.wired_interface"),
            unbox_config_string(config, "network.wifi_interface"), NULL};
    _cleanup_free_ char *ca_pem = NULL;
    _cleanup_(tries_done) struct tries tries = {};
    _cleanup_(unbox_run_free_p) struct unbox_run *run = NULL;
    _cleanup_(enrolment_free_p) struct enrolment *enrolment = NULL;
    int r;

    r = read_ca(config, &ca_pem);
    if (r != 0)
        return r;
    r = tries_begin(getenv("RUNTIME_DIRECTORY"), &tries);
    if (r >= 0)
        r = unbox_run_new(NULL, NULL, &run);
    if (r >= 0) {
        const struct enrolment_options options = {
                .directory = arguments->directory,
                .sysfs = arguments->sysfs,
                .serial = serial,
                .url = unbox_config_string(config, "enrolment.url"),
                .ca_pem = ca_pem,
                .interface = unbox_config_string(config, "enrolment.interface"),
                .product = unbox_config_string(config, "enrolment.product"),
                .hardware_revision = unbox_config_string(config, "enrolment.hardware_revision"),
                .batch = unbox_config_string(config, "enrolment.batch"),
                .mac_interfaces = mac_interfaces,
                .tries = &tries,
        };

        r = enrolment_new(run, &options, &enrolment);
    }
    if (r >= 0)
        r = unbox_run_loop(run);
    if (r < 0) {
        unbox_run_notify_status("can't run: %s", strerror(-r));
        (void)unbox_log_errno(LOG_ERR, r, "Can't run");
        return UNBOX_EXIT_FAILURE;
    }
    return r;
}

static int check(const struct arguments *arguments, const char *serial)
{
    int r = check_identity_folder(arguments->directory, serial);

    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't check %s", arguments->directory);
    return r == 0 ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.directory = "/var/lib/unbox/identity", .sysfs = "/sys"};
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    _cleanup_free_ char *serial = NULL;
    const char *source = NULL;
    int r;

    r = parse_arguments(argc, argv, &arguments);
    if (r >= 0)
        return r;
    r = unbox_config_load(NULL, &config, &error);
    if (r < 0)
        return config_invalid("%s", error.text);
    r = device_serial(arguments.sysfs, getenv("CREDENTIALS_DIRECTORY"),
            unbox_config_string(config, "enrolment.serial"), &serial, &source);
    if (arguments.check)
        return check(&arguments, serial);
    if (r < 0)
        return config_invalid("no serial number in the device tree, DMI or enrolment.serial");
    if (identity_provisioned(arguments.directory)) {
        unbox_run_notify_status("already enrolled");
        unbox_log(LOG_NOTICE, "%s is already enrolled: nothing to do", serial);
        return UNBOX_EXIT_OK;
    }
    unbox_log(LOG_DEBUG, "Serial %s, from %s", serial, source);
    return enrol(&arguments, config, serial);
}
