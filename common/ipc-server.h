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

/* A socket on which clients connect. */
struct ipc_listener {
    struct unbox_ipc_server *server;
    sd_event_source *io;
    sd_event_source *pause; /* until it listens again */
    int fd;
    struct ipc_listener *next;
};

struct unbox_ipc_server {
    sd_event *event;
    struct ipc_listener *listeners;
    char *path;
    struct unbox_ipc_server_options options;
    struct ipc_roles roles;
    struct connection *connections;
    uint64_t seq;
};

/* A listening socket at `path`, replaced when it is there, for the owner and `group` (-1: none).
 * Its descriptor or a negative errno. */
int ipc_socket_bind(const char *path, gid_t group);

/* Serves another listening socket, which is taken over in any case. 0 or a negative errno. */
int ipc_server_add_socket(struct unbox_ipc_server *server, int fd);

/* Serves none any more. */
void ipc_server_close_sockets(struct unbox_ipc_server *server);

/* Serves whoever is at the other end of `fd`, which is taken over on success. 0 or a negative
 * errno. */
int ipc_server_add_connection(struct unbox_ipc_server *server, int fd);

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
