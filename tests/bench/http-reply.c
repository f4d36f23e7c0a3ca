/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http-reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void reply_clear(struct reply *reply)
{
    reply->size = reply->left = 0;
    reply->status = 0;
    reply->closes = reply->in_body = false;
}

/* The header's text is whole, and ended by a NUL. */
static int understand(struct reply *reply)
{
    static const char length_name[] = "\r\nContent-Length:";
    const char *length = strcasestr(reply->header, length_name);

    if (sscanf(reply->header, "HTTP/1.%*1[01] %3u", &reply->status) != 1 || !length ||
            sscanf(length + strlen(length_name), "%zu", &reply->left) != 1)
        return -EBADMSG;
    reply->closes = strcasestr(reply->header, "\r\nConnection: close");
    reply->in_body = true;
    return 0;
}

int reply_take(struct reply *reply, const char *data, size_t size)
{
    size_t room = sizeof(reply->header) - 1 - reply->size, n = size < room ? size : room;
    const char *end;
    int r;

    if (!reply->in_body) {
        memcpy(reply->header + reply->size, data, n);
        reply->header[reply->size + n] = '\0';
        end = strstr(reply->header, "\r\n\r\n");
        if (!end) {
            reply->size += n;
            return n == room ? -EBADMSG : 0;
        }
        n = end + strlen("\r\n\r\n") - reply->header - reply->size;
        reply->size += n;
        reply->header[reply->size] = '\0';
        r = understand(reply);
        if (r < 0)
            return r;
        size -= n;
    }
    if (size > reply->left)
        return -EBADMSG;
    reply->left -= size;
    return reply->left == 0;
}
