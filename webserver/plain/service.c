/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The tab of a service that has registered, as it describes it (services.h), and doing what it
 * offers: as services.js. A chart is its last value. What has to be confirmed has a box to be
 * ticked.
 */

#include <stdio.h>
#include <string.h>

#include "service-form.h"
#include "service-value.h"

#define LIST_PAGE "/services.html"
#define PAGE "/service.html"
/* Of the parameters of an action: the form has other fields. */
#define PREFIX "of-"

/* Of their files. */
enum list_part {
    LIST_HEAD,
    LIST_SERVICE,
    LIST_TAIL,
};

enum part {
    PART_HEAD,
    PART_CARD,
    PART_FACT,
    PART_FACTS_END,
    PART_TABLE,
    PART_COLUMN,
    PART_ROWS,
    PART_ROW,
    PART_CELL,
    PART_LINK,
    PART_ROW_END,
    PART_TABLE_END,
    PART_CARD_END,
    PART_DOCUMENT,
    PART_ACTION,
    PART_FIELD,
    PART_OFFER_END = PART_FIELD + N_SERVICE_FORM_PARTS,
    PART_TAIL,
};

/* -- the list -------------------------------------------------------------------------------- */

static int on_list(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    json_t *service;
    size_t i, n = 0;
    int r = plain_new(request, userdata, LIST_PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    json_array_foreach (answer->result, i, service)
        n += plain_text(json_object_get(service, "tab"), "title")[0] != '\0';
    plain_say(page, "none", "services.none", NULL);
    plain_show(page, "if-none", n == 0 && answer->error == 0);
    plain_part(page, LIST_HEAD);
    json_array_foreach (answer->result, i, service) {
        const json_t *tab = json_object_get(service, "tab");

        if (!plain_text(tab, "title")[0])
            continue;
        plain_set(page, "service", plain_text(service, "name"));
        plain_set(page, "title", service_said(page, tab, "title"));
        plain_set(page, "description", service_said(page, service, "description"));
        plain_part(page, LIST_SERVICE);
    }
    plain_part(page, LIST_TAIL);
    return plain_respond(page);
}

int plain_services_page(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_READ);

    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask_any(api->health, request, "list_services", NULL, PEER_SOON_USEC, on_list, api);
}

/* -- values ---------------------------------------------------------------------------------- */

static void add_fact(struct plain *page, const json_t *field, const json_t *value)
{
    plain_set(page, "label", service_label(page, field));
    plain_take(page, "value", service_value(page, field, value));
    plain_part(page, PART_FACT);
}

/* A part of an address that needs no encoding. */
static bool is_plain_word(const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    return word[0] && word[strspn(word, safe)] == '\0';
}

static void set_document(struct plain *page, const json_t *service, const char *method)
{
    plain_printf(page, "document", "/api/v1/documents/%s/%s", plain_text(service, "name"), method);
}

/* A column of documents is for who may have them. */
static bool is_shown(const struct plain *page, const json_t *service, const json_t *column)
{
    const char *document = plain_text(column, "document");

    if (strcmp(plain_text(column, "type"), "document") != 0)
        return true;
    return plain_may(page, SCOPE_SYSTEM) && is_plain_word(document) &&
           is_plain_word(plain_text(service, "name"));
}

static void add_cell(
        struct plain *page, const json_t *service, const json_t *column, const json_t *row)
{
    const json_t *value = json_object_get(row, plain_text(column, "name"));
    bool leads = strcmp(plain_text(column, "type"), "document") == 0 && json_is_string(value);

    plain_take(page, "value", service_value(page, column, value));
    if (!leads) {
        plain_part(page, PART_CELL);
        return;
    }
    set_document(page, service, plain_text(column, "document"));
    plain_set(page, "parameter", plain_text(column, "parameter"));
    plain_set(page, "text", service_said(page, column, "text"));
    plain_printf(page, "link-name", "%s: %s, %s", service_said(page, column, "text"),
            service_label(page, column), json_string_value(value));
    plain_part(page, PART_LINK);
}

/* Columns that nobody has named are those of the first row: the caller's. */
static json_t *columns_of(const json_t *field, const json_t *rows)
{
    json_t *columns = json_object_get(field, "columns"), *value;
    const char *name;

    if (json_is_array(columns))
        return json_incref(columns);
    columns = json_array();
    json_object_foreach (json_array_get(rows, 0), name, value)
        (void)json_array_append_new(columns, json_pack("{ss}", "name", name));
    return columns;
}

static void add_table(
        struct plain *page, const json_t *service, const json_t *field, const json_t *rows)
{
    _cleanup_json_ json_t *columns = columns_of(field, rows);
    json_t *row, *column;
    size_t i, j;

