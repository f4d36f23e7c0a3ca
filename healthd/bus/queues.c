/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All queues, and who waits for something to come. */

#include "queues.h"

#include <dirent.h>
#include <string.h>
#include <time.h>

#include "queues-private.h"
#include "timestamp.h"
#include "unbox/ipc.h"
#include "unbox/log.h"

struct waiter {
    char *queue;
    uint64_t until; /* CLOCK_BOOTTIME */
    queues_receive_fn received;
    queues_there_fn there;
    void *userdata;
    struct waiter *next;
};

struct queues {
    sd_event *event;
    sd_event_source *timer;
    char *path;
    struct queue *queues;
    struct waiter *waiters; /* who has waited longest first */
    uint64_t last_id;
};

struct queue *queue_new(const char *name)
{
    struct queue *queue = calloc(1, sizeof(*queue));

    if (!queue)
        return NULL;
    queue->name = strdup(name);
    return queue->name ? queue : queue_free(queue);
}

struct queue *queue_free(struct queue *queue)
{
    if (!queue)
        return NULL;
    for (size_t i = 0; i < queue->count; i++)
        json_decref(queue->messages[i].body);
    free(queue->name);
    free(queue);
    return NULL;
}

int queue_add(struct queue *queue, uint64_t id, json_t *body, size_t size)
{
    if (queue->count == QUEUE_MESSAGES || queue->size + size > QUEUE_SIZE)
        return -ENOSPC;
    queue->messages[queue->count++] =
            (struct message){.id = id, .body = json_incref(body), .size = size};
    queue->size += size;
    return 0;
}

void queue_remove(struct queue *queue, size_t i)
{
    json_decref(queue->messages[i].body);
    queue->size -= queue->messages[i].size;
    queue->count--;
    memmove(queue->messages + i, queue->messages + i + 1,
            (queue->count - i) * sizeof(*queue->messages));
}

bool queues_name_valid(const char *name)
{
    return unbox_ipc_topic_valid(name, false);
}

static uint64_t now_usec(const struct queues *queues)
{
    uint64_t now = 0;

    (void)sd_event_now(queues->event, CLOCK_BOOTTIME, &now);
    return now;
}

static struct queue *find(const struct queues *queues, const char *name)
{
    for (struct queue *queue = queues->queues; queue; queue = queue->next)
        if (strcmp(queue->name, name) == 0)
            return queue;
    return NULL;
}

static int add(struct queues *queues, const char *name, struct queue **ret)
{
    struct queue *queue;
    unsigned count = 0;

    for (queue = queues->queues; queue; queue = queue->next)
        count++;
    if (count >= QUEUES_MAX)
        return -ENOSPC;
    queue = queue_new(name);
    if (!queue)
        return -ENOMEM;
    queue->next = queues->queues;
    queues->queues = queue;
    *ret = queue;
    return 0;
}

/* An empty one makes place for another; its folder costs little until the next start. */
static void forget_if_empty(struct queues *queues, struct queue *queue)
{
    if (queue->count > 0)
        return;
    for (struct queue **q = &queues->queues; *q; q = &(*q)->next)
        if (*q == queue) {
            *q = queue->next;
            break;
        }
    queue_free(queue);
}

static struct message *next_message(struct queue *queue, uint64_t now)
{
    for (size_t i = 0; i < queue->count; i++)
        if (queue->messages[i].given_until <= now)
            return &queue->messages[i];
    return NULL;
}

static void waiter_free(struct waiter *waiter)
{
    free(waiter->queue);
    free(waiter);
}

/* When something changes by itself: somebody has waited long enough, or a message that others wait
 * for comes back. */
static uint64_t next_change(const struct queues *queues)
{
    uint64_t due = UINT64_MAX;

    for (const struct waiter *waiter = queues->waiters; waiter; waiter = waiter->next) {
        const struct queue *queue = find(queues, waiter->queue);

        if (waiter->until < due)
            due = waiter->until;
        for (size_t i = 0; queue && i < queue->count; i++)
            if (queue->messages[i].given_until < due)
                due = queue->messages[i].given_until;
    }
    return due;
}

