/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The form of what a service's tab offers: its fields by their schema, and what was typed. */

#include "plain.h"

/* The parts of a page that a form is written with, from the first one on. */
enum service_form_part {
    SERVICE_FORM_TEXT,
    SERVICE_FORM_CHECK,
    SERVICE_FORM_SELECT,
    SERVICE_FORM_OPTION,
    SERVICE_FORM_SELECTED,
    N_SERVICE_FORM_PARTS,
};

/* Writes a field for each parameter of an action or a document; each is called as the parameter,
 * with `prefix` before. `number` tells apart the forms of a page. */
void service_form_add(struct plain *page, const json_t *offered, const char *prefix,
        unsigned number, unsigned part);

/* The parameters that were typed, of the types that the schema wants; what was left empty is left
 * out. The caller's, an object without members where the action has none. 0; -EBADMSG: it is no
 * such form, or not of these types; or another negative errno. */
int service_form_read(
        struct http_request *request, const json_t *offered, const char *prefix, json_t **ret);
