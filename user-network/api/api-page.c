/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the page is, and the code of it. The phone that sets a device up loses the page when the
 * device leaves the hotspot: the next one to open it, or the same, wants to be led there. */

#include "api-page.h"

#include <stdio.h>
#include <string.h>

#include "network.h"
#include "qr.h"

/* By address where the device is in a network: a name needs somebody who answers for it. On the
 * hotspot it is the next network that counts, whose address nobody knows yet. Avahi announces the
 * first label of the hostname. */
static int page_host(const struct network *network, char **ret)
{
    int label = (int)strcspn(network->hostname, ".");
    _cleanup_json_ json_t *announced = NULL;
    const char *host;

    if (network->radio.state == NM_RADIO_UP && !network_on_hotspot(network) &&
            network->radio.address[0]) {
        *ret = strdup(network->radio.address);
        return *ret ? 0 : -ENOMEM;
    }
    announced = announce_to_json(network->announce);
    if (!announced)
        return -ENOMEM;
    host = json_string_value(json_object_get(announced, "host"));
    if (host)
        *ret = strdup(host);
    else if (asprintf(ret, "%.*s.local", label, network->hostname) < 0)
        *ret = NULL;
    return *ret ? 0 : -ENOMEM;
}

/* RFC 3986: an IPv6 address stands in brackets. */
static int page_url(const char *host, unsigned port, char **ret)
{
    bool bracketed = strchr(host, ':') != NULL;

    if (asprintf(ret, "http://%s%s%s:%u/", bracketed ? "[" : "", host, bracketed ? "]" : "", port) <
            0) {
        *ret = NULL;
        return -ENOMEM;
    }
    return 0;
}

int api_page_label(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct network *network = userdata;
    _cleanup_free_ char *host = NULL, *url = NULL, *svg = NULL;
    json_t *label;
    int r;

    r = page_host(network, &host);
    if (r >= 0)
        r = page_url(host, network->port, &url);
    if (r >= 0)
        r = qr_svg(url, &svg);
    if (r < 0)
        return r;
    label = json_pack("{s:s,s:s}", "url", url, "svg", svg);
    return label ? unbox_ipc_reply(call, label) : -ENOMEM;
}
