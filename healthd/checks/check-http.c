/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page is answered, with a status that is fine. A module: it brings libcurl. */

#include <string.h>

#include "check.h"
#include "http-client.h"

/* More than that of a page isn't read. */
#define ANSWER_MAX (64 * 1024)

extern const struct check_type check_http;

struct http {
    unsigned status; /* 0: any 2xx */
    struct http_client *client;
};

static int http_open(struct check *check, const struct unbox_config_row *row)
{
    struct http *http = check->data = calloc(1, sizeof(*http));

    if (!http)
        return -ENOMEM;
    http->status = unbox_config_row_int(row, "status");
    check->target = strdup(unbox_config_row_string(row, "url"));
    return check->target ? 0 : -ENOMEM;
}

static void http_cancel(struct check *check)
{
    struct http *http = check->data;

    http->client = http_client_free(http->client);
}

static void on_answer(const struct http_answer *answer, void *userdata)
{
    struct check *check = userdata;
    const struct http *http = check->data;
    bool fine = http->status ? answer->status == http->status : answer->status / 100 == 2;

    /* A page longer than we read has been answered, too. */
    if (answer->error < 0 && answer->error != -EFBIG) {
        if (answer->error == -EIO || answer->error == -EPROTO)
            check_done(check, CHECK_FAILING, "%s", answer->message);
        else
            check_done_errno(check, answer->error);
    } else if (fine)
        check_done(check, CHECK_OK, "answers with status %u", answer->status);
    else if (http->status)
        check_done(check, CHECK_FAILING, "answers with status %u, %u is wanted", answer->status,
                http->status);
    else
        check_done(check, CHECK_FAILING, "answers with status %u", answer->status);
    http_cancel(check);
}

static int http_start(struct check *check)
{
    static const struct http_client_options options = {
            .max_answer = ANSWER_MAX,
            .timeout_usec = 2 * CHECK_LIMIT_USEC, /* the scheduler is faster */
    };
    struct http *http = check->data;
    int r;

    /* A connection of its own each time: that one can be made is a part of the question. */
    r = http_client_new(check->event, &options, &http->client);
    if (r >= 0)
        r = http_client_request(http->client, check->target, NULL, on_answer, check);
    if (r < 0)
        http_cancel(check);
    return r;
}

const struct check_type check_http = {
        .name = "http",
        .open = http_open,
        .start = http_start,
        .cancel = http_cancel,
};
