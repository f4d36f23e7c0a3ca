/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The form of a network, with all that one may need. */

#include "address.h"

enum join_field {
    /* Those of the address come first. */
    JOIN_SSID = N_ADDRESS_FIELDS,
    JOIN_PASSWORD,
    JOIN_HIDDEN,
    JOIN_OWE, /* of one that hides: encrypted without a password */
    JOIN_IDENTITY,
    JOIN_ANONYMOUS,
    JOIN_DOMAIN,
    JOIN_CA,
    JOIN_CERTIFICATE,
    JOIN_KEY,
    JOIN_KEY_PASSWORD,
    N_JOIN_FIELDS,
};

struct join_form {
    struct http_field fields[N_JOIN_FIELDS]; /* secrets */
};

/* Reads it. 0 or a negative errno, as http_request_form(); in any case join_form_done() is to
 * follow. */
int join_form_read(struct http_request *request, struct join_form *ret);
void join_form_done(struct join_form *form);

/* What stays in the page's fields: all but the secrets, and the files. With an `ssid` alone, an
 * empty form for this network, which may want a login. */
void join_form_show(struct plain *page, const struct join_form *form);
void join_form_show_empty(struct plain *page, const char *ssid, bool login);

/* What user-network is asked for (connect-request.h); NULL: that makes no sense. The caller's. */
json_t *join_form_params(const struct join_form *form);
