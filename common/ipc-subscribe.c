/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Subscribers and what they are sent. An event becomes a line once and is copied into the queue of
 * each who wants it; a queue that is full ends its owner's connection, and nobody else's wait. One
 * that fits into no line is sealed once, and each is passed the same descriptor.
 */

#include <string.h>

#include "ipc-sealed.h"
#include "ipc-server.h"

/* Less than answers may take: a subscriber who falls behind shall not cost that much memory. */
#define EVENTS_SIZE_MAX (256 * 1024)
/* Two of the largest. What has been passed to him counts for as long as he may not have read it. */
#define EVENTS_SEALED_MAX (2 * UNBOX_IPC_EVENT_MAX)
/* History is told at the pace of its reader. */
#define REPLAY_SIZE_MAX (64 * 1024)

struct unbox_ipc_replay {
    struct connection *connection;
    bool failed;
};

static void drop(struct connection *connection)
{
    _cleanup_json_ json_t *last = json_pack("{s:s, s:{s:s}}", "event", UNBOX_IPC_DROPPED, "data",
            "reason", "events were not read: subscribe again, with since, to get what is kept");

    ipc_subscribe_end(connection);
    ipc_stream_drop(connection->stream, last);
}

static bool wants(const struct connection *connection, const char *topic)
{
    for (size_t i = 0; i < connection->n_patterns; i++)
        if (unbox_ipc_topic_match(connection->patterns[i], topic))
            return true;
    return false;
}

/* An event as it is sent: `line` with its newline, and `payload` or NULL. */
struct event {
    char *line;
    size_t size;
    struct ipc_payload *payload;
};

static void event_clear(struct event *event)
{
    free(event->line);
    ipc_payload_unref(event->payload);
}

static int event_send(struct connection *connection, const struct event *event)
{
    if (event->payload)
        return ipc_stream_send_line_payload(connection->stream, event->line, event->size,
                EVENTS_SIZE_MAX, event->payload, EVENTS_SEALED_MAX);
    return ipc_stream_send_line(connection->stream, event->line, event->size, EVENTS_SIZE_MAX);
}

/* `message` is taken over. -EMSGSIZE: it fits into no line. */
static int make_line(json_t *message, struct event *event)
{
    _cleanup_json_ json_t *owned = message;
    size_t size;

    if (!owned)
        return -ENOMEM;
    size = json_dumpb(owned, NULL, 0, JSON_COMPACT);
    if (size == 0)
        return -EINVAL;
    if (size > UNBOX_IPC_LINE_MAX)
        return -EMSGSIZE;
    event->line = malloc(size + 1);
    if (!event->line)
        return -ENOMEM;
    (void)json_dumpb(owned, event->line, size, JSON_COMPACT);
    event->line[size] = '\n';
    event->size = size + 1;
    return 0;
}

static int make_event(const char *topic, json_t *data, uint64_t seq, struct event *event)
{
    return make_line(
            json_pack("{s:s, s:O, s:I}", "event", topic, "data", data, "seq", (json_int_t)seq),
            event);
}

static int make_sealed(const char *topic, json_t *data, uint64_t seq, struct event *event)
{
    int r = ipc_sealed_new("unbox-ipc-event", data, UNBOX_IPC_EVENT_MAX, &event->payload);

    if (r < 0)
        return r == -EFBIG ? -EMSGSIZE : r;
    return make_line(json_pack("{s:s, s:I, s:I}", "event", topic, "sealed",
                             (json_int_t)event->payload->size, "seq", (json_int_t)seq),
            event);
}

int unbox_ipc_server_publish(
        struct unbox_ipc_server *server, const char *topic, json_t *data, uint64_t *ret_seq)
{
    _cleanup_json_ json_t *owned = data ?: json_null();
    _cleanup_(event_clear) struct event event = {};
    int r;

    if (!unbox_ipc_topic_valid(topic, false))
        return -EINVAL;
    r = make_event(topic, owned, server->seq + 1, &event);
    if (r == -EMSGSIZE)
        r = make_sealed(topic, owned, server->seq + 1, &event);
    if (r < 0)
        return r;
    server->seq++;
    for (struct connection *c = server->connections; c; c = c->next)
        if (c->n_patterns > 0 && !c->replay && wants(c, topic)) {
            r = event_send(c, &event);
            if (r < 0 && r != -ENOTCONN)
                drop(c);
        }
    if (ret_seq)
        *ret_seq = server->seq;
    return 0;
}

uint64_t unbox_ipc_server_seq(const struct unbox_ipc_server *server)
{
    return server->seq;
}

static void clear_patterns(struct connection *connection)
{
    for (size_t i = 0; i < connection->n_patterns; i++)
        free(connection->patterns[i]);
    free(connection->patterns);
    connection->patterns = NULL;
    connection->n_patterns = 0;
}

