/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is told as it happens. */

#include "api.h"

int api_events(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return events_respond(request, api->events);
}
