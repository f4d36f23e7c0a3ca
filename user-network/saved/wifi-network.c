/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules for a network of the customer's, and the list that is kept of them. */

#include "wifi-network.h"

#include <glib.h>
#include <string.h>

/* Text that can stand in any file: UTF-8 without controls. */
static bool is_text(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool is_path(const char *path)
{
    return path[0] == '/' && is_text(path);
}

/* "radius.example.org": as wpa_supplicant compares it, and no list of them. */
static bool is_domain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] ==
           '\0';
}

static const char *check_eap(const struct wifi_network *network)
{
    const struct wifi_eap *eap = &network->eap;

    if (!eap->identity[0] || !is_text(eap->identity) || !is_text(eap->anonymous))
        return "This network needs a user name.";
    if (!is_text(eap->password))
        return "The password has characters that cannot be in it.";
    if (eap->ca[0] && !is_path(eap->ca))
        return "The network's certificate is missing.";
    if (!is_domain(eap->domain))
        return "The network's domain must look like radius.example.org.";
    if (network->kind == WIFI_PEAP) {
        if (!eap->password[0])
            return "This network needs a user name and a password.";
        return eap->certificate[0] || eap->key[0]
                       ? "A certificate and its key are for networks that take no password."
                       : NULL;
    }
    if (!is_path(eap->certificate) || !is_path(eap->key))
        return "This network needs a certificate and its key.";
    return NULL;
}

/* The address in the host's order, and whether it is one that a single machine can have. */
static bool read_host(const char *text, uint32_t *ret)
{
    struct in_addr in;
    uint32_t address;

    if (inet_pton(AF_INET, text, &in) != 1)
        return false;
    address = ntohl(in.s_addr);
    if (address >> 24 == 0 || address >> 24 == 127 || address >> 28 >= 14)
        return false;
    *ret = address;
    return true;
}

const char *wifi_address_check(const struct wifi_address *address)
{
    uint32_t own, gateway, mask, dns;

    for (size_t i = 0; i < address->n_dns; i++)
        if (!read_host(address->dns[i], &dns))
            return "The address of a name server must look like 192.168.1.1.";
    if (!address->address[0])
        return address->gateway[0] ? "A gateway needs a fixed address beside it." : NULL;
    if (!read_host(address->address, &own) || address->prefix < 1 || address->prefix > 30)
        return "A fixed address must look like 192.168.1.20/24.";
    mask = UINT32_MAX << (32 - address->prefix);
    if ((own & ~mask) == 0 || (own & ~mask) == ~mask)
        return "The fixed address is that of a whole network: its last number must be another.";
    if (!address->gateway[0])
        return NULL;
    if (!read_host(address->gateway, &gateway) || (gateway & mask) != (own & mask))
        return "The gateway must be in the same network as the fixed address.";
    return gateway == own ? "The gateway must be another machine than this device." : NULL;
}

const char *wifi_network_check(const struct wifi_network *network)
{
    const char *wrong;

    if (!ssid_is_text(&network->ssid))
        return "This device cannot join a network whose name is not UTF-8 text or has a NUL in it.";
    if (network->priority < 0 || network->priority > PRIORITY_MAX)
        return "A priority is a number from 0 to 999.";
    wrong = wifi_address_check(&network->address);
    if (wrong)
        return wrong;
    if (wifi_is_enterprise(network))
        return network->psk[0] ? "This network takes a user name." : check_eap(network);
    if (network->kind == WIFI_OWE && network->psk[0])
        return "This network is open: leave the password empty.";
    return network->psk[0] ? psk_check(network->psk, strlen(network->psk)) : NULL;
}

const char *wifi_kind_name(const struct wifi_network *network)
{
    static const char *const names[] = {
            [WIFI_OWE] = "owe", [WIFI_PEAP] = "peap", [WIFI_TLS] = "tls"};

    if (network->kind == WIFI_PLAIN)
        return network->psk[0] ? "wpa" : "open";
    return names[network->kind];
}

bool wifi_is_enterprise(const struct wifi_network *network)
{
    return network->kind == WIFI_PEAP || network->kind == WIFI_TLS;
}

static bool same_address(const struct wifi_address *a, const struct wifi_address *b)
{
    if (strcmp(a->address, b->address) != 0 || a->prefix != b->prefix ||
            strcmp(a->gateway, b->gateway) != 0 || a->n_dns != b->n_dns)
        return false;
    for (size_t i = 0; i < a->n_dns; i++)
        if (strcmp(a->dns[i], b->dns[i]) != 0)
            return false;
    return true;
}