void ipc_subscribe_end(struct connection *connection)
{
    const struct unbox_ipc_server_options *options = &connection->server->options;
    struct unbox_ipc_replay *replay = STEAL(connection->replay);

    clear_patterns(connection);
    if (replay) {
        options->history->cancel(replay, options->userdata);
        free(replay);
    }
}

int unbox_ipc_replay_event(
        struct unbox_ipc_replay *replay, const char *topic, json_t *data, uint64_t seq)
{
    struct connection *connection = replay->connection;
    _cleanup_(event_clear) struct event event = {};
    int r;

    if (!wants(connection, topic))
        return 0;
    r = make_event(topic, data, seq, &event);
    if (r < 0)
        return r;
    r = event_send(connection, &event);
    /* Not dropped from in here: `replay` would be gone under its user. */
    if (r < 0) {
        replay->failed = true;
        return r;
    }
    return ipc_stream_waiting(connection->stream) > REPLAY_SIZE_MAX ? -EAGAIN : 0;
}

static int send_gap(struct connection *connection, uint64_t after, uint64_t before)
{
    _cleanup_json_ json_t *gap = json_pack("{s:s, s:{s:I, s:I}}", "event", UNBOX_IPC_GAP, "data",
            "after", (json_int_t)after, "before", (json_int_t)before);

    return gap ? ipc_stream_send(connection->stream, gap) : -ENOMEM;
}

int unbox_ipc_replay_gap(struct unbox_ipc_replay *replay, uint64_t after, uint64_t before)
{
    return send_gap(replay->connection, after, before);
}

void unbox_ipc_replay_end(struct unbox_ipc_replay *replay)
{
    struct connection *connection = replay->connection;

    connection->replay = NULL;
    if (replay->failed)
        drop(connection);
    free(replay);
}

/* The patterns of a subscriber, those he had and new ones; nothing is changed on failure. */
static int add_patterns(struct connection *connection, json_t *topics)
{
    size_t count = connection->n_patterns, more = json_array_size(topics), i;
    char **patterns;
    json_t *topic;

    if (count + more > UNBOX_IPC_TOPICS_MAX)
        return -E2BIG;
    patterns = reallocarray(connection->patterns, count + more, sizeof(*patterns));
    if (!patterns)
        return -ENOMEM;
    connection->patterns = patterns;
    json_array_foreach (topics, i, topic) {
        patterns[count + i] = strdup(json_string_value(topic));
        if (!patterns[count + i]) {
            while (i-- > 0)
                free(patterns[count + i]);
            return -ENOMEM;
        }
    }
    connection->n_patterns += more;
    return 0;
}

static bool are_patterns(const json_t *topics)
{
    size_t i;
    json_t *topic;

    if (!json_is_array(topics) || json_array_size(topics) == 0)
        return false;
    json_array_foreach (topics, i, topic)
        if (!unbox_ipc_topic_valid(json_string_value(topic), true))
            return false;
    return true;
}

/* After the answer: nobody gets an event before he knows that he has subscribed. */
static void begin_replay(struct connection *connection, uint64_t since)
{
    const struct unbox_ipc_server *server = connection->server;
    const struct unbox_ipc_server_options *options = &server->options;

    if (since == server->seq)
        return;
    if (!options->history) {
        (void)send_gap(connection, since, server->seq + 1);
        return;
    }
    connection->replay = calloc(1, sizeof(*connection->replay));
    if (!connection->replay) {
        (void)send_gap(connection, since, server->seq + 1);
        return;
    }
    connection->replay->connection = connection;
    options->history->begin(connection->replay, since, options->userdata);
}

int ipc_subscribe(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct connection *connection = call->connection;
    json_int_t since = -1;
    json_t *topics;
    int r;

    if (json_unpack(params, "{s:o, s?I !}", "topics", &topics, "since", &since) < 0 ||
            !are_patterns(topics) || (since < 0 && json_object_get(params, "since")))
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "\"topics\" is an array of topics, which may have \"*\" for words, and \"since\" "
                "the seq of an event");
    if (since >= 0 && connection->n_patterns > 0)
        return unbox_ipc_reply_error(call, UNBOX_IPC_BUSY,
                "this connection has subscribed already: ask with \"since\" on another");
    r = add_patterns(connection, topics);
    if (r == -E2BIG)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "at most %d topics for a connection", UNBOX_IPC_TOPICS_MAX);
    if (r < 0)
        return r;
    r = unbox_ipc_reply(
            call, json_pack("{s:I}", "seq", (json_int_t)unbox_ipc_server_seq(connection->server)));
    if (since >= 0)
        begin_replay(connection, since);
    return r;
}

json_t *ipc_subscribe_topics(const struct unbox_ipc_server *server)
{
    const struct unbox_ipc_topic *topic = server->options.topics;
    json_t *topics = json_array();

    for (; topic && topic->name; topic++)
        (void)json_array_append_new(
                topics, json_pack("{s:s, s:s, s:b}", "name", topic->name, "description",
                                topic->description, "durable", (int)topic->durable));
    return topics;
}
