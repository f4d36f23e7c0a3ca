/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A document is a stream that asks for its next piece when the reader has taken the last one. A
 * piece is {"csv": text} or {"labels": array}, and "next" with what the next one comes after, until
 * there is none. A service that fails in the middle ends the connection, so that a browser sees
 * that what it has is not all.
 */

#include "document.h"

#include <stdio.h>
#include <string.h>

#include "assets.h"
#include "labels.h"

#define RETRY_AFTER_SEC "5"
#define FILE_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

struct document {
    struct documents *documents;
    struct document *next;
    struct document *prev;
    json_t *service;
    json_t *params;
    char *method;
    bool labels;              /* otherwise a CSV */
    const struct asset *page; /* of labels */
    struct http_stream *http; /* NULL: has not begun, or is over */
    sd_event_source *ask;
    bool asking;
    bool over; /* nobody reads it any more */
    bool broken;
    bool ended;
    json_t *piece;
    size_t place; /* in it */
    size_t told;  /* labels so far */
    char *text;   /* that is being sent */
    size_t size;
    size_t sent;
};

struct documents {
    sd_event *event;           /* borrowed */
    struct services *services; /* borrowed */
    struct document *all;
    unsigned count;
};

static void document_free(struct document *document)
{
    if (document->next)
        document->next->prev = document->prev;
    if (document->prev)
        document->prev->next = document->next;
    else
        document->documents->all = document->next;
    document->documents->count--;
    sd_event_source_disable_unref(document->ask);
    json_decref(document->service);
    json_decref(document->params);
    json_decref(document->piece);
    free(document->method);
    free(document->text);
    free(document);
}

DEFINE_CLEANUP(struct document *, document_free);

/* -- what is sent ---------------------------------------------------------------------------- */

/* Part of the piece: 1 while there is more of it. A label is drawn when it is its turn. */
static int write_piece(struct document *document, FILE *stream)
{
    json_t *labels = json_object_get(document->piece, "labels");
    int r;

    if (!document->labels) {
        fputs(json_string_value(json_object_get(document->piece, "csv")), stream);
        return 0;
    }
    if (document->place == json_array_size(labels))
        return 0;
    r = labels_write(stream, document->page, labels, document->place++);
    document->told += r == 0;
    return r < 0 ? r : 1;
}

static void write_end(struct document *document, FILE *stream)
{
    document->ended = true;
    if (document->labels)
        labels_end(stream, document->page, document->told == 0);
}

/* The next text, which may be empty; behind a piece, whether there is another one. 0 or a negative
 * errno. */
static int make_text(struct document *document)
{
    FILE *stream = open_memstream(&document->text, &document->size);
    int r;

    if (!stream)
        return -ENOMEM;
    r = write_piece(document, stream);
    if (r == 0 && json_is_string(json_object_get(document->piece, "next")))
        document->asking = true;
    else if (r == 0)
        write_end(document, stream);
    if (fclose(stream) != 0 && r >= 0)
        r = -ENOMEM;
    return r < 0 ? r : 0;
}

/* What was sent makes room for what comes next. False: there is nothing to send for now. */
static bool go_on(struct document *document)
{
    free(document->text);
    document->text = NULL;
    document->size = document->sent = 0;
    if (document->asking || document->broken || document->ended)
        return false;
    document->broken = make_text(document) < 0;
    /* Not from here: see http_stream_ops. */
    if (document->asking || document->broken)
        (void)sd_event_source_set_enabled(document->ask, SD_EVENT_ONESHOT);
    return true;
}

static ssize_t on_read(void *userdata, char *buffer, size_t size)
{
    struct document *document = userdata;
    size_t used = 0, n;

    while (used < size) {
        if (document->sent == document->size) {
            if (!go_on(document))
                break;
            continue;
        }
        n = document->size - document->sent;
        n = n < size - used ? n : size - used;
        memcpy(buffer + used, document->text + document->sent, n);
        document->sent += n;
        used += n;
    }
    return used == 0 && document->ended ? -ENODATA : (ssize_t)used;
}

