/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads the customer's netplan file back, with libyaml. Only what wifi-yaml.c writes is known: a
 * file that says anything else in these places isn't ours, and isn't guessed at.
 */

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "wifi-yaml-keys.h"
#include "wifi-yaml.h"

static bool scalar_is(const yaml_node_t *node, const char *text)
{
    return node && node->type == YAML_SCALAR_NODE && node->data.scalar.length == strlen(text) &&
           memcmp(node->data.scalar.value, text, node->data.scalar.length) == 0;
}

/* The value of `key` in a mapping, or NULL. */
static yaml_node_t *lookup(yaml_document_t *document, const yaml_node_t *map, const char *key)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
            pair++)
        if (scalar_is(yaml_document_get_node(document, pair->key), key))
            return yaml_document_get_node(document, pair->value);
    return NULL;
}

/* The value of the one pair that a mapping has. */
static int only_value(yaml_document_t *document, const yaml_node_t *map, yaml_node_t **ret)
{
    if (!map || map->type != YAML_MAPPING_NODE ||
            map->data.mapping.pairs.top - map->data.mapping.pairs.start != 1)
        return -EBADMSG;
    *ret = yaml_document_get_node(document, map->data.mapping.pairs.start->value);
    return 0;
}

/* The text behind `key`, "" when there is no such key. */
static int read_text(
        yaml_document_t *document, const yaml_node_t *map, const char *key, char *ret, size_t max)
{
    const yaml_node_t *node = lookup(document, map, key);

    *ret = '\0';
    if (!node)
        return 0;
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.length >= max ||
            memchr(node->data.scalar.value, '\0', node->data.scalar.length))
        return -EBADMSG;
    memcpy(ret, node->data.scalar.value, node->data.scalar.length);
    ret[node->data.scalar.length] = '\0';
    return 0;
}

static int read_number(const char *text, unsigned max, unsigned *ret)
{
    unsigned number = 0;

    if (!*text)
        return -EBADMSG;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -EBADMSG;
        number = number * 10 + (unsigned)(*text - '0');
        if (number > max)
            return -EBADMSG;
    }
    *ret = number;
    return 0;
}

/* "192.168.1.20/24,192.168.1.1"; the text is taken apart. */
static int read_address(char *text, struct wifi_address *ret)
{
    char *rest = text;
    char *address = strsep(&rest, ",");
    char *prefix = address;

    if (!copy_text(ret->address, sizeof(ret->address), strsep(&prefix, "/")) || !prefix)
        return -EBADMSG;
    if (rest && !copy_text(ret->gateway, sizeof(ret->gateway), rest))
        return -EBADMSG;
    return read_number(prefix, 32, &ret->prefix);
}

/* "1.1.1.1;8.8.8.8;" */
static int read_dns(char *text, struct wifi_address *ret)
{
    char *rest = text, *server;

    while ((server = strsep(&rest, ";"))) {
        if (!*server)
            continue;
        if (ret->n_dns >= DNS_MAX ||
                !copy_text(ret->dns[ret->n_dns++], sizeof(ret->dns[0]), server))
            return -EBADMSG;
    }
    return 0;
}

static int read_passed_through(
        yaml_document_t *document, const yaml_node_t *map, struct wifi_network *network)
{
    char text[128];
    unsigned number = 0;
    int r;

    r = read_text(document, map, WIFI_YAML_PRIORITY, text, sizeof(text));
    if (r >= 0 && *text)
        r = read_number(text, PRIORITY_MAX, &number);
    if (r < 0)
        return r;
    network->priority = (int)number;
    r = read_text(document, map, WIFI_YAML_SECURITY, text, sizeof(text));
    if (r < 0 || (*text && strcmp(text, "owe") != 0))
        return -EBADMSG;
    if (*text)
        network->kind = WIFI_OWE;
    r = read_text(document, map, WIFI_YAML_ADDRESS, text, sizeof(text));
    if (r >= 0 && *text)
        r = read_address(text, &network->address);
    if (r >= 0)
        r = read_text(document, map, WIFI_YAML_DNS, text, sizeof(text));
    return r < 0 ? r : read_dns(text, &network->address);
}

