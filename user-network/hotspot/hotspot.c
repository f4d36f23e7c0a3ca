/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * NetworkManager starts a dnsmasq for the hotspot and has it read a folder of /etc. The page is to
 * open by the device's name, with and without ".local", and by itself: what phones probe for to see
 * whether they have the internet is answered with our address as well.
 */

#include "hotspot.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "unbox/store.h"

#define NAMES_MAX 4096

/* It goes into a configuration file: letters, digits, hyphens and dots only (RFC 1123). */
static bool hostname_valid(const char *hostname)
{
    size_t size = strlen(hostname);

    if (size == 0 || size > 253 || hostname[0] == '-' || hostname[0] == '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)hostname[i]) && hostname[i] != '-' && hostname[i] != '.')
            return false;
    return true;
}

int hotspot_write_names(const struct paths *paths, const char *hostname, bool captive)
{
    _cleanup_free_ char *wanted = NULL;
    _cleanup_free_ char *present = NULL;
    int label = (int)strcspn(hostname, ".");
    int r;

    if (!hostname_valid(hostname))
        return -EINVAL;
    /*
     * In ".local" a device has the first label of its name, as Avahi has it.
     * no-resolv: without it questions for other names go upstream, where nobody answers for 5 s.
     * local=/#/: for what has no answer (AAAA, HTTPS) there is none; a refusal would have phones
     * give up the name. The last two lines ask browsers and phones by name to believe this server
     * and no other that they know (Firefox's canary, Apple's Private Relay).
     */
    if (asprintf(&wanted,
                "# Written by user-network whenever the hostname changes.\n"
                "no-resolv\n"
                "local=/%s/\n"
                "local=/%.*s.local/\n"
                "host-record=%s,%.*s.local,%s\n"
                "local=/#/\n"
                "%s",
                hostname, label, hostname, hostname, label, hostname, HOTSPOT_ADDRESS,
                captive ? "address=/#/" HOTSPOT_ADDRESS "\n"
                          "local=/use-application-dns.net/\n"
                          "local=/mask.icloud.com/mask-h2.icloud.com/\n"
                        : "") < 0) {
        wanted = NULL;
        return -ENOMEM;
    }
    r = unbox_store_read(paths->hotspot_names, NAMES_MAX, &present, NULL);
    if (r == 0 && strcmp(present, wanted) == 0)
        return 0;
    r = unbox_store_write(paths->hotspot_names, wanted, strlen(wanted), 0644, -1, -1);
    return r < 0 ? r : 1;
}
