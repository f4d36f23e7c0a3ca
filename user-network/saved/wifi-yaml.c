/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes the customer's netplan file with libyaml. Whatever the customer typed is always
 * double-quoted: the emitter then escapes quotes, backslashes and controls, and a name made of
 * digits stays a name. What netplan has no word for (addresses of one network among several,
 * priorities, OWE) is passed through to NetworkManager's profile of that network.
 */

#include "wifi-yaml.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "wifi-yaml-keys.h"

#define COMMENT                                                                                    \
    "# The customer's Wi-Fi. Written by user-network, which puts it back when it is changed:\n"    \
    "# own settings belong into another file.\n"

struct writer {
    yaml_emitter_t emitter;
    FILE *stream;
    bool failed;
};

static void emit(struct writer *writer, yaml_event_t *event, int made)
{
    if (!made || writer->failed) {
        writer->failed = true;
        if (made)
            yaml_event_delete(event);
        return;
    }
    /* The emitter owns the event from here on, on failure too. */
    if (!yaml_emitter_emit(&writer->emitter, event))
        writer->failed = true;
}

static void emit_scalar(
        struct writer *writer, const void *value, size_t size, yaml_scalar_style_t style)
{
    yaml_event_t event;

    emit(writer, &event,
            yaml_scalar_event_initialize(
                    &event, NULL, NULL, (yaml_char_t *)value, (int)size, 1, 1, style));
}

static void emit_word(struct writer *writer, const char *word)
{
    emit_scalar(writer, word, strlen(word), YAML_PLAIN_SCALAR_STYLE);
}

