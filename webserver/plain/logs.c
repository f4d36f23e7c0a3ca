/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The last lines of a service's log: strangers' words are among them. */

#include <syslog.h>

#include "plain.h"

#define PAGE "/logs.html"
#define LINES 200

/* Of its file. */
enum part {
    PART_HEAD,
    PART_LINE,
    PART_TAIL,
};

static void add_line(struct plain *page, const json_t *entry)
{
    json_int_t priority = LOG_INFO;

    (void)json_unpack((json_t *)entry, "{sI}", "priority", &priority);
    if (priority <= LOG_ERR)
        plain_set(page, "look", "bad");
    else
        plain_set(page, "look", priority == LOG_WARNING ? "warning" : "");
    plain_set(page, "timestamp", plain_text(entry, "time"));
    plain_take(page, "time", text_time(plain_text(entry, "time"), true));
    plain_printf(
            page, "line", "%s: %s", plain_text(entry, "identifier"), plain_text(entry, "message"));
    plain_part(page, PART_LINE);
}

static void add_lines(struct plain *page, const json_t *entries)
{
    json_t *entry;
    size_t i;

    json_array_foreach ((json_t *)entries, i, entry)
        add_line(page, entry);
}

static int on_logs(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    const char *unit = http_request_query(request, "unit");
    json_t *entries = json_object_get(answer->result, "entries");
    bool complete = !json_is_false(json_object_get(answer->result, "complete"));
    _cleanup_(plain_free_p) struct plain *page = NULL;
    struct text_gap gaps[] = {{"name"}, {}};
    int r = plain_new(request, userdata, PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    gaps[0].value = plain_service_name(plain_texts(page), unit);
    plain_set(page, "unit", unit);
    plain_say(page, "title", "logs.title", gaps);
    if (json_array_size(entries) == 0)
        plain_say(page, "note", "logs.none", NULL);
    else
        plain_say(page, "note", "logs.cut", NULL);
    plain_show(page, "if-note", answer->error == 0 && (!complete || json_array_size(entries) == 0));
    plain_show(page, "if-lines", json_array_size(entries) > 0);
    plain_part(page, PART_HEAD);
    add_lines(page, entries);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

int plain_logs_page(struct http_request *request, void *userdata)
{
    const char *unit = http_request_query(request, "unit");
    struct api *api = userdata;
    json_t *params;
    int r = plain_enter(request, api, SCOPE_READ);

    if (r != 0)
        return r < 0 ? r : 0;
    /* NULL too where it is no UTF-8, and so nobody's name. */
    params = unit ? json_pack("{ss si}", "unit", unit, "lines", LINES) : NULL;
    if (!params)
        return plain_refuse(request, api, 404, "There is no such service.");
    return peer_ask(api->health, request, "get_logs", params, PEER_LONG_USEC, on_logs, api);
}
