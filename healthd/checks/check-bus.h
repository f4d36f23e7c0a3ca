/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Questions on the system bus, one after the other, for the checks that ask some. */

#include "check.h"

struct check_query;

/* Exactly one of `reply` and `error` is there; either is borrowed. May ask the next question. */
typedef void (*check_reply_fn)(
        struct check_query *query, sd_bus_message *reply, const sd_bus_error *error);

struct check_query {
    struct check *check;
    sd_bus_slot *slot; /* of the call under way, or NULL */
    const char *type;
    check_reply_fn fn;
};

/* Calls a method that takes one string; nobody is started for it. Says itself that there is no
 * bus. */
void check_query_call(struct check_query *query, const char *destination, const char *path,
        const char *interface, const char *method, const char *argument, check_reply_fn fn);

/* Asks for a property; the reply stands at its value, which is of the type `type`. */
void check_query_property(struct check_query *query, const char *destination, const char *path,
        const char *interface, const char *property, const char *type, check_reply_fn fn);

/* Nobody is called any more. */
void check_query_cancel(struct check_query *query);

/* Says of the check that the call failed; `peer` is who should have answered. */
void check_query_failed(struct check_query *query, const char *peer, const sd_bus_error *error);
