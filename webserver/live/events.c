/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A stream is a place in the ring, and nothing is kept for it: who reads too slowly is overtaken,
 * and hung up on. He comes back with the number of the last event that he has seen.
 *
 * Topics of this module's own: `hello` begins a stream, `alive` says every 15 s that it is one (a
 * browser is shown no comment), `gap` that something was missed and everything has to be asked for
 * anew, `lost` that healthd's bus is away.
 */

#include "events.h"

#include <string.h>
#include <sys/random.h>

#include "login/place.h"
#include "ring.h"
#include "unbox/ipc.h"
#include "unbox/log.h"

#define ALIVE_USEC (15 * USEC_PER_SEC)
/* Of one login at one address: a browser has one for each of its windows that is looked at. An
 * access token may be many devices', but leaves so many streams to others. */
#define STREAMS_EACH_MAX 8
#define STREAMS_SPARE 24
#define RETRY_AFTER_SEC "30"

struct stream {
    struct events *events;
    struct stream *next;
    struct stream *prev;
    struct http_stream *http; /* NULL: has not begun */
    struct pass pass;
    struct in6_addr network;
    bool tls;
    unsigned scopes;
    char *own; /* text for this one alone, which comes first */
    size_t own_size;
    uint64_t place;
    size_t sent; /* of the text that is being sent */
};

struct events {
    struct auth *auth; /* borrowed */
    struct unbox_ipc_client *bus;
    struct ring *ring;
    struct stream *streams;
    unsigned n_streams;
    struct events_limits limits;
    sd_event_source *timer; /* runs while there is a stream */
    bool subscribed;        /* once, for good */
    bool lost;              /* the bus is not there now */
};

/* Who may see what; what others publish may be anything. The first that fits decides. */
static const struct {
    const char *pattern;
    unsigned scope;
} topics[] = {
        {"tokens.*", SCOPE_OWNER},
        {"jobs.*", SCOPE_READ},
        {"network.*", SCOPE_READ},
        {"health.*", SCOPE_READ},
        {"config.*", SCOPE_READ},
        {"registry.*", SCOPE_READ},
        {"gap", SCOPE_READ},
        {"lost", SCOPE_READ},
        {"*", SCOPE_OWNER},
};

static unsigned scope_of(const char *topic)
{
    for (size_t i = 0; i < ELEMENTSOF(topics); i++) {
        if (unbox_ipc_topic_match(topics[i].pattern, topic))
            return topics[i].scope;
    }
    return SCOPE_OWNER;
}

static void stream_free(struct stream *stream)
{
    struct events *events = stream->events;

    if (stream->next)
        stream->next->prev = stream->prev;
    if (stream->prev)
        stream->prev->next = stream->next;
    else
        events->streams = stream->next;
    if (--events->n_streams == 0)
        (void)sd_event_source_set_enabled(events->timer, SD_EVENT_OFF);
    free(stream->own);
    free(stream);
}

DEFINE_CLEANUP(struct stream *, stream_free);

static void wake_all(struct events *events)
{
    for (struct stream *s = events->streams; s; s = s->next)
        if (s->http)
            http_stream_wake(s->http);
}

/* Whose place is no longer in the ring doesn't read: he is hung up on. */
static void check_pace(struct events *events)
{
    for (struct stream *s = events->streams; s; s = s->next)
        if (s->http && s->place < ring_end(events->ring) && !ring_get(events->ring, s->place))
            http_stream_cut(s->http);
}

static void add(struct events *events, const char *topic, json_t *data, uint64_t seq)
{
    int r = ring_add(events->ring, topic, data, seq, scope_of(topic));

    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "Nobody can be told of %s", topic);
    else
        wake_all(events);
    check_pace(events);
}

void events_publish(struct events *events, const char *topic, json_t *data)
{
    add(events, topic, data, 0);
    json_decref(data);
}

/* -- what streams are sent ------------------------------------------------------------------- */

