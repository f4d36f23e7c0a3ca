/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files for netplan are written and read with: libyaml, without its ceremony. A step that
 * fails makes the end fail; nothing in between has to be checked.
 */

#include <stdbool.h>
#include <stdio.h>
#include <yaml.h>

struct yaml_writer {
    yaml_emitter_t emitter;
    FILE *stream;
    char *text;
    size_t size;
    bool failed;
};

/* Begins a document with this comment; its root is a mapping, which is open. 0 or -ENOMEM. */
int yaml_begin(struct yaml_writer *writer, const char *comment);

/* Closes the root, and whatever begin has made. 0 with *ret (the caller's), or -ENOMEM. */
int yaml_end(struct yaml_writer *writer, char **ret, size_t *ret_size);

/* A plain scalar, for words of ours; and a double-quoted one, for words of others. */
void yaml_word(struct yaml_writer *writer, const char *word);
void yaml_quoted(struct yaml_writer *writer, const char *text);
void yaml_pair(struct yaml_writer *writer, const char *key, const char *word);

void yaml_open_map(struct yaml_writer *writer);
void yaml_close_map(struct yaml_writer *writer);
void yaml_open_list(struct yaml_writer *writer);
void yaml_close_list(struct yaml_writer *writer);

/* The text of a scalar, or NULL for anything else, a NUL inside it and a node of NULL. */
const char *yaml_text(const yaml_node_t *node);

/* The value of `key` in a mapping, or NULL; `map` may be NULL. */
yaml_node_t *yaml_lookup(yaml_document_t *document, const yaml_node_t *map, const char *key);

/* The `i`th of a list, or NULL; `list` may be NULL. */
yaml_node_t *yaml_item(yaml_document_t *document, const yaml_node_t *list, size_t i);
