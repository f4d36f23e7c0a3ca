/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The IPC's requests: whatever a line is, there is an answer to it, one line long, that is a JSON
 * object with the request's id. Topics: what is one matches itself and every pattern made of it.
 */

#include <stdint.h>
#include <string.h>

#include "ipc-line.h"
#include "unbox/ipc.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* `answer` is taken over. */
static void check_answer(json_t *answer, const json_t *id)
{
    _cleanup_json_ json_t *read = NULL;
    _cleanup_free_ char *line = NULL;

    must(answer);
    line = json_dumps(answer, JSON_COMPACT);
    must(line && !strchr(line, '\n'));
    read = json_loads(line, 0, NULL);
    must(json_is_object(read));
    must(id ? json_equal(json_object_get(read, "id"), id)
            : json_is_null(json_object_get(read, "id")));
    json_decref(answer);
}

static void check_topic(const char *text)
{
    _cleanup_free_ char *any = NULL;
    char *dot;

    if (!unbox_ipc_topic_valid(text, true))
        return;
    must(unbox_ipc_topic_match("*", text));
    if (!unbox_ipc_topic_valid(text, false))
        return;
    must(unbox_ipc_topic_match(text, text) && !strchr(text, '*'));
    any = strdup(text);
    must(any);
    dot = strrchr(any, '.');
    if (dot && dot[1]) {
        dot[1] = '*';
        dot[2] = '\0';
        must(unbox_ipc_topic_valid(any, true) && unbox_ipc_topic_match(any, text));
    }
}

/* As `subscribe`, `publish` and a registration bring them. */
static void check_topics(json_t *params)
{
    json_t *topic;
    size_t i;

    check_topic(json_string_value(json_object_get(params, "topic")));
    json_array_foreach (json_object_get(params, "topics"), i, topic)
        check_topic(
                json_string_value(json_is_object(topic) ? json_object_get(topic, "name") : topic));
}

static void check_request(const struct ipc_request *request)
{
    must(json_is_string(request->id) || json_is_number(request->id));
    must(request->method && json_is_object(request->params));
    must(request->sealed >= -1);
    must(request->sealed < 0 || json_object_size(request->params) == 0);
    check_answer(ipc_answer_result(request->id, json_incref(request->params)), request->id);
    check_topics(request->params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(ipc_request_clear) struct ipc_request request;
    const char *code = NULL, *message = NULL;
    int r;

    r = ipc_request_parse((const char *)data, size, &request, &code, &message);
    if (r == 0) {
        check_request(&request);
        return 0;
    }
    must(r == -EBADMSG && code && *code && message && *message);
    check_answer(ipc_answer_error(request.id, code, message), request.id);
    return 0;
}
