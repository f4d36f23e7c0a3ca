/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A queue on disk: a folder with a file for each message, whose name is its number. */

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "queues-private.h"
#include "unbox/log.h"
#include "unbox/store.h"

#define ID_DIGITS 20

static int file_path(const char *path, const char *queue, uint64_t id, char **ret)
{
    if (asprintf(ret, "%s/%s/%0*" PRIu64, path, queue, ID_DIGITS, id) < 0) {
        *ret = NULL;
        return -ENOMEM;
    }
    return 0;
}

int queue_file_write(const char *path, const char *queue, uint64_t id, const char *text)
{
    _cleanup_free_ char *folder = NULL, *file = NULL;
    int r;

    r = file_path(path, queue, id, &file);
    if (r < 0)
        return r;
    folder = strndup(file, strlen(file) - ID_DIGITS - 1);
    if (!folder)
        return -ENOMEM;
    r = unbox_store_make_dir(path, 0700);
    if (r >= 0)
        r = unbox_store_make_dir(folder, 0700);
    return r < 0 ? r : unbox_store_write(file, text, strlen(text), 0600, -1, -1);
}

int queue_file_remove(const char *path, const char *queue, uint64_t id)
{
    _cleanup_free_ char *file = NULL;
    int r;

    r = file_path(path, queue, id, &file);
    if (r >= 0)
        r = unbox_store_remove(file);
    return r < 0 ? r : 0;
}

static bool parse_id(const char *name, uint64_t *ret)
{
    char *end;

    if (strlen(name) != ID_DIGITS || strspn(name, "0123456789") != ID_DIGITS)
        return false;
    errno = 0;
    *ret = strtoull(name, &end, 10);
    return errno == 0 && *ret > 0 && *ret <= INT64_MAX;
}

static int load_message(const char *folder, const char *name, struct queue *queue)
{
    _cleanup_free_ char *file = NULL, *text = NULL;
    _cleanup_json_ json_t *body = NULL;
    uint64_t id;
    size_t size;
    int r;

    if (!parse_id(name, &id))
        return -EINVAL;
    if (asprintf(&file, "%s/%s", folder, name) < 0) {
        file = NULL;
        return -ENOMEM;
    }
    r = unbox_store_read(file, QUEUE_SIZE, &text, &size);
    if (r < 0)
        return r;
    body = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    return body ? queue_add(queue, id, body, size) : -EBADMSG;
}

/* A message that the power cut off, before its sender was told that it is kept. */
static int forget_half(const char *folder, const char *name)
{
    _cleanup_free_ char *file = NULL;

    if (asprintf(&file, "%s/%s", folder, name) < 0) {
        file = NULL;
        return -ENOMEM;
    }
    return unbox_store_remove(file);
}

static int load_entry(const char *folder, const char *name, struct queue *queue)
{
    if (strncmp(name, ".#", 2) == 0)
        return forget_half(folder, name);
    return *name == '.' ? 0 : load_message(folder, name, queue);
}

int queue_file_load(const char *path, struct queue *queue)
{
    _cleanup_free_ char *folder = NULL;
    struct dirent **entries;
    int n;

    if (asprintf(&folder, "%s/%s", path, queue->name) < 0) {
        folder = NULL;
        return -ENOMEM;
    }
    /* By name is by number, which is by age. */
    n = scandir(folder, &entries, NULL, alphasort);
    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        int r = load_entry(folder, name, queue);

        if (r < 0)
            unbox_log_errno(LOG_WARNING, r, "can't use %s/%s, leaving it there", folder, name);
        free(entries[i]);
    }
    free(entries);
    if (queue->count == 0)
        (void)rmdir(folder);
    return 0;
}
