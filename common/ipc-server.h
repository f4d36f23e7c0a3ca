/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the serving side share: the server, its connections, and who is behind them. */

#include "ipc-stream.h"
#include "unbox/ipc.h"

/* Who may what: ids of the suite's groups and users, -1 where there is none. */
struct ipc_roles {
    gid_t operators;
    gid_t admins;
    uid_t web;
};

struct ipc_peer {
    pid_t pid;
    uid_t uid;
    char *unit; /* may be NULL */
    enum unbox_ipc_role role;
    bool web;
};

struct connection {
    struct unbox_ipc_server *server;
    struct ipc_stream *stream;
    struct ipc_peer peer;
    unsigned calls;
    bool gone;
    char **patterns; /* that it has subscribed to */
    size_t n_patterns;
    struct unbox_ipc_replay *replay; /* it is being told what it missed */
    struct connection *next;
};

struct unbox_ipc_call {
    struct connection *connection;
    const struct unbox_ipc_method *method;
    json_t *id;
};

struct unbox_ipc_server {
    sd_event *event;
    sd_event_source *io;
    int fd;
    char *path;
    struct unbox_ipc_server_options options;
    struct ipc_roles roles;
    struct connection *connections;
    unsigned count;
    uint64_t seq;
};

void ipc_roles_init(struct ipc_roles *roles);

/* Finds out who is at the other end of `fd`. 0 or a negative errno; *ret->unit is the caller's. */
int ipc_peer_identify(const struct ipc_roles *roles, int fd, struct ipc_peer *ret);

bool ipc_peer_may_call(const struct ipc_peer *peer, const struct unbox_ipc_method *method);

/* The method `subscribe`. */
int ipc_subscribe(struct unbox_ipc_call *call, json_t *params, void *userdata);

/* The connection subscribes to nothing any more. */
void ipc_subscribe_end(struct connection *connection);

/* For `describe`. NULL: out of memory. */
json_t *ipc_subscribe_topics(const struct unbox_ipc_server *server);