/* The text that is to be sent next; NULL: nothing for now. -EPIPE: he was overtaken. */
static int next_text(struct stream *stream, const char **ret, size_t *ret_size)
{
    const struct ring_entry *entry;

    *ret = NULL;
    if (stream->own) {
        *ret = stream->own;
        *ret_size = stream->own_size;
        return 0;
    }
    for (; stream->place < ring_end(stream->events->ring); stream->place++) {
        entry = ring_get(stream->events->ring, stream->place);
        if (!entry)
            return -EPIPE;
        if (!(entry->scope & stream->scopes))
            continue;
        *ret = entry->text;
        *ret_size = entry->size;
        return 0;
    }
    return 0;
}

static void finish_text(struct stream *stream)
{
    if (stream->own) {
        free(stream->own);
        stream->own = NULL;
    } else {
        stream->place++;
    }
    stream->sent = 0;
}

static ssize_t on_read(void *userdata, char *buffer, size_t size)
{
    struct stream *stream = userdata;
    size_t text_size, n, used = 0;
    const char *text;

    stream->scopes = auth_pass_scopes(stream->events->auth, &stream->pass);
    if (!(stream->scopes & SCOPE_READ))
        return -EACCES;
    while (used < size) {
        if (next_text(stream, &text, &text_size) < 0)
            return -EPIPE;
        if (!text)
            break;
        n = text_size - stream->sent < size - used ? text_size - stream->sent : size - used;
        memcpy(buffer + used, text + stream->sent, n);
        used += n;
        stream->sent += n;
        if (stream->sent == text_size)
            finish_text(stream);
    }
    return (ssize_t)used;
}

static void on_closed(void *userdata)
{
    stream_free(userdata);
}

/* -- begin and end --------------------------------------------------------------------------- */

void events_check(struct events *events)
{
    for (struct stream *s = events->streams; s; s = s->next)
        if (s->http && !auth_pass_scopes(events->auth, &s->pass))
            http_stream_end(s->http);
}

/* Not to who has not yet read what came before. */
static void say_alive(struct stream *stream)
{
    if (!stream->http || stream->own || stream->sent > 0)
        return;
    if (ring_format(NULL, "alive", NULL, &stream->own, &stream->own_size) < 0)
        return;
    http_stream_wake(stream->http);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct events *events = userdata;

    events_check(events);
    for (struct stream *s = events->streams; s; s = s->next)
        say_alive(s);
    (void)sd_event_source_set_time_relative(source, ALIVE_USEC);
    return 0;
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct events *events = userdata;

    /* What it means for a browser: ask for everything again. Dropped is followed by lost. */
    if (strcmp(topic, UNBOX_IPC_DROPPED) != 0)
        add(events, topic, data, strcmp(topic, UNBOX_IPC_GAP) == 0 ? 0 : seq);
    return 0;
}

/* Meanwhile something may have happened that the bus doesn't keep. */
static void on_state(int error, const char *message, void *userdata)
{
    struct events *events = userdata;

    if (error < 0 && !events->lost)
        add(events, "lost", NULL, 0);
    else if (error == 0 && events->lost)
        add(events, "gap", NULL, 0);
    events->lost = error < 0;
}

/* From what the first browser has seen on: the bus tells what it has kept. */
static int subscribe(struct events *events, const struct event_id *seen)
{
    static const char *const all[] = {"*", NULL};
    int r;

    if (events->subscribed)
        return 0;
    r = unbox_ipc_client_subscribe(
            events->bus, all, seen ? seen->seq : UNBOX_IPC_SINCE_NOW, on_event, on_state, events);
    if (r == 0)
        events->subscribed = true;
    return r;
}

/* What a stream begins with. A number that comes from nowhere is one that has missed something. */
static int greet(struct stream *stream, const char *seen, const struct event_id *id)
{
    struct events *events = stream->events;
    struct event_id last = ring_last(events->ring);
    bool gap = seen && !id;
    json_t *data;
    int r;

    stream->place = id ? ring_after(events->ring, id, &gap) : ring_end(events->ring);
    data = json_pack("{sb sb}", "gap", gap, "live", !events->lost);
    r = ring_format(id && !gap ? id : &last, "hello", data, &stream->own, &stream->own_size);
    json_decref(data);
    return r;
}

