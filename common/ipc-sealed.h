/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* JSON in a sealed memfd, as it goes beside a line that announces its size with "sealed". */

#include <jansson.h>

#include "ipc-fds.h"
#include "ipc-line.h"

/* `value` is borrowed. 0, -EFBIG: over `max`, or another negative errno. */
int ipc_sealed_new(const char *name, json_t *value, size_t max, struct ipc_payload **ret);

/*
 * What the peer has sealed; `fd` is borrowed, or a negative errno; `flags` are jansson's. *ret is
 * the caller's. 0, -EPERM:
 * it can still be changed, -EFBIG: over `max`, -EINVAL: another size than `announced`, -EILSEQ:
 * not JSON, or another negative errno.
 */
int ipc_sealed_read(int fd, json_int_t announced, size_t max, size_t flags, json_t **ret);

/* Fills in the params of a request that has them beside it. 0, or -EBADMSG with *ret_code and
 * *ret_message (static) to answer with. */
int ipc_sealed_params(struct ipc_request *request, int fd, size_t max, const char **ret_code,
        const char **ret_message);
