/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests and answers of the IPC protocol as JSON; nothing here knows of sockets. */

#include "ipc-line.h"

#include <string.h>

#include "unbox/ipc.h"
#include "util.h"

void ipc_request_clear(struct ipc_request *request)
{
    json_decref(request->id);
    json_decref(request->params);
    json_decref(request->whole);
    *request = (struct ipc_request){.sealed = -1};
}

static int refuse(
        const char **ret_code, const char **ret_message, const char *code, const char *message)
{
    *ret_code = code;
    *ret_message = message;
    return -EBADMSG;
}

int ipc_request_parse(const char *line, size_t size, struct ipc_request *request,
        const char **ret_code, const char **ret_message)
{
    json_t *id, *method, *params, *sealed;
    json_error_t error;

    *request = (struct ipc_request){.sealed = -1};
    request->whole = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (!request->whole)
        return refuse(ret_code, ret_message, UNBOX_IPC_PARSE_ERROR, "the line is not JSON");
    if (!json_is_object(request->whole))
        return refuse(
                ret_code, ret_message, UNBOX_IPC_INVALID_REQUEST, "a request is a JSON object");

    id = json_object_get(request->whole, "id");
    if (!json_is_string(id) && !json_is_number(id))
        return refuse(ret_code, ret_message, UNBOX_IPC_INVALID_REQUEST,
                "a request has an id, a string or a number");
    request->id = json_incref(id);

    method = json_object_get(request->whole, "method");
    if (!json_is_string(method))
        return refuse(ret_code, ret_message, UNBOX_IPC_INVALID_REQUEST,
                "a request has a method, a string");
    request->method = json_string_value(method);

    params = json_object_get(request->whole, "params");
    if (params && !json_is_object(params))
        return refuse(ret_code, ret_message, UNBOX_IPC_INVALID_PARAMS, "params must be an object");
    sealed = json_object_get(request->whole, "sealed");
    if (sealed && (params || !json_is_integer(sealed) || json_integer_value(sealed) < 0))
        return refuse(ret_code, ret_message, UNBOX_IPC_INVALID_REQUEST,
                "sealed is the size of the params, which are beside the line then, not in it");
    if (sealed)
        request->sealed = json_integer_value(sealed);
    request->params = params ? json_incref(params) : json_object();
    return request->params
                   ? 0
                   : refuse(ret_code, ret_message, UNBOX_IPC_INTERNAL_ERROR, "out of memory");
}

json_t *ipc_answer_result(json_t *id, json_t *result)
{
    return json_pack("{s:O*, s:o}", "id", id, "result", result ?: json_null());
}

int ipc_answer_text(json_t *id, const char *result, size_t size, char **ret, size_t *ret_size)
{
    static const char begin[] = "{\"id\":", middle[] = ",\"result\":", end[] = "}\n";
    size_t id_size = json_dumpb(id, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    char *line = malloc(strlen(begin) + id_size + strlen(middle) + size + strlen(end)), *p = line;

    if (!line || id_size == 0) {
        free(line);
        return -ENOMEM;
    }
    p = mempcpy(p, begin, strlen(begin));
    p += json_dumpb(id, p, id_size, JSON_COMPACT | JSON_ENCODE_ANY);
    p = mempcpy(p, middle, strlen(middle));
    p = mempcpy(p, result, size);
    p = mempcpy(p, end, strlen(end));
    *ret = line;
    *ret_size = p - line;
    return 0;
}

/* What is complained of may stand in it, and be no UTF-8, or cut in the middle of a character. */
static json_t *readable(const char *message)
{
    _cleanup_free_ char *ascii = NULL;
    json_t *text = json_string(message);

    if (text)
        return text;
    ascii = strdup(message);
    for (char *c = ascii; c && *c; c++)
        if (*c & 0x80)
            *c = '?';
    return json_string(ascii);
}

json_t *ipc_answer_error(json_t *id, const char *code, const char *message)
{
    return json_pack("{s:o, s:{s:s, s:o}}", "id", id ? json_incref(id) : json_null(), "error",
            "code", code, "message", readable(message));
}
