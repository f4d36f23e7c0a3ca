/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The device password. What is kept is its hash, in the file "password" of the web's folder. */

#include <systemd/sd-event.h>

#include "util.h"

struct password;

/* Characters; longer ones would only make crypt slower. */
#define PASSWORD_MIN 8
#define PASSWORD_MAX 128

/* Reads what is kept under `folder`. 0 or a negative errno; that none is set is no error. */
int password_new(sd_event *event, const char *folder, struct password **ret);

/* Who waits is told -ECANCELED. Accepts NULL; returns NULL. */
struct password *password_free(struct password *password);

DEFINE_CLEANUP(struct password *, password_free);

bool password_is_set(const struct password *password);

/* What is wrong with a password that somebody wants to set, for people; NULL: nothing. */
const char *password_problem(const char *phrase);

/* `result` is what the function below says, or a negative errno (-ECANCELED: freed). */
typedef void (*password_done)(int result, void *userdata);

/* Tells 1: it is the password, 0: it is not. Returns 0, -EBUSY when too many wait, or another
 * negative errno; with 0 `done` is called once, later. */
int password_check(
        struct password *password, const char *phrase, password_done done, void *userdata);

/* Tells 0 when it is stored. With `first` only if none is set by then: otherwise -EEXIST. Returns
 * as above. */
int password_set(struct password *password, const char *phrase, bool first, password_done done,
        void *userdata);
