/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The wire's settings. They are several fields, and two may have the form open: who says on which
 * settings his are based (If-Match) doesn't overwrite others.
 */

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#include "api.h"

#define TAG_BYTES 8

/* What is set, of all that user-network says of the wire: the caller's. */
static json_t *settings_of(json_t *wired)
{
    return json_pack("{sO? sO?}", "method", json_object_get(wired, "method"), "static",
            json_object_get(wired, "static"));
}

int api_wired_tag(json_t *wired, char ret[static API_WIRED_TAG_SIZE])
{
    _cleanup_json_ json_t *settings = settings_of(wired);
    _cleanup_free_ char *text = NULL;
    unsigned char digest[32];

    if (settings)
        text = json_dumps(settings, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return -ENOMEM;
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), digest) < 0)
        return -EIO;
    ret[0] = '"';
    for (size_t i = 0; i < TAG_BYTES; i++)
        snprintf(ret + 1 + 2 * i, 3, "%02x", digest[i]);
    memcpy(ret + API_WIRED_TAG_SIZE - 2, "\"", 2);
    return 0;
}

static int on_wired(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    char tag[API_WIRED_TAG_SIZE];
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    r = api_wired_tag(answer->result, tag);
    if (r == 0)
        r = http_request_add_header(request, "ETag", tag);
    return r < 0 ? r : http_respond_json(request, 200, settings_of(answer->result));
}

int api_wired_show(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "wired", NULL, PEER_SOON_USEC, on_wired, NULL);
}

/* On failure it has answered, and returns -EBADMSG. */
static int read_body(struct http_request *request, json_t **ret)
{
    const char *method, *address = NULL, *gateway = NULL;
    json_t *dns = NULL;

    return api_body(request, ret, "{s:s, s?s, s?s, s?o!}", "method", &method, "address", &address,
            "gateway", &gateway, "dns", &dns);
}

static int set(struct http_request *request, struct api *api)
{
    _cleanup_json_ json_t *body = NULL;
    int r;

    r = read_body(request, &body);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, "set the wire up");
    return peer_ask(
            api->network, request, "set_wired", STEAL(body), PEER_SOON_USEC, peer_accept, NULL);
}

static int on_wired_before(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    char tag[API_WIRED_TAG_SIZE];
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    r = api_wired_tag(answer->result, tag);
    if (r < 0)
        return r;
    if (!http_request_if_match(request, tag))
        return http_respond_problem(request, 412, "changed_meanwhile", NULL,
                "Somebody else has changed this meanwhile. Look at it again first.");
    return set(request, userdata);
}

int api_network_wired(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    int r;

    if (!http_request_header(request, "If-Match"))
        return set(request, api);
    r = read_body(request, &body);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    return peer_ask(api->network, request, "wired", NULL, PEER_SOON_USEC, on_wired_before, api);
}

/* Which of the device's addresses this has come over is the proof, and so not the client's to say.
 */
int api_network_confirm_wired(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    char address[INET6_ADDRSTRLEN];
    json_t *params;
    int r;

    r = api_body(request, &body, "{!}");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    r = http_request_local(request, address);
    if (r < 0)
        return r;
    params = json_pack("{s:s}", "address", address);
    if (!params)
        return -ENOMEM;
    api_log_change(request, "keep the wire's new address");
    return peer_ask(
            api->network, request, "confirm_wired", params, PEER_SOON_USEC, peer_pass, NULL);
}
