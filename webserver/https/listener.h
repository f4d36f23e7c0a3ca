/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A port that speaks TLS with the certificate of the moment, or hangs up on everybody. */

#include "certificate.h"
#include "http-server.h"

struct tls_listener;

/* `fd` listens, and is taken over on success; nobody is accepted yet. `options` without any of TLS;
 * what it refers to is borrowed. 0 or a negative errno. */
int tls_listener_new(sd_event *event, int fd, const struct http_server_options *options,
        struct tls_listener **ret);

/* As http_server_free(). Accepts NULL; returns NULL. */
struct tls_listener *tls_listener_free(struct tls_listener *listener);

/*
 * Serves with this certificate from now on, which need not live on; NULL: hangs up on everybody.
 * Who is connected is served on for a while, so that a handler may call it. 0, or a negative errno:
 * then everything is as it was.
 */
int tls_listener_serve(struct tls_listener *listener, const struct certificate *certificate);

/* Whether anybody is served, not hung up on. */
bool tls_listener_serving(const struct tls_listener *listener);

unsigned tls_listener_connections(const struct tls_listener *listener);
