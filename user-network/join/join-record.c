/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The note that a join leaves on the disk while it goes on. */

#include "join-record.h"

#include <string.h>

#include "unbox/log.h"
#include "unbox/store.h"

#define RECORD_MAX 4096

int join_record_write(const struct paths *paths, const struct join_record *record)
{
    _cleanup_json_ json_t *object = NULL;
    _cleanup_free_ char *text = NULL;
    char hex[SSID_HEX_MAX];

    ssid_to_hex(&record->ssid, hex);
    object = json_pack("{s:s,s:s,s:s}", "ssid_hex", hex, "digest", record->digest, "checkpoint",
            record->checkpoint);
    text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (!text)
        return -ENOMEM;
    return unbox_store_write(paths->join, text, strlen(text), 0600, -1, -1);
}

bool join_record_read(const struct paths *paths, struct join_record *ret)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *object = NULL;
    const char *hex, *digest, *checkpoint;
    struct join_record record;

    if (unbox_store_read(paths->join, RECORD_MAX, &text, NULL) < 0)
        return false;
    object = json_loads(text, 0, NULL);
    if (!object ||
            json_unpack(object, "{s:s,s:s,s:s}", "ssid_hex", &hex, "digest", &digest, "checkpoint",
                    &checkpoint) < 0 ||
            ssid_from_hex(hex, &record.ssid) < 0 ||
            !copy_text(record.digest, sizeof(record.digest), digest) ||
            !copy_text(record.checkpoint, sizeof(record.checkpoint), checkpoint))
        return false;
    *ret = record;
    return true;
}

void join_record_remove(const struct paths *paths)
{
    int r;

    r = unbox_store_remove(paths->join);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be removed", paths->join);
}
