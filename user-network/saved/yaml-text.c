/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Wraps libyaml's emitter, and looks things up in its documents. */

#include "yaml-text.h"

#include <string.h>

#include "util.h"

static void emit(struct yaml_writer *writer, yaml_event_t *event, int made)
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

int yaml_begin(struct yaml_writer *writer, const char *comment)
{
    yaml_event_t event;

    *writer = (struct yaml_writer){};
    writer->stream = open_memstream(&writer->text, &writer->size);
    if (!writer->stream)
        return -ENOMEM;
    fputs(comment, writer->stream);
    if (!yaml_emitter_initialize(&writer->emitter)) {
        fclose(writer->stream);
        free(writer->text);
        return -ENOMEM;
    }
    yaml_emitter_set_output_file(&writer->emitter, writer->stream);
    yaml_emitter_set_unicode(&writer->emitter, 1);
    /* Nothing is folded over lines: every reader would have to unfold it alike. */
    yaml_emitter_set_width(&writer->emitter, -1);
    emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    yaml_open_map(writer);
    return 0;
}

int yaml_end(struct yaml_writer *writer, char **ret, size_t *ret_size)
{
    yaml_event_t event;

    yaml_close_map(writer);
    emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(writer, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&writer->emitter);
    if (fclose(writer->stream) != 0 || writer->failed) {
        free(writer->text);
        return -ENOMEM;
    }
    *ret = STEAL(writer->text);
    *ret_size = writer->size;
    return 0;
}

static void scalar(struct yaml_writer *writer, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;

    emit(writer, &event,
            yaml_scalar_event_initialize(
                    &event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style));
}

void yaml_word(struct yaml_writer *writer, const char *word)
{
    scalar(writer, word, YAML_PLAIN_SCALAR_STYLE);
}

void yaml_quoted(struct yaml_writer *writer, const char *text)
{
    scalar(writer, text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

void yaml_pair(struct yaml_writer *writer, const char *key, const char *word)
{
    yaml_word(writer, key);
    yaml_word(writer, word);
}

void yaml_open_map(struct yaml_writer *writer)
{
    yaml_event_t event;

    emit(writer, &event,
            yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

void yaml_close_map(struct yaml_writer *writer)
{
    yaml_event_t event;

    emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

void yaml_open_list(struct yaml_writer *writer)
{
    yaml_event_t event;

    emit(writer, &event,
            yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
}

void yaml_close_list(struct yaml_writer *writer)
{
    yaml_event_t event;

    emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

const char *yaml_text(const yaml_node_t *node)
{
    const char *text;

    if (!node || node->type != YAML_SCALAR_NODE)
        return NULL;
    /* libyaml ends it with a NUL that isn't counted. */
    text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

yaml_node_t *yaml_lookup(yaml_document_t *document, const yaml_node_t *map, const char *key)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
            pair++) {
        const char *name = yaml_text(yaml_document_get_node(document, pair->key));

        if (name && strcmp(name, key) == 0)
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

yaml_node_t *yaml_item(yaml_document_t *document, const yaml_node_t *list, size_t i)
{
    if (!list || list->type != YAML_SEQUENCE_NODE ||
            i >= (size_t)(list->data.sequence.items.top - list->data.sequence.items.start))
        return NULL;
    return yaml_document_get_node(document, list->data.sequence.items.start[i]);
}
