/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks, writes and reads a fixed address of the wire. The checks are those that can be made
 * without the network: whether the address works is proved by trying it.
 */

#include "wired-yaml.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "yaml-text.h"

#define COMMENT                                                                                    \
    "# The customer's wire. Written by user-network, which puts it back when it is changed:\n"     \
    "# own settings belong into another file.\n"

/* 10.42.0.0/24, the hotspot's: two interfaces in one network reach neither. A larger network
 * around it is fine: only its part that is the hotspot's can't be reached then. */
#define HOTSPOT_BITS 0x0a2a0000U
#define HOTSPOT_PREFIX 24

static uint32_t mask_of(unsigned prefix)
{
    return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

static bool same_network(uint32_t a, uint32_t b, unsigned prefix)
{
    return ((a ^ b) & mask_of(prefix)) == 0;
}

/* Why no host may have this address; NULL: one may. */
static const char *why_no_host(uint32_t address)
{
    unsigned first = address >> 24;

    if (first == 0 || first == 127)
        return "Addresses that begin with 0 or 127 stay inside a device; no network has them.";
    if ((address >> 16) == 0xa9fe)
        return "Addresses that begin with 169.254 are for devices that got none; choose another.";
    if (first >= 224 && first < 240)
        return "Addresses from 224 to 239 are for groups of devices (multicast), not for one.";
    if (first >= 240)
        return "Addresses from 240 on are reserved; no network has them.";
    return NULL;
}

/* Neither the name of its network nor everybody in it; a network of two has only hosts. */
static bool is_edge(uint32_t address, unsigned prefix)
{
    uint32_t host = address & ~mask_of(prefix);

    return prefix < 31 && (host == 0 || host == ~mask_of(prefix));
}

static const char *check_addresses(const struct wired_settings *settings)
{
    uint32_t address = ntohl(settings->address.s_addr);
    uint32_t gateway = ntohl(settings->gateway.s_addr);
    unsigned prefix = settings->prefix;
    const char *wrong = why_no_host(address);

    if (wrong)
        return wrong;
    if (is_edge(address, prefix))
        return "The address is the first or the last of its network, which no device can have.";
    if (same_network(address, HOTSPOT_BITS, HOTSPOT_PREFIX) ||
            same_network(gateway, HOTSPOT_BITS, HOTSPOT_PREFIX))
        return "The network 10.42.0.0/24 belongs to the hotspot of this device.";
    if (!gateway)
        return NULL;
    if (!same_network(address, gateway, prefix))
        return "The gateway is not in the network of the address.";
    if (gateway == address)
        return "The gateway can't have the address of this device.";
    if (is_edge(gateway, prefix))
        return "The gateway is the first or the last of its network, which no device can have.";
    return NULL;
}

/* "192.0.2.7/24" */
static const char *read_address(const char *text, struct wired_settings *settings)
{
    char copy[INET_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : 0;
    char *end;
    unsigned long prefix;

    if (!slash || size >= sizeof(copy))
        return "The address must look like 192.168.1.20/24.";
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (inet_pton(AF_INET, copy, &settings->address) != 1)
        return "The address must look like 192.168.1.20/24.";
    if (slash[1] < '1' || slash[1] > '9')
        return "The number behind the slash must be from 8 to 31.";
    prefix = strtoul(slash + 1, &end, 10);
    if (*end || prefix < 8 || prefix > 31)
        return "The number behind the slash must be from 8 to 31.";
    settings->prefix = prefix;
    return NULL;
}

static const char *read_gateway(const char *text, struct wired_settings *settings)
{
    if (inet_pton(AF_INET, text, &settings->gateway) != 1 ||
            why_no_host(ntohl(settings->gateway.s_addr)))
        return "The gateway must be an address like 192.168.1.1.";
    return NULL;
}

static const char *add_dns(const char *text, struct wired_settings *settings)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (settings->n_dns == WIRED_DNS_MAX)
        return "At most three DNS servers can be given.";
    if (inet_pton(AF_INET, text, &v4) == 1) {
        if (why_no_host(ntohl(v4.s_addr)))
            return "A DNS server can't have this address.";
        inet_ntop(AF_INET, &v4, settings->dns[settings->n_dns++], INET6_ADDRSTRLEN);
        return NULL;
    }
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return "A DNS server must be an address like 192.168.1.1.";
    if (IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_MULTICAST(&v6) ||
            IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_IS_ADDR_V4MAPPED(&v6))
        return "A DNS server can't have this address.";
    inet_ntop(AF_INET6, &v6, settings->dns[settings->n_dns++], INET6_ADDRSTRLEN);
    return NULL;
}

static const char *read_dns(const json_t *list, struct wired_settings *settings)
{
    const char *wrong;
    json_t *server;
    size_t i;

    if (!list || json_is_null(list))
        return NULL;
    if (!json_is_array(list))
        return "\"dns\" must be a list of addresses.";
    json_array_foreach (list, i, server) {
        if (!json_is_string(server))
            return "\"dns\" must be a list of addresses.";
        wrong = add_dns(json_string_value(server), settings);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* Text that may be missing: absent, null and "" are the same. */
static bool is_given(const json_t *value)
{
    return value && !json_is_null(value) && !(json_is_string(value) && !json_string_length(value));
}

const char *wired_settings_from_json(const json_t *object, struct wired_settings *ret)
{
    struct wired_settings settings = {};
    const json_t *address = json_object_get(object, "address");
    const json_t *gateway = json_object_get(object, "gateway");
    const char *wrong;

    if (!json_is_string(address))
        return "Say which address, for example 192.168.1.20/24.";
    wrong = read_address(json_string_value(address), &settings);
    if (!wrong && is_given(gateway))
        wrong = json_is_string(gateway) ? read_gateway(json_string_value(gateway), &settings)
                                        : "The gateway must be an address like 192.168.1.1.";
    if (!wrong)
        wrong = read_dns(json_object_get(object, "dns"), &settings);
    if (!wrong)
        wrong = check_addresses(&settings);
    if (!wrong)
        *ret = settings;
    return wrong;
}

/* "192.0.2.7/24" */
static void print_address(
        const struct wired_settings *settings, char ret[static INET_ADDRSTRLEN + 3])
{
    char text[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &settings->address, text, sizeof(text));
    snprintf(ret, INET_ADDRSTRLEN + 3, "%s/%u", text, settings->prefix % 100);
}

json_t *wired_settings_to_json(const struct wired_settings *settings)
{
    char address[INET_ADDRSTRLEN + 3], gateway[INET_ADDRSTRLEN];
    json_t *dns = json_array();

    print_address(settings, address);
    inet_ntop(AF_INET, &settings->gateway, gateway, sizeof(gateway));
    for (size_t i = 0; i < settings->n_dns; i++)
        (void)json_array_append_new(dns, json_string(settings->dns[i]));
    return json_pack("{s:s,s:s?,s:o}", "address", address, "gateway",
            settings->gateway.s_addr ? gateway : NULL, "dns", dns);
}

static void write_route(struct yaml_writer *writer, const struct wired_settings *settings)
{
    char gateway[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &settings->gateway, gateway, sizeof(gateway));
    yaml_word(writer, "routes");
    yaml_open_list(writer);
    yaml_open_map(writer);
    yaml_pair(writer, "to", "default");
    yaml_word(writer, "via");
    yaml_quoted(writer, gateway);
    yaml_close_map(writer);
    yaml_close_list(writer);
}

static void write_dns(struct yaml_writer *writer, const struct wired_settings *settings)
{
    yaml_word(writer, "nameservers");
    yaml_open_map(writer);
    yaml_word(writer, "addresses");
    yaml_open_list(writer);
    for (size_t i = 0; i < settings->n_dns; i++)
        yaml_quoted(writer, settings->dns[i]);
    yaml_close_list(writer);
    yaml_close_map(writer);
}

static void write_interface(struct yaml_writer *writer, const struct wired_settings *settings)
{
    char address[INET_ADDRSTRLEN + 3];

    print_address(settings, address);
    yaml_open_map(writer);
    yaml_pair(writer, "renderer", "NetworkManager");
    yaml_pair(writer, "dhcp4", "false");
    yaml_pair(writer, "dhcp6", "true");
    yaml_pair(writer, "optional", "true");
    yaml_word(writer, "addresses");
    yaml_open_list(writer);
    yaml_quoted(writer, address);
    yaml_close_list(writer);
    if (settings->gateway.s_addr)
        write_route(writer, settings);
    if (settings->n_dns > 0)
        write_dns(writer, settings);
    yaml_close_map(writer);
}

int wired_yaml_write(
        const struct wired_settings *settings, const char *interface, char **ret, size_t *ret_size)
{
    struct yaml_writer writer;
    int r;

    r = yaml_begin(&writer, COMMENT);
    if (r < 0)
        return r;
    yaml_word(&writer, "network");
    yaml_open_map(&writer);
    yaml_pair(&writer, "version", "2");
    yaml_word(&writer, "ethernets");
    yaml_open_map(&writer);
    yaml_quoted(&writer, interface);
    write_interface(&writer, settings);
    yaml_close_map(&writer);
    yaml_close_map(&writer);
    return yaml_end(&writer, ret, ret_size);
}

/* The value of the one pair that a mapping has. */
static const yaml_node_t *only_value(yaml_document_t *document, const yaml_node_t *map)
{
    if (!map || map->type != YAML_MAPPING_NODE ||
            map->data.mapping.pairs.top - map->data.mapping.pairs.start != 1)
        return NULL;
    return yaml_document_get_node(document, map->data.mapping.pairs.start->value);
}

static int read_document(yaml_document_t *document, struct wired_settings *ret)
{
    struct wired_settings settings = {};
    const yaml_node_t *interface, *servers;
    const char *text;

    interface = only_value(document,
            yaml_lookup(document,
                    yaml_lookup(document, yaml_document_get_root_node(document), "network"),
                    "ethernets"));
    text = yaml_text(yaml_item(document, yaml_lookup(document, interface, "addresses"), 0));
    if (!text || read_address(text, &settings))
        return -EBADMSG;
    text = yaml_text(yaml_lookup(
            document, yaml_item(document, yaml_lookup(document, interface, "routes"), 0), "via"));
    if (text && read_gateway(text, &settings))
        return -EBADMSG;
    servers = yaml_lookup(document, yaml_lookup(document, interface, "nameservers"), "addresses");
    for (size_t i = 0; (text = yaml_text(yaml_item(document, servers, i))); i++)
        if (add_dns(text, &settings))
            return -EBADMSG;
    if (check_addresses(&settings))
        return -EBADMSG;
    *ret = settings;
    return 0;
}

int wired_yaml_read(const char *text, size_t size, struct wired_settings *ret)
{
    yaml_parser_t parser;
    yaml_document_t document;
    int r = -EBADMSG;

    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (yaml_parser_load(&parser, &document)) {
        r = read_document(&document, ret);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return r;
}
