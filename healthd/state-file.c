/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Documents under /run that nobody can do anything about but begin anew. */

#include "state-file.h"

#include <errno.h>
#include <string.h>

#include "unbox/log.h"
#include "unbox/store.h"
#include "util.h"

json_t *state_file_read(const char *path, size_t max)
{
    _cleanup_free_ char *text = NULL;
    json_t *document;
    size_t size;
    int r;

    r = unbox_store_read(path, max, &text, &size);
    if (r == -ENOENT)
        return NULL;
    document = r < 0 ? NULL : json_loadb(text, size, 0, NULL);
    if (!document)
        unbox_log_errno(LOG_WARNING, r < 0 ? r : -EBADMSG, "can't read %s, beginning anew", path);
    return document;
}

void state_file_write(const char *path, const json_t *document)
{
    _cleanup_free_ char *text = json_dumps(document, JSON_COMPACT);
    int r;

    r = text ? unbox_store_write(path, text, strlen(text), 0600, -1, -1) : -ENOMEM;
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't write %s", path);
}
