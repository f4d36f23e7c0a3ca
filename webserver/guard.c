/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * In this order: how often somebody may ask, under which name he may find this device, from which
 * page he may change something, and what he may do here at all. Whatever is in no table needs a
 * login, and a change that is in none needs the owner's.
 */

#include "guard.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "assets.h"
#include "login/place.h"
#include "unbox/log.h"

/*
 * Everything that the page needs comes from here, and from files: no inline script or style. The
 * referrer stays within this page; with none at all, browsers would not say either which page a
 * form's change comes from.
 */
const char *const guard_headers[] = {
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'",
        /* For browsers that don't know frame-ancestors. */
        "X-Frame-Options",
        "DENY",
        "X-Content-Type-Options",
        "nosniff",
        "Referrer-Policy",
        "same-origin",
        "Cross-Origin-Resource-Policy",
        "same-origin",
        NULL,
};

#define HSTS_SEC (30 * 24 * 60 * 60)

/* The first that fits decides. */
static const struct rule {
    const char *method; /* NULL: whatever changes something */
    const char *path;   /* with all below it */
    unsigned scope;     /* 0: anybody */
} rules[] = {
        {"GET", "/health", 0},
        /* Looks itself, as all that answer with a page for people. */
        {"GET", "/diagnostics", 0},
        {"GET", "/api/v1/session", 0},
        {"POST", "/api/v1/session", 0},
        {"DELETE", "/api/v1/session", SCOPE_READ},
        {"PUT", "/api/v1/password", 0},
        {"GET", "/api/v1/tokens", SCOPE_OWNER},
        /* The hotspot's password. */
        {"GET", "/api/v1/network/hotspot", SCOPE_NETWORK},
        {"GET", "/api/v1/network/hotspot.svg", SCOPE_NETWORK},
        /* No secrets, but all that happened: not for a script that only looks. */
        {"GET", "/api/v1/system/diagnostics", SCOPE_SYSTEM},
        /* Labels have the password of a device's hotspot. */
        {"GET", "/api/v1/documents", SCOPE_SYSTEM},
        {"GET", "", SCOPE_READ},
        {NULL, "/api/v1/network", SCOPE_NETWORK},
        {NULL, "/api/v1/health", SCOPE_SYSTEM},
        {NULL, "/api/v1/system", SCOPE_SYSTEM},
        {NULL, "/api/v1/services", SCOPE_SYSTEM},
        {NULL, "", SCOPE_OWNER},
};

/* Not JSON: a browser sends them by itself. The password is in them, or nothing of worth, or they
 * look themselves who sends them (plain/). */
static const char *const forms[] = {"/login", "/welcome", "/password", "/logout", "/join", "/https",
        "/https/certificate", "/https/own-certificate", "/country", "/restart", "/reboot", "/reset",
        "/scan", "/forget", "/prefer", "/hotspot", "/radio", "/wired", "/wired/confirm", "/tokens",
        "/revoke", "/service"};

static bool is_change(const struct http_request *request)
{
    const char *method = http_request_method(request);

    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static bool is_form(const struct http_request *request)
{
    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        if (strcmp(http_request_path(request), forms[i]) == 0)
            return strcmp(http_request_method(request), "POST") == 0;
    }
    return false;
}

static int refuse_often(struct http_request *request, unsigned wait_sec)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", wait_sec);
    (void)http_request_add_header(request, "Retry-After", text);
    return http_respond_problem(
            request, 429, "too_many_requests", NULL, "Too many requests. Wait a moment.");
}

static int check_often(struct http_request *request, struct api *api)
{
    const char *peer = http_request_peer(request);
    unsigned wait_sec;

    /* Who is on the device already could do worse. */
    if (place_is_loopback(peer))
        return 0;
    wait_sec = buckets_take(api->auth.requests, auth_now(&api->auth), peer);
    return wait_sec > 0 ? refuse_often(request, wait_sec) : 0;
}

static int check_host(struct http_request *request, struct api *api)
{
    if (own_name_is(&api->name, http_request_header(request, "Host")))
        return 0;
    /* It may have got a new one. */
    own_name_refresh(&api->name, api->network, auth_now(&api->auth));
    return own_name_redirect(&api->name, request);
}

/*
 * Where TLS is required, plain HTTP only leads there. But the first minute is spared: the window
 * that a phone opens by itself when it has joined the hotspot takes no certificate that it doesn't
 * know, and the air is encrypted with the password of the label.
 */
static bool may_be_plain(const struct http_request *request, const struct api *api)
{
    char local[INET6_ADDRSTRLEN] = "";

    if (http_request_is_tls(request) || !api->tls_port || https_mode(api->https) != HTTPS_REQUIRED)
        return true;
    (void)http_request_local(request, local);
    if (place_is_loopback(local) && strcmp(http_request_path(request), "/health") == 0)
        return true;
    return !password_is_set(api->auth.password) && strcmp(local, api->portal) == 0;
}

static int check_tls(struct http_request *request, const struct api *api)
{
    const char *path = http_request_path(request);
    char url[OWN_URL_SIZE];
    int r;

    if (may_be_plain(request, api))
        return 0;
    r = own_name_url(http_request_header(request, "Host"), true, api->tls_port, url);
    if (r < 0)
        return r;
    /* It may be another one tomorrow. */
    r = http_request_add_header(request, "Cache-Control", "no-store");
    if (r < 0)
        return r;
    if (!is_change(request) && (assets_have(path) || strcmp(path, "/") == 0))
        return http_respond_redirect(request, url);
    return http_respond_problem(request, 403, "https_required", json_pack("{ss}", "url", url),
            "This device is asked over HTTPS only: %s", url);
}

