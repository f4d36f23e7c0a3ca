/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The fields of a fixed address (address-fields.html), of a network and of the cable. */

#include "plain.h"

/* Of a form, in this order. */
#define ADDRESS_FIELDS                                                                             \
    {"address"}, {"mask"}, {"gateway"},                                                            \
    {                                                                                              \
        "dns"                                                                                      \
    }

enum address_field {
    ADDRESS_IP,
    ADDRESS_MASK,
    ADDRESS_GATEWAY,
    ADDRESS_DNS,
    N_ADDRESS_FIELDS,
};

/* What is in the fields: what somebody has typed, or what user-network says is set ({"address":
 * "192.168.1.20/24","gateway":…,"dns":[…]}; NULL: nothing). */
void address_set_typed(struct plain *page, const struct http_field *fields);
void address_set(struct plain *page, const json_t *fixed);

/* Writes this part of the page for each mask, of which one is chosen: the "24" of "192.168.1.20/24"
 * and of the field, or the usual one where there is none. */
unsigned address_prefix(const char *text);
void address_add_masks(struct plain *page, unsigned chosen, unsigned part);

/* Adds to `params` what was typed; whether it makes sense is user-network's to say. 0 or a negative
 * errno: it is no text. */
int address_add(json_t *params, const struct http_field *fields);
