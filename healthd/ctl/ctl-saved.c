/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The networks that the device has saved: which they are, which of them comes first, and forgetting
 * them. */

#include <string.h>

#include "ctl.h"

#define PRIORITY_MAX 999 /* user-network's */

json_t *ctl_saved_network(const json_t *networks, const char *ssid)
{
    json_t *network;
    size_t i;

    json_array_foreach (json_object_get(networks, "saved"), i, network)
        if (strcmp(ctl_text(network, "ssid"), ssid) == 0)
            return network;
    return NULL;
}

static void add_network(struct ctl_table *table, const json_t *network)
{
    bool in_reach = json_is_true(json_object_get(network, "in_reach"));
    const char *address = ctl_text(network, "address");
    _cleanup_free_ char *made = NULL;
    char priority[24];

    snprintf(priority, sizeof(priority), "%" JSON_INTEGER_FORMAT,
            json_integer_value(json_object_get(network, "priority")));
    ctl_table_add(table, in_reach ? CTL_GREEN : CTL_PLAIN, ctl_ssid(network, &made));
    ctl_table_add(table, CTL_PLAIN, priority);
    ctl_table_add(table, CTL_PLAIN, ctl_text(network, "security"));
    ctl_table_add(table, CTL_PLAIN, *address ? address : "dhcp");
    ctl_table_add(table, CTL_PLAIN, in_reach ? "in reach" : "");
}

int ctl_network_saved(const struct ctl *ctl)
{
    static const char *const headings[] = {"SSID", "PRIORITY", "SECURITY", "ADDRESS", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    _cleanup_json_ json_t *answer = NULL;
    json_t *saved, *network;
    size_t i;
    int r;

    r = ctl_ask(CTL_NETWORK, "networks", NULL, CTL_ASK_USEC, &answer);
    if (r != 0)
        return r;
    saved = json_object_get(answer, "saved");
    if (ctl->json)
        return ctl_print_json(saved);
    if (json_array_size(saved) == 0) {
        puts("No network is saved.");
        return UNBOX_EXIT_OK;
    }
    json_array_foreach (saved, i, network)
        add_network(table, network);
    ctl_table_print(ctl, table);
    return UNBOX_EXIT_OK;
}

int ctl_network_priority(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int priority, r;

    if (!ctl_number("the priority", ctl->words[1], 0, PRIORITY_MAX, &priority))
        return UNBOX_EXIT_USAGE;
    r = ctl_ask(CTL_NETWORK, "set_priority",
            json_pack("{s:s,s:i}", "ssid", ctl->words[0], "priority", priority), CTL_ASK_USEC,
            &answer);
    if (r == 0)
        puts("Of the saved networks in reach the one with the highest priority is joined.");
    return r;
}

int ctl_network_forget(const struct ctl *ctl)
{
    const char *ssid = ctl->words[0];
    _cleanup_json_ json_t *answer = NULL;
    int r;

    r = ctl_ask(CTL_NETWORK, "forget", ssid ? json_pack("{s:s}", "ssid", ssid) : NULL, CTL_ASK_USEC,
            &answer);
    if (r == 0)
        puts(ssid ? "The network is forgotten."
                  : "All saved networks are forgotten; the hotspot opens when there is no wire.");
    return r;
}

int ctl_network_reset(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r;

    r = ctl_ask(CTL_NETWORK, "reset", NULL, CTL_ASK_USEC, &answer);
    if (r == 0)
        puts("The network is as on a new device; the hotspot opens when there is no wire.");
    return r;
}
