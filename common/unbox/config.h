/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The configuration: /etc/unbox/config.yaml, and over it /etc/unbox/config.yaml.d/ *.yaml in the
 * order of their names. Every key is known (common/config-schema.c), typed, bounded and has a
 * default; no file at all is a fine configuration. One that is wrong is refused whole, with file,
 * line and key.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UNBOX_CONFIG_PATH "/etc/unbox/config.yaml"
#define UNBOX_CONFIG_PRODUCT_PATH "/var/lib/unbox/product/config.yaml"

struct unbox_config;

/* One entry of a table: a mapping whose keys have a schema of their own. */
struct unbox_config_row;

/* What is wrong with it; `text` is the whole sentence, "/etc/unbox/config.yaml:3: hotspot.ssid: …".
 */
struct unbox_config_error {
    char text[512];
};

/*
 * Reads `path` (NULL: $UNBOX_CONFIG if set, for tests, otherwise UNBOX_CONFIG_PATH) and `path`.d/
 * *.yaml. Returns 0; -EINVAL with *ret_error filled for content that is wrong; or another negative
 * errno (with *ret_error filled too) for a file that can't be read. Free *ret with
 * unbox_config_free().
 */
int unbox_config_load(
        const char *path, struct unbox_config **ret, struct unbox_config_error *ret_error);

/* Parses one YAML text of the same form; `name` stands for the file in errors. */
int unbox_config_parse(const char *name, const char *text, size_t size, struct unbox_config **ret,
        struct unbox_config_error *ret_error);

/*
 * The same for the product's own configuration, which healthd's apply_config installs: sections
 * wifi, network, bluetooth and time (common/config-product.c). `path` NULL is
 * UNBOX_CONFIG_PRODUCT_PATH; no other file lies over it, and one that isn't there is an error,
 * -ENOENT. A section may be missing; one that is there is complete, and its values fit each other.
 */
int unbox_config_load_product(
        const char *path, struct unbox_config **ret, struct unbox_config_error *ret_error);
int unbox_config_parse_product(const char *name, const char *text, size_t size,
        struct unbox_config **ret, struct unbox_config_error *ret_error);

/* Accepts NULL; returns NULL. */
struct unbox_config *unbox_config_free(struct unbox_config *config);

/*
 * The value of a key of the schema, "section.name", or its default. Strings are borrowed from
 * `config`; a list ends with NULL. Asking for a key that isn't in the schema, or for the wrong
 * type, aborts: it is a bug.
 */
const char *unbox_config_string(const struct unbox_config *config, const char *key);
int64_t unbox_config_int(const struct unbox_config *config, const char *key);
bool unbox_config_bool(const struct unbox_config *config, const char *key);
const char *const *unbox_config_list(const struct unbox_config *config, const char *key);

/* A list of numbers that never go down, of which there is at least one. */
const int64_t *unbox_config_ints(
        const struct unbox_config *config, const char *key, size_t *ret_count);

/* Whether the key stood in a file, so that its value isn't the default. */
bool unbox_config_given(const struct unbox_config *config, const char *key);

/* The line of its file that the value stands in, from 1; 0 for a default. */
size_t unbox_config_line(const struct unbox_config *config, const char *key);

/*
 * The rows of a table, a list of mappings, in the order of the file; the list ends with NULL. Rows
 * are borrowed from `config`. Where two files have the same table, the later file's is all of it.
 */
const struct unbox_config_row *const *unbox_config_table(
        const struct unbox_config *config, const char *key);

/* The value of a key of the row, "name", or its default; as above, borrowed from the configuration.
 */
const char *unbox_config_row_string(const struct unbox_config_row *row, const char *key);
int64_t unbox_config_row_int(const struct unbox_config_row *row, const char *key);
bool unbox_config_row_bool(const struct unbox_config_row *row, const char *key);
const char *const *unbox_config_row_list(const struct unbox_config_row *row, const char *key);

/* What stands for a secret where a configuration is shown. */
#define UNBOX_CONFIG_SECRET "(secret)"

/*
 * All values, {"section":{"name":value}}, defaults included; a secret is UNBOX_CONFIG_SECRET, or ""
 * when it is empty. The caller's (json_decref()). NULL: out of memory.
 */
json_t *unbox_config_to_json(const struct unbox_config *config);

#ifdef __cplusplus
}
#endif
