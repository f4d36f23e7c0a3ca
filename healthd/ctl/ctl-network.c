/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The network in words, and what is in the air. */

#include <string.h>

#include "ctl.h"

static void add_pair(struct ctl_table *table, const char *name, const char *text)
{
    ctl_table_add(table, CTL_DIM, name);
    ctl_table_add(table, CTL_PLAIN, text);
}

_printf_(3, 4) static void add_line(
        struct ctl_table *table, const char *name, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    add_pair(table, name, text);
}

const char *ctl_ssid(const json_t *network, char **ret_made)
{
    *ret_made = NULL;
    if (*ctl_text(network, "ssid") || !*ctl_text(network, "ssid_hex"))
        return ctl_text(network, "ssid");
    if (asprintf(ret_made, "0x%s", ctl_text(network, "ssid_hex")) < 0)
        abort();
    return *ret_made;
}

static void add_interfaces(struct ctl_table *table, const json_t *status)
{
    json_t *hotspot = json_object_get(status, "hotspot");
    json_t *wifi = json_object_get(status, "wifi"), *wired = json_object_get(status, "wired");
    _cleanup_free_ char *made = NULL;

    if (json_is_object(hotspot))
        add_line(table, "hotspot", "%s on %s, %s, clients: %" JSON_INTEGER_FORMAT,
                ctl_text(hotspot, "ssid"), ctl_text(hotspot, "interface"),
                ctl_text(hotspot, "address"),
                json_integer_value(json_object_get(hotspot, "clients")));
    if (json_is_object(wifi))
        add_line(table, "wifi", "%s on %s, %s, signal %" JSON_INTEGER_FORMAT " %%",
                ctl_ssid(wifi, &made), ctl_text(wifi, "interface"),
                *ctl_text(wifi, "address") ? ctl_text(wifi, "address") : "no address",
                json_integer_value(json_object_get(wifi, "signal")));
    add_line(table, "wired", "%s, %s", ctl_text(wired, "interface"),
            !json_is_true(json_object_get(wired, "carrier")) ? "no cable"
            : *ctl_text(wired, "address")                    ? ctl_text(wired, "address")
                                                             : "no address");
}

/* An older user-network says none. */
static void add_problems(struct ctl_table *table, const json_t *status)
{
    json_t *country = json_object_get(status, "country"), *problem;
    size_t i;

    if (*ctl_text(country, "code"))
        add_line(table, "country", "%s, by the %s", ctl_text(country, "code"),
                ctl_text(country, "source"));
    json_array_foreach (json_object_get(status, "problems"), i, problem)
        add_pair(table, "problem", ctl_text(problem, "message"));
}

static void print_status(const struct ctl *ctl, const json_t *status)
{
    static const char *const headings[] = {"", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    json_t *saved = json_object_get(status, "saved"), *join = json_object_get(status, "join");
    json_t *verdict = json_object_get(status, "verdict");
    _cleanup_free_ char *made = NULL;

    add_pair(table, "state", ctl_text(status, "state"));
    add_pair(table, "summary", ctl_text(status, "summary"));
    add_interfaces(table, status);
    add_pair(table, "saved", json_is_object(saved) ? ctl_ssid(saved, &made) : "no network");
    add_pair(table, "radio", json_is_true(json_object_get(status, "radio_enabled")) ? "on" : "off");
    add_line(table, "page", "http://%s:%" JSON_INTEGER_FORMAT, ctl_text(status, "hostname"),
            json_integer_value(json_object_get(status, "port")));
    add_problems(table, status);
    if (json_is_object(join))
        add_line(table, "joining", "%s: %s, since %s", ctl_text(join, "ssid"),
                ctl_text(join, "step"), ctl_text(join, "started"));
    if (json_is_object(verdict))
        add_line(table, "last join", "%s (%s)", ctl_text(verdict, "message"),
                ctl_text(verdict, "time"));
    ctl_table_print(ctl, table);
}

int ctl_network(const struct ctl *ctl)
{
    _cleanup_json_ json_t *status = NULL;
    int r;

    r = ctl_ask(CTL_NETWORK, "status", NULL, CTL_ASK_USEC, &status);
    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(status);
    print_status(ctl, status);
    return UNBOX_EXIT_OK;
}

static void print_networks(const struct ctl *ctl, const json_t *networks)
{
    static const char *const headings[] = {"SSID", "SIGNAL", "SECURITY", "BAND", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    json_t *network;
    size_t i;

    json_array_foreach (networks, i, network) {
        _cleanup_free_ char *made = NULL;
        bool saved = json_is_true(json_object_get(network, "saved"));
        char signal[24];

        snprintf(signal, sizeof(signal), "%3" JSON_INTEGER_FORMAT " %%",
                json_integer_value(json_object_get(network, "signal")));
        ctl_table_add(table, saved ? CTL_GREEN : CTL_PLAIN, ctl_ssid(network, &made));
        ctl_table_add(table, CTL_PLAIN, signal);
        ctl_table_add(table, CTL_PLAIN, ctl_text(network, "security"));
        ctl_table_add(table, CTL_PLAIN, ctl_text(network, "band"));
        ctl_table_add(table, CTL_PLAIN, saved ? "saved" : "");
    }
    ctl_table_print(ctl, table);
}

int ctl_network_networks(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ctl_ask(CTL_NETWORK, "networks", NULL, CTL_ASK_USEC, &answer);

    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(answer);
    print_networks(ctl, json_object_get(answer, "networks"));
    return UNBOX_EXIT_OK;
}

int ctl_network_scan(const struct ctl *ctl)
{
    int r = ctl_scan();

    return r != 0 ? r : ctl_network_networks(ctl);
}

int ctl_network_radio(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    bool on = strcmp(ctl->words[0], "on") == 0;
    int r;

    if (!on && strcmp(ctl->words[0], "off") != 0) {
        ctl_complain("the radio can be switched on or off, not \"%s\"", ctl->words[0]);
        return UNBOX_EXIT_USAGE;
    }
    r = ctl_ask(CTL_NETWORK, "radio", json_pack("{s:b}", "enabled", on), CTL_ASK_USEC, &answer);
    if (r == 0)
        printf("The radio is switched %s, and stays so.\n", on ? "on" : "off");
    return r;
}
