/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes and reads the customer's netplan file with libyaml. Whatever the customer typed is always
 * double-quoted: the emitter then escapes quotes, backslashes and controls, and a name made of
 * digits stays a name.
 */

#include "wifi-yaml.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "util.h"

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

static void emit_access_point(struct writer *writer, const struct wifi_network *network)
{
    emit_quoted(writer, network->ssid.bytes, network->ssid.size);
    open_map(writer);
    if (network->psk[0]) {
        emit_word(writer, "password");
        emit_quoted(writer, network->psk, strlen(network->psk));
    }
    if (network->hidden)
        emit_pair(writer, "hidden", "true");
    close_map(writer);
}

static void emit_document(struct writer *writer, const struct wifi_network *network,
        const char *interface, const char *country)
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
    if (*country) {
        emit_word(writer, "regulatory-domain");
        emit_quoted(writer, country, strlen(country));
    }
    emit_word(writer, "access-points");
    open_map(writer);
    emit_access_point(writer, network);
    for (int depth = 0; depth < 5; depth++)
        close_map(writer);
    emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

int wifi_yaml_write(const struct wifi_network *network, const char *interface, const char *country,
        char **ret, size_t *ret_size)
{
    struct writer writer = {};
    _cleanup_free_ char *text = NULL;
    size_t size;

    if (!ssid_is_text(&network->ssid))
        return -EILSEQ;
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
    emit_document(&writer, network, interface, country);
    yaml_emitter_delete(&writer.emitter);
    if (fclose(writer.stream) != 0 || writer.failed)
        return -ENOMEM;
    *ret = STEAL(text);
    *ret_size = size;
    return 0;
}

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

/* The one pair that a mapping has. */
static int only_pair(yaml_document_t *document, const yaml_node_t *map, yaml_node_t **ret_key,
        yaml_node_t **ret_value)
{
    const yaml_node_pair_t *pair;

    if (!map || map->type != YAML_MAPPING_NODE ||
            map->data.mapping.pairs.top - map->data.mapping.pairs.start != 1)
        return -EBADMSG;
    pair = map->data.mapping.pairs.start;
    *ret_key = yaml_document_get_node(document, pair->key);
    *ret_value = yaml_document_get_node(document, pair->value);
    return (*ret_key)->type == YAML_SCALAR_NODE ? 0 : -EBADMSG;
}

static int read_document(yaml_document_t *document, struct wifi_network *ret)
{
    struct wifi_network network = {};
    yaml_node_t *node, *name, *access_point, *password;
    int r;

    node = lookup(document, yaml_document_get_root_node(document), "network");
    r = only_pair(document, lookup(document, node, "wifis"), &name, &node);
    if (r < 0)
        return r;
    r = only_pair(document, lookup(document, node, "access-points"), &name, &access_point);
    if (r < 0)
        return r;
    if (ssid_from_bytes(name->data.scalar.value, name->data.scalar.length, &network.ssid) < 0 ||
            !ssid_is_text(&network.ssid))
        return -EBADMSG;
    password = lookup(document, access_point, "password");
    if (password) {
        if (password->type != YAML_SCALAR_NODE ||
                psk_check((const char *)password->data.scalar.value, password->data.scalar.length))
            return -EBADMSG;
        memcpy(network.psk, password->data.scalar.value, password->data.scalar.length);
    }
    network.hidden = scalar_is(lookup(document, access_point, "hidden"), "true");
    *ret = network;
    return 0;
}

int wifi_yaml_read(const char *text, size_t size, struct wifi_network *ret)
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
