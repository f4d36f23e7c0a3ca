/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "services.h"

#include <string.h>

/* Pages look at one at a time. */
#define PEERS_MAX 16

struct entry {
    char *endpoint;
    struct peer *peer;
};

struct services {
    sd_event *event; /* borrowed */
    struct entry entries[PEERS_MAX];
};

static void entry_clear(struct entry *entry)
{
    entry->peer = peer_free(entry->peer);
    free(entry->endpoint);
    entry->endpoint = NULL;
}

int services_new(sd_event *event, struct services **ret)
{
    struct services *services = calloc(1, sizeof(*services));

    if (!services)
        return -ENOMEM;
    services->event = event;
    *ret = services;
    return 0;
}

struct services *services_free(struct services *services)
{
    if (!services)
        return NULL;
    for (size_t i = 0; i < PEERS_MAX; i++)
        entry_clear(&services->entries[i]);
    free(services);
    return NULL;
}

static struct entry *find(struct services *services, const char *endpoint)
{
    for (size_t i = 0; i < PEERS_MAX; i++) {
        struct entry *entry = &services->entries[i];

        if (entry->peer && strcmp(entry->endpoint, endpoint) == 0)
            return entry;
    }
    return NULL;
}

/* One that is free, or that nobody waits for. */
static struct entry *make_room(struct services *services)
{
    for (size_t i = 0; i < PEERS_MAX; i++) {
        if (!services->entries[i].peer)
            return &services->entries[i];
    }
    for (size_t i = 0; i < PEERS_MAX; i++) {
        if (peer_is_idle(services->entries[i].peer)) {
            entry_clear(&services->entries[i]);
            return &services->entries[i];
        }
    }
    return NULL;
}

int services_peer(struct services *services, json_t *service, struct peer **ret)
{
    const char *endpoint = json_string_value(json_object_get(service, "endpoint"));
    const char *name = json_string_value(json_object_get(service, "name"));
    _cleanup_free_ char *title = NULL;
    struct entry *entry;
    int r;

    if (!endpoint || !name)
        return -ENOENT;
    entry = find(services, endpoint);
    if (!entry) {
        entry = make_room(services);
        if (!entry)
            return -EBUSY;
        if (asprintf(&title, "The service %s", name) < 0) {
            title = NULL;
            return -ENOMEM;
        }
        entry->endpoint = strdup(endpoint);
        if (!entry->endpoint)
            return -ENOMEM;
        r = peer_new(services->event, endpoint, title, &entry->peer);
        if (r < 0) {
            entry_clear(entry);
            return r;
        }
    }
    *ret = entry->peer;
    return 0;
}

int services_reach(
        struct services *services, struct http_request *request, json_t *service, struct peer **ret)
{
    int r = services_peer(services, service, ret);

    if (r == -ENOENT)
        r = http_respond_problem(request, 409, "no_endpoint", NULL, "This service answers nobody.");
    else if (r == -EBUSY)
        r = http_respond_problem(
                request, 503, "busy", NULL, "Too many services are being asked. Try again.");
    else
        return r;
    return r < 0 ? r : 1;
}

static json_t *find_method(json_t *service, const char *array, const char *method)
{
    json_t *offered = json_object_get(json_object_get(service, "tab"), array), *one;
    size_t i;

    json_array_foreach (offered, i, one) {
        const char *own = json_string_value(json_object_get(one, "method"));

        if (own && strcmp(own, method) == 0)
            return one;
    }
    return NULL;
}

json_t *services_action(json_t *service, const char *method)
{
    return find_method(service, "actions", method);
}

json_t *services_document(json_t *service, const char *method)
{
    return find_method(service, "documents", method);
}
