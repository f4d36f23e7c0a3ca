/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a service says in its tab (services.h), as text: in the language of the page as far as it is
 * known. */

#include "plain.h"

/* A sentence of the service's, "" if there is none. */
const char *service_said(const struct plain *page, const json_t *object, const char *name);

/* What a field is called. */
const char *service_label(const struct plain *page, const json_t *field);

/* The value of a field, by the field's type; what isn't of the type that was promised stays as it
 * is. The caller's; NULL: no memory. */
char *service_value(const struct plain *page, const json_t *field, const json_t *value);

/* Whether it is shown as a table: an array where one was promised. */
bool service_is_table(const json_t *field, const json_t *value);

/* What was done, in a sentence, where the action doesn't say what its answer has. As
 * service_value(). */
char *service_outcome(const struct plain *page, const json_t *result);
