/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The CA's list of revoked certificates: made from the register at the start, with each revocation
 * (at most once a second), once a day, and when the clock was set; it holds for a week. It lies in
 * the bench's folder as crl.pem, to be taken to wherever certificates are checked, and the bench
 * serves it.
 */

#include <systemd/sd-event.h>
#include <time.h>

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

/*
 * The one that lies in a bench's folder. -ENOENT: there is none; -ENOKEY: no CA's certificate to
 * hold it against; -EKEYREJECTED: another CA's; -EBADMSG: no list. Free with crypto_crl_free().
 */
int revocation_read(const char *directory, struct crypto_crl **ret);

/* Something was revoked: it is in the list now, or, where that is less than a second old, soon. */
void revocation_changed(struct revocation *revocation);

/* Makes the list anew if it is time. Returns after how many seconds somebody has to look again; the
 * event loop does. That it fails is logged. */
unsigned revocation_refresh(struct revocation *revocation, time_t now);

/* The list in DER, of today; borrowed until the next turn of the loop. NULL: it could never be
 * made.
 */
const void *revocation_der(struct revocation *revocation, time_t now, size_t *ret_size);
