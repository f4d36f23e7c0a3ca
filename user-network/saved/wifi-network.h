/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A network of the customer's, with all that it takes to join it, and the list of those that are
 * saved. What is valid is said here once: for what comes in over IPC and for what the disk says.
 */

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>

#include "ssid.h"
#include "util.h"

#define PSK_MAX 64
#define EAP_TEXT_MAX 253         /* bytes of a user name (RFC 7542) or of a password */
#define CERTIFICATE_PATH_MAX 191 /* bytes */
#define DNS_MAX 3
#define PRIORITY_MAX 999
#define WIFI_LIST_MAX 32 /* networks; NetworkManager asks for no more hidden ones by name */

enum wifi_kind {
    WIFI_PLAIN, /* open, or with a password: WPA2, WPA3, and what speaks both */
    WIFI_OWE,   /* encrypted without a password */
    WIFI_PEAP,  /* 802.1X: PEAP with MSCHAPv2 inside */
    WIFI_TLS,   /* 802.1X: EAP-TLS */
};

struct wifi_eap {
    char identity[EAP_TEXT_MAX + 1];
    char anonymous[EAP_TEXT_MAX + 1];  /* the name that strangers see; may be empty */
    char password[EAP_TEXT_MAX + 1];   /* PEAP's, or that of the key; the latter may be empty */
    char ca[CERTIFICATE_PATH_MAX + 1]; /* who vouches for the network's server; empty: see domain */
    char domain[EAP_TEXT_MAX + 1]; /* that the server must be of; without a CA the system's vouch;
                                      empty, too: nobody looks who the server is */
    char certificate[CERTIFICATE_PATH_MAX + 1]; /* EAP-TLS only, like the key */
    char key[CERTIFICATE_PATH_MAX + 1];
};

struct wifi_address {
    char address[INET_ADDRSTRLEN]; /* empty: whatever DHCP gives */
    unsigned prefix;               /* bits */
    char gateway[INET_ADDRSTRLEN]; /* empty: none; only with an address */
    char dns[DNS_MAX][INET_ADDRSTRLEN];
    size_t n_dns; /* 0: what DHCP says */
};

struct wifi_network {
    struct ssid ssid;
    enum wifi_kind kind;
    char psk[PSK_MAX + 1]; /* passphrase or 64 digits, see psk_check(); empty: an open network */
    bool hidden;           /* it doesn't tell its name: it has to be asked for */
    int priority;          /* 0 to PRIORITY_MAX; the highest in reach is joined */
    struct wifi_eap eap;
    struct wifi_address address;
};

/* NULL when it is valid; otherwise what is wrong, as a sentence for the customer. */
const char *wifi_network_check(const struct wifi_network *network);

/* "open", "wpa", "owe", "peap" or "tls" */
const char *wifi_kind_name(const struct wifi_network *network);

/* Whether it asks for a user name or a certificate. */
bool wifi_is_enterprise(const struct wifi_network *network);

/* NULL, or what is wrong with it. */
const char *wifi_address_check(const struct wifi_address *address);

/* Whether it is a fixed address without a gateway: a network that need not lead anywhere. */
bool wifi_address_ends_here(const struct wifi_address *address);

bool wifi_network_equal(const struct wifi_network *a, const struct wifi_network *b);

/* Overwrites it, secrets and all. */
void wifi_network_erase(struct wifi_network *network);

/* In the order in which they were joined first; each name once. */
struct wifi_list {
    struct wifi_network *entries;
    size_t n_entries;
};

/* NULL when it isn't there. */
struct wifi_network *wifi_list_find(const struct wifi_list *list, const struct ssid *ssid);

/* Adds it, or replaces the one of this name. 0, -ENOSPC: there are too many, or -ENOMEM. */
int wifi_list_put(struct wifi_list *list, const struct wifi_network *network);

/* Whether it was there. */
bool wifi_list_remove(struct wifi_list *list, const struct ssid *ssid);

/* 0 or -ENOMEM; then *ret is as before. */
int wifi_list_copy(const struct wifi_list *list, struct wifi_list *ret);

/* Forgets all, secrets first. */
void wifi_list_clear(struct wifi_list *list);

/*
 * Which to try next, of those for which `wanted` (NULL: all) holds: the highest priority first,
 * then the one joined last; after `last` (NULL or none: from the start) the one behind it, and
 * around again. NULL when there is none.
 */
const struct wifi_network *wifi_list_next(const struct wifi_list *list, const struct ssid *last,
        bool (*wanted)(const struct wifi_network *network, void *userdata), void *userdata);
