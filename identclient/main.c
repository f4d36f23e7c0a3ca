/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * identclient: gets this device its identity from the factory bench, once, and later others in its
 * place. One process is one try; systemd repeats it until it ends well or is refused for good.
 */

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "device.h"
#include "seal.h"
#include "session.h"
#include "unbox/config.h"
#include "unbox/log.h"
#include "unbox/run.h"
#include "util.h"

enum action {
    ACTION_ENROL,
    ACTION_REASSIGN,
    ACTION_RENEW,
    ACTION_CHECK,
    ACTION_CLOCK,
    ACTION_SEAL,
};

struct arguments {
    enum action action;
    const char *directory;
    const char *sysfs;
    const char *memory;
};

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static int usage(FILE *to, int code)
{
    fprintf(to, "identclient [OPTION…]\n\n"
                "Gets this device its identity from the factory bench; systemd runs it.\n\n"
                "  --reassign              get others, by the token in the file \"reassign\"\n"
                "  --renew                 get others, by the present ones, if it is time\n"
                "  --check                 say item by item whether the identity is whole\n"
                "  --clock                 let the clock not be before what it once was\n"
                "  --seal                  bring the key at rest into the configured state\n"
                "  --state-directory=DIR   where it lies (/var/lib/unbox/identity)\n"
                "  --sysfs=DIR             where the hardware is described (/sys)\n"
                "  --help                  this text\n");
    return code;
}

/* Returns -1 to go on, or an exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
            {"reassign", no_argument, NULL, ACTION_REASSIGN},
            {"renew", no_argument, NULL, ACTION_RENEW},
            {"check", no_argument, NULL, ACTION_CHECK},
            {"clock", no_argument, NULL, ACTION_CLOCK},
            {"seal", no_argument, NULL, ACTION_SEAL},
            {"state-directory", required_argument, NULL, 'd'},
            {"sysfs", required_argument, NULL, 's'},
            {"help", no_argument, NULL, 'h'},
            {},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
        switch (option) {
        case ACTION_REASSIGN:
        case ACTION_RENEW:
        case ACTION_CHECK:
        case ACTION_CLOCK:
        case ACTION_SEAL:
            if (ret->action != ACTION_ENROL)
                return usage(stderr, UNBOX_EXIT_USAGE);
            ret->action = option;
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

static int check(const struct arguments *arguments, const char *serial, mode_t key_mode)
{
    int r = check_identity_folder(arguments->directory, serial, key_mode);

    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't check %s", arguments->directory);
    return r == 0 ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE;
}

static int act(const struct arguments *arguments, const struct unbox_config *config)
{
    struct session session = {
            .directory = arguments->directory,
            .sysfs = arguments->sysfs,
            .config = config,
    };
    _cleanup_free_ char *serial = NULL;
    const char *source = NULL;
    int r;

    if (arguments->action == ACTION_SEAL)
        return seal_identity(arguments->directory, arguments->sysfs, arguments->memory, config);
    r = device_serial(arguments->sysfs, getenv("CREDENTIALS_DIRECTORY"),
            unbox_config_string(config, "enrolment.serial"), &serial, &source);
    if (arguments->action == ACTION_CHECK)
        return check(arguments, serial, session_key_mode(config));
    if (r < 0)
        return session_config_invalid(
                "no serial number in the device tree, DMI or enrolment.serial");
    unbox_log(LOG_DEBUG, "Serial %s, from %s", serial, source);
    session.serial = serial;
    switch (arguments->action) {
    case ACTION_REASSIGN:
        return session_reassign(&session);
    case ACTION_RENEW:
        return session_renew(&session);
    default:
        return session_enrol(&session);
    }
}

/* A bundle's key passes through JSON: what that gives back is wiped. */
static void wipe(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {
            .directory = "/var/lib/unbox/identity",
            .sysfs = "/sys",
            .memory = "/run/unbox/identity",
    };
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r;

    json_set_alloc_funcs(malloc, wipe);
    r = parse_arguments(argc, argv, &arguments);
    if (r >= 0)
        return r;
    if (arguments.action == ACTION_CLOCK)
        return session_clock(arguments.directory);
    r = unbox_config_load(NULL, &config, &error);
    return r < 0 ? session_config_invalid("%s", error.text) : act(&arguments, config);
}
