/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The factory reset: `request` notes durably that one is wanted (factory-reset.service, which then
 * reboots), `apply` does it on the way up (factory-reset-apply.service). The note is removed when
 * everything else is gone.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unbox/log.h>
#include <unbox/messages.h>
#include <unbox/run.h>
#include <unbox/store.h>

#include "erase.h"
#include "util.h"

#define FLAG "/var/lib/unbox/factory-reset"

static int request(const char *flag)
{
    int r = unbox_store_flag(flag, 0644);

    if (r < 0) {
        unbox_log_event(LOG_ERR, UNBOX_MESSAGE_FACTORY_RESET_FAILED, NULL,
                "%s can't be written: %s; nothing was erased", flag, strerrordesc_np(-r));
        return UNBOX_EXIT_FAILURE;
    }
    unbox_log_event(LOG_NOTICE, UNBOX_MESSAGE_FACTORY_RESET, NULL,
            "factory reset wanted: it is done at the next start");
    return UNBOX_EXIT_OK;
}

static int apply(const char *root, const char *flag)
{
    _cleanup_free_ char *failed = NULL;
    int r;

    r = erase_customer(root, &failed);
    if (r >= 0) {
        r = unbox_store_remove(flag);
        failed = r < 0 ? strdup(flag) : NULL;
    }
    if (r < 0) {
        unbox_log_event(LOG_ERR, UNBOX_MESSAGE_FACTORY_RESET_FAILED, NULL,
                "%s can't be erased: %s; the reset goes on at the next start",
                failed ?: "something", strerrordesc_np(-r));
        return UNBOX_EXIT_FAILURE;
    }
    unbox_log_event(LOG_NOTICE, UNBOX_MESSAGE_FACTORY_RESET, NULL,
            "factory reset done: the customer is forgotten, the identity kept");
    return UNBOX_EXIT_OK;
}

static int usage(FILE *to, int code)
{
    fprintf(to, "Usage: factory-reset [--root DIR] request|apply\n"
                "\n"
                "  request     note durably that a reset is wanted; it is done at the next start\n"
                "  apply       erase what belongs to the customer, then the note\n"
                "  --root DIR  work below DIR instead of /\n"
                "\n"
                "To reset this device: systemctl start factory-reset.service\n");
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
            {"root", required_argument, NULL, 'r'},
            {"help", no_argument, NULL, 'h'},
            {},
    };
    _cleanup_free_ char *flag = NULL;
    const char *root = "";
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
        if (c == 'r')
            root = optarg;
        else
            return c == 'h' ? usage(stdout, UNBOX_EXIT_OK) : usage(stderr, UNBOX_EXIT_USAGE);

    if (argc - optind != 1)
        return usage(stderr, UNBOX_EXIT_USAGE);
    if (asprintf(&flag, "%s" FLAG, root) < 0)
        return UNBOX_EXIT_FAILURE;
    if (strcmp(argv[optind], "request") == 0)
        return request(flag);
    if (strcmp(argv[optind], "apply") == 0)
        return apply(root, flag);
    return usage(stderr, UNBOX_EXIT_USAGE);
}
