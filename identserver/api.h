/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The calls that devices make, over HTTPS. */

#include <systemd/sd-event.h>

#include "authority.h"
#include "database.h"
#include "revocation.h"
#include "util.h"

struct api;

struct api_options {
    struct database *database;         /* borrowed */
    const struct authority *authority; /* borrowed */
    struct revocation *revocation;     /* borrowed */
    const char *certificate_pem;       /* of the bench, for TLS */
    const char *key_pem;
    /* After each call that changed the register; `revoked`: a certificate was. */
    void (*changed)(bool revoked, void *userdata);
    void *userdata;
};

/* Serves the listening socket `fd`, which is taken over on success. 0 or a negative errno. */
int api_new(sd_event *event, int fd, const struct api_options *options, struct api **ret);

/* Accepts NULL; returns NULL. */
struct api *api_free(struct api *api);

DEFINE_CLEANUP(struct api *, api_free);
