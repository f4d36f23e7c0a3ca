/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the process holds, and how it is put together. */

#include "api/api.h"
#include "https/listener.h"
#include "unbox/run.h"
#include "unbox/service.h"

/* Of webserver.socket and webserver-portal.socket together. */
#define WEB_SOCKETS_MAX 8
/* Of one socket; so many of them may be streams, and the rest is for who asks. Those over TLS take
 * more memory, and anybody may open them. LimitNOFILE= of the unit has to allow for all. */
#define WEB_CONNECTIONS_MAX 1600
#define WEB_STREAMS_MAX 1024
#define WEB_TLS_CONNECTIONS_MAX 600
#define WEB_TLS_STREAMS_MAX 300
/* A browser opens six; several phones may share an address. */
#define WEB_CONNECTIONS_PER_ADDRESS_MAX 48
#define WEB_STREAMS_PER_ADDRESS_MAX 24

struct web {
    struct api api; /* first: the servers' userdata is both */
    struct unbox_run *run;
    struct http_server *servers[WEB_SOCKETS_MAX];
    size_t n_servers;
    struct tls_listener *tls[WEB_SOCKETS_MAX];
    size_t n_tls;
    int tls_port;   /* the first of them */
    char ports[96]; /* "port 5000", "port 5000, TLS on port 5443" */
    sd_event_source *status_timer;
    struct unbox_service *service;
};

/*
 * Everything but the servers: who is asked, who may log in (`state` is the folder of that), what is
 * told. `folder` has the other daemons' sockets. 0 or a negative errno, which has been logged.
 */
int web_set_up(struct web *web, const char *folder, const char *state);

/* What was set up, and served; not `web` itself. */
void web_done(struct web *web);

/* For `systemctl status`: the ports, and how many are connected. */
void web_tell_status(struct web *web);

/* How many are connected has changed. */
void web_connections_changed(void *userdata);

/* serve.c: the sockets that systemd has handed over, descriptors from `first` on, by their names
 * (NULL: they have none). 0 or a negative errno, which has been logged. */
int web_serve(struct web *web, int first, char *const *names, int n_sockets);

/* Whether and how the page is served over TLS has become another, or may have. */
void web_https_changed(void *userdata);