static struct stream *stream_new(
        struct events *events, const struct http_request *request, const struct visitor *visitor)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    if (!stream)
        return NULL;
    stream->events = events;
    auth_pass(visitor, &stream->pass);
    stream->tls = http_request_is_tls(request);
    stream->network = place_network(http_request_peer(request));
    stream->next = events->streams;
    if (stream->next)
        stream->next->prev = stream;
    events->streams = stream;
    if (events->n_streams++ == 0) {
        (void)sd_event_source_set_time_relative(events->timer, ALIVE_USEC);
        (void)sd_event_source_set_enabled(events->timer, SD_EVENT_ON);
    }
    return stream;
}

static bool has_room(
        const struct http_request *request, const struct events *events, const struct pass *pass)
{
    const struct in6_addr network = place_network(http_request_peer(request));
    const struct events_limits *limits = &events->limits;
    unsigned n = 0, of_login = 0, from_here = 0, both = 0, max;
    bool tls = http_request_is_tls(request);

    for (const struct stream *s = events->streams; s; s = s->next) {
        bool same = auth_pass_equal(&s->pass, pass);
        bool here = IN6_ARE_ADDR_EQUAL(&s->network, &network);

        n += s->tls == tls;
        of_login += same && s->tls == tls;
        from_here += here;
        both += same && here;
    }
    max = tls ? limits->max_tls : limits->max;
    return n < max && of_login + STREAMS_SPARE < max && from_here < limits->max_per_address &&
           both < STREAMS_EACH_MAX;
}

static int check_room(
        struct http_request *request, const struct events *events, const struct visitor *visitor)
{
    struct pass pass;
    int r;

    auth_pass(visitor, &pass);
    if (has_room(request, events, &pass))
        return 0;
    r = http_request_add_header(request, "Retry-After", RETRY_AFTER_SEC);
    if (r < 0)
        return r;
    return http_respond_problem(
            request, 429, "too_many_streams", NULL, "Too many pages are being told what happens.");
}

static int open_stream(struct http_request *request, struct events *events,
        const struct visitor *visitor, const char *seen)
{
    static const struct http_stream_ops ops = {on_read, on_closed};
    _cleanup_(stream_free_p) struct stream *stream = NULL;
    struct event_id id;
    bool valid = seen && event_id_parse(seen, &id) == 0;
    int r;

    r = subscribe(events, valid ? &id : NULL);
    if (r < 0)
        return r;
    stream = stream_new(events, request, visitor);
    if (!stream)
        return -ENOMEM;
    r = greet(stream, seen, valid ? &id : NULL);
    if (r == 0)
        r = http_request_add_header(request, "Cache-Control", "no-store");
    if (r == 0)
        r = http_respond_stream(request, "text/event-stream", &ops, stream, &stream->http);
    if (r < 0)
        return r;
    stream = NULL;
    return 0;
}

/* A page that opens a stream anew can't set the header. */
int events_respond(struct http_request *request, struct events *events)
{
    const char *seen =
            http_request_header(request, "Last-Event-ID") ?: http_request_query(request, "since");
    struct visitor visitor;
    int r;

    auth_visitor(events->auth, request, &visitor);
    r = check_room(request, events, &visitor);
    if (r < 0 || http_request_answered(request))
        return r;
    return open_stream(request, events, &visitor, seen);
}

unsigned events_streams(const struct events *events)
{
    return events->n_streams;
}

int events_new(struct auth *auth, const char *socket, const struct events_limits *limits,
        struct events **ret)
{
    _cleanup_(events_free_p) struct events *events = calloc(1, sizeof(*events));
    uint32_t process;
    int r;

    if (!events)
        return -ENOMEM;
    events->auth = auth;
    events->limits = *limits;
    if (getrandom(&process, sizeof(process), 0) != sizeof(process))
        return -EIO;
    events->ring = ring_new(process);
    if (!events->ring)
        return -ENOMEM;
    r = unbox_ipc_client_new(auth->event, socket, &events->bus);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(
            auth->event, &events->timer, CLOCK_BOOTTIME, ALIVE_USEC, 0, on_timer, events);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(events->timer, SD_EVENT_OFF);
    if (r < 0)
        return r;
    *ret = STEAL(events);
    return 0;
}

struct events *events_free(struct events *events)
{
    if (!events)
        return NULL;
    unbox_ipc_client_free(events->bus);
    sd_event_source_disable_unref(events->timer);
    ring_free(events->ring);
    free(events);
    return NULL;
}
