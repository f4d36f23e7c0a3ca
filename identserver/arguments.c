/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options and what may stand in them. */

#include "arguments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "ipc.h"
#include "unbox/run.h"

#define HOSTNAME_PREFIX_MAX 50

static int usage(FILE *to, int code)
{
    fprintf(to,
            "identserver [OPTION…]\n\n"
            "Gives devices on the factory bench their identity.\n\n"
            "  --init                    make CA, server certificate and database, and end\n"
            "  --backup=FILE             copy the database, also while it serves, and end\n"
            "  --restore=FILE            make a backup the database, where there is none, and end\n"
            "  --allow=FILE              add the CSV's serials to a batch's list, and end\n"
            "  --check[=HASH]            is the database whole, and its audit as it was written? "
            "and end\n"
            "  --directory=DIR           where they lie (/var/lib/unbox-bench)\n"
            "  --address=ADDRESS         to serve on; with --init, to certify (7.7.7.7)\n"
            "  --port=PORT               to serve on (5001)\n"
            "  --batch=NAME              with --init: the first batch; with --allow: which "
            "(default)\n"
            "  --socket=PATH             for the operator (" IPC_PATH ")\n"
            "  --quota=NUMBER            with --init: how many devices it may have (1000)\n"
            "  --hostname-prefix=PREFIX  with --init: hostnames are PREFIX-001… (unbox)\n"
            "  --help                    this text\n");
    return code;
}

static int wrong(const char *what)
{
    fprintf(stderr, "identserver: %s\n", what);
    return UNBOX_EXIT_USAGE;
}

static bool parse_number(const char *text, long max, long *ret)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end || number < 1 || number > max)
        return false;
    *ret = number;
    return true;
}

static bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* Numbers follow. */
static bool is_prefix(const char *text)
{
    return enrolment_hostname_valid(text) && strlen(text) <= HOSTNAME_PREFIX_MAX;
}

static int set_action(struct arguments *arguments, enum action action, const char *file)
{
    if (arguments->action != ACTION_SERVE)
        return wrong("only one of --init, --backup, --restore, --allow, --check");
    arguments->action = action;
    arguments->file = file;
    return -1;
}

static int set_argument(int option, const char *value, struct arguments *arguments)
{
    long number;

    switch (option) {
    case 'i':
        return set_action(arguments, ACTION_INIT, NULL);
    case 'B':
        return set_action(arguments, ACTION_BACKUP, value);
    case 'R':
        return set_action(arguments, ACTION_RESTORE, value);
    case 'A':
        return set_action(arguments, ACTION_ALLOW, value);
    case 'c':
        return set_action(arguments, ACTION_CHECK, value ?: "");
    case 's':
        arguments->socket = value;
        return -1;
    case 'd':
        arguments->bench.directory = value;
        return -1;
    case 'a':
        arguments->bench.address = value;
        return is_address(value) ? -1 : wrong("--address must be a numeric address");
    case 'p':
        if (!parse_number(value, UINT16_MAX, &number))
            return wrong("--port must be 1 to 65535");
        arguments->port = number;
        return -1;
    case 'b':
        arguments->bench.batch = value;
        return enrolment_serial_valid(value) ? -1 : wrong("--batch must be a short word");
    case 'q':
        if (!parse_number(value, INT32_MAX, &number))
            return wrong("--quota must be a number above 0");
        arguments->bench.quota = number;
        return -1;
    case 'n':
        arguments->bench.hostname_prefix = value;
        return is_prefix(value) ? -1 : wrong("--hostname-prefix must be letters, digits, hyphens");
    case 'h':
        return usage(stdout, UNBOX_EXIT_OK);
    default:
        return usage(stderr, UNBOX_EXIT_USAGE);
    }
}

int arguments_parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
            {"init", no_argument, NULL, 'i'},
            {"backup", required_argument, NULL, 'B'},
            {"restore", required_argument, NULL, 'R'},
            {"allow", required_argument, NULL, 'A'},
            {"check", optional_argument, NULL, 'c'},
            {"socket", required_argument, NULL, 's'},
            {"directory", required_argument, NULL, 'd'},
            {"address", required_argument, NULL, 'a'},
            {"port", required_argument, NULL, 'p'},
            {"batch", required_argument, NULL, 'b'},
            {"quota", required_argument, NULL, 'q'},
            {"hostname-prefix", required_argument, NULL, 'n'},
            {"help", no_argument, NULL, 'h'},
            {},
    };
    int option;

    *arguments = (struct arguments){
            .bench =
                    {
                            .directory = "/var/lib/unbox-bench",
                            .address = "7.7.7.7",
                            .batch = "default",
                            .quota = 1000,
                            .hostname_prefix = "unbox",
                    },
            .port = 5001,
            .socket = IPC_PATH,
    };
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        int code = set_argument(option, optarg, arguments);

        if (code >= 0)
            return code;
    }
    return optind < argc ? usage(stderr, UNBOX_EXIT_USAGE) : -1;
}
