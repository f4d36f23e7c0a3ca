/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Has the device look for networks, and waits until user-network tells that it has looked. */

#include "ctl.h"

#define SOCKET "/run/unbox/" CTL_NETWORK ".sock"
/* What is known by then is better than nothing. */
#define LIMIT_USEC (20 * USEC_PER_SEC)

DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

struct scan {
    sd_event *loop;
    struct unbox_ipc_client *client;
    bool asked;
};

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
    return sd_event_exit(((struct scan *)userdata)->loop, UNBOX_EXIT_OK);
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct scan *scan = userdata;

    /* One that ended before ours began is told of, too; the one that counts ends after the wish. */
    if (scan->asked && json_is_false(json_object_get(data, "scanning")))
        (void)sd_event_exit(scan->loop, UNBOX_EXIT_OK);
    return 0;
}

static void on_accepted(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct scan *scan = userdata;

    if (error < 0)
        (void)sd_event_exit(scan->loop, ctl_failed(CTL_NETWORK, SOCKET, error, code, message));
    else if (json_is_false(json_object_get(result, "scanning")))
        (void)sd_event_exit(scan->loop, UNBOX_EXIT_OK);
}

static void on_state(int error, const char *message, void *userdata)
{
    struct scan *scan = userdata;

    if (error >= 0 && !scan->asked) {
        scan->asked = true;
        error = unbox_ipc_client_call(scan->client, "scan", NULL, CTL_ASK_USEC, on_accepted, scan);
    }
    if (error < 0)
        (void)sd_event_exit(scan->loop, ctl_failed(CTL_NETWORK, SOCKET, error, NULL, message));
}

static int follow(struct scan *scan)
{
    static const char *const topics[] = {"network.scan", NULL};
    int r;

    r = sd_event_add_time_relative(scan->loop, NULL, CLOCK_BOOTTIME, LIMIT_USEC, 0, on_limit, scan);
    if (r >= 0)
        r = unbox_ipc_client_subscribe(
                scan->client, topics, UNBOX_IPC_SINCE_NOW, on_event, on_state, scan);
    return r < 0 ? r : sd_event_loop(scan->loop);
}

int ctl_scan(void)
{
    _cleanup_(sd_event_unref_p) sd_event *loop = NULL;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct scan scan = {};
    int r;

    r = sd_event_new(&loop);
    if (r >= 0)
        r = unbox_ipc_client_new(loop, SOCKET, &client);
    scan.loop = loop;
    scan.client = client;
    if (r >= 0)
        r = follow(&scan);
    return r < 0 ? ctl_failed(CTL_NETWORK, SOCKET, r, NULL, NULL) : r;
}
