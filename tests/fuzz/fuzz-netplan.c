/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The customer's netplan file. Any name and password that are taken come out of the file as they
 * went in. The input is a byte of flags, a byte that says how long the name is, name and password.
 */

#include <string.h>

#include "util.h"
#include "wifi-yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct wifi_network *network)
{
    _cleanup_free_ char *text = NULL;
    struct wifi_network back;
    size_t text_size;

    if (wifi_yaml_write(network, "wlan0", "", &text, &text_size) < 0) {
        if (ssid_is_text(&network->ssid))
            abort();
        return;
    }
    if (wifi_yaml_read(text, text_size, &back) < 0 || !ssid_equal(&back.ssid, &network->ssid) ||
            strcmp(back.psk, network->psk) != 0 || back.hidden != network->hidden)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wifi_network network = {};
    struct wifi_network stranger;
    size_t name, psk;

    /* As a file that somebody else wrote: it may be refused, and no more. */
    (void)wifi_yaml_read((const char *)data, size, &stranger);
    if (size < 2)
        return 0;
    network.hidden = data[0] & 1;
    name = data[1] < size - 2 ? data[1] : size - 2;
    psk = size - 2 - name;
    if (ssid_from_bytes(data + 2, name, &network.ssid) < 0)
        return 0;
    if (psk > 0) {
        if (psk_check((const char *)data + 2 + name, psk))
            return 0;
        memcpy(network.psk, data + 2 + name, psk);
    }
    round_trip(&network);
    return 0;
}
