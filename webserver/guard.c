/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Other people's pages, open in the same browser, must not be able to change anything here: a
 * change has to be JSON, which a foreign page can't send without asking first (and nobody here says
 * yes to that), and where the browser tells the origin, it has to be this page.
 */

#include <string.h>
#include <strings.h>

#include "guard.h"

/* Everything that the page needs comes from here, and from files: no inline script or style. */
const char *const guard_headers[] = {
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'",
        "X-Content-Type-Options",
        "nosniff",
        "Referrer-Policy",
        "no-referrer",
        "Cross-Origin-Resource-Policy",
        "same-origin",
        NULL,
};

static bool is_change(const struct http_request *request)
{
    const char *method = http_request_method(request);

    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static bool is_own_origin(const char *origin, const char *host)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        size_t size = strlen(schemes[i]);

        if (strncasecmp(origin, schemes[i], size) == 0)
            return host && strcasecmp(origin + size, host) == 0;
    }
    return false;
}

int guard_check(struct http_request *request, void *userdata)
{
    const char *origin = http_request_header(request, "Origin");
    int r;

    if (!is_change(request))
        return 0;
    if (origin && !is_own_origin(origin, http_request_header(request, "Host")))
        r = http_respond_problem(
                request, 403, "foreign_origin", NULL, "Only this device's own page may do that.");
    else if (!http_request_is_json(request))
        r = http_respond_problem(
                request, 415, "not_json", NULL, "A change has to be sent as application/json.");
    else
        return 0;
    return r < 0 ? r : 1;
}
