/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * example-network: listens to the bus of events (network.* and health.*), keeps of each topic what
 * was said last, answers who asks for it (`get_state`), and publishes example-network.quiet when
 * nothing was said for a while.
 */

#include <stdlib.h>
#include <time.h>

#include "unbox/compat.h"
#include "unbox/log.h"

#define NAME "example-network"
#define SOCKET "/run/example-network/socket"
#define QUIET_USEC UINT64_C(60000000)

struct network {
    struct unbox_run *run;
    struct unbox_ipc_server *server;
    struct unbox_service *service;
    struct unbox_ipc_client *events; /* a subscription has a connection of its own */
    sd_event_source *quiet;
    json_t *state; /* topic → {"data":…, "seq":…} */
};

static const char *const wanted[] = {"network.*", "health.*", NULL};

/* The timer begins anew with each event. */
static int listen_for_silence(struct network *network)
{
    int r = sd_event_source_set_time_relative(network->quiet, QUIET_USEC);

    return r < 0 ? r : sd_event_source_set_enabled(network->quiet, SD_EVENT_ONESHOT);
}

static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct network *network = userdata;

    (void)ipc_publish(unbox_service_client(network->service), NAME ".quiet",
            json_pack("{s:i}", "seconds", (int)(QUIET_USEC / 1000000)), NULL, NULL);
    return listen_for_silence(network);
}

/* Also told UNBOX_IPC_GAP: something was missed. Here that is as good as any other news. */
static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct network *network = userdata;

    (void)json_object_set_new(
            network->state, topic, json_pack("{s:O, s:I}", "data", data, "seq", (json_int_t)seq));
    unbox_run_status(network->run, "last heard of: %s", topic);
    (void)listen_for_silence(network);
    return 0; /* go on */
}

static int get_state(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;

    return unbox_ipc_reply(call, json_incref(network->state));
}

static const struct unbox_ipc_method methods[] = {
        {"get_state", "The last event of each topic.", UNBOX_IPC_READ, false, get_state},
        {},
};
static const struct unbox_ipc_topic topics[] = {
        {NAME ".quiet", "Nothing has happened for a minute.", false},
        {},
};

static int serve(struct network *network, sd_event *event)
{
    int r = ipc_serve(event,
            &(struct unbox_ipc_server_options){.path = SOCKET,
                    .name = NAME,
                    .version = "1",
                    .description = "What the network was last heard of",
                    .methods = methods,
                    .userdata = network},
            &network->server);

    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "can't serve %s", SOCKET);
    r = service_register(event,
            &(struct unbox_service_options){.name = NAME,
                    .version = "1",
                    .description = "What the network was last heard of",
                    .endpoint = SOCKET,
                    .topics = topics},
            NULL, NULL, &network->service);
    return r < 0 ? unbox_log_errno(LOG_ERR, r, "can't register") : 0;
}

static int start(struct network *network)
{
    sd_event *event = unbox_run_event(network->run);
    int r = serve(network, event);

    if (r < 0)
        return r;
    r = sd_event_add_time_relative(
            event, &network->quiet, CLOCK_BOOTTIME, QUIET_USEC, 0, on_quiet, network);
    if (r >= 0)
        r = ipc_connect(event, UNBOX_HEALTHD_SOCKET, &network->events);
    if (r >= 0)
        r = ipc_subscribe(network->events, wanted, on_event, network);
    return r < 0 ? unbox_log_errno(LOG_ERR, r, "can't subscribe") : 0;
}

int main(void)
{
    struct network network = {.state = json_object()};
    int r = unbox_run_new(NULL, NULL, &network.run);

    if (r >= 0)
        r = start(&network);
    if (r >= 0) {
        unbox_run_ready(network.run);
        r = unbox_run_loop(network.run);
    }
    ipc_disconnect(network.events);
    sd_event_source_disable_unref(network.quiet);
    unbox_service_free(network.service);
    unbox_ipc_server_free(network.server);
    unbox_run_free(network.run);
    json_decref(network.state);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}
