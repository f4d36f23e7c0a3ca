/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Starts a join and waits for its verdict. user-network tells each step as it happens; where it may
 * have told something that was missed (it was restarted, or somebody was too slow) it is asked.
 */

#include <string.h>

#include "ctl.h"

#define SOCKET "/run/unbox/" CTL_NETWORK ".sock"
#define LIMIT_USEC (180 * USEC_PER_SEC)

DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

struct join {
    sd_event *loop;
    struct unbox_ipc_client *client;
    json_t *params; /* of the wish, until it was sent */
    json_t *before; /* the last verdict of the time before */
    char *step;     /* as last shown */
    bool gone;
};

static int end(struct join *join, int code)
{
    (void)sd_event_exit(join->loop, code);
    return 1;
}

static int end_with(struct join *join, const json_t *verdict)
{
    const char *code = ctl_text(verdict, "code");
    /* It is on the network then, whatever lies behind that. */
    bool joined = strcmp(code, "joined") == 0 || strcmp(code, "no_internet") == 0;

    ctl_put(ctl_text(verdict, "message"));
    putchar('\n');
    return end(join, joined ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE);
}

static void show_step(struct join *join, const char *step)
{
    if (!*step || (join->step && strcmp(join->step, step) == 0))
        return;
    free(join->step);
    join->step = strdup(step);
    ctl_put(step);
    puts("…");
    fflush(stdout);
}

static void on_status(
        int error, json_t *status, const char *code, const char *message, void *userdata)
{
    struct join *join = userdata;
    json_t *now = json_object_get(status, "join"), *verdict = json_object_get(status, "verdict");

    /* One that has gone again is asked again when it is back. */
    if (error < 0)
        return;
    if (json_is_object(now))
        show_step(join, ctl_text(now, "step"));
    else if (json_is_object(verdict) && !json_equal(verdict, join->before))
        (void)end_with(join, verdict);
    else {
        ctl_complain("the join ended without a verdict; `unboxctl network` says what the network "
                     "is doing");
        (void)end(join, UNBOX_EXIT_FAILURE);
    }
}

static void ask_status(struct join *join)
{
    (void)unbox_ipc_client_call(join->client, "status", NULL, CTL_ASK_USEC, on_status, join);
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct join *join = userdata;
    json_t *verdict = json_object_get(data, "verdict");

    if (join->params)
        return 0;
    if (strcmp(topic, UNBOX_IPC_GAP) == 0)
        ask_status(join);
    else if (json_is_object(verdict))
        return end_with(join, verdict);
    else
        show_step(join, ctl_text(data, "step"));
    return 0;
}

static void on_accepted(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct join *join = userdata;

    /* Asked for and then cut off: what has become of it is seen when user-network is back. */
    if (error < 0 && error != -ECONNRESET)
        (void)end(join, ctl_failed(CTL_NETWORK, SOCKET, error, code, message));
}

static void on_state(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (error < 0) {
        if (join->params)
            (void)end(join, ctl_failed(CTL_NETWORK, SOCKET, error, NULL, message));
        else if (!join->gone)
            ctl_complain("user-network has gone (%s); waiting for it", message);
        join->gone = true;
        return;
    }
    join->gone = false;
    if (!join->params) {
        ask_status(join);
        return;
    }
    error = unbox_ipc_client_call(
            join->client, "connect", STEAL(join->params), CTL_ASK_USEC, on_accepted, join);
    if (error < 0)
        (void)end(join, ctl_failed(CTL_NETWORK, SOCKET, error, NULL, NULL));
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
    ctl_complain("no verdict after %d s; `unboxctl network` says what the network is doing",
            (int)(LIMIT_USEC / USEC_PER_SEC));
    return end(userdata, UNBOX_EXIT_FAILURE);
}

static int follow(struct join *join)
{
    static const char *const topics[] = {"network.join", NULL};
    int r;

    r = sd_event_add_time_relative(join->loop, NULL, CLOCK_BOOTTIME, LIMIT_USEC, 0, on_limit, join);
    if (r >= 0)
        r = unbox_ipc_client_subscribe(
                join->client, topics, UNBOX_IPC_SINCE_NOW, on_event, on_state, join);
    return r < 0 ? r : sd_event_loop(join->loop);
}

int ctl_join_and_tell(json_t *params, json_t *before)
{
    _cleanup_(sd_event_unref_p) sd_event *loop = NULL;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct join join = {.params = params, .before = before};
    int r;

    r = sd_event_new(&loop);
    if (r >= 0)
        r = unbox_ipc_client_new(loop, SOCKET, &client);
    join.loop = loop;
    join.client = client;
    if (r >= 0)
        r = follow(&join);
    json_decref(join.params);
    free(join.step);
    return r < 0 ? ctl_failed(CTL_NETWORK, SOCKET, r, NULL, NULL) : r;
}
