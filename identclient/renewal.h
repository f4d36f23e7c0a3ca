/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When credentials are to be renewed, and what they are renewed with: themselves. */

#include <stdbool.h>
#include <time.h>

#include "credentials.h"

struct renewal {
    bool due;  /* or begun, and not come to its end */
    bool held; /* the new ones are on this disk, and only have to be acknowledged */
    time_t due_at;
    time_t ends_at;
    char *certificate_pem; /* with its chain; NULL when held: the present ones may hold no more */
    char *key_pem;
};

/* At two thirds of a certificate's life there is time left for a server that is away. */
time_t renewal_moment(time_t begins_at, time_t ends_at);

/*
 * Looks at the current credentials in `directory`; errors are those of credentials_load(). Free
 * *ret with renewal_done().
 */
int renewal_load(
        const char *directory, const struct credentials_wanted *wanted, struct renewal *ret);

void renewal_done(struct renewal *renewal);
