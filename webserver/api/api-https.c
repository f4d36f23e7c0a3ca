/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /api/v1/https: whether the page is served over TLS, and with which certificate. */

#include <string.h>
#include <time.h>

#include "api.h"
#include "unbox/log.h"

static int respond(struct http_request *request, const struct api *api)
{
    json_t *shown = https_to_json(api->https);

    if (!shown || json_object_set_new(shown, "port",
                          api->tls_port ? json_integer(api->tls_port) : json_null()) < 0) {
        json_decref(shown);
        return -ENOMEM;
    }
    return http_respond_json(request, 200, shown);
}

int api_https_show(struct http_request *request, void *userdata)
{
    return respond(request, userdata);
}

int api_https_take_mode(struct http_request *request, struct api *api, int mode)
{
    int r;

    /* Who can't get through a warning of his browser would have locked himself out. */
    if (mode == HTTPS_REQUIRED && !http_request_is_tls(request))
        return -EPERM;
    api_log_change(request, "have HTTPS another way");
    r = https_choose(api->https, mode);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "The choice of HTTPS can't be stored");
    return 0;
}

int api_https_choose(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    struct api *api = userdata;
    json_t *choice;
    int mode = -1, r;

    r = api_body(request, &body, "{s:o!}", "mode", &choice);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (json_is_string(choice))
        mode = https_mode_of(json_string_value(choice));
    if (mode < 0 && !json_is_null(choice))
        return http_respond_problem(request, 422, "invalid_params", NULL,
                "The mode is optional, required or off; null is what is configured.");
    r = api_https_take_mode(request, api, mode);
    if (r == -EPERM)
        return http_respond_problem(request, 409, "not_over_https", NULL,
                "Open this page over HTTPS first, to see that it works: then it can be required.");
    return r < 0 ? r : respond(request, api);
}

int api_https_take_certificate(struct http_request *request, struct api *api, const char *chain,
        const char *key, const char **ret_problem)
{
    _cleanup_(certificate_free_p) struct certificate *certificate = NULL;
    int r;

    r = certificate_import(chain, key, time(NULL), &certificate, ret_problem);
    if (r == -EBADMSG)
        return r;
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "A certificate can't be read");
    api_log_change(request, "show another certificate over HTTPS");
    r = https_adopt(api->https, certificate);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "The customer's certificate can't be stored");
    (void)STEAL(certificate);
    return 0;
}

static void wipe_key(const char **key)
{
    if (*key)
        explicit_bzero((char *)*key, strlen(*key));
}

int api_certificate_set(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    /* It is a part of the body, and so wiped before. */
    _cleanup_(wipe_key) const char *key = NULL;
    const char *chain, *problem;
    struct api *api = userdata;
    int r;

    r = api_body(request, &body, "{s:s, s:s!}", "certificate", &chain, "key", &key);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    r = api_https_take_certificate(request, api, chain, key, &problem);
    if (r == -EBADMSG)
        return http_respond_problem(request, 422, "unfit_certificate", NULL, "%s", problem);
    return r < 0 ? r : respond(request, api);
}

int api_https_drop_certificate(struct http_request *request, struct api *api)
{
    int r;

    api_log_change(request, "show a certificate of the device's own over HTTPS");
    r = https_drop(api->https);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "The customer's certificate can't be removed");
    return 0;
}

int api_certificate_drop(struct http_request *request, void *userdata)
{
    int r = api_https_drop_certificate(request, userdata);

    return r < 0 ? r : respond(request, userdata);
}
