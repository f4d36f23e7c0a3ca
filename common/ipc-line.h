/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One line of the protocol, both ways: what a request and an answer look like. */

#include <jansson.h>
#include <stddef.h>

struct ipc_request {
    json_t *id;     /* NULL when the line had none that can be used */
    json_t *params; /* an object, never NULL after success */
    const char *method;
    json_int_t sealed; /* bytes of the params that are beside the line; -1: none are */
    json_t *whole;     /* what method points into */
};

void ipc_request_clear(struct ipc_request *request);

/*
 * Reads a request. Returns 0, or -EBADMSG with *ret_code and *ret_message (static) to answer with;
 * request->id is set as far as the line had one. In any case *request has to be cleared.
 */
int ipc_request_parse(const char *line, size_t size, struct ipc_request *request,
        const char **ret_code, const char **ret_message);

/* An answer to send; `id` (may be NULL) is borrowed, `result` taken over. NULL: out of memory. */
json_t *ipc_answer_result(json_t *id, json_t *result);
/* The same as a line, newline included, of a result that is JSON text. The caller frees *ret; 0 or
 * -ENOMEM. */
int ipc_answer_text(json_t *id, const char *result, size_t size, char **ret, size_t *ret_size);

json_t *ipc_answer_error(json_t *id, const char *code, const char *message);
