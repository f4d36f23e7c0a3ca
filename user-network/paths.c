/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one list of user-network's files. */

#include "paths.h"

#include <stdio.h>

int paths_init(const char *root, struct paths *ret)
{
    struct paths paths = {};
    const struct {
        char **path;
        const char *place;
    } list[] = {
            {&paths.state, "/var/lib/unbox/network"},
            {&paths.truth, "/var/lib/unbox/network/user-netplan.yaml"},
            {&paths.radio_off, "/var/lib/unbox/network/radio-off"},
            {&paths.verdict, "/var/lib/unbox/network/verdict.json"},
            {&paths.join, "/var/lib/unbox/network/join.json"},
            {&paths.country, "/var/lib/unbox/network/country"},
            {&paths.identity, "/var/lib/unbox/identity/current/identity.json"},
            {&paths.request, "/run/unbox/hotspot-requested"},
            {&paths.sockets, "/proc/self/net"},
            {&paths.installed, "/etc/netplan/60-user-netplan.yaml"},
            {&paths.hotspot_names, "/etc/NetworkManager/dnsmasq-shared.d/90-unbox.conf"},
            {&paths.hostname, "/etc/hostname"},
            {&paths.generated, "/run/NetworkManager/system-connections"},
            {&paths.check_root, "/run/unbox-netplan-check"},
            {&paths.wired_truth, "/var/lib/unbox/network/user-wired.yaml"},
            {&paths.wired_change, "/var/lib/unbox/network/wired.json"},
            {&paths.wired_installed, "/etc/netplan/70-user-wired.yaml"},
            {&paths.wired_check_root, "/run/unbox-netplan-check-wired"},
            {&paths.socket, "/run/unbox/user-network.sock"},
            {&paths.healthd, "/run/unbox/healthd.sock"},
    };

    for (size_t i = 0; i < ELEMENTSOF(list); i++)
        if (asprintf(list[i].path, "%s%s", root, list[i].place) < 0) {
            *list[i].path = NULL;
            paths_done(&paths);
            return -ENOMEM;
        }
    *ret = paths;
    return 0;
}

void paths_done(struct paths *paths)
{
    free(paths->state);
    free(paths->truth);
    free(paths->radio_off);
    free(paths->verdict);
    free(paths->join);
    free(paths->country);
    free(paths->identity);
    free(paths->request);
    free(paths->sockets);
    free(paths->installed);
    free(paths->hotspot_names);
    free(paths->hostname);
    free(paths->generated);
    free(paths->check_root);
    free(paths->wired_truth);
    free(paths->wired_change);
    free(paths->wired_installed);
    free(paths->wired_check_root);
    free(paths->socket);
    free(paths->healthd);
    *paths = (struct paths){};
}