static void on_closed(void *userdata)
{
    struct document *document = userdata;

    document->http = NULL;
    document->over = true;
    /* Its answer, or documents_free(), ends it. */
    if (!document->asking)
        document_free(document);
}

/* -- what is asked --------------------------------------------------------------------------- */

static bool is_piece(const struct document *document, const json_t *answer)
{
    const json_t *next = json_object_get(answer, "next");

    return (!next || json_is_null(next) || json_is_string(next)) &&
           (document->labels ? json_is_array(json_object_get(answer, "labels"))
                             : json_is_string(json_object_get(answer, "csv")));
}

static void take_piece(struct document *document, json_t *piece)
{
    json_decref(document->piece);
    document->piece = json_incref(piece);
    document->place = 0;
}

static int on_next(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct document *document = userdata;

    document->asking = false;
    if (document->over) {
        document_free(document);
        return 0;
    }
    if (answer->error < 0 || !is_piece(document, answer->result)) {
        document->broken = true;
        http_stream_cut(document->http);
        return 0;
    }
    take_piece(document, answer->result);
    http_stream_wake(document->http);
    return 0;
}

/* Of the first piece, or of the one that comes after this. */
static json_t *make_params(const struct document *document)
{
    json_t *next = json_object_get(document->piece, "next");
    _cleanup_json_ json_t *params = json_copy(document->params);

    if (next && json_object_set(params, "after", next) < 0)
        return NULL;
    return STEAL(params);
}

static int ask_next(struct document *document)
{
    struct peer *peer;
    json_t *params;
    int r;

    r = services_peer(document->documents->services, document->service, &peer);
    if (r < 0)
        return r;
    params = make_params(document);
    return params ? peer_ask(
                            peer, NULL, document->method, params, PEER_LONG_USEC, on_next, document)
                  : -ENOMEM;
}

static int on_ask(sd_event_source *source, void *userdata)
{
    struct document *document = userdata;

    if (document->over)
        document_free(document);
    else if (document->broken || ask_next(document) < 0) {
        document->asking = false;
        http_stream_cut(document->http);
    }
    return 0;
}

/* -- begin ----------------------------------------------------------------------------------- */

/* "attachment" for what is kept as a file, by the name that the tab gives it. */
static int add_headers(struct http_request *request, const struct document *document)
{
    const char *name = json_string_value(
            json_object_get(services_document(document->service, document->method), "file"));
    char disposition[96];
    int r;

    r = http_request_add_header(request, "Cache-Control", "no-store");
    if (r < 0)
        return r;
    if (document->labels) {
        r = http_request_add_header(request, "Vary", "Accept-Language, Cookie");
        return r < 0 ? r
                     : http_request_add_header(
                               request, "Content-Language", document->page->language);
    }
    if (!name || strspn(name, FILE_NAME_CHARACTERS) != strlen(name))
        name = "list";
    snprintf(disposition, sizeof(disposition), "attachment; filename=\"%.64s.csv\"", name);
    return http_request_add_header(request, "Content-Disposition", disposition);
}

static int begin_text(struct document *document)
{
    FILE *stream;

    if (!document->labels)
        return 0;
    stream = open_memstream(&document->text, &document->size);
    if (!stream)
        return -ENOMEM;
    labels_begin(stream, document->page);
    return fclose(stream) != 0 ? -ENOMEM : 0;
}

static int respond(struct http_request *request, struct document *document)
{
    static const struct http_stream_ops ops = {on_read, on_closed};
    int r;

    r = begin_text(document);
    if (r >= 0)
        r = add_headers(request, document);
    if (r >= 0)
        r = http_respond_stream(request,
                document->labels ? "text/html; charset=utf-8" : "text/csv; charset=utf-8", &ops,
                document, &document->http);
    if (r < 0)
        document_free(document);
    return r;
}

