/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire: how it is set up, and setting it up. */

#include <string.h>
#include <systemd/sd-login.h>

#include "ctl.h"

static void add_pair(struct ctl_table *table, const char *name, const char *text)
{
    ctl_table_add(table, CTL_DIM, name);
    ctl_table_add(table, CTL_PLAIN, text);
}

static void add_static(struct ctl_table *table, const json_t *settings)
{
    json_t *server;
    size_t i;

    add_pair(table, "fixed", ctl_text(settings, "address"));
    if (*ctl_text(settings, "gateway"))
        add_pair(table, "gateway", ctl_text(settings, "gateway"));
    json_array_foreach (json_object_get(settings, "dns"), i, server)
        add_pair(table, "dns", json_string_value(server) ?: "");
}

static void print_wired(const struct ctl *ctl, const json_t *wired)
{
    static const char *const headings[] = {"", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    json_t *settings = json_object_get(wired, "static");
    json_t *pending = json_object_get(wired, "pending"), *last = json_object_get(wired, "last");

    add_pair(table, "interface", ctl_text(wired, "interface"));
    add_pair(table, "cable", json_is_true(json_object_get(wired, "carrier")) ? "yes" : "no");
    add_pair(table, "address", *ctl_text(wired, "address") ? ctl_text(wired, "address") : "none");
    add_pair(table, "method", ctl_text(wired, "method"));
    if (json_is_object(settings))
        add_static(table, settings);
    if (json_is_object(pending)) {
        add_pair(table, "change", ctl_text(pending, "step"));
        if (json_is_object(json_object_get(pending, "static")))
            add_static(table, json_object_get(pending, "static"));
    }
    if (json_is_object(last))
        add_pair(table, "last change", ctl_text(last, "message"));
    ctl_table_print(ctl, table);
}

static int show(const struct ctl *ctl)
{
    _cleanup_json_ json_t *wired = NULL;
    int r;

    r = ctl_ask(CTL_NETWORK, "wired", NULL, CTL_ASK_USEC, &wired);
    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(wired);
    print_wired(ctl, wired);
    return UNBOX_EXIT_OK;
}

static int set(json_t *params, bool fixed)
{
    _cleanup_json_ json_t *answer = NULL;
    int r;

    r = ctl_ask(CTL_NETWORK, "set_wired", params, CTL_ASK_USEC, &answer);
    if (r != 0)
        return r;
    if (fixed)
        printf("The address is being tried. It is kept when you reach the device on it within "
               "%" JSON_INTEGER_FORMAT " s,\nand say `unboxctl network wired confirm` there.\n",
                json_integer_value(json_object_get(answer, "confirm_within")));
    else
        puts("The wire gets its address from the network.");
    return UNBOX_EXIT_OK;
}

/* static ADDRESS/PREFIX [GATEWAY [DNS…]] */
static int set_static(char **words)
{
    json_t *dns;

    if (!words[0]) {
        ctl_complain("which address? For example 192.168.1.20/24");
        return UNBOX_EXIT_USAGE;
    }
    dns = json_array();
    for (size_t i = 2; words[1] && words[i]; i++)
        (void)json_array_append_new(dns, json_string(words[i]));
    return set(json_pack("{s:s,s:s,s:s?,s:o}", "method", "static", "address", words[0], "gateway",
                       words[1], "dns", dns),
            true);
}

/* What runs outside of any session, on a serial line without a login for example, isn't. */
static bool session_is_remote(void)
{
    _cleanup_free_ char *session = NULL;

    return sd_pid_get_session(0, &session) >= 0 && sd_session_is_remote(session) > 0;
}

/*
 * Over SSH the address that was reached is known (its third word), and has to be the new one;
 * whoever sits at the console doesn't need the wire. sudo takes the variable away, and would make
 * the one look like the other.
 */
static int confirm(void)
{
    _cleanup_json_ json_t *answer = NULL;
    _cleanup_free_ char *address = NULL;
    const char *ssh = getenv("SSH_CONNECTION");
    json_t *params;
    int r;

    if (ssh && sscanf(ssh, "%*s %*s %ms", &address) != 1)
        address = NULL;
    if (!address && session_is_remote()) {
        ctl_complain("you have come over the network, and SSH_CONNECTION doesn't say to which "
                     "address; try `sudo --preserve-env=SSH_CONNECTION unboxctl network wired "
                     "confirm`");
        return UNBOX_EXIT_USAGE;
    }
    params = address ? json_pack("{s:s}", "address", address) : NULL;
    r = ctl_ask(CTL_NETWORK, "confirm_wired", params, CTL_ASK_USEC, &answer);
    if (r == 0)
        puts("The wire keeps this address.");
    return r;
}

int ctl_network_wired(const struct ctl *ctl)
{
    const char *verb = ctl->words[0];

    if (!verb)
        return show(ctl);
    if (strcmp(verb, "dhcp") == 0 && !ctl->words[1])
        return set(json_pack("{s:s}", "method", "dhcp"), false);
    if (strcmp(verb, "static") == 0)
        return set_static(ctl->words + 1);
    if (strcmp(verb, "confirm") == 0 && !ctl->words[1])
        return confirm();
    ctl_complain("the wire can be set to dhcp, to static ADDRESS/PREFIX, or be confirmed");
    return UNBOX_EXIT_USAGE;
}
