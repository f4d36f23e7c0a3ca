/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What belongs to the customer, and how it is erased. The table is the promise of a factory reset;
 * the identity isn't in it.
 */

#include "erase.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unbox/store.h>

#include "util.h"
#include "wifi-profiles.h"

struct item {
    const char *pattern;              /* of glob(); each match goes, with all that is in it */
    int (*only_if)(const char *path); /* 1: it goes, 0: it stays, or a negative errno */
};

static const struct item items[] = {
        /* First what would bring the network back, then what remembers it. */
        {"/etc/netplan/60-user-netplan.yaml"},
        {"/etc/netplan/70-user-wired.yaml"},
        {"/var/lib/unbox/network/*"},
        /* A power cut in the middle of store_write() leaves its temporary file. */
        {"/etc/netplan/.#*"},
        {"/var/lib/unbox/network/.#*"},
        /* netplan's generator has run in this boot already, with the customer's files. */
        {"/run/NetworkManager/system-connections/*", wifi_profile},
        {"/run/netplan/wpa-*"},
        {"/etc/NetworkManager/system-connections/*", wifi_profile},
        {"/var/lib/NetworkManager/*.lease"},
        {"/var/lib/NetworkManager/*.leases"},
        {"/var/lib/NetworkManager/seen-bssids"},
        {"/var/lib/NetworkManager/timestamps"},
        {"/var/lib/NetworkManager/NetworkManager.state"},
        {"/var/lib/NetworkManager/NetworkManager-intern.conf"},
        {"/var/lib/misc/dnsmasq.leases"},
        {"/var/lib/bluetooth/*"},
        {"/var/lib/unbox/web/*"},
        {"/var/lib/unbox/web/.#*"},
        {"/var/lib/unbox/queues/*"},
        /* A crash of wpa_supplicant or NetworkManager has the password in its core. */
        {"/var/lib/systemd/coredump/*"},
        /* The networks' names; this boot's journal is still under /run and knows none. */
        {"/var/log/journal/*"},
        {"/var/log/syslog*"},
        {"/var/log/daemon.log*"},
        {"/var/log/messages*"},
};

static int erase_path(const struct item *item, const char *path)
{
    int r = item->only_if ? item->only_if(path) : 1;

    return r > 0 ? unbox_store_remove_tree(path) : r;
}

static int erase_item(const char *root, const struct item *item, char **ret_failed)
{
    _cleanup_free_ char *pattern = NULL;
    int first = 0, r;
    glob_t found = {};

    if (asprintf(&pattern, "%s%s", root, item->pattern) < 0)
        return -ENOMEM;
    r = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (r == GLOB_NOSPACE)
        first = -ENOMEM;
    for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
        int error = erase_path(item, found.gl_pathv[i]);

        if (error < 0 && first == 0) {
            first = error;
            *ret_failed = strdup(found.gl_pathv[i]);
        }
    }
    globfree(&found);
    return first;
}

int erase_customer(const char *root, char **ret_failed)
{
    int first = 0;

    for (size_t i = 0; i < ELEMENTSOF(items); i++) {
        _cleanup_free_ char *failed = NULL;
        int r = erase_item(root, &items[i], &failed);

        if (r < 0 && first == 0) {
            first = r;
            *ret_failed = STEAL(failed);
        }
    }
    return first;
}
