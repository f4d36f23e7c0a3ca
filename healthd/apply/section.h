/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sections of the product's configuration: where each goes, and who has to be restarted. */

#include <stdbool.h>
#include <sys/types.h>

#include "properties.h"
#include "unbox/config.h"

enum {
    SECTION_WIFI,
    SECTION_NETWORK,
    SECTION_BLUETOOTH,
    SECTION_TIME,
    SECTION_COUNT,
};

struct section {
    const char *name;
    const char *key;       /* that is there when the section is … */
    const char *other_key; /* … or else this one; NULL: none */
    /* Another check, for what no schema knows; as a key's in the schema. Optional. */
    const char *(*check)(const struct unbox_config *product);
    const char *interface_key; /* NULL: it concerns no interface */
    const char *address_key;   /* the address that the interface must have afterwards, or NULL */
    int (*render)(const struct unbox_config *product, const char *interface, char **ret);
    /* A file that is installed, and the unit that reads it … */
    const char *path;
    mode_t mode;
    const char *unit;
    /* … or properties that are set over D-Bus. */
    const struct properties *properties;
};

extern const struct section sections[SECTION_COUNT];

/* NULL: there is none of that name. */
const struct section *section_find(const char *name);

/* Reads the product's configuration, in which the section must stand. 0, or a negative errno with
 * *ret_error filled in. */
int section_read(const struct section *section, struct unbox_config **ret,
        struct unbox_config_error *ret_error);
