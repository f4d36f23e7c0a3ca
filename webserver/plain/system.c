/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this device is, as system.js shows it, and the ways to what can be done with it. */

#include <stdio.h>
#include <string.h>

#include "plain.h"

#define PAGE "/system.html"
#define DAY_SEC (24 * 60 * 60)

static void set_certificate(struct plain *page, const char *expires)
{
    char day[sizeof("2038-01-19")];
    const struct text_gap gaps[] = {{"date", day}, {}};
    time_t end, now = time(NULL);

    snprintf(day, sizeof(day), "%.10s", expires);
    plain_show(page, "if-certificate", text_parse_time(expires, &end) == 0);
    if (text_parse_time(expires, &end) < 0)
        return;
    if (end < now)
        plain_say(page, "certificate", "certificate.over", gaps);
    else
        plain_take(page, "certificate",
                text_count(plain_texts(page), "certificate.until", (end - now) / DAY_SEC, gaps));
}

static void set_time(struct plain *page, const json_t *system)
{
    const char *timestamp = plain_text(system, "time");
    _cleanup_free_ char *now = text_time(timestamp, false);
    const struct text_gap gaps[] = {{"now", now}, {}};

    plain_set_shown(page, "time", "if-time", now);
    if (timestamp[0] && json_is_false(json_object_get(system, "time_synchronised")))
        plain_say(page, "time", "time.alone", gaps);
}

/* What is free of how much there is. */
static void set_room(
        struct plain *page, const char *name, const char *condition, const json_t *room)
{
    _cleanup_free_ char *available = NULL, *all = NULL;
    json_int_t available_bytes, all_bytes;

    plain_show(page, condition, false);
    if (json_unpack((json_t *)room, "{sI sI}", "available_bytes", &available_bytes, "total_bytes",
                &all_bytes) < 0 ||
            available_bytes < 0 || all_bytes < 0)
        return;
    available = text_bytes(plain_texts(page), available_bytes);
    all = text_bytes(plain_texts(page), all_bytes);
    plain_say(page, name, "room",
            (const struct text_gap[]){{"free", available ?: ""}, {"all", all ?: ""}, {}});
    plain_show(page, condition, true);
}

static void set_versions(struct plain *page, const json_t *system)
{
    const char *kernel = plain_text(system, "kernel");
    const char *architecture = plain_text(system, "architecture");
    const json_t *heat = json_object_get(system, "temperature_celsius");

    plain_set_shown(page, "os", "if-os", plain_text(system, "os"));
    plain_show(page, "if-kernel", kernel[0]);
    plain_printf(page, "kernel", "%s%s%s", kernel, architecture[0] ? ", " : "", architecture);
    plain_show(page, "if-temperature", json_is_number(heat));
    plain_printf(page, "temperature", "%.0f °C", json_number_value(heat));
}

static void set_uptime(struct plain *page, json_int_t seconds)
{
    plain_take(page, "uptime", text_duration(plain_texts(page), seconds > 0 ? seconds : 0));
}

static void set_system(struct plain *page, const json_t *system)
{
    plain_set_shown(page, "hostname", "if-hostname", plain_text(system, "hostname"));
    plain_set_shown(page, "model", "if-model", plain_text(system, "model"));
    plain_set_shown(page, "serial", "if-serial", plain_text(system, "serial"));
    plain_printf(page, "version", "unbox %s", plain_text(system, "version"));
    set_uptime(page, json_integer_value(json_object_get(system, "uptime_seconds")));
    set_certificate(page, plain_text(system, "certificate_expires"));
    set_time(page, system);
    set_room(page, "memory", "if-memory", json_object_get(system, "memory"));
    set_room(page, "disk", "if-disk", json_object_get(system, "disk"));
    set_versions(page, system);
}

/* What this process can tell without healthd. */
static void set_own(struct plain *page)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    set_uptime(page, up.tv_sec);
    plain_set(page, "version", "unbox " PROJECT_VERSION);
}

/* Under ProtectHostname= this process doesn't know the present name of the device; user-network
 * does. */
static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    const json_t *country = json_object_get(answer->result, "country");
    _cleanup_(plain_free_p) struct plain *page = userdata;
    const char *hostname = plain_text(answer->result, "hostname");
    const char *code = plain_text(country, "code");

    if (hostname[0])
        plain_set_shown(page, "hostname", "if-hostname", hostname);
    plain_show(page, "if-country", json_is_object(country));
    if (code[0])
        plain_set(page, "country", text_country(plain_texts(page), code) ?: code);
    else
        plain_say(page, "country", "country.none", NULL);
    return plain_respond_whole(page);
}

/* A login by an access token may less. */
static void set_access(struct plain *page)
{
    _cleanup_json_ json_t *scopes = scopes_to_json(plain_may_all(page));
    _cleanup_free_ char *may = plain_scopes(page, scopes);
    bool owner = plain_may(page, SCOPE_OWNER);

    plain_show(page, "if-owner", owner);
    plain_show(page, "if-limits", !owner);
    plain_say(page, "limits", "access.limits", (const struct text_gap[]){{"may", may ?: ""}, {}});
}

static int on_system(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;
    struct plain *page;
    int r = plain_new(request, api, PAGE, &page);

    if (r < 0)
        return r;
    set_system(page, answer->result);
    if (answer->error < 0) {
        plain_set_refusal(page, answer);
        set_own(page);
    }
    set_access(page);
    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, on_status, page);
}

int plain_system_page(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_READ);

    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(api->health, request, "get_system", NULL, PEER_SOON_USEC, on_system, api);
}

int plain_logout(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_READ);

    if (r != 0)
        return r < 0 ? r : 0;
    r = api_end_session(request, api);
    return r < 0 ? r : form_follow(request, "/login.html", "#out");
}

static int on_diagnostics(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_json_ json_t *problem = NULL;

    if (answer->error == 0)
        return api_give_diagnostics(request, answer->result);
    problem = peer_problem_to_json(answer);
    return problem ? plain_refuse(request, userdata, 503, plain_text(problem, "detail")) : -ENOMEM;
}

int plain_diagnostics(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_SYSTEM);

    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(api->health, request, "diagnostics", NULL, PEER_DONE_USEC, on_diagnostics, api);
}
