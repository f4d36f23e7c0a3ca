/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the pages about the network have in common. A `status` is user-network's, and may be NULL.
 */

#include "plain.h"

/* both.c: asks for the status and the networks, then answers with the page at `path`. Of what isn't
 * told there is NULL, and the page says why. For a handler to return. */
typedef int (*plain_network_reply)(struct http_request *request, struct plain *page,
        const json_t *status, const json_t *networks);
int plain_ask_both(
        struct http_request *request, struct api *api, const char *path, plain_network_reply reply);

/* Whether somebody may change something now: not while a network is joined. */
bool plain_can_change(const struct plain *page, const json_t *status);

/* Whether the device is on the network of this ssid_hex. */
bool plain_is_joined(const json_t *status, const char *hex);

/* What comes of a form: the page about the network, at `part`; or why it can't be done. */
int plain_network_follow(struct http_request *request, const struct peer_answer *answer,
        struct api *api, const char *part);

/* air.c: writes this part of the page for each of the networks in the air. */
void plain_add_air(struct plain *page, const json_t *status, const json_t *networks, unsigned part);

/* saved.c: a row of the saved networks, of which `network` is one. */
void plain_set_saved(
        struct plain *page, const json_t *status, const json_t *saved, const json_t *network);

/* wired.c: the cable, how it is set and what is being tried; what became of a change before. */
void plain_set_wired(struct plain *page, const json_t *status);

/* radio.c: whether there is a radio, how it is, as "radio-note", and what there is to do about it,
 * as "radio-do". */
void plain_set_radio(struct plain *page, const json_t *status);

/* hotspot.c: whether the device has a Wi-Fi of its own, or could have; whether it is open, as
 * "own-note", and what there is to do about it, as "own-do". */
bool plain_can_serve(const json_t *status);
void plain_set_own(struct plain *page, const json_t *status);
