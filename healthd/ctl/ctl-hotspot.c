/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The hotspot on request, what stands on its label, and the country of the radio. */

#include <string.h>

#include "ctl.h"

static int switch_hotspot(const char *word)
{
    _cleanup_json_ json_t *answer = NULL;
    bool on = strcmp(word, "on") == 0;
    int r;

    if (!on && strcmp(word, "off") != 0) {
        ctl_complain("the hotspot can be on or off, not \"%s\"", word);
        return UNBOX_EXIT_USAGE;
    }
    r = ctl_ask(CTL_NETWORK, "hotspot", json_pack("{s:b}", "enabled", on), CTL_ASK_USEC, &answer);
    if (r == 0)
        puts(on ? "The hotspot opens; nothing is forgotten."
                : "The hotspot closes; the device goes back to its network.");
    return r;
}

static void print_label(const struct ctl *ctl, const json_t *label)
{
    static const char *const headings[] = {"", "", NULL};
    static const char *const members[] = {"ssid", "password", "qr"};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);

    for (size_t i = 0; i < ELEMENTSOF(members); i++) {
        ctl_table_add(table, CTL_DIM, members[i]);
        ctl_table_add(table, CTL_PLAIN, ctl_text(label, members[i]));
    }
    ctl_table_print(ctl, table);
}

static int show_label(const struct ctl *ctl)
{
    _cleanup_json_ json_t *label = NULL;
    int r = ctl_ask(CTL_NETWORK, "hotspot_label", NULL, CTL_ASK_USEC, &label);

    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(label);
    if (ctl->svg)
        fputs(ctl_text(label, "svg"), stdout);
    else
        print_label(ctl, label);
    return UNBOX_EXIT_OK;
}

int ctl_network_hotspot(const struct ctl *ctl)
{
    bool shows = ctl->label || ctl->svg;

    if (shows == (ctl->words[0] != NULL) || (ctl->json && !shows)) {
        ctl_complain("network hotspot takes on or off, or --label");
        return UNBOX_EXIT_USAGE;
    }
    return shows ? show_label(ctl) : switch_hotspot(ctl->words[0]);
}

int ctl_network_country(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ctl_ask(CTL_NETWORK, "country", json_pack("{s:s}", "code", ctl->words[0]), CTL_ASK_USEC,
            &answer);

    if (r == 0 && *ctl_text(answer, "code"))
        printf("The radio keeps to the rules of %s.\n", ctl_text(answer, "code"));
    else if (r == 0)
        puts("The radio keeps to the rules that hold everywhere, from the next start on.");
    return r;
}
