/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One JSON document, {"open":…,"events":[…],"stopped":{unit:true},"restarts":{unit:n},
 * "ladders":{unit:{…}}}, kept as such and written whole.
 */

#include "memory.h"

#include <string.h>

#include "state-file.h"
#include "timestamp.h"
#include "unbox/log.h"

#define SIZE_MAX_BYTES (256 * 1024)

struct memory {
    char *path;
    json_t *document;
    sd_event_source *save;
    struct bus *bus;
    bool was_left_open;
};

static int on_save(sd_event_source *source, void *userdata)
{
    const struct memory *memory = userdata;

    state_file_write(memory->path, memory->document);
    return 0;
}

static void changed(struct memory *memory)
{
    int r = sd_event_source_set_enabled(memory->save, SD_EVENT_ONESHOT);

    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't write %s later", memory->path);
}

/* Moves a member from one document to the other, if it is of the right type, or an empty one. */
static int inherit(json_t *document, json_t *old, const char *name, json_t *empty)
{
    json_t *value = json_object_get(old, name);
    int r;

    if (!empty)
        return -ENOMEM;
    if (json_typeof(empty) == JSON_ARRAY ? json_is_array(value) : json_is_object(value))
        r = json_object_set(document, name, value);
    else
        r = json_object_set(document, name, empty);
    json_decref(empty);
    return r < 0 ? -ENOMEM : 0;
}

static int begin(struct memory *memory)
{
    _cleanup_json_ json_t *old = state_file_read(memory->path, SIZE_MAX_BYTES);
    int r;

    memory->was_left_open = json_is_true(json_object_get(old, "open"));
    memory->document = json_pack("{s:b}", "open", 1);
    if (!memory->document)
        return -ENOMEM;
    r = inherit(memory->document, old, "events", json_array());
    if (r >= 0)
        r = inherit(memory->document, old, "stopped", json_object());
    if (r >= 0)
        r = inherit(memory->document, old, "restarts", json_object());
    if (r >= 0)
        r = inherit(memory->document, old, "ladders", json_object());
    return r;
}

static void memory_free(struct memory *memory)
{
    sd_event_source_disable_unref(memory->save);
    json_decref(memory->document);
    free(memory->path);
    free(memory);
}

DEFINE_CLEANUP(struct memory *, memory_free);

int memory_open(sd_event *event, const char *path, struct memory **ret)
{
    _cleanup_(memory_free_p) struct memory *memory = calloc(1, sizeof(*memory));
    int r;

    if (!memory)
        return -ENOMEM;
    memory->path = strdup(path);
    if (!memory->path)
        return -ENOMEM;
    r = begin(memory);
    if (r < 0)
        return r;
    r = sd_event_add_defer(event, &memory->save, on_save, memory);
    if (r < 0)
        return r;
    r = sd_event_source_set_priority(memory->save, SD_EVENT_PRIORITY_IDLE);
    if (r < 0)
        return r;
    *ret = STEAL(memory);
    return 0;
}

struct memory *memory_close(struct memory *memory)
{
    if (!memory)
        return NULL;
    (void)json_object_set_new(memory->document, "open", json_false());
    state_file_write(memory->path, memory->document);
    memory_free(memory);
    return NULL;
}

bool memory_was_left_open(const struct memory *memory)
{
    return memory->was_left_open;
}

void memory_set_bus(struct memory *memory, struct bus *bus)
{
    memory->bus = bus;
}

struct bus *memory_bus(const struct memory *memory)
{
    return memory->bus;
}

json_t *memory_events(const struct memory *memory)
{
    return json_object_get(memory->document, "events");
}

void memory_add_event(
        struct memory *memory, const char *service, const char *event, const char *message)
{
    json_t *events = memory_events(memory);
    char now[TIMESTAMP_SIZE];

    timestamp_format(timestamp_now(), now);
    if (json_array_append_new(events, json_pack("{s:s, s:s, s:s, s:s}", "time", now, "service",
                                              service, "event", event, "message", message)) < 0) {
        unbox_log_errno(LOG_WARNING, -ENOMEM, "can't keep an event of %s", service);
        return;
    }
    while (json_array_size(events) > MEMORY_EVENTS)
        json_array_remove(events, 0);
    changed(memory);
}

bool memory_is_stopped(const struct memory *memory, const char *unit)
{
    return json_is_true(json_object_get(json_object_get(memory->document, "stopped"), unit));
}

void memory_set_stopped(struct memory *memory, const char *unit, bool stopped)
{
    json_t *units = json_object_get(memory->document, "stopped");

    if (memory_is_stopped(memory, unit) == stopped)
        return;
    if (stopped)
        (void)json_object_set_new(units, unit, json_true());
    else
        (void)json_object_del(units, unit);
    changed(memory);
}

int64_t memory_restarts(const struct memory *memory, const char *unit)
{
    json_t *restarts = json_object_get(json_object_get(memory->document, "restarts"), unit);

    return json_is_integer(restarts) ? json_integer_value(restarts) : -1;
}

void memory_set_restarts(struct memory *memory, const char *unit, uint32_t restarts)
{
    if (memory_restarts(memory, unit) == restarts)
        return;
    (void)json_object_set_new(
            json_object_get(memory->document, "restarts"), unit, json_integer(restarts));
    changed(memory);
}

json_t *memory_ladder(const struct memory *memory, const char *unit)
{
    return json_object_get(json_object_get(memory->document, "ladders"), unit);
}

void memory_set_ladder(struct memory *memory, const char *unit, json_t *ladder)
{
    _cleanup_json_ json_t *owned = ladder;
    json_t *ladders = json_object_get(memory->document, "ladders"), *known;

    known = json_object_get(ladders, unit);
    if (ladder ? json_equal(known, ladder) : !known)
        return;
    if (ladder)
        (void)json_object_set(ladders, unit, ladder);
    else
        (void)json_object_del(ladders, unit);
    changed(memory);
}
