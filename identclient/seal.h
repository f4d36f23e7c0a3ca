/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The private key encrypted at rest, for who wants that (enrolment.key_encryption). In the current
 * generation lies private.pem.key.sealed, and private.pem.key is a link to where the key is in
 * memory (tmpfs), which is as long as the device is on. Whoever reads the key needs to know nothing
 * of it.
 *
 * systemd-creds does it, and its host key is root's: so is this (identclient-seal.service).
 */

#include "unbox/config.h"

/*
 * Brings the current key into the configured state: sealed and at hand, or plain; nothing before
 * the enrolment has come to its end, which has to read the key at any boot. Power may go at
 * any moment of it: the key is there before and after, and running it again ends it. `memory` is a
 * folder on a tmpfs, and `sysfs` says whether there is a TPM. Returns an exit code (enum
 * unbox_exit); status line and journal are done.
 */
int seal_identity(const char *directory, const char *sysfs, const char *memory,
        const struct unbox_config *config);