static void arm(struct queues *queues)
{
    uint64_t due = next_change(queues);
    int r;

    r = sd_event_source_set_time(queues->timer, due);
    if (r >= 0)
        r = sd_event_source_set_enabled(
                queues->timer, due == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm the timer of the queues");
}

/* True: the waiter has been answered, or has gone, and is to be forgotten. */
static bool serve(struct queues *queues, struct waiter *waiter, uint64_t now)
{
    struct queue *queue = find(queues, waiter->queue);
    struct message *message = queue ? next_message(queue, now) : NULL;

    /* One who has gone is given nothing: it would be away for a minute. */
    if (waiter->there && !waiter->there(waiter->userdata))
        message = NULL;
    else if (!message && now < waiter->until)
        return false;
    if (!message) {
        waiter->received(NULL, waiter->userdata);
        return true;
    }
    message->given_until = now + QUEUE_ACK_USEC;
    message->attempts++;
    waiter->received(json_pack("{s:I, s:O, s:i}", "id", (json_int_t)message->id, "message",
                             message->body, "attempt", (int)message->attempts),
            waiter->userdata);
    return true;
}

static void serve_all(struct queues *queues)
{
    uint64_t now = now_usec(queues);

    for (struct waiter **w = &queues->waiters; *w;) {
        struct waiter *waiter = *w;

        if (!serve(queues, waiter, now)) {
            w = &waiter->next;
            continue;
        }
        *w = waiter->next;
        waiter_free(waiter);
    }
    arm(queues);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    serve_all(userdata);
    return 0;
}

static int load_one(struct queues *queues, const char *name)
{
    struct queue *queue;
    int r;

    if (!queues_name_valid(name))
        return -EINVAL;
    r = add(queues, name, &queue);
    if (r >= 0)
        r = queue_file_load(queues->path, queue);
    if (r < 0)
        return r;
    if (queue->count > 0 && queue->messages[queue->count - 1].id > queues->last_id)
        queues->last_id = queue->messages[queue->count - 1].id;
    forget_if_empty(queues, queue);
    return 0;
}

static int load(struct queues *queues)
{
    DIR *folder;
    const struct dirent *entry;

    folder = opendir(queues->path);
    if (!folder)
        return errno == ENOENT ? 0 : -errno;
    while ((entry = readdir(folder))) {
        int r = *entry->d_name == '.' ? 0 : load_one(queues, entry->d_name);

        if (r < 0)
            unbox_log_errno(LOG_WARNING, r, "can't use the queue %s/%s, leaving it there",
                    queues->path, entry->d_name);
    }
    closedir(folder);
    return 0;
}

int queues_open(sd_event *event, const char *path, struct queues **ret)
{
    _cleanup_(queues_free_p) struct queues *queues = calloc(1, sizeof(*queues));
    int r;

    if (!queues)
        return -ENOMEM;
    queues->event = sd_event_ref(event);
    queues->path = strdup(path);
    if (!queues->path)
        return -ENOMEM;
    r = load(queues);
    if (r >= 0)
        r = sd_event_add_time(event, &queues->timer, CLOCK_BOOTTIME, UINT64_MAX, 50 * USEC_PER_MSEC,
                on_timer, queues);
    if (r < 0)
        return r;
    *ret = STEAL(queues);
    return 0;
}

struct queues *queues_free(struct queues *queues)
{
    if (!queues)
        return NULL;
    while (queues->waiters) {
        struct waiter *waiter = queues->waiters;

        queues->waiters = waiter->next;
        waiter->received(NULL, waiter->userdata);
        waiter_free(waiter);
    }
    while (queues->queues) {
        struct queue *queue = queues->queues;

        queues->queues = queue->next;
        queue_free(queue);
    }
    sd_event_source_disable_unref(queues->timer);
    sd_event_unref(queues->event);
    free(queues->path);
    free(queues);
    return NULL;
}

/* Above all that were given, and above those that are gone: an acknowledgement that comes late
 * must not meet another message. */
static uint64_t next_id(const struct queues *queues)
{
    uint64_t clock = timestamp_now() / USEC_PER_MSEC;

    return clock > queues->last_id ? clock : queues->last_id + 1;
}

int queues_send(struct queues *queues, const char *name, json_t *message, uint64_t *ret_id)
{
    _cleanup_free_ char *text = json_dumps(message, JSON_COMPACT | JSON_ENCODE_ANY);
    struct queue *queue = find(queues, name);
    uint64_t id = next_id(queues);
    int r = 0;

    if (!text)
        return -ENOMEM;
    if (!queue)
        r = add(queues, name, &queue);
    if (r < 0)
        return r;
    r = queue_add(queue, id, message, strlen(text));
    if (r >= 0) {
        r = queue_file_write(queues->path, name, id, text);
        if (r < 0)
            queue_remove(queue, queue->count - 1);
    }
    if (r < 0) {
        forget_if_empty(queues, queue);
        return r;
    }
    queues->last_id = id;
    *ret_id = id;
    serve_all(queues);
    return 0;
}

int queues_receive(struct queues *queues, const char *name, unsigned wait_sec,
        queues_receive_fn received, queues_there_fn there, void *userdata)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter)), **last = &queues->waiters;

    if (!waiter)
        return -ENOMEM;
    *waiter = (struct waiter){
            .queue = strdup(name),
            .until = now_usec(queues) + wait_sec * USEC_PER_SEC,
            .received = received,
            .there = there,
            .userdata = userdata,
    };
    if (!waiter->queue) {
        free(waiter);
        return -ENOMEM;
    }
    while (*last)
        last = &(*last)->next;
    *last = waiter;
    serve_all(queues);
    return 0;
}

int queues_ack(struct queues *queues, const char *name, uint64_t id)
{
    struct queue *queue = find(queues, name);
    int r;

    for (size_t i = 0; queue && i < queue->count; i++) {
        if (queue->messages[i].id != id)
            continue;
        r = queue_file_remove(queues->path, name, id);
        if (r < 0)
            return r;
        queue_remove(queue, i);
        forget_if_empty(queues, queue);
        return 0;
    }
    return -ENOENT;
}
