/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Says what is going on, to people and to the page, from what network.c has gathered. */

#include "status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hotspot.h"
#include "network-wire.h"
#include "preflight.h"

/* As long as the page shows it. */
#define VERDICT_MATTERS_USEC (3600 * USEC_PER_SEC)

static void print_wire(struct network *network, FILE *line)
{
    if (network->wire.carrier && network->wire.address[0])
        fprintf(line, "wired on %s, %s", network->wired_interface, network->wire.address);
    else
        fprintf(line, "no wire");
}

static void print_waiting(struct network *network, uint64_t now_usec, FILE *line)
{
    const struct wifi_network *saved = saved_first(network->saved);
    int64_t limit = unbox_config_int(network->config, "network.boot_wait_seconds");
    uint64_t since = network->life.waiting_since;
    uint64_t waited = since && now_usec > since ? (now_usec - since) / USEC_PER_SEC : 0;
    char name[SSID_DISPLAY_MAX];

    fprintf(line, "%s saved network %s",
            network->radio.state >= NM_RADIO_ASSOCIATING ? "connecting to" : "waiting for",
            ssid_display(&saved->ssid, name));
    if ((int64_t)waited < limit)
        fprintf(line, " (%u s of %u s)", (unsigned)waited, (unsigned)limit);
}

/* Starting: something is still missing, and this is what. */
static void print_starting(struct network *network, uint64_t now_usec, FILE *line)
{
    char name[SSID_DISPLAY_MAX];

    if (!nm_running(network->nm))
        fprintf(line, "NetworkManager is not running, waiting for it");
    else if (!network->radio.enabled)
        fprintf(line, "switching the radio %s on", network->wifi_interface);
    else if (network->radio.state == NM_RADIO_UNAVAILABLE)
        fprintf(line, "the radio %s is not ready, is wpa_supplicant running?",
                network->wifi_interface);
    else if (network->hotspot_problem)
        fprintf(line, "hotspot %s could not be opened on %s: %s; trying again",
                ssid_display(&network->hotspot_ssid, name), network->wifi_interface,
                network->hotspot_problem);
    else if (network->opening || network_on_hotspot(network))
        fprintf(line, "opening hotspot %s on %s", ssid_display(&network->hotspot_ssid, name),
                network->wifi_interface);
    else if (saved_first(network->saved))
        print_waiting(network, now_usec, line);
    else if (network->wire.carrier)
        fprintf(line, "waiting for an address on %s", network->wired_interface);
    else
        fprintf(line, "starting");
}

static void print_no_radio(struct network *network, FILE *line)
{
    if (network->radio.blocked)
        fprintf(line, "radio %s blocked by a switch", network->wifi_interface);
    else if (network->radio.state == NM_RADIO_UNMANAGED)
        fprintf(line, "NetworkManager does not manage %s", network->wifi_interface);
    else
        fprintf(line, "no radio %s", network->wifi_interface);
}

/* Of what is in the way only what the line doesn't say yet, and what keeps people from coming. */
static void print_problems(struct network *network, FILE *line)
{
    if (network->problems & 1U << PROBLEM_NO_ACCESS_POINT)
        fprintf(line, "; %s can't open a hotspot", network->wifi_interface);
    if (network->problems & 1U << PROBLEM_COUNTRY_REFUSED)
        fprintf(line, "; the country %s could not be set", country_code(network->country));
    if (network->problems & 1U << PROBLEM_DNS_PORT_TAKEN && network->decision.state == LIFE_HOTSPOT)
        fputs("; port 53 is taken, phones may get no address", line);
}

static void print_hotspot(struct network *network, FILE *line)
{
    const struct wifi_network *saved = saved_first(network->saved);
    unsigned clients = stations_count(network->stations);
    char name[SSID_DISPLAY_MAX];

    fprintf(line, "hotspot %s on %s, %u client%s, ", ssid_display(&network->hotspot_aired, name),
            network->wifi_interface, clients, clients == 1 ? "" : "s");
    if (network->hotspot_requested)
        fprintf(line, "open on request");
    else if (saved)
        fprintf(line, "looking for saved network %s", ssid_display(&saved->ssid, name));
    else
        fprintf(line, "waiting for a network");
}

