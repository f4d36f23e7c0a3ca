/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The networks in the air, for one to be chosen, and looking for them again. */

#include <stdio.h>
#include <string.h>

#include "plain-network.h"

/* Several access points of one name are one network to the customer, and the strongest, which comes
 * first, stands for it. Those without a name hide. */
static bool is_shown(const json_t *networks, size_t number)
{
    const char *ssid = plain_text(json_array_get(networks, number), "ssid");

    for (size_t i = 0; i < number; i++) {
        if (strcmp(plain_text(json_array_get(networks, i), "ssid"), ssid) == 0)
            return false;
    }
    return ssid[0];
}

/* The device refuses what is too old to be safe. */
static bool can_join(const json_t *network)
{
    return strcmp(plain_text(network, "security"), "wep") != 0;
}

static const char *strength(const struct texts *texts, json_int_t signal)
{
    static const char *const levels[] = {"1", "2", "3", "4"};
    static const json_int_t thresholds[] = {20, 40, 60};
    size_t level = 0;

    while (level < ELEMENTSOF(thresholds) && signal >= thresholds[level])
        level++;
    return text_of(texts, "strength", levels[level]);
}

static void set_network(struct plain *page, const json_t *status, const json_t *network)
{
    const char *ssid = plain_text(network, "ssid"), *security = plain_text(network, "security");
    bool saved = json_is_true(json_object_get(network, "saved"));
    bool joined = plain_is_joined(status, plain_text(network, "ssid_hex"));
    const struct text_gap gaps[] = {{"name", ssid}, {}};
    const char *band = plain_text(network, "band");
    const struct texts *texts = plain_texts(page);

    plain_set(page, "name", ssid);
    plain_set(page, "security", security);
    plain_say(page, "join-name", "join.title", gaps);
    plain_show(page, "if-tag", joined || saved);
    plain_say(page, "tag", joined ? "tag.connected" : "tag.saved", NULL);
    plain_printf(page, "note", "%s · %s%s · %s", text_of(texts, "security", security) ?: security,
            band, band[0] ? " GHz" : "",
            strength(texts, json_integer_value(json_object_get(network, "signal"))));
    plain_show(page, "if-join", plain_can_change(page, status) && !joined && can_join(network));
}

void plain_add_air(struct plain *page, const json_t *status, const json_t *networks, unsigned part)
{
    for (size_t i = 0; i < json_array_size(networks); i++) {
        if (!is_shown(networks, i))
            continue;
        set_network(page, status, json_array_get(networks, i));
        plain_part(page, part);
    }
}

static int on_scanning(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return plain_network_follow(request, answer, userdata, "");
}

int plain_scan(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_NETWORK);

    if (r != 0)
        return r < 0 ? r : 0;
    api_log_change(request, "look for networks");
    return peer_ask(api->network, request, "scan", NULL, PEER_SOON_USEC, on_scanning, api);
}
