/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Serves the page's files: compressed at build time, and asked for again only when they changed.
 * Those with texts are there in several languages: what somebody has chosen (?lang=fr), which his
 * browser keeps in a cookie, comes before what his browser prefers. Few have something in them that
 * is only known when they are asked for.
 */

#include <stdio.h>
#include <string.h>

#include "assets.h"
#include "language.h"

/* Over TLS one of its own, as with the session's: a browser doesn't let plain HTTP overwrite it. */
#define COOKIE "lang"
#define COOKIE_TLS "__Host-lang"
#define COOKIE_SEC (365 * 24 * 3600)

static const struct asset *find(const char *path, const char *language)
{
    for (size_t i = 0; i < n_assets; i++) {
        const struct asset *asset = &assets[i];

        if (strcmp(asset->path, path) == 0 &&
                (!language || !asset->language || strcmp(asset->language, language) == 0))
            return asset;
    }
    return NULL;
}

bool assets_have(const char *path)
{
    return find(path, NULL);
}

/* What this request chooses, or NULL. */
static const char *choice(const struct http_request *request)
{
    return language_find(asset_languages, http_request_query(request, "lang"));
}

static const char *cookie_name(const struct http_request *request)
{
    return http_request_is_tls(request) ? COOKIE_TLS : COOKIE;
}

static const char *language_of(const struct http_request *request)
{
    const char *language = choice(request);

    if (!language)
        language =
                language_find(asset_languages, http_request_cookie(request, cookie_name(request)));
    return language
                   ?: language_accepted(
                              asset_languages, http_request_header(request, "Accept-Language"));
}

const struct asset *assets_for(const struct http_request *request, const char *path)
{
    return find(path, language_of(request));
}

/* It is no secret, and nothing hangs on it. */
static int keep_choice(struct http_request *request, const char *language)
{
    char cookie[96];

    snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; Max-Age=%d; SameSite=Lax; HttpOnly%s",
            cookie_name(request), language, COOKIE_SEC,
            http_request_is_tls(request) ? "; Secure" : "");
    return http_request_add_header(request, "Set-Cookie", cookie);
}

static int add_headers(
        struct http_request *request, const struct asset *asset, const char *cache_control)
{
    const char *chosen = choice(request);
    int r;

    r = http_request_add_header(request, "Cache-Control", cache_control);
    if (r == 0)
        r = http_request_add_header(request, "Vary",
                asset->language ? "Accept-Encoding, Accept-Language, Cookie" : "Accept-Encoding");
    if (r == 0 && asset->language)
        r = http_request_add_header(request, "Content-Language", asset->language);
    return r == 0 && chosen ? keep_choice(request, chosen) : r;
}

/* Good enough for what browsers send: none of them says gzip;q=0. */
static bool takes_gzip(const struct http_request *request)
{
    const char *accepted = http_request_header(request, "Accept-Encoding");

    return accepted && strstr(accepted, "gzip");
}

int assets_respond(struct http_request *request, void *userdata)
{
    const char *method = http_request_method(request);
    const struct asset *asset = assets_for(request, http_request_path(request));
    int r;

    if (!asset)
        return http_respond_problem(request, 404, "not_found", NULL, "There is nothing here.");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        r = http_request_add_header(request, "Allow", "GET");
        if (r < 0)
            return r;
        return http_respond_problem(
                request, 405, "method_not_allowed", NULL, "This resource only takes GET.");
    }
    r = add_headers(request, asset, "no-cache");
    if (r < 0)
        return r;
    if (!takes_gzip(request))
        return http_respond_static(
                request, 200, asset->type, asset->etag, asset->data, asset->size);
    r = http_request_add_header(request, "Content-Encoding", "gzip");
    if (r < 0)
        return r;
    return http_respond_static(
            request, 200, asset->type, asset->etag_gzip, asset->gzip, asset->gzip_size);
}

int assets_respond_made(struct http_request *request, unsigned status, const struct asset *asset,
        const char *page, size_t size)
{
    int r = add_headers(request, asset, "no-store");

    return r < 0 ? r : http_respond_data(request, status, asset->type, page, size);
}
