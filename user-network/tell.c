/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Turns what network.c sees into events, each change once. */

#include "tell.h"

#include <string.h>

const struct unbox_ipc_topic tell_topics[] = {
        {TELL_CHANGED,
                "Hotspot, Wi-Fi, wire or what keeps them from working is another: as status."},
        {TELL_JOIN, "A step of a join: ssid, ssid_hex, step; or its end: verdict.", true},
        {TELL_SCAN, "A look for networks begins or ends: scanning, networks."},
        {},
};

struct tell {
    struct unbox_ipc_client *bus;    /* borrowed, like the next; NULL: nobody is to be told there */
    struct unbox_ipc_server *server; /* our own socket */
    json_t *status;                  /* as last told */
    json_t *scan;
};

int tell_new(struct tell **ret)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret ? 0 : -ENOMEM;
}

struct tell *tell_free(struct tell *tell)
{
    if (!tell)
        return NULL;
    tell_forget(tell);
    free(tell);
    return NULL;
}

void tell_attach(struct tell *tell, struct unbox_ipc_client *bus, struct unbox_ipc_server *server)
{
    tell->bus = bus;
    tell->server = server;
}

void tell_forget(struct tell *tell)
{
    json_decref(tell->status);
    json_decref(tell->scan);
    tell->status = NULL;
    tell->scan = NULL;
}

static void publish(struct tell *tell, const char *topic, json_t *data)
{
    /* One that is lost is made up for: by the next, or by whoever asks for the status. */
    if (tell->server)
        (void)unbox_ipc_server_publish(tell->server, topic, json_incref(data), NULL);
    if (tell->bus)
        (void)unbox_ipc_publish(tell->bus, topic, json_incref(data), NULL, NULL);
    json_decref(data);
}

static void publish_news(struct tell *tell, const char *topic, json_t **told, json_t *data)
{
    if (!data || json_equal(*told, data)) {
        json_decref(data);
        return;
    }
    json_decref(*told);
    *told = json_incref(data);
    publish(tell, topic, data);
}

void tell_status(struct tell *tell, json_t *status)
{
    json_t *pending = json_object_get(json_object_get(status, "wired"), "pending");

    /* The line and a trial of the wire count seconds, a signal trembles, and a join has a topic of
     * its own. */
    json_object_del(status, "summary");
    json_object_del(status, "join");
    json_object_del(json_object_get(status, "wifi"), "signal");
    json_object_del(pending, "seconds_left");
    publish_news(tell, TELL_CHANGED, &tell->status, status);
}

void tell_join(struct tell *tell, json_t *join)
{
    if (join)
        publish(tell, TELL_JOIN, join);
}

void tell_verdict(struct tell *tell, json_t *verdict)
{
    if (verdict)
        publish(tell, TELL_JOIN, json_pack("{s:o}", "verdict", verdict));
}

void tell_scan(struct tell *tell, bool scanning, size_t networks)
{
    publish_news(tell, TELL_SCAN, &tell->scan,
            json_pack("{s:b,s:I}", "scanning", scanning, "networks", (json_int_t)networks));
}
