/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the device asks the bench for, in the protocol's words. */

#include <jansson.h>

#include "enrolment.h"
#include "identity.h"

/* The body of the kind's call; *ret is the caller's. 0 or a negative errno. */
int ask_new(const struct enrolment_options *options, const struct attempt *attempt,
        const char *nonce, json_t **ret);
