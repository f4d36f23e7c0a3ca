/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The client and its event sources. libcurl tells which descriptors and which moment it waits for;
 * sd-event tells it when they come. Finished transfers are handed out from a source of their own,
 * never from inside libcurl, so that a callback may do as it likes, free the client included.
 */

#include "http-client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "crypto.h"
#include "http-transfer.h"

struct http_client {
    sd_event *event;
    sd_event_source *timer;
    sd_event_source *finished_source;
    CURLM *multi;
    struct http_transfer *running;
    struct http_transfer *finished;
    struct http_client_options options;
};

static void list_append(struct http_transfer **list, struct http_transfer *transfer)
{
    while (*list)
        list = &(*list)->next;
    transfer->next = NULL;
    *list = transfer;
}

static void list_remove(struct http_transfer **list, struct http_transfer *transfer)
{
    while (*list && *list != transfer)
        list = &(*list)->next;
    if (*list)
        *list = transfer->next;
    transfer->next = NULL;
}

static int on_finished(sd_event_source *source, void *userdata)
{
    struct http_client *client = userdata;
    _cleanup_(http_transfer_free_p) struct http_transfer *transfer = client->finished;

    if (!transfer)
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
    client->finished = transfer->next;
    /* The client may be gone when this returns; the transfer is ours. */
    http_transfer_deliver(transfer);
    return 0;
}

/* Moves what libcurl is done with to the finished ones. */
static int collect(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct http_transfer *transfer;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        http_transfer_finish(transfer, code);
        list_remove(&client->running, transfer);
        list_append(&client->finished, transfer);
        curl_multi_remove_handle(client->multi, easy);
    }
    if (!client->finished)
        return 0;
    return sd_event_source_set_enabled(client->finished_source, SD_EVENT_ON);
}

static int act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;

    if (curl_multi_socket_action(client->multi, fd, events, &running) != CURLM_OK)
        return -EIO;
    return collect(client);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    int events = 0;

    if (revents & EPOLLIN)
        events |= CURL_CSELECT_IN;
    if (revents & EPOLLOUT)
        events |= CURL_CSELECT_OUT;
    if (revents & (EPOLLERR | EPOLLHUP))
        events |= CURL_CSELECT_ERR;
    return act(userdata, fd, events);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    return act(userdata, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *assigned)
{
    static const uint32_t masks[] = {
            [CURL_POLL_NONE] = 0,
            [CURL_POLL_IN] = EPOLLIN,
            [CURL_POLL_OUT] = EPOLLOUT,
            [CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT,
    };
    struct http_client *client = userdata;
    sd_event_source *source = assigned;

    if (what == CURL_POLL_REMOVE) {
        sd_event_source_disable_unref(source);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    if (source)
        return sd_event_source_set_io_events(source, masks[what]) < 0 ? -1 : 0;
    if (sd_event_add_io(client->event, &source, fd, masks[what], on_io, client) < 0)
        return -1;
    curl_multi_assign(client->multi, fd, source);
    return 0;
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *userdata)
{
    struct http_client *client = userdata;

    if (timeout_ms < 0)
        return sd_event_source_set_enabled(client->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
    if (sd_event_source_set_time_relative(client->timer, timeout_ms * USEC_PER_MSEC) < 0)
        return -1;
    return sd_event_source_set_enabled(client->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

static int add_sources(struct http_client *client)
{
    int r;

    r = sd_event_add_time_relative(
            client->event, &client->timer, CLOCK_BOOTTIME, 0, 1, on_timer, client);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(client->timer, SD_EVENT_OFF);
    if (r < 0)
        return r;
    r = sd_event_add_defer(client->event, &client->finished_source, on_finished, client);
    if (r < 0)
        return r;
    return sd_event_source_set_enabled(client->finished_source, SD_EVENT_OFF);
}

/* Whatever it has copied when it fails is freed with the client. */
static int copy_options(const struct http_client_options *options, struct http_client_options *ret)
{
    *ret = *options;
    ret->ca_pem = ret->pins = ret->interface = ret->certificate_pem = ret->key_pem = NULL;
    if (options->ca_pem && !(ret->ca_pem = strdup(options->ca_pem)))
        return -ENOMEM;
    if (options->pins && !(ret->pins = strdup(options->pins)))
        return -ENOMEM;
    if (options->interface && !(ret->interface = strdup(options->interface)))
        return -ENOMEM;
    if (options->certificate_pem && !(ret->certificate_pem = strdup(options->certificate_pem)))
        return -ENOMEM;
    if (options->key_pem && !(ret->key_pem = strdup(options->key_pem)))
        return -ENOMEM;
    return 0;
}

int http_client_new(
        sd_event *event, const struct http_client_options *options, struct http_client **ret)
{
    _cleanup_(http_client_free_p) struct http_client *client = calloc(1, sizeof(*client));
    int r;

    if (!client)
        return -ENOMEM;
    client->event = sd_event_ref(event);
    r = copy_options(options, &client->options);
    if (r >= 0)
        r = add_sources(client);
    if (r < 0)
        return r;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -EIO;
    client->multi = curl_multi_init();
    if (!client->multi)
        return -ENOMEM;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    *ret = STEAL(client);
    return 0;
}

struct http_client *http_client_free(struct http_client *client)
{
    struct http_transfer *transfer;

    if (!client)
        return NULL;
    while ((transfer = client->running)) {
        client->running = transfer->next;
        curl_multi_remove_handle(client->multi, transfer->easy);
        http_transfer_free(transfer);
    }
    while ((transfer = client->finished)) {
        client->finished = transfer->next;
        http_transfer_free(transfer);
    }
    /* Closes kept connections, and calls on_curl_socket() for each: the sources go after it. */
    if (client->multi)
        curl_multi_cleanup(client->multi);
    sd_event_source_disable_unref(client->timer);
    sd_event_source_disable_unref(client->finished_source);
    sd_event_unref(client->event);
    free((char *)client->options.ca_pem);
    free((char *)client->options.pins);
    free((char *)client->options.interface);
    free((char *)client->options.certificate_pem);
    crypto_secret_free((char *)client->options.key_pem);
    free(client);
    return NULL;
}

int http_client_request(struct http_client *client, const char *url, json_t *body,
        http_answer_fn fn, void *userdata)
{
    _cleanup_json_ json_t *owned = body;
    struct http_transfer *transfer;
    int r;

    r = http_transfer_new(&client->options, url, owned, &transfer);
    if (r < 0)
        return r;
    transfer->fn = fn;
    transfer->userdata = userdata;
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        http_transfer_free(transfer);
        return -EIO;
    }
    list_append(&client->running, transfer);
    return 0;
}