static bool same_eap(const struct wifi_eap *a, const struct wifi_eap *b)
{
    return strcmp(a->identity, b->identity) == 0 && strcmp(a->anonymous, b->anonymous) == 0 &&
           strcmp(a->password, b->password) == 0 && strcmp(a->ca, b->ca) == 0 &&
           strcmp(a->domain, b->domain) == 0 && strcmp(a->certificate, b->certificate) == 0 &&
           strcmp(a->key, b->key) == 0;
}

bool wifi_network_equal(const struct wifi_network *a, const struct wifi_network *b)
{
    return ssid_equal(&a->ssid, &b->ssid) && a->kind == b->kind && strcmp(a->psk, b->psk) == 0 &&
           a->hidden == b->hidden && a->priority == b->priority && same_eap(&a->eap, &b->eap) &&
           same_address(&a->address, &b->address);
}

void wifi_network_erase(struct wifi_network *network)
{
    explicit_bzero(network, sizeof(*network));
}

struct wifi_network *wifi_list_find(const struct wifi_list *list, const struct ssid *ssid)
{
    for (size_t i = 0; i < list->n_entries; i++)
        if (ssid_equal(&list->entries[i].ssid, ssid))
            return &list->entries[i];
    return NULL;
}

/* Not by realloc(), which would leave the secrets where they were. */
static int copy_with_room(const struct wifi_list *list, size_t room, struct wifi_list *ret)
{
    struct wifi_list copy = {.n_entries = list->n_entries};

    if (list->n_entries + room > 0) {
        copy.entries = calloc(list->n_entries + room, sizeof(*copy.entries));
        if (!copy.entries)
            return -ENOMEM;
    }
    if (list->n_entries > 0)
        memcpy(copy.entries, list->entries, list->n_entries * sizeof(*copy.entries));
    *ret = copy;
    return 0;
}

int wifi_list_copy(const struct wifi_list *list, struct wifi_list *ret)
{
    return copy_with_room(list, 0, ret);
}

int wifi_list_put(struct wifi_list *list, const struct wifi_network *network)
{
    struct wifi_network *known = wifi_list_find(list, &network->ssid);
    struct wifi_list longer;
    int r;

    if (known) {
        *known = *network;
        return 0;
    }
    if (list->n_entries >= WIFI_LIST_MAX)
        return -ENOSPC;
    r = copy_with_room(list, 1, &longer);
    if (r < 0)
        return r;
    longer.entries[longer.n_entries++] = *network;
    wifi_list_clear(list);
    *list = longer;
    return 0;
}

bool wifi_list_remove(struct wifi_list *list, const struct ssid *ssid)
{
    struct wifi_network *known = wifi_list_find(list, ssid);
    struct wifi_network *last;

    if (!known)
        return false;
    last = &list->entries[--list->n_entries];
    memmove(known, known + 1, (size_t)(last - known) * sizeof(*known));
    explicit_bzero(last, sizeof(*last));
    return true;
}

void wifi_list_clear(struct wifi_list *list)
{
    if (list->entries)
        explicit_bzero(list->entries, list->n_entries * sizeof(*list->entries));
    free(list->entries);
    *list = (struct wifi_list){};
}

/* Whether `a` is to be tried before `b`; both are of this list, in which the latest is last. */
static bool goes_before(const struct wifi_network *a, const struct wifi_network *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a > b;
}

const struct wifi_network *wifi_list_next(const struct wifi_list *list, const struct ssid *last,
        bool (*wanted)(const struct wifi_network *network, void *userdata), void *userdata)
{
    const struct wifi_network *tried = last ? wifi_list_find(list, last) : NULL;
    const struct wifi_network *first = NULL, *next = NULL;

    for (size_t i = 0; i < list->n_entries; i++) {
        const struct wifi_network *entry = &list->entries[i];

        if (wanted && !wanted(entry, userdata))
            continue;
        if (!first || goes_before(entry, first))
            first = entry;
        if (tried && goes_before(tried, entry) && (!next || goes_before(entry, next)))
            next = entry;
    }
    return next ?: first;
}

bool wifi_address_ends_here(const struct wifi_address *address)
{
    return address->address[0] && !address->gateway[0];
}
