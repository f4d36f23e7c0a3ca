/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The CA's list of revoked certificates: made from the register at the start, a second after each
 * revocation, and once a day; it holds for a week. It lies in the bench's folder as crl.pem, to be
 * taken to wherever certificates are checked, and the bench serves it.
 */

#include <systemd/sd-event.h>

#include "authority.h"
#include "database.h"

#define REVOCATION_NAME "crl.pem"

struct revocation;

/* `database`, `authority` and `directory` are borrowed. That the list can't be written is logged,
 * and tried again; it is no failure of this call. 0 or a negative errno. */
int revocation_new(sd_event *event, struct database *database, const struct authority *authority,
        const char *directory, struct revocation **ret);

/* Accepts NULL; returns NULL. */
struct revocation *revocation_free(struct revocation *revocation);

DEFINE_CLEANUP(struct revocation *, revocation_free);

/* Something was revoked. */
void revocation_changed(struct revocation *revocation);

/* The list in DER, borrowed until the next turn of the loop; NULL when it never could be made. */
const void *revocation_der(const struct revocation *revocation, size_t *ret_size);
