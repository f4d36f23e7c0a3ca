/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One request of the HTTP client and its answer: libcurl's easy handle and what belongs to it. */

#include <curl/curl.h>

#include "http-client.h"

struct http_transfer {
    struct http_transfer *next;
    const struct http_client_options *options; /* the client's */
    CURL *easy;
    struct curl_slist *headers;
    char *request; /* the body that is sent, or NULL */
    char *body;    /* what has come so far */
    size_t size;
    int local_error; /* what our own callbacks stopped the transfer for */
    char message[CURL_ERROR_SIZE];
    struct http_answer answer;
    http_answer_fn fn;
    void *userdata;
};

/* `body` may be NULL and stays the caller's; so do `options`, which must outlive the transfer. */
int http_transfer_new(const struct http_client_options *options, const char *url, json_t *body,
        struct http_transfer **ret);

/* Accepts NULL; returns NULL. Not while it is in a multi handle. */
struct http_transfer *http_transfer_free(struct http_transfer *transfer);

DEFINE_CLEANUP(struct http_transfer *, http_transfer_free);

/* libcurl is done with it: turns what it says into the answer. */
void http_transfer_finish(struct http_transfer *transfer, CURLcode code);

/* Calls the callback; uses nothing of the client. */
void http_transfer_deliver(struct http_transfer *transfer);