static int on_first(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct document *document = userdata;
    struct peer_answer bad = *answer;

    document->asking = false;
    if (answer->error >= 0 && is_piece(document, answer->result)) {
        take_piece(document, answer->result);
        return respond(request, document);
    }
    if (answer->error >= 0)
        bad.error = -EBADMSG;
    document_free(document);
    return peer_respond_problem(request, &bad);
}

static int document_new(
        struct documents *documents, json_t *service, const char *method, struct document **ret)
{
    struct document *document = calloc(1, sizeof(*document));
    int r;

    if (!document)
        return -ENOMEM;
    document->documents = documents;
    document->service = json_incref(service);
    document->next = documents->all;
    if (document->next)
        document->next->prev = document;
    documents->all = document;
    documents->count++;
    document->method = strdup(method);
    r = document->method ? sd_event_add_defer(documents->event, &document->ask, on_ask, document)
                         : -ENOMEM;
    if (r >= 0)
        r = sd_event_source_set_enabled(document->ask, SD_EVENT_OFF);
    if (r < 0) {
        document_free(document);
        return r;
    }
    *ret = document;
    return 0;
}

static const char *type_of(const json_t *described)
{
    return json_string_value(json_object_get(described, "type")) ?: "";
}

/* What the query says for the document's parameters, all of which are text. */
static json_t *read_query(const struct http_request *request, json_t *described)
{
    json_t *schema = json_object_get(described, "parameters"), *property;
    _cleanup_json_ json_t *params = json_object();
    const char *name;

    json_object_foreach (json_object_get(schema, "properties"), name, property) {
        const char *value = http_request_query(request, name);

        if (value && *value && json_object_set_new(params, name, json_string(value)) < 0)
            return NULL;
    }
    return STEAL(params);
}

static int refuse(struct http_request *request)
{
    int r = http_request_add_header(request, "Retry-After", RETRY_AFTER_SEC);

    return r < 0 ? r
                 : http_respond_problem(
                           request, 503, "busy", NULL, "Too many lists are being read. Try again.");
}

static int begin(struct documents *documents, struct http_request *request, json_t *service,
        json_t *described)
{
    const char *method = json_string_value(json_object_get(described, "method"));
    _cleanup_(document_free_p) struct document *document = NULL;
    struct peer *peer;
    json_t *params;
    int r;

    r = services_reach(documents->services, request, service, &peer);
    if (r != 0)
        return r < 0 ? r : 0;
    r = document_new(documents, service, method, &document);
    if (r < 0)
        return r;
    document->labels = strcmp(type_of(described), "labels") == 0;
    document->page = assets_for(request, "labels.part.html");
    document->params = read_query(request, described);
    /* It is no UTF-8, and so nothing's name. */
    if (!document->params)
        return http_respond_problem(request, 422, "invalid_params", NULL, "The query is not text.");
    params = make_params(document);
    if (!params)
        return -ENOMEM;
    document->asking = true;
    return peer_ask(peer, request, method, params, PEER_LONG_USEC, on_first, STEAL(document));
}

int documents_give(struct documents *documents, struct http_request *request, json_t *service,
        const char *method)
{
    json_t *described = services_document(service, method);
    const char *type = type_of(described);

    if (strcmp(type, "csv") != 0 && strcmp(type, "labels") != 0)
        return http_respond_problem(
                request, 404, "not_found", NULL, "This service offers no such list.");
    if (documents->count >= DOCUMENTS_MAX)
        return refuse(request);
    return begin(documents, request, service, described);
}

int documents_new(sd_event *event, struct services *services, struct documents **ret)
{
    struct documents *documents = calloc(1, sizeof(*documents));

    if (!documents)
        return -ENOMEM;
    documents->event = event;
    documents->services = services;
    *ret = documents;
    return 0;
}

struct documents *documents_free(struct documents *documents)
{
    struct document *next;

    if (!documents)
        return NULL;
    for (struct document *document = documents->all; document; document = next) {
        next = document->next;
        document_free(document);
    }
    free(documents);
    return NULL;
}
