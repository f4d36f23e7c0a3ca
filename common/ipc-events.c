/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A client's subscription: made again for as long as it takes whenever the peer has gone, from the
 * last event on that was seen.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipc-client.h"

#define SUBSCRIBE_USEC (10 * USEC_PER_SEC)
#define RETRY_USEC (250 * USEC_PER_MSEC)
#define RETRY_USEC_MAX (5 * USEC_PER_SEC)

struct ipc_subscription {
    struct unbox_ipc_client *client;
    json_t *topics;
    uint64_t last; /* seq of the last event seen; UNBOX_IPC_SINCE_NOW: none */
    unbox_ipc_event_fn event;
    unbox_ipc_state_fn state;
    void *userdata;
    sd_event_source *timer;
    uint64_t delay;
    int lost; /* to be told by the timer */
    bool live;
    bool ended;
};

struct ipc_subscription *ipc_subscription_free(struct ipc_subscription *subscription)
{
    if (!subscription)
        return NULL;
    sd_event_source_disable_unref(subscription->timer);
    json_decref(subscription->topics);
    free(subscription);
    return NULL;
}

static void again_in(struct ipc_subscription *subscription, uint64_t usec)
{
    (void)sd_event_source_set_time_relative(subscription->timer, usec);
    (void)sd_event_source_set_enabled(subscription->timer, SD_EVENT_ONESHOT);
}

static void failed(struct ipc_subscription *subscription, int error, const char *message)
{
    again_in(subscription, subscription->delay);
    subscription->delay *= 2;
    if (subscription->delay > RETRY_USEC_MAX)
        subscription->delay = RETRY_USEC_MAX;
    if (subscription->state)
        subscription->state(error, message, subscription->userdata);
}

static void on_subscribed(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct ipc_subscription *subscription = userdata;
    json_int_t seq = json_integer_value(json_object_get(result, "seq"));

    if (subscription->ended)
        return;
    if (error < 0) {
        failed(subscription, error, message);
        return;
    }
    subscription->live = true;
    subscription->delay = RETRY_USEC;
    if (subscription->last == UNBOX_IPC_SINCE_NOW && seq > 0)
        subscription->last = seq;
    if (subscription->state)
        subscription->state(0, NULL, subscription->userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ipc_subscription *subscription = userdata;
    json_t *params;
    int r;

    if (subscription->lost < 0) {
        r = subscription->lost;
        subscription->lost = 0;
        failed(subscription, r, strerrordesc_np(-r) ?: "the connection ended");
        return 0;
    }
    params = json_pack("{s:O}", "topics", subscription->topics);
    if (subscription->last != UNBOX_IPC_SINCE_NOW)
        (void)json_object_set_new(params, "since", json_integer(subscription->last));
    r = unbox_ipc_client_call(
            subscription->client, "subscribe", params, SUBSCRIBE_USEC, on_subscribed, subscription);
    if (r < 0)
        failed(subscription, r, strerrordesc_np(-r));
    return 0;
}

void ipc_subscription_lost(struct ipc_subscription *subscription, int error)
{
    if (!subscription->live)
        return;
    subscription->live = false;
    subscription->lost = error;
    again_in(subscription, 0);
}

void ipc_subscription_event(struct ipc_subscription *subscription, json_t *message)
{
    json_t *data = json_object_get(message, "data"), *seq = json_object_get(message, "seq");
    const char *topic = json_string_value(json_object_get(message, "event"));

    if (subscription->ended || !topic)
        return;
    if (strcmp(topic, UNBOX_IPC_GAP) == 0) {
        json_int_t before = json_integer_value(json_object_get(data, "before"));

        if (before > 1)
            subscription->last = before - 1;
    } else if (json_integer_value(seq) > 0) {
        subscription->last = json_integer_value(seq);
    }
    if (subscription->event(topic, data, json_integer_value(seq), subscription->userdata) != 0) {
        subscription->ended = true;
        subscription->live = false;
    }
}

int unbox_ipc_client_subscribe(struct unbox_ipc_client *client, const char *const *topics,
        uint64_t since, unbox_ipc_event_fn event, unbox_ipc_state_fn state, void *userdata)
{
    struct ipc_subscription *subscription;
    int r;

    if (client->subscription)
        return -EBUSY;
    subscription = calloc(1, sizeof(*subscription));
    if (!subscription)
        return -ENOMEM;
    *subscription = (struct ipc_subscription){
            .client = client,
            .topics = json_array(),
            .last = since,
            .event = event,
            .state = state,
            .userdata = userdata,
            .delay = RETRY_USEC,
    };
    r = subscription->topics ? 0 : -ENOMEM;
    for (; r >= 0 && *topics; topics++)
        if (!unbox_ipc_topic_valid(*topics, true))
            r = -EINVAL;
        else if (json_array_append_new(subscription->topics, json_string(*topics)) < 0)
            r = -ENOMEM;
    if (r >= 0)
        r = sd_event_add_time_relative(client->event, &subscription->timer, CLOCK_BOOTTIME, 0,
                50 * USEC_PER_MSEC, on_timer, subscription);
    if (r < 0) {
        ipc_subscription_free(subscription);
        return r;
    }
    client->subscription = subscription;
    return 0;
}
