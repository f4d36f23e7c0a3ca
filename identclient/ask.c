/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The requests of the three calls: they have a core in common, and a renewal has no more. */

#include "ask.h"

#include <errno.h>

#include "device.h"
#include "enrolment-protocol.h"

static json_t *hardware_addresses(const struct enrolment_options *options)
{
    json_t *macs = json_object();

    for (size_t i = 0; macs && options->mac_interfaces[i]; i++) {
        _cleanup_free_ char *mac = NULL;

        /* A radio that isn't there is no reason not to enrol. */
        if (device_mac(options->sysfs, options->mac_interfaces[i], &mac) >= 0)
            (void)json_object_set_new(macs, options->mac_interfaces[i], json_string(mac));
    }
    return macs;
}

/* What the bench wants to know of the device itself. */
static int add_device(json_t *request, const struct enrolment_options *options)
{
    _cleanup_json_ json_t *device = NULL;

    device = json_pack("{s:s, s:s, s:s, s:s, s:o}", "product", options->product, "hw_rev",
            options->hardware_revision, "batch", options->batch, "mode",
            options->bundle ? "bundle" : "csr", "macs", hardware_addresses(options));
    return device && json_object_update(request, device) == 0 ? 0 : -ENOMEM;
}

static int add_token(json_t *request, const struct token *token)
{
    _cleanup_json_ json_t *members = NULL;

    members = json_pack("{s:s, s:s}", "token", token->text, "reason", token->reason);
    return members && json_object_update(request, members) == 0 ? 0 : -ENOMEM;
}

static int add_csr(json_t *request, const struct enrolment_options *options,
        const struct attempt *attempt, const char *nonce)
{
    _cleanup_free_ char *csr = NULL;
    int r;

    r = crypto_request_new(attempt->key, options->serial, nonce, &csr);
    if (r < 0)
        return r;
    return json_object_set_new(request, "csr", json_string(csr)) == 0 ? 0 : -ENOMEM;
}

int ask_new(const struct enrolment_options *options, const struct attempt *attempt,
        const char *nonce, json_t **ret)
{
    _cleanup_json_ json_t *request = NULL;
    int r = 0;

    request = json_pack("{s:i, s:s, s:s, s:s}", "v", ENROLMENT_VERSION, "serial", options->serial,
            "attempt", attempt->id, "nonce", nonce);
    if (!request)
        return -ENOMEM;
    if (options->kind != &kind_renew)
        r = add_device(request, options);
    if (r >= 0 && options->token)
        r = add_token(request, options->token);
    if (r >= 0 && !options->bundle)
        r = add_csr(request, options, attempt, nonce);
    if (r < 0)
        return r;
    *ret = STEAL(request);
    return 0;
}