static void print_state(struct network *network, uint64_t now_usec, FILE *line)
{
    _cleanup_free_ char *joining = NULL;
    char name[SSID_DISPLAY_MAX];

    switch (network->decision.state) {
    case LIFE_STARTING:
        print_starting(network, now_usec, line);
        break;
    case LIFE_SCANNING:
        fprintf(line, "scanning for networks before the hotspot opens");
        break;
    case LIFE_HOTSPOT:
        print_hotspot(network, line);
        break;
    case LIFE_JOINING:
        if (join_summary(network->join, &joining) == 0)
            fputs(joining, line);
        break;
    case LIFE_CONNECTED:
        fprintf(line, "connected to %s on %s, %s", ssid_display(&network->radio.ssid, name),
                network->wifi_interface,
                network->radio.address[0] ? network->radio.address : "no address");
        if (network->verdict.code == VERDICT_NO_INTERNET &&
                ssid_equal(&network->radio.ssid, &network->verdict.ssid))
            fputs(", no internet", line);
        break;
    case LIFE_WIRED:
        print_wire(network, line);
        if (network->radio.state == NM_RADIO_MISSING || network->radio.blocked ||
                network->radio.state == NM_RADIO_UNMANAGED) {
            fputs("; ", line);
            print_no_radio(network, line);
        } else if (saved_first(network->saved)) {
            fputs("; ", line);
            print_waiting(network, now_usec, line);
        }
        break;
    case LIFE_RADIO_OFF:
        fputs("radio switched off by the customer, ", line);
        print_wire(network, line);
        break;
    case LIFE_NO_RADIO:
        print_no_radio(network, line);
        fputs(", ", line);
        print_wire(network, line);
        break;
    }
}

/* Bad news is worth the line until the device is on that network all the same, or is on another and
 * has been for a while. */
static bool verdict_matters(const struct network *network)
{
    const struct verdict *verdict = &network->verdict;
    uint64_t now_usec = (uint64_t)time(NULL) * USEC_PER_SEC;

    if (verdict->code <= VERDICT_JOINED || network->decision.state == LIFE_JOINING)
        return false;
    if (network->decision.state != LIFE_CONNECTED)
        return verdict->code != VERDICT_NO_INTERNET;
    return !ssid_equal(&network->radio.ssid, &verdict->ssid) &&
           now_usec < verdict->time_usec + VERDICT_MATTERS_USEC;
}

int status_summary(struct network *network, uint64_t now_usec, char **ret)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    FILE *line = open_memstream(&text, &size);

    if (!line)
        return -ENOMEM;
    print_state(network, now_usec, line);
    if (verdict_matters(network))
        fprintf(line, "; last join: %s", network->verdict.message);
    wired_print(network->wired, line);
    if (announce_other_name(network->announce))
        fprintf(line, "; found as %s.local, not by its own name",
                announce_other_name(network->announce));
    if (saved_stranger(network->saved))
        fputs("; a file in /etc/netplan that is not ours is broken", line);
    if (saved_uncopied(network->saved))
        fputs("; /etc/netplan can't be written", line);
    print_problems(network, line);
    if (fclose(line) != 0)
        return -ENOMEM;
    *ret = STEAL(text);
    return 0;
}

/* Null when it isn't text. */
static json_t *ssid_text(const struct ssid *ssid)
{
    return ssid_is_text(ssid) ? json_stringn((const char *)ssid->bytes, ssid->size) : json_null();
}

