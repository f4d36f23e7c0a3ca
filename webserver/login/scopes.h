/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody may do. The owner, who knows the password, may all; a script has what its access
 * token was given. */

#include <jansson.h>

/* Of an access token's name for itself, with the NUL. */
#define ACCESS_TOKEN_ID_SIZE 17

enum scope {
    SCOPE_READ = 1 << 0,    /* look at everything that is no secret */
    SCOPE_NETWORK = 1 << 1, /* change how the device is connected */
    SCOPE_SYSTEM = 1 << 2,  /* restart services, reset the device */
    SCOPE_OWNER = 1 << 3,   /* the password and the access tokens; given to no token */
};

#define SCOPES_ALL (SCOPE_READ | SCOPE_NETWORK | SCOPE_SYSTEM | SCOPE_OWNER)

/* ["read","network"]; the caller's. NULL: no memory. */
json_t *scopes_to_json(unsigned scopes);

/* 0, or -EINVAL: no array of names, or none in it. Whoever may change something may look. */
int scopes_from_json(const json_t *names, unsigned *ret);
