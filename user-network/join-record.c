/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The note that a join leaves on the disk while it goes on. */

#include "join-record.h"

#include <string.h>

#include "unbox/log.h"
#include "unbox/store.h"

#define RECORD_MAX 4096

int join_record_write(const struct paths *paths, const struct ssid *ssid, const char *checkpoint)
{
    _cleanup_json_ json_t *object = NULL;
    _cleanup_free_ char *text = NULL;
    char hex[SSID_HEX_MAX];

    ssid_to_hex(ssid, hex);
    object = json_pack("{s:s,s:s}", "ssid_hex", hex, "checkpoint", checkpoint);
    text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (!text)
        return -ENOMEM;
    return unbox_store_write(paths->join, text, strlen(text), 0600, -1, -1);
}

int join_record_read(const struct paths *paths, struct ssid *ret, char **ret_checkpoint)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *object = NULL;
    const char *hex, *checkpoint;
    char *copy;

    if (unbox_store_read(paths->join, RECORD_MAX, &text, NULL) < 0)
        return 0;
    object = json_loads(text, 0, NULL);
    if (!object ||
            json_unpack(object, "{s:s,s:s}", "ssid_hex", &hex, "checkpoint", &checkpoint) < 0 ||
            ssid_from_hex(hex, ret) < 0)
        return 0;
    copy = strdup(checkpoint);
    if (!copy)
        return -ENOMEM;
    *ret_checkpoint = copy;
    return 1;
}

void join_record_remove(const struct paths *paths)
{
    int r;

    r = unbox_store_remove(paths->join);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be removed", paths->join);
}