static void emit_quoted(struct writer *writer, const void *text, size_t size)
{
    emit_scalar(writer, text, size, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void emit_pair(struct writer *writer, const char *key, const char *value)
{
    emit_word(writer, key);
    emit_word(writer, value);
}

static void open_map(struct writer *writer)
{
    yaml_event_t event;

    emit(writer, &event,
            yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

static void close_map(struct writer *writer)
{
    yaml_event_t event;

    emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

static void emit_text(struct writer *writer, const char *key, const char *text)
{
    if (!*text)
        return;
    emit_word(writer, key);
    emit_quoted(writer, text, strlen(text));
}

/* WPA3 of companies asks for no more than WPA2's here: NetworkManager offers both. */
static void emit_eap(struct writer *writer, const struct wifi_network *network)
{
    const struct wifi_eap *eap = &network->eap;

    emit_word(writer, "auth");
    open_map(writer);
    emit_pair(writer, "key-management", "eap");
    emit_pair(writer, "method", network->kind == WIFI_TLS ? "tls" : "peap");
    emit_text(writer, "identity", eap->identity);
    emit_text(writer, "anonymous-identity", eap->anonymous);
    emit_text(writer, "ca-certificate", eap->ca);
    if (network->kind == WIFI_TLS) {
        emit_text(writer, "client-certificate", eap->certificate);
        emit_text(writer, "client-key", eap->key);
        emit_text(writer, "client-key-password", eap->password);
    } else {
        emit_text(writer, "password", eap->password);
        emit_pair(writer, "phase2-auth", "mschapv2");
    }
    close_map(writer);
}

static void emit_address(struct writer *writer, const struct wifi_address *address)
{
    char line[2 * INET_ADDRSTRLEN + 8];
    char dns[DNS_MAX * (INET_ADDRSTRLEN + 1) + 1];
    size_t length = 0;

    if (address->address[0]) {
        snprintf(line, sizeof(line), "%s/%u%s%s", address->address, address->prefix,
                address->gateway[0] ? "," : "", address->gateway);
        emit_text(writer, WIFI_YAML_METHOD, "manual");
        emit_text(writer, WIFI_YAML_ADDRESS, line);
    }
    if (address->n_dns == 0)
        return;
    for (size_t i = 0; i < address->n_dns; i++)
        length += (size_t)snprintf(dns + length, sizeof(dns) - length, "%s;", address->dns[i]);
    emit_text(writer, WIFI_YAML_DNS, dns);
    /* The customer's name servers are those that are asked, and no others beside them. */
    emit_text(writer, "ipv4.ignore-auto-dns", "true");
    emit_text(writer, "ipv6.ignore-auto-dns", "true");
}

/* NM_SETTING_SECRET_FLAG_NOT_REQUIRED: otherwise somebody would be asked for the key's password. */
static bool has_open_key(const struct wifi_network *network)
{
    return network->kind == WIFI_TLS && !network->eap.password[0];
}

static void emit_server(struct writer *writer, const struct wifi_eap *eap)
{
    emit_text(writer, WIFI_YAML_DOMAIN, eap->domain);
    if (eap->domain[0] && !eap->ca[0])
        emit_text(writer, "802-1x.system-ca-certs", "true");
}

static bool passes_anything(const struct wifi_network *network)
{
    return network->kind == WIFI_OWE || network->priority != 0 || has_open_key(network) ||
           (wifi_is_enterprise(network) && network->eap.domain[0]) || network->address.address[0] ||
           network->address.n_dns > 0;
}

static void emit_passed_through(struct writer *writer, const struct wifi_network *network)
{
    char number[16];

    if (!passes_anything(network))
        return;
    emit_word(writer, "networkmanager");
    open_map(writer);
    emit_word(writer, "passthrough");
    open_map(writer);
    if (network->priority != 0) {
        snprintf(number, sizeof(number), "%d", network->priority);
        emit_text(writer, WIFI_YAML_PRIORITY, number);
    }
    if (network->kind == WIFI_OWE)
        emit_text(writer, WIFI_YAML_SECURITY, "owe");
    if (has_open_key(network))
        emit_text(writer, "802-1x.private-key-password-flags", "4");
    if (wifi_is_enterprise(network))
        emit_server(writer, &network->eap);
    emit_address(writer, &network->address);
    close_map(writer);
    close_map(writer);
}

static void emit_access_point(struct writer *writer, const struct wifi_network *network)
{
    emit_quoted(writer, network->ssid.bytes, network->ssid.size);
    open_map(writer);
    emit_text(writer, "password", network->psk);
    if (network->hidden)
        emit_pair(writer, "hidden", "true");
    if (wifi_is_enterprise(network))
        emit_eap(writer, network);
    emit_passed_through(writer, network);
    close_map(writer);
}

/* No regulatory-domain: netplan would tell the kernel of it at each boot, beside unbox-regdom@. */
static void emit_document(
        struct writer *writer, const struct wifi_list *list, const char *interface)
{
    yaml_event_t event;

    emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    open_map(writer);
    emit_word(writer, "network");
    open_map(writer);
    emit_pair(writer, "version", "2");
    emit_word(writer, "wifis");
    open_map(writer);
    emit_quoted(writer, interface, strlen(interface));
    open_map(writer);
    /* Said for the radio alone: a renderer for the whole would speak for other people's files. */
    emit_pair(writer, "renderer", "NetworkManager");
    emit_pair(writer, "dhcp4", "true");
    emit_pair(writer, "dhcp6", "true");
    emit_pair(writer, "optional", "true");
    emit_word(writer, "access-points");
    open_map(writer);
    for (size_t i = 0; i < list->n_entries; i++)
        emit_access_point(writer, &list->entries[i]);
    for (int depth = 0; depth < 5; depth++)
        close_map(writer);
    emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

static int check(const struct wifi_list *list)
{
    if (list->n_entries == 0)
        return -EINVAL;
    for (size_t i = 0; i < list->n_entries; i++) {
        if (!ssid_is_text(&list->entries[i].ssid))
            return -EILSEQ;
        if (wifi_network_check(&list->entries[i]))
            return -EINVAL;
    }
    return 0;
}

int wifi_yaml_write(
        const struct wifi_list *list, const char *interface, char **ret, size_t *ret_size)
{
    struct writer writer = {};
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    r = check(list);
    if (r < 0)
        return r;
    writer.stream = open_memstream(&text, &size);
    if (!writer.stream)
        return -ENOMEM;
    fputs(COMMENT, writer.stream);
    if (!yaml_emitter_initialize(&writer.emitter)) {
        fclose(writer.stream);
        return -ENOMEM;
    }
    yaml_emitter_set_output_file(&writer.emitter, writer.stream);
    yaml_emitter_set_unicode(&writer.emitter, 1);
    /* A long name must not be folded over lines: every reader would have to unfold it alike. */
    yaml_emitter_set_width(&writer.emitter, -1);
    emit_document(&writer, list, interface);
    yaml_emitter_delete(&writer.emitter);
    if (fclose(writer.stream) != 0 || writer.failed)
        return -ENOMEM;
    *ret = STEAL(text);
    *ret_size = size;
    return 0;
}