/* "ssid" and "ssid_hex". */
static json_t *ssid_to_json(const struct ssid *ssid)
{
    char hex[SSID_HEX_MAX];

    ssid_to_hex(ssid, hex);
    return json_pack("{s:o,s:s}", "ssid", ssid_text(ssid), "ssid_hex", hex);
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *hotspot_to_json(struct network *network)
{
    if (network->decision.state != LIFE_HOTSPOT)
        return json_null();
    return json_pack("{s:o,s:s,s:s,s:i}", "ssid", ssid_text(&network->hotspot_aired), "interface",
            network->wifi_interface, "address", HOTSPOT_ADDRESS, "clients",
            (int)stations_count(network->stations));
}

static json_t *wifi_to_json(struct network *network)
{
    json_t *wifi;

    if (network->radio.state != NM_RADIO_UP || network_on_hotspot(network))
        return json_null();
    wifi = ssid_to_json(&network->radio.ssid);
    json_object_set_new(wifi, "interface", json_string(network->wifi_interface));
    json_object_set_new(wifi, "address", text_or_null(network->radio.address));
    json_object_set_new(wifi, "signal", json_integer(network->radio.signal));
    return wifi;
}

static json_t *problems_to_json(const struct network *network)
{
    json_t *list = json_array();

    for (enum problem problem = 0; problem < _PROBLEMS; problem++)
        if (network->problems & 1U << problem)
            json_array_append_new(list, json_pack("{s:s,s:s}", "code", problem_name(problem),
                                                "message", problem_text(problem)));
    return list;
}

/* What can be set, and what is in the way of it. */
static json_t *add_settings(const struct network *network, json_t *status)
{
    const char *source = country_source(network->country);

    json_object_set_new(status, "hotspot_settings",
            json_pack("{s:s,s:s,s:i,s:b}", "ssid", network->settings.ssid, "band",
                    network->hotspot.band, "channel", (int)network->hotspot.channel, "requested",
                    network->hotspot_requested));
    json_object_set_new(status, "country",
            json_pack("{s:o,s:o,s:o}", "code", text_or_null(country_code(network->country)),
                    "source", text_or_null(source), "problem",
                    text_or_null(country_problem(network->country))));
    json_object_set_new(status, "problems", problems_to_json(network));
    return status;
}

json_t *status_to_json(struct network *network, uint64_t now_usec)
{
    const struct wifi_network *saved = saved_first(network->saved);
    _cleanup_free_ char *summary = NULL;
    json_t *status;

    if (status_summary(network, now_usec, &summary) < 0)
        return NULL;
    status = json_pack("{s:s,s:s,s:s,s:i,s:o,s:b,s:o,s:o,s:o,s:o,s:o?,s:o?}", "state",
            life_state_name(network->decision.state), "summary", summary, "hostname",
            network->hostname, "port", (int)network->port, "announced",
            announce_to_json(network->announce), "radio_enabled", network->radio.enabled, "hotspot",
            hotspot_to_json(network), "wifi", wifi_to_json(network), "wired",
            network_wire_to_json(network), "saved",
            saved ? ssid_to_json(&saved->ssid) : json_null(), "join", join_to_json(network->join),
            "verdict", verdict_to_json(&network->verdict));
    return status ? add_settings(network, status) : NULL;
}

static json_t *entry_to_json(
        struct network *network, const struct scan_entry *entry, uint64_t now_usec)
{
    json_t *object = ssid_to_json(&entry->ssid);
    uint64_t age = now_usec > entry->seen_usec ? now_usec - entry->seen_usec : 0;

    json_object_set_new(object, "signal", json_integer(entry->signal));
    json_object_set_new(object, "security", json_string(security_name(entry->security)));
    json_object_set_new(object, "band", json_string(band_name(entry->frequency)));
    json_object_set_new(object, "age_seconds", json_integer(age / USEC_PER_SEC));
    json_object_set_new(
            object, "saved", json_boolean(saved_find(network->saved, &entry->ssid) != NULL));
    return object;
}

static json_t *address_to_json(const struct wifi_address *address)
{
    json_t *object = json_object(), *dns = json_array();
    char text[INET_ADDRSTRLEN + 4];

    if (address->address[0]) {
        snprintf(text, sizeof(text), "%s/%u", address->address, address->prefix);
        json_object_set_new(object, "address", json_string(text));
        json_object_set_new(object, "gateway", text_or_null(address->gateway));
    }
    for (size_t i = 0; i < address->n_dns; i++)
        json_array_append_new(dns, json_string(address->dns[i]));
    json_object_set_new(object, "dns", dns);
    return object;
}

/* All but the secrets. */
static json_t *saved_to_json(struct network *network, const struct wifi_network *saved)
{
    json_t *object = ssid_to_json(&saved->ssid);

    json_object_set_new(object, "security", json_string(wifi_kind_name(saved)));
    json_object_set_new(object, "hidden", json_boolean(saved->hidden));
    json_object_set_new(object, "priority", json_integer(saved->priority));
    json_object_set_new(object, "identity", text_or_null(saved->eap.identity));
    json_object_set_new(
            object, "in_reach", json_boolean(scan_list_find(&network->air, &saved->ssid) != NULL));
    json_object_update_new(object, address_to_json(&saved->address));
    return object;
}

json_t *status_networks_to_json(struct network *network, uint64_t now_usec)
{
    const struct wifi_list *networks = saved_networks(network->saved);
    json_t *list = json_array(), *saved = json_array();

    for (size_t i = 0; i < network->air.n_entries; i++)
        json_array_append_new(list, entry_to_json(network, &network->air.entries[i], now_usec));
    for (size_t i = 0; i < networks->n_entries; i++)
        json_array_append_new(saved, saved_to_json(network, &networks->entries[i]));
    return json_pack("{s:o,s:o,s:b}", "networks", list, "saved", saved, "scanning",
            network->scan_started != 0);
}