    plain_set_shown(page, "label", "if-label", service_label(page, field));
    plain_part(page, PART_TABLE);
    json_array_foreach (columns, i, column) {
        plain_set(page, "label", service_label(page, column));
        if (is_shown(page, service, column))
            plain_part(page, PART_COLUMN);
    }
    plain_part(page, PART_ROWS);
    json_array_foreach ((json_t *)rows, i, row) {
        plain_part(page, PART_ROW);
        json_array_foreach (columns, j, column) {
            if (is_shown(page, service, column))
                add_cell(page, service, column, row);
        }
        plain_part(page, PART_ROW_END);
    }
    plain_part(page, PART_TABLE_END);
}

/* A card with what there is in `values`, as `fields` say; with all `rows`, whose columns nobody has
 * named; each may be NULL. */
static void add_card(struct plain *page, const json_t *service, const json_t *fields,
        const json_t *values, const json_t *rows)
{
    const json_t *field;
    size_t i;

    plain_part(page, PART_CARD);
    json_array_foreach ((json_t *)fields, i, field) {
        const json_t *value = json_object_get(values, plain_text(field, "name"));

        if (value && !json_is_null(value) && !service_is_table(field, value))
            add_fact(page, field, value);
    }
    plain_part(page, PART_FACTS_END);
    json_array_foreach ((json_t *)fields, i, field) {
        const json_t *value = json_object_get(values, plain_text(field, "name"));

        if (service_is_table(field, value))
            add_table(page, service, field, value);
    }
    if (rows)
        add_table(page, service, NULL, rows);
    plain_part(page, PART_CARD_END);
}

/* -- what it offers -------------------------------------------------------------------------- */

static void add_offers(struct plain *page, const json_t *service)
{
    const json_t *tab = json_object_get(service, "tab"), *offered;
    unsigned number = 0;
    size_t i;

    plain_show(page, "if-confirm", false);
    plain_set(page, "sure", "");
    json_array_foreach (json_object_get(tab, "documents"), i, offered) {
        const char *method = plain_text(offered, "method");

        if (!is_plain_word(method) || !is_plain_word(plain_text(service, "name")))
            continue;
        set_document(page, service, method);
        plain_set(page, "title", service_label(page, offered));
        plain_part(page, PART_DOCUMENT);
        service_form_add(page, offered, "", number++, PART_FIELD);
        plain_part(page, PART_OFFER_END);
    }
    json_array_foreach (json_object_get(tab, "actions"), i, offered) {
        plain_set(page, "service", plain_text(service, "name"));
        plain_set(page, "method", plain_text(offered, "method"));
        plain_set(page, "title",
                plain_text(offered, "label")[0] ? service_label(page, offered)
                                                : plain_text(offered, "method"));
        plain_part(page, PART_ACTION);
        service_form_add(page, offered, PREFIX, number++, PART_FIELD);
        plain_set_shown(page, "confirm", "if-confirm", service_said(page, offered, "confirm"));
        plain_set(page, "sure", plain_text(offered, "confirm")[0] ? "required" : "");
        plain_part(page, PART_OFFER_END);
    }
}

/* -- the page -------------------------------------------------------------------------------- */

/* What became of an action: as it says what its answer has, or in a sentence. */
static void add_result(
        struct plain *page, const json_t *service, const json_t *action, const json_t *result)
{
    const json_t *fields = json_object_get(action, "result");
    bool is_list = json_array_size(result) > 0 && json_is_object(json_array_get(result, 0));

    plain_set(page, "title", service_label(page, action));
    plain_set(page, "description", "");
    if (!fields && !is_list)
        plain_take(page, "description", service_outcome(page, result));
    plain_show(page, "if-values", fields);
    add_card(page, service, fields, result, is_list ? result : NULL);
}