/* Browsers let a certificate hold for a name, whatever the port: where plain HTTP is on a port of
 * its own, they would look for TLS there and find none. On the ports that browsers look for
 * themselves it is right, for as long as the certificate is. */
static int add_hsts(struct http_request *request, const struct api *api)
{
    const struct certificate *certificate = https_certificate(api->https);
    time_t left;
    char text[32];

    if (!http_request_is_tls(request) || http_request_local_port(request) != 443 ||
            https_mode(api->https) != HTTPS_REQUIRED || !https_is_customers(api->https))
        return 0;
    left = certificate_not_after(certificate) - time(NULL);
    if (left <= 0)
        return 0;
    snprintf(text, sizeof(text), "max-age=%d", left > HSTS_SEC ? HSTS_SEC : (int)left);
    return http_request_add_header(request, "Strict-Transport-Security", text);
}

static bool is_own_origin(const struct http_request *request, const char *origin)
{
    const char *scheme = http_request_is_tls(request) ? "https://" : "http://";
    const char *host = http_request_header(request, "Host");
    size_t size = strlen(scheme);

    return host && strncasecmp(origin, scheme, size) == 0 && strcasecmp(origin + size, host) == 0;
}

/*
 * Other people's pages, open in the same browser, must not be able to change anything here: a
 * change has to be JSON, which a foreign page can't send without asking first (and nobody here says
 * yes to that), and where the browser tells the origin, it has to be this page. A form's has to be
 * told.
 */
static int check_origin(struct http_request *request)
{
    const char *origin = http_request_header(request, "Origin");
    bool form = is_form(request);

    if (!is_change(request))
        return 0;
    if (origin ? !is_own_origin(request, origin) : form)
        return http_respond_problem(
                request, 403, "foreign_origin", NULL, "Only this device's own page may do that.");
    if (form ? !http_request_is_form(request) : !http_request_is_json(request))
        return http_respond_problem(request, 415, form ? "not_a_form" : "not_json", NULL,
                "A change has to be sent as %s.", form ? "a form of the page" : "application/json");
    return 0;
}

static bool fits(const struct rule *rule, const struct http_request *request)
{
    const char *path = http_request_path(request);
    size_t size = strlen(rule->path);

    if (strncmp(path, rule->path, size) != 0 ||
            (size > 0 && path[size] != '\0' && path[size] != '/'))
        return false;
    if (!is_change(request))
        return rule->method && strcmp(rule->method, "GET") == 0;
    return !rule->method || strcmp(rule->method, http_request_method(request)) == 0;
}

static unsigned needed_scope(const struct http_request *request)
{
    if (is_form(request) || (!is_change(request) && assets_have(http_request_path(request))))
        return 0;
    for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
        if (fits(&rules[i], request))
            return rules[i].scope;
    }
    return SCOPE_OWNER;
}

static int refuse_stranger(struct http_request *request, struct api *api, bool bad_token)
{
    unsigned wait_sec;

    /* Guessing tokens is a kind of logging in. */
    if (bad_token) {
        wait_sec = buckets_take(api->auth.logins, auth_now(&api->auth), http_request_peer(request));
        if (wait_sec > 0)
            return refuse_often(request, wait_sec);
    }
    (void)http_request_add_header(
            request, "WWW-Authenticate", bad_token ? "Bearer error=\"invalid_token\"" : "Bearer");
    if (!password_is_set(api->auth.password))
        return http_respond_problem(
                request, 401, "password_not_set", NULL, "Set the device password first.");
    return http_respond_problem(request, 401, bad_token ? "invalid_token" : "not_logged_in", NULL,
            bad_token ? "That access token does not hold." : "Log in first.");
}

/* A browser adds the cookie to other pages' requests too, but not this. 1: it is there, 0: not. */
static int has_csrf(const struct http_request *request, const struct visitor *visitor)
{
    const char *sent = http_request_header(request, "X-CSRF-Token");
    char csrf[SECRET_SIZE];
    int r = auth_csrf(visitor->token, csrf);

    return r < 0 ? r : sent && secret_equal(sent, csrf);
}

static int check_visitor(struct http_request *request, struct api *api)
{
    unsigned scope = needed_scope(request);
    struct visitor visitor;
    int r;

    if (scope == 0)
        return 0;
    auth_visitor(&api->auth, request, &visitor);
    if (visitor.scopes == 0)
        return refuse_stranger(request, api, visitor.bad_token);
    if (is_change(request) && visitor.session) {
        r = has_csrf(request, &visitor);
        if (r < 0)
            return r;
        if (r == 0)
            return http_respond_problem(request, 403, "bad_csrf", NULL,
                    "This page is out of date. Load it again, then try once more.");
    }
    auth_note_use(&api->auth, request, &visitor);
    if (!(visitor.scopes & scope))
        return http_respond_problem(
                request, 403, "not_allowed", NULL, "This login may not do that.");
    return 0;
}

int guard_check_often(struct http_request *request, void *userdata)
{
    int r = check_often(request, userdata);

    return r < 0 ? r : http_request_answered(request);
}

int guard_check(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r;

    r = check_often(request, api);
    if (r == 0 && !http_request_answered(request))
        r = check_host(request, api);
    if (r == 0 && !http_request_answered(request))
        r = check_tls(request, api);
    if (r == 0 && !http_request_answered(request))
        r = add_hsts(request, api);
    if (r == 0 && !http_request_answered(request))
        r = check_origin(request);
    if (r == 0 && !http_request_answered(request))
        r = check_visitor(request, api);
    return r < 0 ? r : http_request_answered(request);
}
