/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The owner's page about HTTPS, and its forms as a browser sends them by itself: with a script the
 * System tab does the same by the API.
 */

#include <stdio.h>

#include "plain.h"

#define PAGE "/https.html"
/* As much of a file as the body may have. */
#define PEM_MAX (API_CERTIFICATE_MAX - 1)

static void set_certificate(struct plain *page, const json_t *certificate, bool own)
{
    plain_set_list(page, "names", json_object_get(certificate, "names"));
    plain_set(page, "issuer", plain_text(certificate, "issuer"));
    plain_set(page, "sha256", plain_text(certificate, "sha256"));
    plain_printf(page, "until", "%.10s", plain_text(certificate, "not_after"));
    plain_show(page, "if-own", own);
    plain_show(page, "if-customers", !own);
    plain_show(page, "if-expired", json_is_true(json_object_get(certificate, "expired")));
    plain_show(page, "if-certificate", json_is_object(certificate));
}

static void set_modes(struct plain *page, enum https_mode mode)
{
    static const enum https_mode modes[] = {HTTPS_OPTIONAL, HTTPS_REQUIRED, HTTPS_OFF};

    for (size_t i = 0; i < ELEMENTSOF(modes); i++)
        plain_set(page, https_mode_name(modes[i]), modes[i] == mode ? "checked" : "");
}

/* The other way to the page, where it is one now; over TLS, that this one has ended. */
static int set_way(struct plain *page, struct http_request *request, const struct api *api)
{
    bool tls = http_request_is_tls(request);
    char url[OWN_URL_SIZE] = "";
    int r = 0;

    if (tls != (api->tls_port != 0))
        r = own_name_url(http_request_header(request, "Host"), !tls,
                tls ? api->page_port : api->tls_port, url);
    plain_set(page, "url", url);
    plain_show(page, "if-there", url[0] && !tls);
    plain_show(page, "if-moved", url[0] && tls);
    return r;
}

int plain_https_page(struct http_request *request, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    _cleanup_json_ json_t *https = NULL;
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_OWNER);

    if (r != 0)
        return r < 0 ? r : 0;
    https = https_to_json(api->https);
    if (!https)
        return -ENOMEM;
    r = plain_new(request, api, PAGE, &page);
    if (r == 0)
        r = set_way(page, request, api);
    if (r < 0)
        return r;
    set_certificate(page, json_object_get(https, "certificate"), !https_is_customers(api->https));
    set_modes(page, https_mode(api->https));
    return plain_respond_whole(page);
}

int plain_https_mode(struct http_request *request, void *userdata)
{
    struct http_field field = {"mode"};
    int r = plain_form(request, userdata, SCOPE_OWNER, &field, 1), mode;

    if (r != 0)
        return r < 0 ? r : 0;
    mode = https_mode_of(field.value);
    http_fields_done(&field, 1);
    if (mode < 0)
        return form_refuse(request);
    r = api_https_take_mode(request, userdata, mode);
    if (r == -EPERM)
        return form_follow(request, PAGE, "#not-over-https");
    return form_follow(request, PAGE, r < 0 ? "#failed" : "#changed");
}

int plain_certificate_set(struct http_request *request, void *userdata)
{
    struct http_field fields[] = {{"certificate", PEM_MAX}, {"key", PEM_MAX}};
    int r = plain_form(request, userdata, SCOPE_OWNER, fields, ELEMENTSOF(fields));
    const char *problem;

    if (r != 0)
        return r < 0 ? r : 0;
    r = api_https_take_certificate(request, userdata, fields[0].value, fields[1].value, &problem);
    http_fields_done(fields, ELEMENTSOF(fields));
    return form_follow(request, PAGE, r == -EBADMSG ? "#unfit" : r < 0 ? "#failed" : "#changed");
}

int plain_certificate_drop(struct http_request *request, void *userdata)
{
    int r = plain_enter(request, userdata, SCOPE_OWNER);

    if (r != 0)
        return r < 0 ? r : 0;
    r = api_https_drop_certificate(request, userdata);
    return form_follow(request, PAGE, r < 0 ? "#failed" : "#changed");
}
