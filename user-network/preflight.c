/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names what is wrong with radio and hotspot, so that nobody has to guess from what doesn't happen.
 */

#include "preflight.h"

#include <stdio.h>
#include <string.h>

#define DNS_PORT 53
#define TCP_LISTEN 0x0a /* enum of the kernel's include/net/tcp_states.h */

static const struct {
    const char *name;
    const char *text;
} problems[] = {
        [PROBLEM_NO_RADIO] = {"no-radio",
                "There is no radio. Is it plugged in, and is its driver loaded? The wire works "
                "without it."},
        [PROBLEM_RADIO_BLOCKED] = {"radio-blocked",
                "The radio is blocked by a switch of the hardware. \"rfkill list\" shows it."},
        [PROBLEM_RADIO_UNMANAGED] = {"radio-unmanaged",
                "NetworkManager was told to leave the radio alone. \"nmcli device\" shows it; look "
                "for unmanaged-devices in /etc/NetworkManager, and for hostapd or dhcpcd."},
        [PROBLEM_NO_ACCESS_POINT] = {"no-access-point",
                "The radio can join a network, but can't open a hotspot: its driver has no access "
                "point mode. The page is on the wire."},
        [PROBLEM_RADIO_NAME] = {"radio-name",
                "The firewall knows radios by names that begin with \"wl\", and this one's "
                "doesn't: "
                "whoever is on the hotspot may reach the wired network. Let the kernel name it."},
        [PROBLEM_COUNTRY_MISSING] = {"country-missing",
                "Nobody has said in which country the device is. The radio uses only what is "
                "allowed everywhere, and some radios stay silent."},
        [PROBLEM_COUNTRY_REFUSED] = {"country-refused",
                "The radio could not be told in which country it is: the journal of unbox-regdom@ "
                "says why."},
        [PROBLEM_DNS_PORT_TAKEN] = {"dns-port-taken",
                "Another program has port 53 of every address, so that phones on the hotspot may "
                "get neither addresses nor names. \"ss -lunp sport = :53\" shows which."},
        [PROBLEM_ADDRESS_TAKEN] = {"address-taken",
                "The wire is in the network that the hotspot would use, 10.42.0.0/24, as when a "
                "laptop shares its own connection. While it is plugged in no hotspot opens, or the "
                "page on the wire would be out of reach."},
};

unsigned preflight(const struct preflight_facts *facts)
{
    unsigned found = 0;

    if (facts->nm_running) {
        if (facts->radio == NM_RADIO_MISSING)
            found |= 1U << PROBLEM_NO_RADIO;
        else if (facts->radio_blocked)
            found |= 1U << PROBLEM_RADIO_BLOCKED;
        else if (facts->radio == NM_RADIO_UNMANAGED)
            found |= 1U << PROBLEM_RADIO_UNMANAGED;
        else if (facts->radio >= NM_RADIO_IDLE && !facts->radio_can_serve)
            found |= 1U << PROBLEM_NO_ACCESS_POINT;
        if (facts->radio != NM_RADIO_MISSING && !facts->radio_known)
            found |= 1U << PROBLEM_RADIO_NAME;
    }
    if (!facts->country_known)
        found |= 1U << PROBLEM_COUNTRY_MISSING;
    /* Without a radio the kernel has nobody to tell; it is tried again with the radio. */
    if (facts->country_refused && facts->radio != NM_RADIO_MISSING)
        found |= 1U << PROBLEM_COUNTRY_REFUSED;
    if (facts->dns_port_taken)
        found |= 1U << PROBLEM_DNS_PORT_TAKEN;
    if (facts->address_taken)
        found |= 1U << PROBLEM_ADDRESS_TAKEN;
    return found;
}

const char *problem_name(enum problem problem)
{
    return problems[problem].name;
}

const char *problem_text(enum problem problem)
{
    return problems[problem].text;
}

/* One socket of the kernel's table: "  12: 00000000:0035 00000000:0000 07 …", all hexadecimal. */
static bool takes_dns_port(const char *line, bool tcp)
{
    char address[33];
    unsigned port, state;

    if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", address, &port, &state) != 3)
        return false;
    return port == DNS_PORT && (!tcp || state == TCP_LISTEN) &&
           strspn(address, "0") == strlen(address);
}

bool preflight_dns_port_taken(const char *folder)
{
    static const char *const tables[] = {"udp", "udp6", "tcp", "tcp6"};
    bool taken = false;

    for (size_t i = 0; i < ELEMENTSOF(tables) && !taken; i++) {
        char path[256], line[256];
        FILE *table;

        if (snprintf(path, sizeof(path), "%s/%s", folder, tables[i]) >= (int)sizeof(path))
            continue;
        table = fopen(path, "re");
        while (table && !taken && fgets(line, sizeof(line), table))
            taken = takes_dns_port(line, tables[i][0] == 't');
        if (table)
            fclose(table);
    }
    return taken;
}
