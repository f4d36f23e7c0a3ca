/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The registry of services, which healthd keeps: who runs on this device, where he answers, what he
 * can do. A service is registered for as long as its unit is active; healthd refuses a name that is
 * not the name of the caller's unit (`user-network` for user-network.service), which has to be a
 * service: nobody registers from his session.
 *
 * In all of these `socket` is healthd's; NULL: UNBOX_HEALTHD_SOCKET.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "ipc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define UNBOX_HEALTHD_SOCKET "/run/unbox/healthd.sock"

/* What a service says of itself; all is copied. */
struct unbox_service_options {
    const char *socket;
    const char *name; /* of the unit, without ".service" */
    const char *version;
    const char *description;              /* one sentence */
    const char *endpoint;                 /* path of its socket; NULL: it answers nobody */
    const char *const *capabilities;      /* words, NULL at the end; NULL: none */
    const struct unbox_ipc_topic *topics; /* that it alone publishes through healthd; NULL: none */
    json_t *tab;                          /* object: what the page shows of it; NULL: no tab */
};

struct unbox_service;

/*
 * Registers, and again whenever healthd comes back: call it when the service is ready. `state` is
 * optional and is told 0 for each registration that was accepted, or why not. 0 or a negative
 * errno.
 */
int unbox_service_register(sd_event *event, const struct unbox_service_options *options,
        unbox_ipc_state_fn state, void *userdata, struct unbox_service **ret);

/*
 * Stops trying. It stays registered until its unit ends, which it is about to. Accepts NULL;
 * returns NULL.
 */
struct unbox_service *unbox_service_free(struct unbox_service *service);

/* The connection to healthd, borrowed: for unbox_ipc_publish() and other calls. */
struct unbox_ipc_client *unbox_service_client(struct unbox_service *service);

/* Takes it out of the registry before its unit ends, and stops trying; `service` is still to be
 * freed. `reply` may be NULL. 0 or a negative errno. */
int unbox_service_unregister(
        struct unbox_service *service, unbox_ipc_reply_fn reply, void *userdata);

/* A registered service. */
struct unbox_service_info {
    const char *name;
    const char *version;
    const char *description;
    const char *endpoint; /* NULL: none */
    const char *unit;
    json_t *whole; /* as in discover's result, with capabilities, topics and tab */
};

/* Makes *ret from discover's result, or a member of list_services' array; borrows from `service`,
 * which must live as long. 0, or -EBADMSG. */
int unbox_service_info_read(json_t *service, struct unbox_service_info *ret);

bool unbox_service_info_has_capability(
        const struct unbox_service_info *info, const char *capability);

/* discover: result is the service, or NOT_FOUND. list: result is an array of them, by name. With
 * `reply` as in unbox_ipc_client_call(), 10 s. */
int unbox_service_discover(struct unbox_ipc_client *client, const char *name,
        unbox_ipc_reply_fn reply, void *userdata);
int unbox_service_list(struct unbox_ipc_client *client, unbox_ipc_reply_fn reply, void *userdata);

struct unbox_service_watch;

/* `registered`: it came, or says something else of itself than before; otherwise it has gone, and
 * `info` has only a name. */
typedef void (*unbox_service_watch_fn)(
        bool registered, const struct unbox_service_info *info, void *userdata);

/* Tells of each service that is registered, then of each change, also over restarts of healthd,
 * during which nothing counts as gone. The watch must not be freed in `changed`. 0 or a negative
 * errno. */
int unbox_service_watch_new(sd_event *event, const char *socket, unbox_service_watch_fn changed,
        void *userdata, struct unbox_service_watch **ret);

/* Accepts NULL; returns NULL. */
struct unbox_service_watch *unbox_service_watch_free(struct unbox_service_watch *watch);

#ifdef __cplusplus
}
#endif
