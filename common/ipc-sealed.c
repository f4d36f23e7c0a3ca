/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What doesn't fit into a line, as JSON in a sealed memfd: params, results, data of events. */

#include "ipc-sealed.h"

#include <string.h>

#include "unbox/ipc.h"

int ipc_sealed_new(const char *name, json_t *value, size_t max, struct ipc_payload **ret)
{
    _cleanup_free_ char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t size = text ? strlen(text) : 0;
    int fd;

    if (!text)
        return -ENOMEM;
    if (size > max)
        return -EFBIG;
    fd = unbox_ipc_memfd_new(name, text, size);
    if (fd < 0)
        return fd;
    *ret = ipc_payload_new(fd, size);
    return *ret ? 0 : -ENOMEM;
}

int ipc_sealed_read(int fd, json_int_t announced, size_t max, size_t flags, json_t **ret)
{
    _cleanup_free_ char *text = NULL;
    json_t *value;
    size_t size;
    int r;

    if (fd < 0)
        return fd;
    if (announced > (json_int_t)max)
        return -EFBIG;
    r = unbox_ipc_memfd_read(fd, max, &text, &size);
    if (r < 0)
        return r;
    if (announced != (json_int_t)size)
        return -EINVAL;
    value = json_loadb(text, size, flags | JSON_DECODE_ANY, NULL);
    if (!value)
        return -EILSEQ;
    *ret = value;
    return 0;
}

int ipc_sealed_params(struct ipc_request *request, int fd, size_t max, const char **ret_code,
        const char **ret_message)
{
    json_t *params = NULL;
    int r = ipc_sealed_read(fd, request->sealed, max, JSON_REJECT_DUPLICATES, &params);

    *ret_code = NULL;
    if (r == -EFBIG)
        *ret_code = UNBOX_IPC_TOO_LARGE, *ret_message = "the server takes no params of that size";
    else if (r == -EILSEQ)
        *ret_code = UNBOX_IPC_PARSE_ERROR, *ret_message = "the sealed params are not JSON";
    else if (r == -ENODATA || r == -EBADMSG || r == -EPERM || r == -EINVAL)
        *ret_code = UNBOX_IPC_INVALID_REQUEST,
        *ret_message = "one sealed memfd is wanted with the line, of the size that it announces";
    else if (r < 0)
        *ret_code = UNBOX_IPC_INTERNAL_ERROR, *ret_message = "the sealed params can't be read";
    else if (!json_is_object(params))
        *ret_code = UNBOX_IPC_INVALID_PARAMS, *ret_message = "params must be an object";
    if (*ret_code) {
        json_decref(params);
        return -EBADMSG;
    }
    json_decref(request->params);
    request->params = params;
    return 0;
}