/* The page's kept object: the "service", and what became of an "action" of it, its "result". */
static int respond(struct plain *page, const json_t *values)
{
    const json_t *kept = plain_kept(page), *service = json_object_get(kept, "service");
    const json_t *tab = json_object_get(service, "tab"), *result = json_object_get(kept, "result");

    plain_set(page, "service-title", service_said(page, tab, "title"));
    plain_part(page, PART_HEAD);
    if (result)
        add_result(page, service, json_object_get(kept, "action"), result);
    plain_set(page, "title", service_said(page, tab, "title"));
    plain_set(page, "description", service_said(page, service, "description"));
    plain_show(page, "if-values", json_is_object(values));
    add_card(page, service, json_object_get(tab, "status"), values, NULL);
    if (plain_may(page, SCOPE_SYSTEM))
        add_offers(page, service);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

static int on_values(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = userdata;

    if (answer->error < 0)
        plain_set_refusal(page, answer);
    return respond(page, answer->result);
}

/* The way to it; NULL: the page says why there is none. 0 or a negative errno. */
static int find_peer(struct plain *page, json_t *service, struct peer **ret)
{
    int r = services_peer(plain_api(page)->services, service, ret);

    if (r != -ENOENT && r != -EBUSY)
        return r;
    *ret = NULL;
    plain_set_problem(page, r == -ENOENT ? "This service answers nobody."
                                         : "Too many services are being asked. Try again.");
    return 0;
}

/* Takes the page over. */
static int show(struct http_request *request, struct plain *taken)
{
    _cleanup_(plain_free_p) struct plain *page = taken;
    json_t *service = json_object_get(plain_kept(page), "service");
    const char *method = plain_text(json_object_get(service, "tab"), "method");
    struct peer *peer = NULL;
    int r = method[0] ? find_peer(page, service, &peer) : 0;

    if (r < 0)
        return r;
    if (!peer)
        return respond(page, NULL);
    return peer_ask(peer, request, method, NULL, PEER_SOON_USEC, on_values, STEAL(page));
}

/* The page of what discover has found. 0; 1: it has answered; or a negative errno. */
static int begin(struct http_request *request, const struct peer_answer *answer, struct api *api,
        struct plain **ret)
{
    const json_t *tab = json_object_get(answer->result, "tab");
    bool gone = answer->error == 0 || strcmp(answer->code ?: "", "NOT_FOUND") == 0;
    _cleanup_(plain_free_p) struct plain *page = NULL;
    _cleanup_json_ json_t *kept = NULL, *problem = NULL;
    int r;

    if (!plain_text(tab, "title")[0]) {
        problem = gone ? NULL : peer_problem_to_json(answer);
        r = plain_refuse(request, api, gone ? 404 : 200,
                gone ? "There is no such service." : plain_text(problem, "detail"));
        return r < 0 ? r : 1;
    }
    kept = json_pack("{sO}", "service", answer->result);
    if (!kept)
        return -ENOMEM;
    r = plain_new(request, api, PAGE, &page);
    if (r < 0)
        return r;
    plain_keep(page, kept);
    *ret = STEAL(page);
    return 0;
}

static int on_found(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct plain *page;
    int r = begin(request, answer, userdata, &page);

    return r == 0 ? show(request, page) : r < 0 ? r : 0;
}

static int discover(
        struct http_request *request, struct api *api, const char *name, peer_reply reply)
{
    json_t *params = json_pack("{ss}", "name", name);

    /* It is no UTF-8, and so nobody's name. */
    if (!params)
        return plain_refuse(request, api, 404, "There is no such service.");
    return peer_ask(api->health, request, "discover", params, PEER_SOON_USEC, reply, api);
}

int plain_service_page(struct http_request *request, void *userdata)
{
    const char *name = http_request_query(request, "service");
    int r = plain_enter(request, userdata, SCOPE_READ);

    return r != 0 ? (r < 0 ? r : 0) : discover(request, userdata, name ?: "", on_found);
}

/* -- doing what it offers -------------------------------------------------------------------- */

static int on_acted(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct plain *page = userdata;

    if (answer->error < 0)
        plain_set_refusal(page, answer);
    else if (json_object_set((json_t *)plain_kept(page), "result", answer->result) < 0) {
        plain_free(page);
        return -ENOMEM;
    }
    return show(request, page);
}

/* Takes the page over. */
static int act(struct http_request *request, struct plain *taken, const json_t *action)
{
    json_t *service = json_object_get(plain_kept(taken), "service");
    _cleanup_(plain_free_p) struct plain *page = taken;
    const char *method = plain_text(action, "method");
    _cleanup_json_ json_t *params = NULL;
    struct peer *peer;
    char what[128];
    int r = service_form_read(request, action, PREFIX, &params);

    if (r == -EBADMSG)
        return form_refuse(request);
    if (r == 0)
        r = find_peer(page, service, &peer);
    if (r < 0)
        return r;
    if (!peer)
        return respond(page, NULL);
    if (json_object_set((json_t *)plain_kept(page), "action", (json_t *)action) < 0)
        return -ENOMEM;
    snprintf(what, sizeof(what), "have %s do %s", plain_text(service, "name"), method);
    api_log_change(request, what);
    return peer_ask_any(peer, request, method, json_object_size(params) > 0 ? STEAL(params) : NULL,
            PEER_DONE_USEC, on_acted, STEAL(page));
}

static int on_found_to_act(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct http_field fields[] = {{"method"}, {"sure"}};
    _cleanup_(plain_free_p) struct plain *page = NULL;
    const json_t *action = NULL;
    bool sure = false;
    int r = begin(request, answer, userdata, &page);

    if (r != 0)
        return r < 0 ? r : 0;
    r = http_request_form(request, fields, ELEMENTSOF(fields));
    if (r == 0) {
        action = services_action(answer->result, fields[0].value);
        sure = fields[1].value[0] || !plain_text(action, "confirm")[0];
    }
    http_fields_done(fields, ELEMENTSOF(fields));
    if (r == 0 && !action)
        return plain_refuse(request, userdata, 404, "This service offers no such action.");
    if (r < 0 || !sure)
        return form_refuse(request);
    return act(request, STEAL(page), action);
}

int plain_service(struct http_request *request, void *userdata)
{
    struct http_field field = {"service"};
    int r = plain_form(request, userdata, SCOPE_SYSTEM, &field, 1);

    if (r != 0)
        return r < 0 ? r : 0;
    r = discover(request, userdata, field.value, on_found_to_act);
    http_fields_done(&field, 1);
    return r;
}
