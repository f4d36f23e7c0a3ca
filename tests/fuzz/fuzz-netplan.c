/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The customer's netplan file. Whatever is valid comes out of the file as it went in, alone and
 * beside another network. The input is a byte of flags, a byte that says how long the name is, name
 * and password; with the flags of 802.1X the password is cut at each ',' into what such a network
 * has, and with that of an address into address, gateway and name server.
 */

#include <stdio.h>
#include <string.h>

#include "util.h"
#include "wifi-yaml.h"

enum flags {
    FLAG_HIDDEN = 1,
    FLAG_OWE = 2,
    FLAG_PEAP = 4,
    FLAG_TLS = 8,
    FLAG_ADDRESS = 16,
    FLAG_PRIORITY = 32,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct wifi_list *list)
{
    _cleanup_(wifi_list_clear) struct wifi_list back = {};
    _cleanup_free_ char *text = NULL;
    size_t text_size;

    if (wifi_yaml_write(list, "wlan0", &text, &text_size) < 0) {
        for (size_t i = 0; i < list->n_entries; i++)
            if (wifi_network_check(&list->entries[i]))
                return;
        abort();
    }
    if (wifi_yaml_read(text, text_size, &back) < 0 || back.n_entries != list->n_entries)
        abort();
    for (size_t i = 0; i < list->n_entries; i++)
        if (!wifi_network_equal(&list->entries[i], &back.entries[i]))
            abort();
}

/* As a file that somebody else wrote: it may be refused, and what isn't can be written. */
static void read_stranger(const uint8_t *data, size_t size)
{
    _cleanup_(wifi_list_clear) struct wifi_list stranger = {};

    if (wifi_yaml_read((const char *)data, size, &stranger) >= 0)
        round_trip(&stranger);
}

/* The next part of `rest`, as far as it fits. */
static void cut(char **rest, char *ret, size_t max)
{
    const char *part = strsep(rest, ",");

    snprintf(ret, max, "%s", part ?: "");
}

static void fill(struct wifi_network *network, uint8_t flags, char *text)
{
    struct wifi_eap *eap = &network->eap;
    struct wifi_address *address = &network->address;

    if (flags & FLAG_OWE)
        network->kind = WIFI_OWE;
    if (flags & (FLAG_PEAP | FLAG_TLS)) {
        network->kind = flags & FLAG_TLS ? WIFI_TLS : WIFI_PEAP;
        cut(&text, eap->identity, sizeof(eap->identity));
        cut(&text, eap->anonymous, sizeof(eap->anonymous));
        cut(&text, eap->password, sizeof(eap->password));
        cut(&text, eap->ca, sizeof(eap->ca));
        if (flags & FLAG_TLS) {
            cut(&text, eap->certificate, sizeof(eap->certificate));
            cut(&text, eap->key, sizeof(eap->key));
        }
        cut(&text, eap->domain, sizeof(eap->domain));
    }
    if (flags & FLAG_ADDRESS) {
        cut(&text, address->address, sizeof(address->address));
        address->prefix = address->address[0] ? 24 : 0;
        cut(&text, address->gateway, sizeof(address->gateway));
        if (text)
            cut(&text, address->dns[address->n_dns++], sizeof(address->dns[0]));
    }
    if (text && !(flags & (FLAG_PEAP | FLAG_TLS)))
        cut(&text, network->psk, sizeof(network->psk));
    if (flags & FLAG_PRIORITY)
        network->priority = flags;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wifi_network networks[2] = {{.ssid = {"\"other\"", 7}, .psk = "12345678"}};
    _cleanup_free_ char *text = NULL;
    size_t name;

    read_stranger(data, size);
    if (size < 2)
        return 0;
    networks[1].hidden = data[0] & FLAG_HIDDEN;
    name = data[1] < size - 2 ? data[1] : size - 2;
    if (ssid_from_bytes(data + 2, name, &networks[1].ssid) < 0 ||
            ssid_equal(&networks[0].ssid, &networks[1].ssid))
        return 0;
    text = strndup((const char *)data + 2 + name, size - 2 - name);
    if (!text)
        return 0;
    fill(&networks[1], data[0], text);
    round_trip(&(struct wifi_list){&networks[1], 1});
    round_trip(&(struct wifi_list){networks, 2});
    return 0;
}