/* `passed`: what goes to NetworkManager's profile past netplan. */
static int read_eap(yaml_document_t *document, const yaml_node_t *auth, const yaml_node_t *passed,
        struct wifi_network *network)
{
    struct wifi_eap *eap = &network->eap;
    bool tls = scalar_is(lookup(document, auth, "method"), "tls");
    const struct {
        const char *key;
        char *text;
        size_t max;
    } texts[] = {
            {"identity", eap->identity, sizeof(eap->identity)},
            {"anonymous-identity", eap->anonymous, sizeof(eap->anonymous)},
            {tls ? "client-key-password" : "password", eap->password, sizeof(eap->password)},
            {"ca-certificate", eap->ca, sizeof(eap->ca)},
            {"client-certificate", eap->certificate, sizeof(eap->certificate)},
            {"client-key", eap->key, sizeof(eap->key)},
    };

    if (!tls && !scalar_is(lookup(document, auth, "method"), "peap"))
        return -EBADMSG;
    network->kind = tls ? WIFI_TLS : WIFI_PEAP;
    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        if (read_text(document, auth, texts[i].key, texts[i].text, texts[i].max) < 0)
            return -EBADMSG;
    return read_text(document, passed, WIFI_YAML_DOMAIN, eap->domain, sizeof(eap->domain));
}

static int read_point(yaml_document_t *document, const yaml_node_t *name, const yaml_node_t *point,
        struct wifi_network *ret)
{
    struct wifi_network network = {};
    const yaml_node_t *auth, *passed;

    if (name->type != YAML_SCALAR_NODE || point->type != YAML_MAPPING_NODE ||
            ssid_from_bytes(name->data.scalar.value, name->data.scalar.length, &network.ssid) < 0)
        return -EBADMSG;
    passed = lookup(document, lookup(document, point, "networkmanager"), "passthrough");
    if (read_text(document, point, "password", network.psk, sizeof(network.psk)) < 0 ||
            read_passed_through(document, passed, &network) < 0)
        return -EBADMSG;
    network.hidden = scalar_is(lookup(document, point, "hidden"), "true");
    auth = lookup(document, point, "auth");
    if (auth && (network.kind != WIFI_PLAIN || read_eap(document, auth, passed, &network) < 0))
        return -EBADMSG;
    if (wifi_network_check(&network))
        return -EBADMSG;
    *ret = network;
    return 0;
}

static int read_document(yaml_document_t *document, struct wifi_list *list)
{
    yaml_node_t *node, *points;
    int r;

    node = lookup(document, yaml_document_get_root_node(document), "network");
    r = only_value(document, lookup(document, node, "wifis"), &node);
    if (r < 0)
        return r;
    points = lookup(document, node, "access-points");
    if (!points || points->type != YAML_MAPPING_NODE ||
            points->data.mapping.pairs.start == points->data.mapping.pairs.top)
        return -EBADMSG;
    for (const yaml_node_pair_t *pair = points->data.mapping.pairs.start;
            pair < points->data.mapping.pairs.top; pair++) {
        struct wifi_network network;

        r = read_point(document, yaml_document_get_node(document, pair->key),
                yaml_document_get_node(document, pair->value), &network);
        if (r < 0)
            return r;
        /* netplan refuses a name that stands there twice. */
        if (wifi_list_find(list, &network.ssid))
            return -EBADMSG;
        r = wifi_list_put(list, &network);
        wifi_network_erase(&network);
        if (r < 0)
            return r == -ENOMEM ? r : -EBADMSG;
    }
    return 0;
}

int wifi_yaml_read(const char *text, size_t size, struct wifi_list *ret)
{
    struct wifi_list list = {};
    yaml_parser_t parser;
    yaml_document_t document;
    int r = -EBADMSG;

    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (yaml_parser_load(&parser, &document)) {
        r = read_document(&document, &list);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    if (r < 0) {
        wifi_list_clear(&list);
        return r;
    }
    *ret = list;
    return 0;
}
