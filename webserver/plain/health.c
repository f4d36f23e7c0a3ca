/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each service does, and what happened: as health.js shows it. */

#include <string.h>

#include "plain.h"

#define PAGE "/health.html"
#define EVENTS_MAX 20

/* Of its file. */
enum part {
    PART_HEAD,
    PART_SERVICE,
    PART_CHECK,
    PART_SERVICE_END,
    PART_EVENTS,
    PART_EVENT,
    PART_TAIL,
};

enum look {
    LOOK_GOOD,
    LOOK_IDLE,
    LOOK_WARNING,
    LOOK_BAD,
};

static const char *const looks[] = {
        [LOOK_GOOD] = "good",
        [LOOK_IDLE] = "idle",
        [LOOK_WARNING] = "warning",
        [LOOK_BAD] = "bad",
};

static enum look look_of(const char *state)
{
    static const struct {
        const char *state;
        enum look look;
    } known[] = {
            {"active", LOOK_GOOD},
            {"inactive", LOOK_IDLE},
            {"failing", LOOK_BAD},
            {"degraded", LOOK_BAD},
            {"failed", LOOK_BAD},
            {"not-found", LOOK_BAD},
    };

    for (size_t i = 0; i < ELEMENTSOF(known); i++) {
        if (strcmp(known[i].state, state) == 0)
            return known[i].look;
    }
    return LOOK_WARNING;
}

static void set_summary(struct plain *page, const json_t *services)
{
    static const char *const badges[] = {[LOOK_GOOD] = "✓", [LOOK_WARNING] = "…", [LOOK_BAD] = "!"};
    static const char *const headlines[] = {[LOOK_GOOD] = "health.good",
            [LOOK_WARNING] = "health.warning",
            [LOOK_BAD] = "health.bad"};
    const struct texts *texts = plain_texts(page);
    unsigned counts[ELEMENTSOF(looks)] = {};
    enum look look = LOOK_GOOD;
    json_t *service;
    const char *name;

    json_object_foreach ((json_t *)services, name, service)
        counts[look_of(plain_text(service, "state"))]++;
    if (counts[LOOK_BAD] > 0)
        look = LOOK_BAD;
    else if (counts[LOOK_WARNING] > 0)
        look = LOOK_WARNING;
    plain_set(page, "look", looks[look]);
    plain_set(page, "badge", badges[look]);
    if (look == LOOK_BAD)
        plain_take(page, "headline", text_count(texts, headlines[look], counts[LOOK_BAD], NULL));
    else
        plain_say(page, "headline", headlines[look], NULL);
    plain_set(page, "explanation", text_of(texts, headlines[look], "why"));
}

/* How long it has been so; where nobody knows, nothing. */
static void set_since(struct plain *page, const char *since)
{
    _cleanup_free_ char *lasting = NULL;
    struct text_gap gaps[] = {{"time"}, {}};
    time_t then, now = time(NULL);

    plain_show(page, "if-since", text_parse_time(since, &then) == 0);
    if (text_parse_time(since, &then) < 0)
        return;
    lasting = text_duration(plain_texts(page), now > then ? now - then : 0);
    gaps[0].value = lasting;
    plain_say(page, "since", "lasting", gaps);
}

static void set_restarts(struct plain *page, const char *name, json_int_t restarts)
{
    const struct text_gap gaps[] = {{"name", name}, {}};

    if (restarts > 0)
        plain_take(page, "restarts", text_count(plain_texts(page), "restarts", restarts, gaps));
    else
        plain_set(page, "restarts", name);
}

static void add_check(struct plain *page, const json_t *check)
{
    plain_set(page, "check-state", plain_text(check, "state"));
    plain_printf(page, "check", "%s %s: %s", plain_text(check, "type"), plain_text(check, "target"),
            plain_text(check, "message"));
    plain_part(page, PART_CHECK);
}

static void set_name(struct plain *page, const char *called)
{
    const struct text_gap gaps[] = {{"name", called}, {}};

    plain_set(page, "name", called);
    plain_say(page, "logs-name", "logs.name", gaps);
    plain_say(page, "restart-name", "restart.name", gaps);
}

static void add_service(struct plain *page, const char *name, const json_t *service)
{
    const char *state = plain_text(service, "state"), *detail = plain_text(service, "detail");
    const char *status = plain_text(service, "status");
    json_t *checks = json_object_get(service, "checks"), *check;
    size_t i;

    plain_set(page, "look", looks[look_of(state)]);
    plain_set(page, "service", name);
    set_name(page, plain_service_name(plain_texts(page), name));
    plain_set(page, "state", text_of(plain_texts(page), "service-state", state) ?: state);
    set_since(page, plain_text(service, "since"));
    plain_set_shown(page, "status", "if-status", status);
    plain_set_shown(page, "detail", "if-detail", strcmp(detail, status) == 0 ? "" : detail);
    set_restarts(page, name, json_integer_value(json_object_get(service, "restarts")));
    plain_show(page, "if-restart", plain_may(page, SCOPE_SYSTEM) && plain_restarts(name));
    plain_show(page, "if-checks", json_array_size(checks) > 0);
    plain_part(page, PART_SERVICE);
    json_array_foreach (checks, i, check)
        add_check(page, check);
    plain_part(page, PART_SERVICE_END);
}

static void add_event(struct plain *page, const json_t *event)
{
    const char *message = plain_text(event, "message");

    if (message[0])
        plain_set(page, "event", message);
    else
        plain_printf(
                page, "event", "%s: %s", plain_text(event, "service"), plain_text(event, "event"));
    plain_set(page, "timestamp", plain_text(event, "time"));
    plain_take(page, "time", text_time(plain_text(event, "time"), false));
    plain_part(page, PART_EVENT);
}

static bool is_later(const json_t *a, const json_t *b)
{
    return strcmp(plain_text(a, "time"), plain_text(b, "time")) > 0;
}

/* The latest first. */
static void add_events(struct plain *page, const json_t *events)
{
    const json_t *latest[EVENTS_MAX];
    size_t n = 0, i, place;
    json_t *event;

    json_array_foreach ((json_t *)events, i, event) {
        for (place = n; place > 0 && is_later(event, latest[place - 1]); place--)
            ;
        if (place == EVENTS_MAX)
            continue;
        if (n < EVENTS_MAX)
            n++;
        memmove(&latest[place + 1], &latest[place], (n - place - 1) * sizeof(latest[0]));
        latest[place] = event;
    }
    for (i = 0; i < n; i++)
        add_event(page, latest[i]);
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    json_t *services = json_object_get(answer->result, "services"), *service;
    json_t *events = json_object_get(answer->result, "events");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    const char *name;
    int r = plain_new(request, userdata, PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    else
        set_summary(page, services);
    plain_show(page, "if-known", answer->error == 0);
    plain_show(page, "if-none", json_array_size(events) == 0);
    plain_part(page, PART_HEAD);
    json_object_foreach (services, name, service)
        add_service(page, name, service);
    plain_part(page, PART_EVENTS);
    add_events(page, events);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

int plain_health_page(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_READ);

    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(api->health, request, "get_status", NULL, PEER_SOON_USEC, on_status, api);
}
