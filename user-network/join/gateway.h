/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Proves that a gateway answers, as far as the next hop goes: to the question who has its address,
 * which no gateway filters.
 */

#include "util.h"

struct gateway;

/*
 * Once, from the event loop: 0 when it has answered; a negative errno when it can't be asked, which
 * says nothing about it. One that doesn't answer is asked again and again: how long is for the
 * caller to say, and to end by gateway_free(). It may be called from here.
 */
typedef void (*gateway_done)(int error, void *userdata);

/*
 * `address` is text, of either kind. 0, -EINVAL when it is no address, -ENODEV for no such
 * interface, or another negative errno; then `done` is never called.
 */
int gateway_ask(sd_event *event, const char *interface, const char *address, gateway_done done,
        void *userdata, struct gateway **ret);

/* Whom it asks; borrowed. */
const char *gateway_address(const struct gateway *gateway);

/* Accepts NULL; returns NULL. */
struct gateway *gateway_free(struct gateway *gateway);

DEFINE_CLEANUP(struct gateway *, gateway_free);
